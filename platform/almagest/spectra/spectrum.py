"""One spectrum as arrays: what every reader gives, and what the database keeps."""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Literal

import numpy as np

from almagest.spectra.errors import SpectrumError

Medium = Literal["vacuum", "air"]
Frame = Literal["observed", "rest"]
# Flux density of calibrated spectra; spectra in other units of it are converted, relative ones have no unit.
FLUX_UNIT = "10**-17 erg/(s cm2 Angstrom)"
FEWEST_BINS, MOST_BINS = 10, 1_000_000


@dataclass(frozen=True)
class Spectrum:
    """Flux against wavelength.

    Parameters
    ----------
    wavelength
        Shape (n,), float64, angstrom, increasing; in `medium` and `frame`.
    flux
        Shape (n,), float32, in `flux_unit`.
    ivar
        Shape (n,), float32, one over the variance of the flux, 0 where nothing is known; None where the source gives no errors.
    mask
        Shape (n,), bool: bins that are not to be used.
    flux_unit
        `FLUX_UNIT`, or empty where the flux is relative.
    """

    wavelength: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray | None
    mask: np.ndarray
    flux_unit: str = FLUX_UNIT
    medium: Medium = "vacuum"
    frame: Frame = "observed"

    @cached_property
    def id(self) -> int:
        """63 bits of the contents' hash: the same numbers are the same spectrum, whatever files they came in."""
        return _content_number(
            f"{self.flux_unit}|{self.medium}|{self.frame}|{self.ivar is None}".encode(), self.wavelength, self.flux,
            b"" if self.ivar is None else self.ivar, self.mask,
        )  # fmt: skip

    @cached_property
    def grid_id(self) -> int:
        """63 bits of the wavelengths' hash."""
        return _content_number(self.wavelength)

    @property
    def good(self) -> np.ndarray:
        """Bins of which something is known, shape (n,)."""
        return ~self.mask if self.ivar is None else ~self.mask & (self.ivar > 0)

    @property
    def snr(self) -> float | None:
        """Median signal to noise of a bin."""
        if self.ivar is None or not self.good.any():
            return None
        return float(np.median(self.flux[self.good] * np.sqrt(self.ivar[self.good])))


def checked(spectrum: Spectrum) -> Spectrum:
    """The spectrum in its proper types, bins without a number masked; `SpectrumError` where it makes no sense.

    A flux that is no number is masked where its ivar is 0 or unknown, as surveys mark what they have not seen; beside an ivar
    that claims to know it, it is an error.
    """
    wavelength = np.ascontiguousarray(spectrum.wavelength, np.float64)
    _check_wavelength(wavelength)
    shapes = {name: np.shape(values) for name, values in vars(spectrum).items() if isinstance(values, np.ndarray)}
    if set(shapes.values()) != {wavelength.shape}:
        raise SpectrumError("arrays differ in length: " + ", ".join(f"{n} {s}" for n, s in sorted(shapes.items())))
    with np.errstate(over="ignore"):
        flux = np.array(spectrum.flux, np.float32)
        ivar = None if spectrum.ivar is None else np.array(spectrum.ivar, np.float32)
    known = _known(wavelength, flux, ivar)
    if not known.any():
        raise SpectrumError("nothing is known of any bin: ivar is 0, or the flux no number, everywhere")
    mask = np.array(spectrum.mask, bool) | ~known
    if mask.all():
        raise SpectrumError("nothing is known of any bin: all are masked")
    flux[~np.isfinite(flux)] = 0
    if ivar is not None:
        ivar[~known] = 0
    return replace(spectrum, wavelength=wavelength, flux=flux, ivar=ivar, mask=mask)


def _known(wavelength: np.ndarray, flux: np.ndarray, ivar: np.ndarray | None) -> np.ndarray:
    is_number = np.isfinite(flux)
    if ivar is None:
        return is_number
    if (bad := np.isnan(ivar) & is_number | (ivar < 0)).any():
        raise SpectrumError(f"ivar is {_first(ivar, bad, wavelength)}; it must be 0 or more")
    if (bad := ~is_number & (ivar > 0)).any():
        raise SpectrumError(f"flux is {_first(flux, bad, wavelength)}, where ivar is not 0")
    if (bad := np.isinf(ivar)).any():
        raise SpectrumError(f"ivar is {_first(ivar, bad, wavelength)}; no measurement is without error")
    return is_number & (ivar > 0)


def _first(values: np.ndarray, bad: np.ndarray, wavelength: np.ndarray) -> str:
    at = int(np.argmax(bad))
    return f"{values[at]} in {bad.sum()} bins, first at {wavelength[at]:.1f} angstrom"


def _check_wavelength(wavelength: np.ndarray) -> None:
    if wavelength.ndim != 1 or not FEWEST_BINS <= len(wavelength) <= MOST_BINS:
        raise SpectrumError(
            f"wavelengths have shape {wavelength.shape}; a spectrum has {FEWEST_BINS} to {MOST_BINS:,} bins"
        )
    if not np.isfinite(wavelength).all() or wavelength.min() <= 0:
        raise SpectrumError("a wavelength is no number, or not above 0")
    steps = np.diff(wavelength)
    if not (steps > 0).all():
        at = int(np.argmin(steps > 0))
        raise SpectrumError(
            f"wavelengths do not increase: {wavelength[at]:.2f} angstrom, then {wavelength[at + 1]:.2f}"
        )


def _content_number(*parts: np.ndarray | bytes) -> int:
    digest = sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).data)
    return int.from_bytes(digest.digest()[:8], "little") >> 1
