"""Laws of reconstruction: the flux that a model expects, the same in any company, and none of a bad row."""

from typing import Any

import numpy as np
import pyarrow as pa

from almagest.contract.checks.scoring import MANY_SPECTRA, spoiled
from almagest.contract.checks.training import Trial
from almagest.contract.errors import PluginError

# Of a row's largest flux: sums of another order differ by so much.
TOLERANCE = 1e-5


def check_reconstruction(trial: Trial, model: Any) -> None:
    """Try all laws on a trained model; nothing is tried of a method that does not reconstruct."""
    if not trial.method.reconstructs:
        return
    batch = trial.batch
    flux = _reconstructed(trial, model, batch)
    trial.subject.require(not np.isinf(flux).any(), "a reconstruction is numbers, or NaN", "it is infinite")
    trial.subject.require(bool(np.isfinite(flux).any(axis=1).all()), "a whole row is reconstructed")
    _check_company(trial, model, batch, flux)
    _check_bad_rows(trial, model, batch.slice(0, 8), flux[:8])


def _reconstructed(trial: Trial, model: Any, rows: pa.Table, *, may_refuse: bool = False) -> np.ndarray | None:
    """What the module gives, in its shape and type; None where it may refuse the rows by a clear error, and does."""
    try:
        flux = trial.method.module().reconstruct(model, rows)
    except Exception as error:
        if may_refuse and isinstance(error, PluginError):
            return None
        law = "it reconstructs its simulation, and bad rows as NaN or with a PluginError"
        raise trial.subject.broken(law, f"it raised {type(error).__name__}: {error}") from error
    found = (getattr(flux, "shape", None), getattr(flux, "dtype", None))
    wanted = ((rows.num_rows, trial.method.spectra.bins), np.dtype(np.float32))
    law = "reconstruct gives an array of (rows, bins), float32"
    trial.subject.require(found == wanted, law, f"{found[0]} of {found[1]} for {wanted[0]}")
    return flux


def _check_company(trial: Trial, model: Any, batch: pa.Table, flux: np.ndarray) -> None:
    """In another order, alone, in few and in many, and as nothing at all."""
    every = np.arange(batch.num_rows)
    companies = [np.random.default_rng(0).permutation(every), every[:1], every[1:4], every[4:104], every[:0]]
    for rows in (*companies, np.tile(every, -(-MANY_SPECTRA // len(every)))):
        found = _reconstructed(trial, model, batch.take(pa.array(rows)))
        law = "reconstructions do not depend on the batch's size and order"
        trial.subject.require(_is_same(flux[rows], found), law, f"{len(rows)} rows")


def _check_bad_rows(trial: Trial, model: Any, batch: pa.Table, flux: np.ndarray) -> None:
    others = np.arange(batch.num_rows) != 1
    for what, rows in spoiled(trial.method, batch):
        if (found := _reconstructed(trial, model, rows, may_refuse=True)) is None:
            continue
        trial.subject.require(bool(np.isnan(found[1]).all()), "a bad row is reconstructed as NaN", what)
        is_same = _is_same(flux[others], found[others])
        trial.subject.require(is_same, "a bad row does not change the others' reconstructions", what)


def _is_same(one: np.ndarray, other: np.ndarray) -> bool:
    largest = np.abs(np.nan_to_num(one)).max(axis=1, initial=0, keepdims=True)
    is_near = np.abs(np.nan_to_num(one) - np.nan_to_num(other)) <= TOLERANCE * largest
    return bool((is_near & (np.isnan(one) == np.isnan(other))).all())
