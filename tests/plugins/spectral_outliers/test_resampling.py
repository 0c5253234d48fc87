"""Resampling between wavelengths at rest and observed ones: against numpy, and its gradient against its matrix."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from almagest.contract import SpectralGrid
from spectral_outliers.autoencoder import rest_grid
from spectral_outliers.preparation import GRID
from spectral_outliers.resampling import resample

# Places are in single precision: on 8,000 bins a thousandth of a bin or so.
PLACE = 2e-3

grids = st.builds(SpectralGrid, st.floats(1000, 9000), st.floats(0.1, 20), st.integers(2, 400))


def by_numpy(values: np.ndarray, given_grid: SpectralGrid, wanted: SpectralGrid, stretch: float) -> np.ndarray:
    at = (wanted.start + wanted.step * np.arange(wanted.bins)) / stretch
    wavelength = given_grid.start + given_grid.step * np.arange(given_grid.bins)
    return np.interp(at, wavelength, values, left=0, right=0)


def off_the_ends(given_grid: SpectralGrid, wanted: SpectralGrid, stretch: float) -> np.ndarray:
    """Bins that lie clearly inside or clearly outside: at the very ends rounding decides."""
    place = ((wanted.start + wanted.step * np.arange(wanted.bins)) / stretch - given_grid.start) / given_grid.step
    return np.minimum(np.abs(place), np.abs(place - (given_grid.bins - 1))) > PLACE


@settings(max_examples=200, deadline=None)
@given(grids, grids, st.lists(st.floats(0.5, 2), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_it_is_linear_interpolation(given_grid, wanted, stretch, seed):
    values = np.random.default_rng(seed).normal(size=(len(stretch), given_grid.bins)).astype(np.float32)
    found = resample(torch.from_numpy(values), given_grid, wanted, torch.tensor(stretch)).numpy()
    assert found.shape == (len(stretch), wanted.bins)
    for row, factor in enumerate(np.float32(stretch).astype(float)):
        inside = off_the_ends(given_grid, wanted, factor)
        expected = by_numpy(values[row], given_grid, wanted, factor)
        assert np.abs(found[row] - expected)[inside].max(initial=0) < PLACE * np.ptp(values[row])


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 0.8), st.integers(0, 2**32 - 1))
def test_it_is_linear_interpolation_on_the_grids_of_the_model(redshift, seed):
    rest = rest_grid("galaxy")
    values = np.random.default_rng(seed).normal(size=(1, rest.bins)).astype(np.float32)
    found = resample(torch.from_numpy(values), rest, GRID, torch.tensor([1 + redshift]))[0].numpy()
    expected = by_numpy(values[0], rest, GRID, float(np.float32(1 + redshift)))
    assert np.abs(found - expected)[off_the_ends(rest, GRID, 1 + redshift)].max() < PLACE * np.ptp(values)


def test_beyond_the_ends_is_nothing():
    found = resample(torch.ones(1, GRID.bins), GRID, rest_grid("galaxy"), torch.tensor([1 / 1.5]))[0].numpy()
    at_rest = rest_grid("galaxy").wavelength
    seen = (at_rest > 2401) & (at_rest < 6548)
    assert np.allclose(found[seen], 1) and (found[(at_rest < 2399) | (at_rest > 6550)] == 0).all()


def test_at_a_stretch_of_one_nothing_changes_to_the_last_bin():
    values = torch.randn(2, GRID.bins, generator=torch.Generator().manual_seed(1))
    found = resample(values, GRID, GRID, torch.ones(2))
    # Places are off by ten-thousandths of a bin.
    assert (found - values).abs().max() < PLACE * (values.max() - values.min())


def test_channels_are_as_rows():
    random = torch.Generator().manual_seed(1)
    values, stretch = torch.randn(3, 2, GRID.bins, generator=random), torch.tensor([1.0, 1.2, 0.7])
    found = resample(values, GRID, GRID, stretch)
    assert found.shape == values.shape
    for channel in range(2):
        assert torch.equal(found[:, channel], resample(values[:, channel], GRID, GRID, stretch))


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 60), st.integers(2, 60), st.floats(0.6, 1.6), st.integers(0, 2**31 - 1))
def test_its_gradient_is_its_adjoint(n, m, stretch, seed):
    """<y, A x> differentiated by x is A' y, with A written down column by column."""
    random, factor = torch.Generator().manual_seed(seed), torch.tensor([stretch])
    given_grid, wanted = SpectralGrid(4000.0, 10.0, n), SpectralGrid(4010.0, 8.0, m)
    matrix = resample(torch.eye(n), given_grid, wanted, factor.expand(n)).T
    x, y = torch.randn(1, n, generator=random, requires_grad=True), torch.randn(m, generator=random)
    product = (resample(x, given_grid, wanted, factor)[0] * y).sum()
    product.backward()
    assert torch.allclose(x.grad[0], matrix.T @ y, atol=1e-4)
    assert torch.allclose(product, (x[0] * (matrix.T @ y)).sum(), atol=1e-3)


def test_to_observed_wavelengths_and_back_a_smooth_curve_is_itself():
    rest = rest_grid("galaxy")
    curve = torch.from_numpy(1 + 0.5 * np.sin(rest.wavelength / 40)).float()
    redshift = torch.tensor([0.0, 0.137, 0.8])
    observed = resample(curve.expand(3, -1), rest, GRID, 1 + redshift)
    back = resample(observed, GRID, rest, 1 / (1 + redshift)).numpy()
    for row, z in enumerate(redshift.tolist()):
        # With a bin's margin; where the observation does not reach, nothing is known.
        seen = (rest.wavelength > 3602 / (1 + z)) & (rest.wavelength < 9822 / (1 + z))
        assert np.abs(back[row] - curve.numpy())[seen].max() < 2e-3
        assert (back[row][rest.wavelength < 3599 / (1 + z)] == 0).all()
