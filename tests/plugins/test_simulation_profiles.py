"""Light inside apertures: against a direct convolution, against formulas, and against the growth of real sources."""

import numpy as np
import pytest
from scipy.signal import fftconvolve
from scipy.special import gamma, gammainc, gammaincinv

from dwarf_galaxies.simulation.noise import OPTICAL_APERTURES, WISE_APERTURES, cumulative_noise
from dwarf_galaxies.simulation.profiles import MOFFAT_EXPONENT, SIGMA_A_FWHM, enclosed, noise_area

PIXEL, SIZE, FINE = 0.05, 1401, 20


def one(*values):
    """Each number as an array of one."""
    return [np.array([float(v)]) for v in values]


def moffat(r2: np.ndarray, fwhm: float) -> np.ndarray:
    """The point spread function, scaled as psfsize is: noise-equivalent area of a Gaussian of that FWHM."""
    # The Moffat function of exponent b has NEA = pi a^2 (2 b - 1) / (b - 1)^2.
    b = MOFFAT_EXPONENT
    a2 = 4 * (fwhm * SIGMA_A_FWHM) ** 2 * (b - 1) ** 2 / (2 * b - 1)
    return (1 + r2 / a2) ** -b * (b - 1) / (np.pi * a2)


def directly(radius, sersic, axis_ratio, fwhm, apertures) -> np.ndarray:
    """Share of light inside circles, by convolving images; the centre, where the profile is steep, is sampled finely."""
    x = (np.arange(SIZE) - SIZE // 2) * PIXEL
    bn = gammaincinv(2 * sersic, 0.5)

    def brightness(x, y):
        return np.exp(-bn * (np.hypot(x, y / axis_ratio) / radius) ** (1 / sersic))

    image = brightness(x, x[:, None])
    middle = slice(SIZE // 2 - FINE, SIZE // 2 + FINE + 1)
    inside = (np.arange(25) - 12) / 25 * PIXEL
    image[middle, middle] = sum(brightness(x[middle] + a, x[middle, None] + b) for a in inside for b in inside) / 625
    total = 2 * np.pi * sersic * axis_ratio * radius**2 * bn ** (-2 * sersic) * gamma(2 * sersic)
    r2 = x**2 + x[:, None] ** 2
    blurred = fftconvolve(image, moffat(r2, fwhm) * PIXEL**2, mode="same") * PIXEL**2 / total
    return np.array([(blurred * np.clip((a - np.sqrt(r2)) / PIXEL + 0.5, 0, 1)).sum() for a in apertures])


@pytest.mark.parametrize("source", [(2, 1, 0.5, 1.2), (1.3, 0.7, 0.9, 1.6), (3, 4, 0.7, 1.3), (6, 2.5, 0.3, 1.0)])
def test_growth_is_that_of_a_direct_convolution(source):
    found = enclosed("optical", *one(*source), OPTICAL_APERTURES)[0]
    assert found == pytest.approx(directly(*source, OPTICAL_APERTURES), rel=0.01)


def test_a_point_is_the_psf():
    """Of a point the share inside R is the Moffat function's, and the noise-equivalent area the Gaussian's."""
    fwhm, r = 1.3, np.linspace(0, 7, 70_001)
    profile = 2 * np.pi * r * moffat(r**2, fwhm)
    truth = np.interp(OPTICAL_APERTURES, r, np.cumsum(profile) * (r[1] - r[0]))
    assert enclosed("optical", *one(1e-4, 1, 1, fwhm), OPTICAL_APERTURES)[0] == pytest.approx(truth, rel=0.015)
    area = noise_area("optical", *one(0, 1, 1, fwhm))[0]
    assert area == pytest.approx(4 * np.pi * (fwhm * SIGMA_A_FWHM) ** 2, rel=0.02)


@pytest.mark.parametrize("sersic", [0.6, 1.0, 2.0, 4.0])
def test_a_large_galaxy_is_its_sersic_profile(sersic):
    """Where the seeing does not matter, the share is the incomplete gamma function's."""
    apertures, radius = (3.5, 5.0, 7.0), 5.0
    truth = gammainc(2 * sersic, gammaincinv(2 * sersic, 0.5) * (np.array(apertures) / radius) ** (1 / sersic))
    found = enclosed("optical", *one(radius, sersic, 1, 0.6), apertures)[0]
    assert found == pytest.approx(truth, rel=0.02)


def test_apertures_grow_and_never_hold_more_than_all():
    random = np.random.default_rng(1)
    source = [random.uniform(low, high, 2000) for low, high in ((0.1, 40), (0.5, 6), (0.15, 1), (0.8, 2.5))]
    for psf, apertures, fwhm in (("optical", OPTICAL_APERTURES, source[3]), ("wise", WISE_APERTURES, 5 * source[3])):
        share = enclosed(psf, *source[:3], fwhm, apertures)
        assert (np.diff(share, axis=1) > 0).all()
        assert ((share > 0) & (share < 1.001)).all()


def test_noise_of_nested_circles():
    """Variance is area; what a circle and the next share is the smaller one; annuli do not know each other."""
    sky = np.full(40_000, 0.3)
    noise = cumulative_noise(sky, OPTICAL_APERTURES, np.random.default_rng(2))
    area = 0.3 * np.pi * np.square(OPTICAL_APERTURES)
    assert noise.var(axis=0) == pytest.approx(area, rel=0.03)
    assert np.corrcoef(noise[:, 6], noise[:, 7])[0, 1] == pytest.approx(5 / 7, abs=0.01)
    assert np.corrcoef(noise[:, 4], noise[:, 5] - noise[:, 4])[0, 1] == pytest.approx(0, abs=0.02)
