"""Spectra on a grid: nothing known is lost or invented, and a sum over a matrix gives the same."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from almagest.contract import SpectralGrid, TableError
from almagest.contract.spectra import arrays_of, edges_of, put_on_grid, with_arrays

GRID = SpectralGrid(3600.0, 0.8, 7781)


def overlaps(edges: np.ndarray, grid: SpectralGrid) -> np.ndarray:
    """The share of each bin that lies in each bin of the grid, shape (grid.bins, n): computed pair by pair."""
    low, high = grid.edges[:-1, None], grid.edges[1:, None]
    shared = np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1])
    return np.maximum(shared, 0) / np.diff(edges)


@given(st.integers(0, 2**31), st.integers(10, 60), st.booleans())
@settings(max_examples=60, deadline=None)
def test_resampling_is_a_mean_weighted_by_what_is_known(seed, bins, is_log):
    """Against the matrix of overlaps, for grids finer and coarser than the spectrum, reaching beyond it or not."""
    rng = np.random.default_rng(seed)
    wavelength = (
        np.geomspace(4000, 5000, bins) if is_log else np.sort(rng.uniform(4000, 5000, bins)).cumsum() / bins + 4000
    )
    grid = SpectralGrid(rng.uniform(3900, 4500), rng.uniform(2, 40), int(rng.integers(5, 80)))
    flux, ivar = rng.normal(size=(3, bins)), rng.gamma(2, size=(3, bins)) * (rng.random((3, bins)) < 0.8)
    out, known = put_on_grid(wavelength, flux, ivar, grid)
    share = overlaps(edges_of(wavelength), grid)
    expected = ivar @ share.T
    assert np.allclose(known, expected, rtol=1e-5, atol=1e-6)
    assert np.allclose(out * known, (flux * ivar) @ share.T, rtol=1e-4, atol=1e-5)
    assert (out[known == 0] == 0).all()
    assert (known.sum(axis=1) <= ivar.sum(axis=1) * (1 + 1e-5)).all()


def test_a_spectrum_on_the_grid_stays_as_it_is():
    """To the last bit; flux where nothing is known is 0."""
    rng = np.random.default_rng(1)
    flux = rng.normal(size=(2, GRID.bins)).astype(np.float32)
    ivar = (rng.random((2, GRID.bins)) < 0.9).astype(np.float32)
    out, known = put_on_grid(np.round(GRID.wavelength, 6), flux, ivar, GRID)
    assert np.array_equal(known, ivar) and np.array_equal(out, np.where(ivar > 0, flux, 0))
    assert GRID.wavelength[-1] == pytest.approx(9824.0)


def test_a_constant_stays_a_constant():
    """Whatever the weights are, and however often a bin of a logarithmic grid is cut."""
    wavelength = 10 ** (3.5534 + 1e-4 * np.arange(4606))
    ivar = np.random.default_rng(2).gamma(3, size=(1, 4606))
    out, known = put_on_grid(wavelength, np.full((1, 4606), 2.5), ivar, GRID)
    assert np.allclose(out[known > 0], 2.5, rtol=1e-6) and known.sum() == pytest.approx(
        ivar[0, (wavelength > 3600.5) & (wavelength < 9824)].sum(), rel=1e-3
    )


def test_batches_carry_arrays():
    """As columns of lists, back as arrays; a row without a spectrum has ivar 0."""
    grid = SpectralGrid(4000.0, 1.0, 5)
    flux, ivar = np.arange(10.0).reshape(2, 5), np.ones((2, 5))
    rows = with_arrays(pa.table({"a": [1, 2]}), flux, ivar, grid)
    assert all(np.array_equal(a, b) for a, b in zip(arrays_of(rows, grid), (flux, ivar), strict=True))
    assert np.array_equal(arrays_of(rows.slice(1, 1), grid)[0], flux[1:])
    missing = pa.table({name: pa.array([None, [1.0] * 5], grid.arrow_type) for name in ("flux", "ivar")})
    assert np.array_equal(arrays_of(missing, grid)[1], [[0] * 5, [1] * 5])
    assert arrays_of(rows.slice(0, 0), grid)[0].shape == (0, 5)
    with pytest.raises(TableError, match="no column flux of 4 bins"):
        arrays_of(rows, SpectralGrid(4000.0, 1.0, 4))
