"""Laws of scoring: the same numbers anywhere and in any company, and none for a bad row."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from almagest.contract.checks.candidates import check_candidates
from almagest.contract.checks.training import Trial, same_scores
from almagest.contract.columns import Column
from almagest.contract.errors import PluginError
from almagest.contract.plugin import Method
from almagest.contract.spectra import FLUX, IVAR

# More rows than a model is likely to take at a time.
MANY_ROWS, MANY_SPECTRA = 10_000, 600
# Seconds until a fresh process is given up.
PATIENCE = 300


def check_scoring(trial: Trial, model: Any) -> None:
    """Try all laws of scoring on a trained model."""
    batch = trial.batch
    with trial.subject.trying("it scores its simulation"):
        scores = trial.score(model, batch)
    is_number = scores[trial.method.rank_by].is_valid().to_numpy()
    trial.subject.require(bool(is_number.all()), "a whole row has a score")
    _check_latents(trial, scores)
    check_candidates(trial, scores)
    _check_fresh_process(trial, batch, scores)
    _check_company(trial, model, batch, scores)
    _check_bad_rows(trial, model, batch.slice(0, 8), scores.slice(0, 8))


def _check_latents(trial: Trial, scores: pa.Table) -> None:
    if not trial.method.latents:
        return
    known = scores[trial.method.latents].combine_chunks()
    trial.subject.require(known.null_count < len(known), "some of its simulation have latents", "all are null")
    values = known.flatten().to_numpy(zero_copy_only=False)
    trial.subject.require(bool(np.isfinite(values).all()), "latents are finite numbers, or null as a whole")


def _check_fresh_process(trial: Trial, batch: pa.Table, scores: pa.Table) -> None:
    """In another process and another folder, so that neither memory nor a path can help."""
    law, folder = "a saved model gives the same scores in a fresh process", trial.folder
    shutil.copytree(folder / "model", folder / "moved")
    pq.write_table(batch, folder / "batch.parquet")
    files = [str((folder / name).resolve()) for name in ("moved", "batch.parquet", "scores.parquet")]
    command = [sys.executable, "-m", "almagest.contract.checks.child", trial.method.implementation, *files]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with trial.subject.trying(law):
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    trial.subject.require(done.returncode == 0, law, done.stderr.strip()[-300:])
    elsewhere = pq.read_table(folder / "scores.parquet")
    is_same = elsewhere.column_names == scores.column_names and elsewhere.cast(scores.schema).equals(scores)
    trial.subject.require(is_same, law)


def _check_company(trial: Trial, model: Any, batch: pa.Table, scores: pa.Table) -> None:
    shuffled = pa.array(np.random.default_rng(0).permutation(batch.num_rows))
    is_same = same_scores(scores.take(shuffled), trial.score(model, batch.take(shuffled)))
    trial.subject.require(is_same, "scores do not depend on the rows' order")
    repeats = -(-(MANY_SPECTRA if trial.method.spectra else MANY_ROWS) // batch.num_rows)
    sizes = [(batch.slice(k, n), scores.slice(k, n)) for k, n in ((0, 1), (1, 3), (4, 100))]
    sizes += [(pa.concat_tables([batch] * repeats), pa.concat_tables([scores] * repeats))]
    for rows, expected in sizes:
        is_same = same_scores(expected, trial.score(model, rows))
        trial.subject.require(is_same, "scores do not depend on the batch's size", f"{rows.num_rows} rows")
    with trial.subject.trying("an empty batch is scored as empty"):
        trial.score(model, batch.slice(0, 0))


def _check_bad_rows(trial: Trial, model: Any, batch: pa.Table, scores: pa.Table) -> None:
    """A missing or infinite input gives nulls or a `PluginError`, and leaves the other rows alone."""
    others = pa.array([k for k in range(batch.num_rows) if k != 1])
    for what, rows in spoiled(trial.method, batch):
        if (found := _scores_or_error(trial, model, rows)) is None:
            continue
        numbers = [value for value in found.slice(1, 1).to_pylist()[0].values() if value is not None]
        trial.subject.require(not numbers, "a bad row has null scores", f"{what}: {numbers}")
        is_same = same_scores(scores.take(others), found.take(others))
        trial.subject.require(is_same, "a bad row does not change the others", what)


def spoiled(method: Method, batch: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The batch with one bad value in its second row, once for each way to be bad, and what it is."""
    for column in method.inputs.columns:
        for bad in _bad_values(column, batch[column.name][1].as_py()):
            yield f"{column.name} is {bad}", _with_second(batch, column.name, bad, column.arrow_type)
    if not (grid := method.spectra):
        return
    nothing, half = [0.0] * grid.bins, [float("nan")] * (grid.bins // 2) + [1.0] * (grid.bins - grid.bins // 2)
    for name, bad, what in ((FLUX, None, "missing"), (IVAR, None, "missing"), (IVAR, nothing, "0 everywhere"),
                            (FLUX, half, "NaN in half its bins"), (IVAR, half, "NaN in half its bins")):  # fmt: skip
        yield f"{name} is {what}", _with_second(batch, name, bad, grid.arrow_type)


def _with_second(batch: pa.Table, name: str, value: Any, dtype: pa.DataType) -> pa.Table:
    values = batch[name].to_pylist()
    values[1] = value
    return batch.set_column(batch.column_names.index(name), name, pa.array(values, dtype))


def _bad_values(column: Column, good: Any) -> list[Any]:
    if not column.dtype.startswith("float"):
        return [None]
    numbers = [None, float("nan"), float("inf"), -float("inf")]
    return [None, *([number, *good[1:]] for number in numbers)] if column.shape else numbers


def _scores_or_error(trial: Trial, model: Any, rows: pa.Table) -> pa.Table | None:
    """None where the plugin refuses the rows by a clear error."""
    law = "a bad row gives nulls or a PluginError"
    try:
        scores = trial.method.module().score(model, rows)
    except PluginError:
        return None
    except Exception as error:
        raise trial.subject.broken(law, f"it raised {type(error).__name__}: {error}") from error
    trial.subject.require(scores.num_rows == rows.num_rows, law, f"{scores.num_rows} rows for {rows.num_rows}")
    return scores
