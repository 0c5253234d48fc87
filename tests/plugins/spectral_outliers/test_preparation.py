"""What of a spectrum counts and what it is divided by: against numpy on the surveys' own words."""

import numpy as np
import pytest

from spectral_outliers.preparation import (
    GRID,
    IS_TELLURIC,
    MAX_STAR_REDSHIFT,
    NO_REDSHIFT,
    NO_WINDOW,
    NOISY_WINDOW,
    prepare,
)

WAVE = 3600 + 0.8 * np.arange(7781)


def noisy(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flux, ivar and redshift of slopes with noise; one ivar in fifty is 0."""
    random = np.random.default_rng(seed)
    ivar = random.gamma(4, 1, (rows, 7781)) * (random.random((rows, 7781)) > 0.02)
    slope = 5 + random.uniform(-3, 3, (rows, 1)) * (WAVE - 6700) / 3100
    flux = slope + random.normal(size=ivar.shape) / np.sqrt(np.where(ivar > 0, ivar, 1))
    return flux.astype(np.float32), ivar.astype(np.float32), random.uniform(0, 0.6, rows)


def window(redshift: float) -> np.ndarray:
    """Bins at 5300 to 5850 A at rest that the sky's lines leave."""
    rest = WAVE / (1 + redshift)
    return (rest >= 5300) & (rest < 5850) & ~IS_TELLURIC


def test_the_norm_is_the_median_at_5300_to_5850_at_rest():
    flux, ivar, redshift = noisy(40)
    found = prepare(flux, ivar, redshift)
    assert found.reason == [None] * 40
    truth = [np.median(f[window(z) & (i > 0)]) for f, i, z in zip(flux, ivar, redshift, strict=True)]
    assert found.norm == pytest.approx(truth, rel=1e-6)
    good = (ivar > 0) & ~IS_TELLURIC
    assert np.allclose(found.flux, np.where(good, flux / found.norm[:, None], 0), rtol=1e-5)
    assert np.allclose(found.weight, np.where(good, ivar * found.norm[:, None] ** 2, 0), rtol=1e-5)


def test_the_unit_of_the_flux_does_not_matter():
    flux, ivar, redshift = noisy(5)
    one, other = prepare(flux, ivar, redshift), prepare(flux * 1e4, ivar * 1e-8, redshift)
    assert other.norm == pytest.approx(one.norm * 1e4, rel=1e-5)
    assert np.allclose(other.flux, one.flux, rtol=1e-4, atol=1e-6) and np.allclose(other.weight, one.weight, rtol=1e-4)


@pytest.mark.parametrize(("name", "bad"), [
    ("flux", np.nan), ("flux", np.inf), ("flux", -np.inf), ("ivar", 0.0), ("ivar", -1.0), ("ivar", np.inf),
])  # fmt: skip
def test_bins_that_say_nothing_weigh_nothing(name, bad):
    flux, ivar, redshift = noisy(2)
    whole = prepare(flux, ivar, redshift)
    at = np.arange(100, 300)
    {"flux": flux, "ivar": ivar}[name][:, at] = bad
    found = prepare(flux, ivar, redshift)
    assert (found.flux[:, at] == 0).all() and (found.weight[:, at] == 0).all()
    others = np.setdiff1d(np.arange(7781), at)
    assert np.array_equal(found.flux[:, others], whole.flux[:, others])
    assert np.array_equal(found.weight[:, others], whole.weight[:, others])
    assert np.isfinite(found.flux).all() and np.isfinite(found.weight).all()


def test_the_sky_s_lines_weigh_nothing_however_bright():
    flux, ivar, redshift = noisy(2)
    spiked = np.where(IS_TELLURIC, np.float32(1e6), flux)
    one, other = prepare(flux, ivar, redshift), prepare(spiked, ivar, redshift)
    assert (one.weight[:, IS_TELLURIC] == 0).all() and np.array_equal(one.flux, other.flux)
    assert np.array_equal(one.norm, other.norm)


def test_an_unknown_error_weighs_one():
    flux, _, redshift = noisy(3)
    found = prepare(flux, np.full_like(flux, np.nan), redshift)
    assert found.reason == [None] * 3
    assert np.array_equal(found.weight, np.where(IS_TELLURIC, 0, 1) * np.ones((3, 1)))
    assert found.norm == pytest.approx([np.median(f[window(z)]) for f, z in zip(flux, redshift, strict=True)], rel=1e-6)


@pytest.mark.parametrize(("redshift", "reason"), [
    (np.nan, NO_REDSHIFT), (0.801, NO_REDSHIFT), (-0.011, NO_REDSHIFT), (np.inf, NO_REDSHIFT), (-np.inf, NO_REDSHIFT),
    (-MAX_STAR_REDSHIFT, None), (0.0, None), (0.8, None),
])  # fmt: skip
def test_redshifts_that_the_model_takes(redshift, reason):
    flux = np.ones((1, 7781), np.float32)
    found = prepare(flux, np.full_like(flux, 100), np.array([redshift]))
    assert found.reason == [reason]
    assert np.isfinite(found.norm[0]) == (reason is None)


@pytest.mark.parametrize(("covered", "reason"), [(0, NO_WINDOW), (49, NO_WINDOW), (50, None)])
def test_fifty_bins_of_the_window_are_needed(covered, reason):
    flux, ivar = np.ones((1, 7781), np.float32), np.full((1, 7781), 100, np.float32)
    ivar[0, np.flatnonzero(window(0.1))[covered:]] = 0
    assert prepare(flux, ivar, np.array([0.1])).reason == [reason]


@pytest.mark.parametrize(("level", "snr", "reason"), [
    (1.0, 2.97, NOISY_WINDOW), (1.0, 3.03, None), (-1.0, 100, NOISY_WINDOW), (0.0, 100, NOISY_WINDOW),
])  # fmt: skip
def test_the_median_stands_out_of_its_noise(level, snr, reason):
    """The error of a median of n normal numbers is sqrt(pi / 2n) of theirs."""
    flux = np.full((1, 7781), level, np.float32)
    ivar = np.full((1, 7781), snr**2 * (np.pi / 2) / window(0.1).sum(), np.float32)
    assert prepare(flux, ivar, np.array([0.1])).reason == [reason]


def test_one_bad_row_leaves_the_others_alone():
    flux, ivar, redshift = noisy(3)
    whole = prepare(flux, ivar, redshift)
    flux[1], redshift[2] = -flux[1], np.nan
    found = prepare(flux, ivar, redshift)
    assert found.reason == [None, NOISY_WINDOW, NO_REDSHIFT] and np.isnan(found.norm[1:]).all()
    assert np.array_equal(found.flux[0], whole.flux[0]) and np.array_equal(found.weight[0], whole.weight[0])


def test_no_rows_are_no_rows():
    found = prepare(np.zeros((0, GRID.bins)), np.zeros((0, GRID.bins)), np.zeros(0))
    assert found.flux.shape == (0, 7781) and found.norm.shape == (0,) and found.reason == []
