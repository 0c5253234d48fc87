"""Stars written down as formulas: a black body with lines, for tests and trials without a library."""

import numpy as np

from spectral_outliers.preparation import GRID, MAX_STAR_REDSHIFT
from spectral_outliers.simulation.noise import NoiseBank
from spectral_outliers.simulation.templates import ABSORBED, BALMER

TEFF = (3500.0, 12000.0)
# hc/k in angstrom kelvin.
SECOND_RADIATION_CONSTANT = 1.43877688e8
HALPHA = 6564.6
# Strong in hot stars, and in cool ones (Mg b, Na D and the bands of TiO).
TIO = ((5167.0, 60.0), (5950.0, 120.0), (6220.0, 90.0), (7150.0, 150.0))


def star_at_rest(wavelength: np.ndarray, teff: float) -> np.ndarray:
    """Flux density, 1 at 5500 A."""
    x = SECOND_RADIATION_CONSTANT / teff
    flux = (5500 / wavelength) ** 5 * np.expm1(x / 5500) / np.expm1(x / wavelength)
    hot, cool = np.clip((teff - 5000) / 4000, 0, 1), np.clip((5500 - teff) / 2000, 0, 1)
    for line in (*BALMER, HALPHA):
        flux *= 1 - 0.5 * hot * np.exp(-0.5 * ((wavelength - line) / 8) ** 2)
    for line, depth in ABSORBED:
        flux *= 1 - depth * (0.2 + cool) / 1.2 * np.exp(-0.5 * ((wavelength - line) / 6) ** 2)
    for head, width in TIO:
        flux *= 1 - 0.5 * cool**2 * np.exp(-np.clip(wavelength - head, 0, None) / width) * (wavelength > head)
    return flux


def draw_stars(noise: NoiseBank, size: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """``redshift``, ``flux`` and ``ivar`` of stars with radial velocities, as `galaxies.draw` gives them of galaxies."""
    redshift = random.uniform(-0.5, 0.5, size) * MAX_STAR_REDSHIFT
    rows = [
        noise.observed(10 * star_at_rest(GRID.wavelength / (1 + z), teff), random.uniform(5, 30), random)
        for z, teff in zip(redshift, random.uniform(*TEFF, size), strict=True)
    ]
    return {
        "redshift": redshift,
        "flux": np.stack([row[0] for row in rows]),
        "ivar": np.stack([row[1] for row in rows]),
    }
