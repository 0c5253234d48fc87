"""Files of spectra as tests need them: small, plain, and as bad as wanted."""

from pathlib import Path

import numpy as np
from astropy.io import fits

from almagest.spectra.readers import AS_FILES_SAY, Assumed, Found, files_of, read_spectra

WAVELENGTH = np.linspace(4000.0, 5000.0, 101)


def found_in(path: Path, assumed: Assumed = AS_FILES_SAY) -> list[Found]:
    """All spectra of a path."""
    return [found for file in files_of(path) for found in read_spectra(file, assumed)]


def write_table(path: Path, name: str = "", **columns) -> Path:
    """A FITS table of one spectrum; arrays that are not given are plain, those that are None are not there."""
    values = {"wavelength": WAVELENGTH, "flux": 1 + WAVELENGTH / 5000, "ivar": np.full(101, 4.0)} | columns
    units = {"wavelength": "Angstrom", "flux": "1e-17 erg/(s cm2 Angstrom)"}
    made = [fits.Column(key, "D", units.get(key), array=value) for key, value in values.items() if value is not None]
    hdu = fits.BinTableHDU.from_columns(made)
    hdu.header["RA"], hdu.header["DEC"], hdu.header["REDSHIFT"] = 150.0, 2.0, 0.1
    hdu.writeto(path / f"{name or 'plain'}.fits", overwrite=True)
    return path / f"{name or 'plain'}.fits"


def write_csv(path: Path, text: str) -> Path:
    """A text file."""
    path.write_text(text)
    return path
