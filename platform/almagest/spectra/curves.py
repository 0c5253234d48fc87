"""What a small drawing shows of a spectrum: means over parts of it, and what stands out from them."""

from dataclasses import dataclass

import numpy as np

BINS = 250
# A bin is drawn beside the mean of its part where three neighbours stand out by so many times their errors: a line, not a cosmic ray.
STANDS_OUT = 5.0
# Where errors are so many times larger than usual, noise would say how high the drawing is.
NOISY = 4.0


@dataclass(frozen=True)
class Curve:
    """What is drawn of a spectrum, each of shape (n,): wavelengths in angstroms, flux (NaN: a gap), whether it is well known."""

    wavelength: np.ndarray
    flux: np.ndarray
    is_sure: np.ndarray


def curve(wavelength: np.ndarray, flux: np.ndarray, weight: np.ndarray) -> Curve:
    """Means over `BINS` parts of equally many bins, weighted; and what stands out in them, which a mean would hide.

    Parameters
    ----------
    wavelength, flux, weight
        Shape (n,); the weight is the inverse variance, 0 where a bin is not to be used; not everywhere.
    """
    n = len(flux)
    bins = min(BINS, n)
    part = np.arange(n) * bins // n
    known = weight > 0
    flux = np.where(known, flux, 0)
    total = np.bincount(part, weight, bins)
    middle = np.bincount(part, wavelength) / np.bincount(part)
    mean = np.divide(np.bincount(part, weight * flux), total, out=np.full(bins, np.nan), where=total > 0)
    off = (_middle_of_three(np.where(known, flux, mean[part])) - mean[part]) * np.sqrt(weight)
    extremes = np.concatenate(
        [_first_in_each(part, -flux, off > STANDS_OUT), _first_in_each(part, flux, off < -STANDS_OUT)]
    )
    plain = np.setdiff1d(np.arange(bins), part[extremes])
    x = np.concatenate([middle[plain], wavelength[extremes]])
    y, where = np.concatenate([mean[plain], flux[extremes]]), np.concatenate([plain, part[extremes]])
    order = np.argsort(x, kind="stable")
    return Curve(x[order], y[order], _is_usual(weight, part)[where[order]])


def _middle_of_three(flux: np.ndarray) -> np.ndarray:
    """The median of each bin and its two neighbours, shape (n,)."""
    padded = np.concatenate([flux[:1], flux, flux[-1:]])
    left, right = padded[:-2], padded[2:]
    return np.maximum(np.minimum(left, flux), np.minimum(np.maximum(left, flux), right))


def _first_in_each(part: np.ndarray, value: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Of the chosen places that with the least value in each part."""
    at = np.flatnonzero(chosen)
    at = at[np.lexsort((value[at], part[at]))]
    return at[np.diff(part[at], prepend=-1) > 0]


def _is_usual(weight: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Which parts are not much noisier than others, by the best bin of each: errors are larger where a line is."""
    best = np.maximum.reduceat(weight, np.flatnonzero(np.diff(part, prepend=-1)))
    return best * NOISY**2 > np.median(best[best > 0])
