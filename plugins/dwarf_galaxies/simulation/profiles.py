"""Light of Sersic profiles behind a point spread function, inside circular apertures.

Both the profile and the point spread function are sums of Gaussians, so their convolution is one too, and the flux of each
inside a circle is known. Growth curves are computed once on a grid and interpolated.
"""

from functools import cache

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.optimize import nnls
from scipy.special import gammainc, gammaincinv

SIGMA_A_FWHM = 1 / np.sqrt(8 * np.log(2))
# The optical point spread function is a Moffat function of this exponent: it gives the growth curve in r of the brightest
# star of the early DECaLS tables (0.397, 0.628, 0.772, 0.903, 0.954 of the flux within 0.5, 0.75, 1, 1.5, 2 arcsec).
MOFFAT_EXPONENT = 2.5
# WISE: a Gaussian core of FWHM 1 and a wider one. Share of the core and width of the wing, from aperture minus residual
# flux of the DR9 row of tractor-1054p567 (W1: 0.795 and 2.66 times the core, W2: 0.787 and 3.08).
WISE_CORE, WISE_WING = 0.79, 2.85
# Full width at half maximum of the core in arcsec. W1 and W2 as published (Wright et al. 2010); W3 and W4 too.
WISE_FWHM = {"w1": 6.1, "w2": 6.4, "w3": 6.5, "w4": 12.0}
# The grid: log10 of half-light radius over FWHM, log10 of the Sersic index, axis ratio, log10 of aperture over FWHM.
SIZES, INDICES = np.linspace(-1.8, 1.9, 44), np.linspace(np.log10(0.5), np.log10(6.0), 16)
AXIS_RATIOS, RADII = np.linspace(0.15, 1.0, 6), np.linspace(-0.85, 1.1, 36)
GAUSSIANS, ANGLES = 26, (np.arange(8) + 0.5) * np.pi / 16


@cache
def sersic_gaussians(index: float) -> tuple[np.ndarray, np.ndarray]:
    """Shares and widths (of a half-light radius of 1) of Gaussians that enclose light as the Sersic profile does."""
    r, sigma = np.logspace(-2.5, 2, 240), np.logspace(-2.3, 1.7, GAUSSIANS)
    truth = gammainc(2 * index, gammaincinv(2 * index, 0.5) * r ** (1 / index))
    weight = 1 / (truth + 0.02)
    share, _ = nnls((1 - np.exp(-0.5 * (r[:, None] / sigma) ** 2)) * weight[:, None], truth * weight, maxiter=2000)
    return share[share > 0] / share.sum(), sigma[share > 0]


@cache
def psf_gaussians(psf: str) -> tuple[np.ndarray, np.ndarray]:
    """Shares and widths, for a full width at half maximum of 1; `psf` is ``optical`` or ``wise``."""
    if psf == "wise":
        return np.array([WISE_CORE, 1 - WISE_CORE]), np.array([1.0, WISE_WING]) * SIGMA_A_FWHM
    scale = 0.5 / np.sqrt(2 ** (1 / MOFFAT_EXPONENT) - 1)
    r, sigma = np.logspace(-1.3, 1.3, 200), np.logspace(-0.8, 1.2, 9)
    truth = 1 - (1 + (r / scale) ** 2) ** (1 - MOFFAT_EXPONENT)
    share, _ = nnls((1 - np.exp(-0.5 * (r[:, None] / sigma) ** 2)) / truth[:, None], np.ones_like(r))
    share, sigma = share[share > 0] / share.sum(), sigma[share > 0]
    # Scaled so that the noise-equivalent area is that of a Gaussian of FWHM 1: this is what the survey's psfsize measures.
    overlap = (np.outer(share, share) / np.add.outer(sigma**2, sigma**2)).sum()
    return share, sigma * SIGMA_A_FWHM * np.sqrt(2 * overlap)


def convolved(psf: str, index: float, size: np.ndarray, axis_ratio: np.ndarray):
    """Shares (k,) and squared widths along both axes (..., k) of the Gaussians of a profile behind the PSF."""
    (share, sigma), (psf_share, psf_sigma) = sersic_gaussians(index), psf_gaussians(psf)
    major = (size[..., None] * sigma)[..., None] ** 2
    minor = major * axis_ratio[..., None, None] ** 2
    shape = (*major.shape[:-2], -1)
    return (
        np.outer(share, psf_share).ravel(),
        (major + psf_sigma**2).reshape(shape),
        (minor + psf_sigma**2).reshape(shape),
    )


@cache
def tables(psf: str) -> tuple[np.ndarray, np.ndarray]:
    """log of the enclosed share (sizes, indices, axis ratios, radii), log of the noise-equivalent area over FWHM^2."""
    size, axis_ratio = np.meshgrid(10**SIZES, AXIS_RATIOS, indexing="ij")
    growth = np.empty((len(SIZES), len(INDICES), len(AXIS_RATIOS), len(RADII)))
    area = np.empty(growth.shape[:3])
    for k, log_index in enumerate(INDICES):
        share, major, minor = convolved(psf, 10**log_index, size, axis_ratio)
        outside = np.zeros(growth[:, k].shape)
        for angle in ANGLES:
            width = major * np.cos(angle) ** 2 + minor * np.sin(angle) ** 2
            outside += np.stack([np.exp(-0.5 * 10 ** (2 * r) / width) @ share for r in RADII], axis=-1) / len(ANGLES)
        growth[:, k] = 1 - outside
        overlap = sum(
            (share * share[j] / np.sqrt((major + major[..., [j]]) * (minor + minor[..., [j]]))).sum(-1)
            for j in range(len(share))
        )
        area[:, k] = 2 * np.pi / overlap
    return np.log(growth), np.log(area)


def _places(radius, sersic, axis_ratio, fwhm) -> list[np.ndarray]:
    """Coordinates on the grid; what lies outside takes the nearest edge."""
    with np.errstate(divide="ignore"):
        values = (np.log10(radius / fwhm), np.log10(sersic), axis_ratio)
    axes = (SIZES, INDICES, AXIS_RATIOS)
    return [
        ((v - a[0]) / (a[1] - a[0])).clip(0, len(a) - 1).astype(np.float32) for v, a in zip(values, axes, strict=True)
    ]


def enclosed(psf: str, radius, sersic, axis_ratio, fwhm, apertures) -> np.ndarray:
    """Share of the light inside circles, shape (n, apertures), float32.

    Parameters
    ----------
    psf
        ``optical`` or ``wise``.
    radius, sersic, axis_ratio, fwhm
        Shape (n,): half-light radius on the major axis and full width at half maximum of the PSF in arcsec.
    apertures
        Radii in arcsec.
    """
    places, growth = _places(radius, sersic, axis_ratio, fwhm), tables(psf)[0]
    step = RADII[1] - RADII[0]
    columns = [
        map_coordinates(growth, [*places, (np.log10(a / fwhm) - RADII[0]) / step], order=1, mode="nearest")
        for a in apertures
    ]
    return np.exp(np.stack(columns, axis=1)).astype(np.float32)


def noise_area(psf: str, radius, sersic, axis_ratio, fwhm) -> np.ndarray:
    """Noise-equivalent area in arcsec^2, shape (n,): the variance of a fitted flux over that of the sky in 1 arcsec^2."""
    places = _places(radius, sersic, axis_ratio, fwhm)
    return np.exp(map_coordinates(tables(psf)[1], places, order=1, mode="nearest")) * fwhm**2
