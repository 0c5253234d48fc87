"""Draws of galaxies from templates, disturbed as real ones are, seen at their redshifts through real noise."""

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from spectral_outliers.preparation import GRID, LIGHT_KM_S, MAX_REDSHIFT
from spectral_outliers.simulation.noise import NoiseBank
from spectral_outliers.simulation.templates import LOG_STEP, WAVELENGTH, Templates

# Of BGS's shape: most at 0.1 to 0.3, few beyond 0.6.
REDSHIFT_SHAPE = (1.5, 3.0)
# Median signal to noise of a bin, drawn evenly in its logarithm: from faint BGS galaxies to bright ones of SDSS and MaNGA.
SNR = (0.7, 20.0)
# Optical depth at 5500 A of dust more, or less, than the templates have, with Charlot & Fall's slope (2000, ApJ 539, 718).
DUST, DUST_SLOPE = 0.2, -0.7
# Scatter of smooth errors of calibration, of all lines together and of each alone (natural logarithms).
CALIBRATION, LINES, LINE = 0.02, 0.4, 0.15
# Galaxies that form stars by far more than the prior's normal curves allow: their share, by how much their lines are stronger at most
# (evenly in the logarithm: up to the equivalent widths of 1000 A of compact galaxies), how much bluer they are (power of wavelength), and
# by how much lines of high ionisation gain in them at most (those of low ionisation lose its root): in "green peas", [O III] outshines
# [O II] several times (Cardamone et al. 2009, MNRAS 399, 1191).
BURSTS, BURST_LINES, BURST_SLOPE, EXCITATION = 0.15, 15.0, (0.0, 1.5), 5.0
# Wavelengths in vacuum of ionised gas, angstroms (SDSS's pipeline, emlines.par, and NIST, rounded; blends as one), and how far to both
# sides its lines reach, km/s. Forbidden ones are never seen dark.
LOW_IONISATION = (3728.5, 6302.0, 6549.9, 6585.3, 6718.3, 6732.7)
HIGH_IONISATION = (3869.9, 4364.4, 4960.3, 5008.2)
FORBIDDEN = LOW_IONISATION + HIGH_IONISATION + (7137.8, 9071.1, 9533.2)
PERMITTED = (3889.7, 3969.5, 4102.9, 4341.7, 4862.7, 5877.2, 6564.6, 6679.9, 7067.1)
LINE_KM_S = 700.0
# How many times as narrow as the templates' (of usual galaxies, through SDSS's spectrograph) a galaxy's lines of gas may be, and as high.
NARROWEST = 3.0
# Motions of stars and gas beyond those of the templates, km/s, at most.
DISPERSION = 200.0
KM_S_OF_STEP = LIGHT_KM_S * LOG_STEP * np.log(10)
# Where lines are taken to be: what stands above the running median over so many steps of `WAVELENGTH`.
CONTINUUM_STEPS = 151
TRIALS = 100


# Each wavelength belongs to the line next to it.
CENTRES = np.sort(FORBIDDEN + PERMITTED)
MIDDLES = (CENTRES[1:] + CENTRES[:-1]) / 2
LINE_OF = np.searchsorted(MIDDLES, WAVELENGTH)
IS_GAS = np.abs(WAVELENGTH / CENTRES[LINE_OF] - 1) < LINE_KM_S / LIGHT_KM_S
IS_FORBIDDEN, IS_LOW, IS_HIGH = (
    IS_GAS & np.isin(CENTRES[LINE_OF], lines) for lines in (FORBIDDEN, LOW_IONISATION, HIGH_IONISATION)
)


def rest_spectrum(templates: Templates, random: np.random.Generator) -> np.ndarray:
    """One galaxy at rest on `WAVELENGTH`, mean 1 near 5500 A; draws whose continuum is not positive are drawn again."""
    for _ in range(TRIALS):
        flux = random.normal(templates.mean, templates.sigma) @ templates.basis
        flux /= flux[np.abs(WAVELENGTH - 5500) < 250].mean()
        continuum = median_filter(flux, CONTINUUM_STEPS, mode="nearest")
        if continuum.min() > 0.02 and continuum.max() < 20:
            break
    lines = flux - continuum
    lines[IS_FORBIDDEN] = lines[IS_FORBIDDEN].clip(min=0)
    lines = narrowed(lines, random.uniform(1, NARROWEST))
    return _disturbed(np.maximum(continuum, 0.02), lines, random)


def narrowed(lines: np.ndarray, factor: float) -> np.ndarray:
    """Lines on `WAVELENGTH`, those of gas in emission so many times as narrow and as high as they were."""
    gas = np.where(IS_GAS, lines.clip(min=0), 0)
    centre = CENTRES[LINE_OF]
    taken_from = centre + factor * (WAVELENGTH - centre)
    is_own = np.searchsorted(MIDDLES, taken_from) == LINE_OF
    return lines - gas + factor * np.interp(taken_from, WAVELENGTH, gas) * is_own


def _disturbed(continuum: np.ndarray, lines: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Other dust, other calibration, other strengths and widths of lines."""
    x = np.linspace(-1, 1, len(WAVELENGTH))
    dust = np.exp(-random.normal(0, DUST) * ((WAVELENGTH / 5500) ** DUST_SLOPE - 1))
    calibration = np.exp(np.polynomial.legendre.legval(x, [0, *random.normal(0, CALIBRATION, 4)]))
    # Each stretch of some 150 A has its own factor: lines of one ion are alike, those far apart are not.
    each = np.interp(np.arange(len(x)), np.linspace(0, len(x), 60), random.normal(0, LINE, 60))
    strength = np.where(lines > 0, np.exp(random.normal(0, LINES) + each), np.exp(each))
    if random.random() < BURSTS:
        excitation = np.exp(random.uniform(0, np.log(EXCITATION)))
        strength[IS_GAS & (lines > 0)] *= np.exp(random.uniform(0, np.log(BURST_LINES)))
        strength[IS_HIGH] *= excitation
        strength[IS_LOW] /= excitation**0.5
        dust *= (WAVELENGTH / 5500) ** -random.uniform(*BURST_SLOPE)
    flux = (continuum + lines * strength) * dust * calibration
    return gaussian_filter1d(flux, random.uniform(0, DISPERSION) / KM_S_OF_STEP, mode="nearest")


def draw(templates: Templates, noise: NoiseBank, size: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Galaxies as DESI would see them.

    Returns
    -------
    ``redshift`` of shape (size,), ``flux`` and ``ivar`` on `GRID`, shape (size, bins), float32, in 1e-17 erg/(s cm2 Angstrom).
    """
    redshift = MAX_REDSHIFT * random.beta(*REDSHIFT_SHAPE, size)
    out = {
        "redshift": redshift,
        "flux": np.empty((size, GRID.bins), np.float32),
        "ivar": np.empty((size, GRID.bins), np.float32),
    }
    for row, z in enumerate(redshift):
        flux = np.interp(GRID.wavelength / (1 + z), WAVELENGTH, rest_spectrum(templates, random))
        flux *= np.exp(random.uniform(np.log(1.0), np.log(20.0)))
        snr = np.exp(random.uniform(*np.log(SNR)))
        out["flux"][row], out["ivar"][row] = noise.observed(flux, snr, random)
    return out
