"""Noise of real spectrographs: how inverse variance runs along the spectrum, bin by bin."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from almagest.contract import PluginError
from almagest.contract.spectra import put_on_grid
from spectral_outliers.preparation import GRID
from spectral_outliers.telluric import LINES

# So much of the grid must a spectrum cover for its noise to be lent to others.
COVERAGE = 0.7
# Signal to noise of a bin at which half of the variance is the object's own photons': fainter ones have the sky's noise. Bins darker than
# this share of the median have no fewer photons than it.
OWN_PHOTONS_SNR, DARKEST = 10.0, 0.1


@dataclass(frozen=True)
class NoiseBank:
    """Inverse variances on `GRID`, shape (k, bins), each with median 1 where it is not 0."""

    ivar: np.ndarray
    source: str

    def observed(self, flux: np.ndarray, snr: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A noiseless flux on `GRID`, shape (bins,), with one of the bank's noises, scaled to a median signal to noise of a bin.

        The noise of the object's own photons grows with its flux: by these, bright lines are known less well than the continuum.
        """
        ivar = self.ivar[random.integers(len(self.ivar))]
        known = ivar > 0
        share = snr / (snr + OWN_PHOTONS_SNR)
        ivar = ivar / (1 - share + share * np.clip(flux / np.median(flux[known]), DARKEST, None))
        ivar = ivar * (snr / np.median(np.abs(flux[known]) * np.sqrt(ivar[known]))) ** 2
        noise = random.normal(size=len(flux)) / np.sqrt(np.where(known, ivar, 1))
        return np.where(known, flux + noise, 0).astype(np.float32), ivar.astype(np.float32)


def bank_of(ivars: Sequence[np.ndarray], source: str) -> NoiseBank:
    """Those of the inverse variances that cover enough of the grid, or `PluginError` where none does."""
    ivar = [each for each in np.asarray(ivars, np.float64) if (each > 0).mean() >= COVERAGE]
    if not ivar:
        raise PluginError(f"{source}: none covers {COVERAGE:.0%} of the wavelengths from which noise is lent")
    return NoiseBank(np.stack([each / np.median(each[each > 0]) for each in ivar]).astype(np.float32), source)


def written_noise() -> NoiseBank:
    """A sky with its lines and three arms, as a formula."""
    variance = 1 + 2 * np.exp(-(GRID.wavelength - 3600) / 300) + 0.5 * ((GRID.wavelength - 5500) / 4000) ** 2
    for line, strength in LINES:
        variance += min(strength, 30) * np.exp(-0.5 * ((GRID.wavelength - line) / 1.2) ** 2)
    return bank_of([1 / variance], "a formula")


def read_noise(paths: Sequence[Path]) -> NoiseBank:
    """Inverse variances of SDSS's and BOSS's ``spec-*.fits`` and of DESI's coadds, sky fibres too."""
    found = []
    for path in sorted(paths):
        try:
            found += _of_file(path)
        except (OSError, KeyError, IndexError, ValueError, TypeError) as error:
            raise PluginError(f"{path} is no spectrum of SDSS, BOSS or DESI: {error}") from None
    return bank_of(found, f"inverse variances of {len(found)} real spectra")


def _of_file(path: Path) -> list[np.ndarray]:
    with fits.open(path) as hdus:
        if "B_IVAR" in hdus:
            return list(_of_arms(hdus))
        row = hdus[1].data
        wave, ivar = 10 ** np.asarray(row["loglam"], float), np.asarray(row["ivar"], float)
    return list(put_on_grid(wave, np.zeros((1, len(wave))), ivar[None], GRID)[1])


def _of_arms(hdus: fits.HDUList) -> np.ndarray:
    total = 0.0
    for arm in "BRZ":
        ivar = np.where(hdus[f"{arm}_MASK"].data == 0, np.asarray(hdus[f"{arm}_IVAR"].data, float), 0)
        wave = np.asarray(hdus[f"{arm}_WAVELENGTH"].data, float)
        total = total + put_on_grid(wave, np.zeros_like(ivar), ivar, GRID)[1].astype(float)
    return total
