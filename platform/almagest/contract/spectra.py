"""Spectra as methods take them: flux and inverse variance on one grid of wavelengths, as columns of arrays or as files on disk."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from almagest.contract.errors import TableError

FLUX, IVAR = "flux", "ivar"
ARRAYS = (FLUX, IVAR)
ROUNDING = 1e-12


@dataclass(frozen=True)
class SpectralGrid:
    """Equal steps of wavelength, in vacuum, as observed.

    Parameters
    ----------
    start, step
        Angstroms.
    bins
        How many.
    """

    start: float
    step: float
    bins: int

    @cached_property
    def wavelength(self) -> np.ndarray:
        """Middles of the bins, shape (bins,), angstroms."""
        return self.start + self.step * np.arange(self.bins)

    @cached_property
    def edges(self) -> np.ndarray:
        """Between the bins and around them, shape (bins + 1,), angstroms."""
        return self.start + self.step * (np.arange(self.bins + 1) - 0.5)

    @property
    def arrow_type(self) -> pa.DataType:
        """Of the columns `FLUX` and `IVAR`."""
        return pa.list_(pa.float32(), self.bins)


def edges_of(wavelength: np.ndarray) -> np.ndarray:
    """Edges of bins from their middles, shape (n + 1,): half-way between them, the outermost as wide as their neighbours."""
    middle = (wavelength[1:] + wavelength[:-1]) / 2
    return np.concatenate([[2 * wavelength[0] - middle[0]], middle, [2 * wavelength[-1] - middle[-1]]])


def put_on_grid(
    wavelength: np.ndarray, flux: np.ndarray, ivar: np.ndarray, grid: SpectralGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Resample spectra that share their wavelengths.

    A bin of the grid has the mean of the flux in it weighted by inverse variance, and the share of the inverse variance that falls
    into it: what is known in all is neither more nor less afterwards. Where nothing is known, both are 0.

    Parameters
    ----------
    wavelength
        Shape (n,), increasing, angstroms.
    flux, ivar
        Shape (spectra, n); masked bins with ivar 0.

    Returns
    -------
    Flux and ivar, each of shape (spectra, grid.bins), float32; ivar itself where nothing is to be done.
    """
    if len(wavelength) == grid.bins and np.abs(wavelength - grid.wavelength).max() < 1e-3 * grid.step:
        # Most spectra that are scored are on their method's grid already, and fresh memory is what costs here.
        return tuple(values.astype(np.float32, copy=False) for values in (np.where(ivar > 0, flux, 0), ivar))
    place = np.interp(grid.edges, edges_of(wavelength), np.arange(len(wavelength) + 1.0))
    low = np.minimum(place.astype(int), len(wavelength) - 1)
    known, weighted = (_between(values, low, place - low) for values in (ivar, np.where(ivar > 0, flux, 0) * ivar))
    # Differences of long sums: what is less than their rounding is nothing.
    known[known < ROUNDING * ivar.sum(axis=1, dtype=np.float64)[:, None]] = 0
    out = np.divide(weighted, known, out=np.zeros_like(known), where=known > 0)
    return out.astype(np.float32), known.astype(np.float32)


def _between(values: np.ndarray, low: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Sums of bins, parts of bins among them, between one place and the next."""
    total = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, dtype=np.float64, out=total[:, 1:])
    at = total[:, low] + part * (total[:, low + 1] - total[:, low])
    return np.diff(at, axis=1)


def arrays_of(rows: pa.Table, grid: SpectralGrid) -> tuple[np.ndarray, np.ndarray]:
    """Flux and ivar of a batch, each of shape (rows, grid.bins), float32, not copied where they lie in one piece.

    A row that lacks one of them has ivar 0 everywhere; an ivar of NaN says that the flux is known and its error is not.

    Raises
    ------
    TableError
        When the batch has no spectra on that grid.
    """
    flux, ivar = (_array(rows, name, grid) for name in ARRAYS)
    if rows[FLUX].null_count:
        ivar = np.where(rows[FLUX].is_null().to_numpy()[:, None], np.float32(0), ivar)
    return flux, ivar


def _array(rows: pa.Table, name: str, grid: SpectralGrid) -> np.ndarray:
    if name not in rows.column_names or rows.schema.field(name).type != grid.arrow_type:
        raise TableError(f"the batch has no column {name} of {grid.bins} bins; the method must declare its grid")
    chunks = rows[name].chunks
    # Arrow copies what it combines, be it one piece.
    column = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks) if chunks else ()
    if not len(column):
        return np.zeros((0, grid.bins), np.float32)
    if column.null_count:
        column = column.fill_null([0.0] * grid.bins)
    return column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), grid.bins)


def with_arrays(rows: pa.Table, flux: np.ndarray, ivar: np.ndarray, grid: SpectralGrid) -> pa.Table:
    """The rows with columns `FLUX` and `IVAR` of these arrays, each of shape (rows, grid.bins)."""
    for name, values in zip(ARRAYS, (flux, ivar), strict=True):
        flat = pa.array(np.ascontiguousarray(values, np.float32).reshape(-1))
        rows = rows.append_column(name, pa.FixedSizeListArray.from_arrays(flat, type=grid.arrow_type))
    return rows
