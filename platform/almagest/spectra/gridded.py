"""Spectra on a method's grid, by the numbers of their arrays."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from almagest.contract import Column, SpectralGrid
from almagest.contract.spectra import put_on_grid, with_arrays
from almagest.sky.surveys.spectroscopic import FACTS
from almagest.spectra.fetching import read_arrays, read_grids
from almagest.spectra.lines import air_to_vacuum

# What says which arrays an object has, and what their wavelengths are in.
OF_ARRAYS: tuple[Column, ...] = tuple(column for column in FACTS if column.name in ("spectrum_id", "medium"))
# Spectra that are resampled together.
BLOCK = 500


def read_on_grid(rows: pa.Table, grid: SpectralGrid) -> tuple[np.ndarray, np.ndarray]:
    """Flux and ivar of rows that have the columns `OF_ARRAYS`, each of shape (rows, grid.bins), float32.

    Wavelengths in air become those in vacuum; masked bins have ivar 0; where the flux is known and its error is not, as in libraries
    of stars, ivar is NaN. A spectrum that is given in its rest frame is taken as observed at redshift 0.
    """
    shape = (rows.num_rows, grid.bins)
    flux, ivar = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    alike = defaultdict(list)
    for place, which in enumerate(zip(rows["spectrum_id"].to_pylist(), rows["medium"].to_pylist(), strict=True)):
        alike[which].append(place)
    spectra = read_arrays([number for number, _ in alike if number is not None])
    grids = read_grids({each.grid_id for each in spectra.values()})
    together = defaultdict(list)
    for (number, medium), places in alike.items():
        if number in spectra:
            together[spectra[number].grid_id, medium].append((spectra[number], places))
    for (grid_id, medium), found in together.items():
        wavelength = air_to_vacuum(grids[grid_id]) if medium == "air" else grids[grid_id]
        given = np.stack([each.flux for each, _ in found]), np.stack([each.weight for each, _ in found])
        for one_flux, one_ivar, (each, places) in zip(*put_on_grid(wavelength, *given, grid), found, strict=True):
            flux[places] = one_flux
            ivar[places] = np.where(one_ivar > 0, np.nan, 0) if each.ivar is None else one_ivar
    return flux, ivar


def stream_on_grid(rows: pa.Table, grid: SpectralGrid) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same, block by block."""
    for start in range(0, rows.num_rows, BLOCK):
        yield read_on_grid(rows.slice(start, BLOCK), grid)


def with_spectra(rows: pa.Table, grid: SpectralGrid) -> pa.Table:
    """The rows with their spectra as columns of arrays."""
    flux, ivar = (np.empty((rows.num_rows, grid.bins), np.float32) for _ in range(2))
    done = 0
    for each in stream_on_grid(rows, grid):
        part = slice(done, done := done + len(each[0]))
        flux[part], ivar[part] = each
    return with_arrays(rows, flux, ivar, grid)
