"""What simulated galaxies are made of: SDSS's published eigenspectra from a folder, or spectra written down as formulas."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from almagest.contract import PluginError

# Yip et al. 2004, AJ 128, 585: ten eigenspectra of SDSS galaxies, with the prior of their coefficients.
YIP, PRIOR = "gal_eigenspec_Yip2004.fits", "GAL_pp_prior.csv"
# SDSS's redshift pipeline (Bolton et al. 2012, AJ 144, 144): four that reach from 1183 to 10500 A.
PIPELINE = "spEigenGal-56436.fits"
LOG_STEP = 1e-4
WAVELENGTH = 10 ** np.arange(np.log10(1900.0), np.log10(10100.0), LOG_STEP)
# Over so many angstroms a continuation takes over from what it continues.
BLEND = 150.0


@dataclass(frozen=True)
class Templates:
    """Basis spectra on `WAVELENGTH`, shape (k, n), flux density, and the normal prior of their coefficients, shape (k,) each."""

    basis: np.ndarray
    mean: np.ndarray
    sigma: np.ndarray
    source: str


def read_templates(folder: Path) -> Templates:
    """Yip's eigenspectra, continued to both sides by the combination of the pipeline's that fits them best.

    Raises
    ------
    PluginError
        When a file is missing or of another form.
    """
    try:
        with fits.open(folder / YIP) as hdus:
            row = hdus[1].data[0]
            wave, yip = np.asarray(row["WAVE"], float), np.asarray(row["PCA"], float).reshape(-1, len(row["WAVE"]))
        with fits.open(folder / PIPELINE) as hdus:
            data, header = np.asarray(hdus[0].data, float), hdus[0].header
        mean, sigma = np.loadtxt(folder / PRIOR, delimiter=",", skiprows=1, unpack=True)
    except (OSError, KeyError, IndexError, ValueError) as error:
        raise PluginError(
            f"templates of galaxies in {folder}: {error}; wanted are {YIP}, {PRIOR} and {PIPELINE}"
        ) from None
    long = 10 ** (header["COEFF0"] + header["COEFF1"] * np.arange(data.shape[1]))
    wide = np.stack([np.interp(WAVELENGTH, long, each) for each in data])
    basis = np.stack([_continued(np.interp(WAVELENGTH, wave, each), wide, wave[0], wave[-1]) for each in yip])
    # The first coefficient is the amplitude.
    return Templates(basis, mean, np.where(np.arange(len(mean)) == 0, 0, sigma), "SDSS eigenspectra of Yip et al. 2004")


def _continued(inner: np.ndarray, wide: np.ndarray, low: float, high: float) -> np.ndarray:
    """A spectrum known between two wavelengths, and outside what of `wide`, shape (k, n), continues it."""
    known = (low <= WAVELENGTH) & (high >= WAVELENGTH)
    fit = np.linalg.lstsq(wide[:, known].T, inner[known], rcond=None)[0] @ wide
    share = np.clip(np.minimum(WAVELENGTH - low, high - WAVELENGTH) / BLEND, 0, 1)
    return share * inner + (1 - share) * fit


# Vacuum wavelengths in angstroms of what the formulas below show in emission (with strengths) and absorption (with depths).
EMITTED = ((3728.5, 1.0), (4862.7, 0.35), (4960.3, 0.15), (5008.2, 0.45), (6549.9, 0.12), (6564.6, 1.0), (6585.3, 0.36),
           (6718.3, 0.2), (6732.7, 0.15))  # fmt: skip
ABSORBED = ((3934.8, 0.5), (3969.6, 0.5), (4305.6, 0.25), (5176.6, 0.3), (5895.6, 0.2))
BALMER = (3836.5, 3890.2, 3971.2, 4102.9, 4341.7, 4862.7)


def written_templates() -> Templates:
    """An old and a young population, lines of ionised gas and dust, as formulas: for tests and trials without a file."""
    w = WAVELENGTH
    old = (w / 5500) ** 0.5 * (0.45 + 0.55 / (1 + np.exp(-(w - 4000) / 40)))
    young = (w / 5500) ** -1.5 * (0.6 + 0.4 / (1 + np.exp(-(w - 3650) / 30)))
    for line, depth in ABSORBED:
        old *= 1 - depth * np.exp(-0.5 * ((w - line) / 9) ** 2)
    for line in BALMER:
        young *= 1 - 0.4 * np.exp(-0.5 * ((w - line) / 9) ** 2)
    gas = sum(strength * np.exp(-0.5 * ((w - line) / (line * 2.5e-4)) ** 2) for line, strength in EMITTED)
    basis = np.stack([(old + young) / 2, young - old, gas, (w / 5500) ** 0.7 - 1])
    return Templates(basis, np.array([1, -0.2, 1.0, 0]), np.array([0, 0.25, 0.9, 0.08]), "formulas")
