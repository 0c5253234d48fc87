"""Scoring spectra end to end, from PostgreSQL through `spectral_outliers` and back, beside the bare model on the same rows.

    python bench/outliers_scoring.py MODEL_FOLDER [--spectra 4000] [--rounds 3]

Uses the configured server with a scratch database of its own and simulated galaxies. The whole path runs in this process through the
ledger as a worker does it: claim, read, unpack, put on the grid, cut, score, replace, mark done, at the end index and publish. The bare
model gets the same rows from memory, in batches as large as the ledger's. Both in turns; medians.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from scoring import stored, timed, whole
from scratch import scratch_database  # isort: split  (it sets Django up)

from almagest.predictions.models import PredictionSet
from almagest.predictions.scoring import cut_rows, read_inputs
from almagest.sky.models import Survey
from almagest.spectra.readers import AS_FILES_SAY
from almagest.spectra.services import ingest_spectra
from spectral_outliers.plugin import plugin
from spectral_outliers.simulation.files import write_galaxies
from spectral_outliers.simulation.noise import written_noise
from spectral_outliers.simulation.templates import written_templates

SURVEY, METHOD = "desi-spectra-simulated", plugin.methods[0]


def load(folder: Path, spectra: int) -> None:
    """Ingest that many simulated galaxies."""
    paths = list(write_galaxies(folder, written_templates(), written_noise(), spectra, 1))
    ingest_spectra(survey=SURVEY, paths=paths, assumed=AS_FILES_SAY)


def batches(run) -> list[pa.Table]:
    """The rows that the run's blocks gave the model, spectra with them."""
    scores, survey = PredictionSet.objects.get(run=run), Survey.objects.get(slug=SURVEY)
    ranges = [chunk.payload for chunk in run.chunks.filter(queue=METHOD.runtime).order_by("number")]
    read = (
        read_inputs(METHOD, survey, ingest_id=scores.ingest_id, low=each["low"], high=each["high"]) for each in ranges
    )
    return [cut_rows(METHOD, rows)[0] for rows in read]


def main(model: Path, spectra: int, rounds: int) -> None:
    """Measure and print."""
    with scratch_database(), TemporaryDirectory() as folder:
        load(Path(folder), spectra)
        version = stored(plugin, METHOD.name, model)
        run, *_ = whole(version, SURVEY)
        memory, rows = run.peak_memory_mb, batches(run)
        loaded = METHOD.module().load(model)
        found = []
        for _ in range(rounds):
            _, bare = timed(lambda: [METHOD.module().score(loaded, batch) for batch in rows])
            found.append((bare, *whole(version, SURVEY)[1:]))
    bare, blocks, publish = np.median(found, axis=0)
    for what, seconds in (("bare model", bare), ("all blocks", blocks), ("index and publish", publish)):
        print(f"  {what:20s} {seconds:6.2f} s  {spectra / seconds:>8,.0f} spectra/s")
    ratios = np.array([(blocks / bare, (blocks + publish) / bare) for bare, blocks, publish in found])
    print(f"  blocks / bare model            {np.median(ratios[:, 0]):5.2f}, median of {rounds} rounds")
    print(f"  everything / bare model        {np.median(ratios[:, 1]):5.2f}")
    print(f"  memory at most                 {memory:,.0f} MB, in {len(rows)} blocks")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--spectra", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.model, given.spectra, given.rounds)
