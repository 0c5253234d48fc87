"""Section 2: what of a spectrum counts, and by what it is divided."""

from dataclasses import dataclass

import numpy as np

from almagest.contract import SpectralGrid
from spectral_outliers.telluric import is_telluric

# DESI's coadded spectra.
GRID = SpectralGrid(3600.0, 0.8, 7781)
IS_TELLURIC = is_telluric(GRID.wavelength)
# Section 2: at rest, angstroms; quiet, and seen at all redshifts of the sample.
WINDOW = (5300.0, 5850.0)
MAX_REDSHIFT = 0.8
LIGHT_KM_S = 299792.458
# A star's, as seen from here: 1000 km/s is more than any bound to the Galaxy has.
MAX_STAR_REDSHIFT = 0.0034
# So many good bins, and so much signal to noise in their median, must the window have; ours: the paper gives no numbers.
WINDOW_BINS = 50
WINDOW_SNR = 3.0

NO_REDSHIFT = "no redshift within the model's range"
NO_WINDOW = "the window of the normalisation (5300-5850 A at rest) is not covered"
NOISY_WINDOW = "the window of the normalisation is too noisy"
# The median's error is this much larger than the mean's, of normal noise.
MEDIAN_ERROR = np.sqrt(np.pi / 2)


@dataclass(frozen=True)
class Prepared:
    """Spectra as the model takes them.

    Attributes
    ----------
    flux
        In units of `norm`, shape (rows, bins), float32; 0 where nothing is known.
    weight
        Inverse variance in units of ``norm**-2``; 0 where a bin does not count.
    norm
        Shape (rows,): the median flux in the window; NaN where there is a reason.
    reason
        Why a row cannot be taken, None where it can.
    """

    flux: np.ndarray
    weight: np.ndarray
    norm: np.ndarray
    reason: list[str | None]


def prepare(flux: np.ndarray, ivar: np.ndarray, redshift: np.ndarray) -> Prepared:
    """Mask the sky's lines and divide by the median flux over the window at rest.

    Parameters
    ----------
    flux, ivar
        On `GRID`, shape (rows, bins), float32; an ivar of NaN says that the error is unknown: such bins weigh 1 in units of `norm`.
    redshift
        Shape (rows,), NaN where unknown.
    """
    good = good_bins(flux, ivar)
    norm, reason = normalisations(flux, ivar, redshift)
    # In float32 throughout, and the scale twice: temporary arrays of float64 take longer than the networks do.
    scale = np.where(np.isfinite(norm), norm, 1).astype(np.float32)[:, None]
    out = np.where(good, flux, np.float32(0))
    out /= scale
    weight = np.where(good, ivar, np.float32(0))
    weight *= scale
    weight *= scale
    if (unknown := np.isnan(weight)).any():
        weight[unknown] = 1
    return Prepared(out, weight, norm, reason)


def good_bins(flux: np.ndarray, ivar: np.ndarray, bins: slice = slice(None)) -> np.ndarray:
    """Whether each bin is known and not in the light of a sky line, shape of the flux; `bins` says which of the grid they are."""
    return np.isfinite(flux) & ~(ivar <= 0) & ~np.isinf(ivar) & ~IS_TELLURIC[bins]


def normalisations(flux: np.ndarray, ivar: np.ndarray, redshift: np.ndarray) -> tuple[np.ndarray, list[str | None]]:
    """The norm of each row, NaN where it has none, and the reason why."""
    found = [normalisation(*row) for row in zip(flux, ivar, redshift, strict=True)]
    return np.array([norm for norm, _ in found], float), [reason for _, reason in found]


def normalisation(flux: np.ndarray, ivar: np.ndarray, redshift: float) -> tuple[float, str | None]:
    """The median flux of one spectrum over the window, or NaN with the reason why it has none."""
    if not -0.01 < redshift <= MAX_REDSHIFT:
        return np.nan, NO_REDSHIFT
    low, high = (int(np.ceil((edge * (1 + redshift) - GRID.start) / GRID.step)) for edge in WINDOW)
    window = slice(max(low, 0), max(high, 0))
    flux, ivar = flux[window], ivar[window]
    good = good_bins(flux, ivar, window)
    if good.sum() < WINDOW_BINS:
        return np.nan, NO_WINDOW
    median, information = _median(flux[good]), float(np.nansum(ivar[good], dtype=np.float64))
    error = MEDIAN_ERROR / np.sqrt(information) if information > 0 else 0.0
    if not (median > 0 and median > WINDOW_SNR * error):
        return np.nan, NOISY_WINDOW
    return median, None


def _median(values: np.ndarray) -> float:
    """NumPy's of finite numbers, without its precautions: these take as long as the rest."""
    half = len(values) // 2
    return float(np.partition(values, (half - 1, half))[half - 1 + len(values) % 2 : half + 1].mean())
