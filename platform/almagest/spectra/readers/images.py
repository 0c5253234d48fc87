"""One spectrum a file, as an image of one axis whose header gives the wavelengths; stellar libraries come so."""

import re
from collections.abc import Callable, Iterator

import astropy.units as u
import numpy as np
from astropy.coordinates import FK4, FK5, SkyCoord
from astropy.io import fits

from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers import miles
from almagest.spectra.readers.base import Assumed, File, Found, plain
from almagest.spectra.readers.stacked import medium_of
from almagest.spectra.spectrum import Spectrum
from almagest.spectra.units import flux_factor, wavelength_factor


def recognises(hdus: fits.HDUList) -> bool:
    """Whether it is such a file."""
    return hdus[0].header.get("NAXIS") == 1 and "CRVAL1" in hdus[0].header


def read(file: File, hdus: fits.HDUList, assumed: Assumed) -> Iterator[Found]:
    """The image; without errors, because such files have none."""
    header, flux = hdus[0].header, np.asarray(hdus[0].data, np.float64)
    library = next((library for library in LIBRARIES if library.is_it(header)), None)
    factor, unit = flux_factor(assumed.flux_unit or header.get("BUNIT"))
    medium = assumed.medium or (library and "air") or medium_of(header) or _medium_of_axis(header)
    mask = flux == 0 if library else np.zeros(len(flux), bool)  # libraries fill gaps with zeros
    frame = assumed.frame or ("rest" if library else "observed")
    spectrum = Spectrum(_wavelengths(header, len(flux)), flux * factor, None, mask, unit, medium, frame)
    yield Found({"name": file.stem} | (library.facts(file, header) if library else _facts(header)), spectrum)


def _wavelengths(header: fits.Header, bins: int) -> np.ndarray:
    """Linear in the wavelength, or in its logarithm to the base of ten where DC-FLAG or CTYPE1 say so."""
    step = header.get("CD1_1", header.get("CDELT1"))
    if not step:
        raise SpectrumError("its header has no step of the wavelength: neither CD1_1 nor CDELT1")
    axis = header["CRVAL1"] + (np.arange(1, bins + 1) - header.get("CRPIX1", 1)) * step
    is_log = header.get("DC-FLAG") == 1 or "LOG" in str(header.get("CTYPE1", "")).upper()
    if is_log and axis.max() > 10:
        raise SpectrumError(f"its header says logarithmic wavelengths, up to {axis.max():g}")
    return (10.0**axis if is_log else axis) * wavelength_factor(header.get("CUNIT1"))


def _medium_of_axis(header: fits.Header) -> str:
    """FITS Paper III (Greisen et al. 2006): AWAV is the wavelength in air."""
    return "air" if str(header.get("CTYPE1", "")).upper().startswith("AWAV") else "vacuum"


def _facts(header: fits.Header) -> dict:
    is_in_hours = "hour" in str(header.comments["RA"]).lower() if "RA" in header else False
    ra = plain(header.get("RA"))
    ra, dec = (ra * 15 if is_in_hours and isinstance(ra, float) else ra), plain(header.get("DEC"))
    ra, dec = (value if isinstance(value, int | float) else None for value in (ra, dec))
    return {"ra": ra, "dec": dec, "instrument": plain(header.get("INSTRUME")), "redshift": plain(header.get("Z"))}


class Library:
    """A stellar library: how its files are told, and what they say of the star.

    Wavelengths in both are in air, and shifted to the star's rest.
    """

    def __init__(self, is_it: Callable[[fits.Header], bool], facts: Callable[[File, fits.Header], dict]):
        self.is_it, self.facts = is_it, facts


def _stelib_facts(file: File, header: fits.Header) -> dict:
    """STELIB (Le Borgne et al. 2003)."""
    star = SkyCoord(
        f"{_told(header, 'RA')} {_told(header, 'DEC')}", unit=(u.hourangle, u.deg), frame=_equinox(header)
    ).icrs
    return {
        "name": re.sub(r"\s+", "_", str(header["OBJECT"]).strip()), "star_name": plain(header["OBJECT"]),
        "ra": float(star.ra.deg), "dec": float(star.dec.deg), "redshift": 0.0, "spec_class": "STAR",
        "subclass": plain(header.get("SPECTYPE")), "instrument": plain(header.get("INSTRUME")),
    }  # fmt: skip


def _told(header: fits.Header, key: str) -> str:
    """A coordinate in words: the value, or the comment beside radians, which are wrong for southern stars."""
    value = header[key]
    return str(value) if isinstance(value, str) else re.sub(r"[^-+0-9. ]", "", header.comments[key]).strip()


def _equinox(header: fits.Header) -> FK4 | FK5:
    equinox = str(header.get("EQUINOX", "B1950")).strip()
    if equinox.startswith("B"):
        return FK4(equinox=equinox)
    return FK5(equinox=equinox if equinox.startswith("J") else f"J{equinox}")


def _miles_facts(file: File, header: fits.Header) -> dict:
    return {"redshift": 0.0, "spec_class": "STAR", "instrument": "INT/IDS"} | miles.facts(file, header)


LIBRARIES = (
    Library(lambda header: header.get("TPLLIB", "").strip() == "MILES", _miles_facts),
    Library(lambda header: "STARIDEN" in header and "ISEXTINC" in header, _stelib_facts),
)
