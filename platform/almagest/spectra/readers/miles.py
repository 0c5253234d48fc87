"""MILES (Sanchez-Blazquez et al. 2006; parameters: Cenarro et al. 2007): stars by their number, with the table beside them."""

import re

from astropy.io import fits

from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers.base import File

TABLE = "paramsMILES_v9.1.txt"
NUMBER = re.compile(r"_m(\d{4})V")
# Columns of the table, in characters.
NAME, STAR, SPECTRAL_TYPE = slice(0, 23), slice(23, 27), slice(35, 48)
# Of a bin; the resolution is the same at all wavelengths (Falcon-Barroso et al. 2011).
MIDDLE_ANGSTROM = 5475.0


def facts(file: File, header: fits.Header) -> dict:
    """What is known of a star: the library gives no positions."""
    found = NUMBER.search(file.name)
    if found is None:
        raise SpectrumError("a file of MILES has its star's number in its name, such as m0001V")
    known = stars(file.beside(TABLE)).get(found[1], {})
    fwhm = header.get("FWHM")
    return {"name": f"m{found[1]}", "resolving_power": MIDDLE_ANGSTROM / fwhm if fwhm else None} | known


def stars(table: bytes | None) -> dict[str, dict]:
    """The table of parameters, by the stars' numbers; empty without it."""
    found = {}
    for line in (table or b"").decode("ascii", "replace").splitlines():
        if not line[STAR].isdigit():
            continue
        values = line[SPECTRAL_TYPE.stop :].split()[:3]
        numbers = [float(value) if re.fullmatch(r"[-+]?[0-9.]+", value) else None for value in values]
        teff, log_g, fe_h = (*numbers, None, None, None)[:3]
        found[line[STAR]] = {
            "star_name": line[NAME].strip(), "subclass": line[SPECTRAL_TYPE].strip() or None,
            "teff": teff, "log_g": log_g, "fe_h": fe_h,
        }  # fmt: skip
    return found
