"""What the sky, the dust and the neighbours do to the light: transmissions, depths, seeing, noise."""

import numpy as np
from scipy.special import ndtr

from dwarf_galaxies.simulation.colours import STEPS, Columns
from dwarf_galaxies.simulation.profiles import SIGMA_A_FWHM, WISE_FWHM

OPTICAL, WISE = ("g", "r", "z"), ("w1", "w2", "w3", "w4")
BANDS = OPTICAL + WISE
OPTICAL_APERTURES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.5, 5.0, 7.0)
WISE_APERTURES = (3.0, 5.0, 7.0, 9.0, 11.0)
APERTURES = {**dict.fromkeys(OPTICAL, OPTICAL_APERTURES), **dict.fromkeys(WISE, WISE_APERTURES)}
# Extinction in mag per E(B-V): the survey's own, https://www.legacysurvey.org/dr9/catalogs/#galactic-extinction-coefficients
EXTINCTION = {"g": 3.214, "r": 2.165, "z": 1.211, "w1": 0.184, "w2": 0.113, "w3": 0.0241, "w4": 0.00910}
# Magnitude (AB) of a point source of 5 sigma, median over the sky. g, r, z: Section 2.1 of the paper. W1 to W4: what the
# inverse variances of the 36 DR8 rows and the DR9 row say. The 19.8 and 19.0 mag that the paper's Section 2.2 quotes for W1
# and W2 are 1.4 mag shallower than the fluxes in the files.
DEPTH = {"g": 24.7, "r": 23.9, "z": 23.0, "w1": 21.25, "w2": 20.35, "w3": 16.8, "w4": 14.5}
# Scatter in mag of the depth from place to place: that all bands share, and each band's own.
SHARED_SCATTER, OWN_SCATTER = 0.12, 0.12
# Median seeing (FWHM, arcsec) of DECam and of BASS and MzLS (Dey et al. 2019, Table 4); psfsize, by the noise-equivalent
# area, is taken as more by the factor; and scatter of its logarithm from place to place, DECam's and theirs. The DR9 row of
# tractor-1054p567, of BASS and MzLS, has 2.61, 1.71 and 1.22.
SEEING = {"g": (1.29, 1.61), "r": (1.18, 1.47), "z": (1.11, 1.01)}
SEEING_FACTOR, SEEING_SCATTER = 1.15, (0.12, 0.18)
# Errors of the zero points, the same for all that is measured of a source in one band.
CALIBRATION = 0.005
# Errors of the sky's level, in units of the pixels' noise inside the largest aperture: in no inverse variance, as in the
# survey's. The DR9 row has residuals of -3.4 sigma (g, 7 arcsec) and -3.1 (W1, 11 arcsec), the early rows apertures far
# below zero.
SKY_LEVEL = 1.5
# E(B-V) at the pole, and scatter of its logarithm; it grows as the path through the dust does.
DUST, DUST_SCATTER = 0.018, 0.5
# Galaxies to r = 24.5 within 12 arcsec, and how fast they grow with magnitude: 130,000 a square degree (Capak et al. 2007).
NEIGHBOURS, NEIGHBOUR_LIMIT, NEIGHBOUR_SLOPE, NEIGHBOUR_REACH = 4.5, 24.5, 0.33, 12.0
NEIGHBOUR_COLOURS = {"g-r": (0.8, 0.4), "r-z": (0.5, 0.3), "z-w1": (0.2, 0.5), "w1-w2": (-0.45, 0.15)}
NEAREST_NEIGHBOUR, COUNTED = 1.5, 3


def nanomaggies(magnitude: np.ndarray) -> np.ndarray:
    """Flux of an AB magnitude."""
    return 10 ** (0.4 * (22.5 - magnitude))


def conditions(sine_of_latitude, is_north, random: np.random.Generator) -> Columns:
    """Dust, seeing (arcsec) and depth at each position: ``ebv, transmission_*, psfsize_*, point_variance_*`` (nmgy^2)."""
    n = len(is_north)
    path = 1 / np.abs(sine_of_latitude).clip(0.2, 1)
    ebv = (DUST * path * np.exp(DUST_SCATTER * random.standard_normal(n))).clip(0.003, 0.6)
    rows, shared = {"ebv": ebv}, SHARED_SCATTER * random.standard_normal(n)
    for band in BANDS:
        rows[f"transmission_{band}"] = 10 ** (-0.4 * EXTINCTION[band] * ebv)
        if band in OPTICAL:
            south, north = SEEING[band]
            spread = np.where(is_north, *SEEING_SCATTER[::-1]) * random.standard_normal(n)
            rows[f"psfsize_{band}"] = np.where(is_north, north, south) * SEEING_FACTOR * np.exp(spread)
        else:
            rows[f"psfsize_{band}"] = np.full(n, WISE_FWHM[band])
        depth = DEPTH[band] + shared + OWN_SCATTER * random.standard_normal(n)
        rows[f"point_variance_{band}"] = (nanomaggies(depth) / 5) ** 2
    return rows


def cumulative_noise(sky: np.ndarray, apertures, random: np.random.Generator) -> np.ndarray:
    """Noise of the pixels inside nested circles, shape (n, apertures): annuli are independent, circles their sums.

    Parameters
    ----------
    sky
        Variance in 1 arcsec^2, shape (n,).
    """
    area = np.pi * np.diff(np.square([0.0, *apertures]))
    return np.cumsum(random.standard_normal((len(sky), len(area))) * np.sqrt(sky[:, None] * area), axis=1)


def sky_level(sky: np.ndarray, apertures, random: np.random.Generator) -> np.ndarray:
    """What a wrong level of the sky adds inside circles, shape (n, apertures): it grows as their area does."""
    area = np.pi * np.square(apertures)
    return (SKY_LEVEL * random.standard_normal(len(sky)) * np.sqrt(sky / area[-1]))[:, None] * area


def neighbours(count: int, random: np.random.Generator) -> tuple[np.ndarray, Columns]:
    """Distances in arcsec and fluxes in nmgy, shape (n, 3), of the three brightest other sources within 12 arcsec."""
    order = np.cumsum(random.exponential(size=(count, COUNTED)), axis=1)
    r = NEIGHBOUR_LIMIT + np.log10(order / NEIGHBOURS) / NEIGHBOUR_SLOPE
    # Uniform in area; what lies nearer than can be told apart is part of the source.
    distance = np.sqrt(random.uniform(NEAREST_NEIGHBOUR**2, NEIGHBOUR_REACH**2, r.shape))
    magnitude = {"r": r}
    for step in STEPS[:4]:
        bluer, redder = step.split("-")
        colour = NEIGHBOUR_COLOURS[step][0] + NEIGHBOUR_COLOURS[step][1] * random.standard_normal(r.shape)
        magnitude[bluer if redder == "r" else redder] = r + colour if redder == "r" else magnitude[bluer] - colour
    return distance, {band: nanomaggies(values) for band, values in magnitude.items()}


def neighbouring_light(distance, flux, fwhm, apertures) -> np.ndarray:
    """Light of the neighbours inside circles round the source, shape (n, apertures): the edge of each is blurred."""
    sigma = (fwhm * SIGMA_A_FWHM)[:, None]
    return np.stack([(flux * ndtr((a - distance) / sigma)).sum(axis=1) for a in apertures], axis=1)
