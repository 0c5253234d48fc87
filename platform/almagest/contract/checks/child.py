"""In a fresh process: load a model, score a batch, write the scores.

python -m almagest.contract.checks.child MODULE FOLDER BATCH.parquet SCORES.parquet
"""

import sys
from importlib import import_module
from pathlib import Path

import pyarrow.parquet as pq


def main(implementation: str, folder: str, batch: str, scores: str) -> None:
    """Score the rows of `batch` with the model in `folder`."""
    module = import_module(implementation)
    pq.write_table(module.score(module.load(Path(folder)), pq.read_table(batch)), scores)


if __name__ == "__main__":
    main(*sys.argv[1:])
