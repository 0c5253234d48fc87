"""Many spectra on one grid: images FLUX and IVAR of shape (spectra, bins) beside WAVE, as MaNGA's spaxels and DESI's stacks come."""

from collections.abc import Iterator

import numpy as np
from astropy.io import fits

from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers.base import Assumed, File, Found, plain
from almagest.spectra.spectrum import Spectrum
from almagest.spectra.units import flux_factor, wavelength_factor

# What AIRORVAC and VACUUM say; without either, surveys of this kind of file give vacuum wavelengths.
MEDIA = {"vac": "vacuum", "vacuum": "vacuum", "air": "air", True: "vacuum", False: "air"}


def recognises(hdus: fits.HDUList) -> bool:
    """Whether it is such a file."""
    return {"WAVE", "FLUX"} <= {hdu.name for hdu in hdus}


def read(file: File, hdus: fits.HDUList, assumed: Assumed) -> Iterator[Found]:
    """Each row of the images, named by the file and its number from 1."""
    wave, flux = hdus["WAVE"], np.atleast_2d(hdus["FLUX"].data)
    arrays = {name: np.atleast_2d(hdus[name].data) for name in ("IVAR", "MASK", "SRES") if name in hdus}
    for name, values in arrays.items():
        if values.shape != flux.shape:
            raise SpectrumError(f"{name} has shape {values.shape}, FLUX has {flux.shape}")
    factor, unit = flux_factor(assumed.flux_unit or hdus["FLUX"].header.get("BUNIT"))
    wavelength = np.asarray(wave.data, np.float64) * wavelength_factor(wave.header.get("BUNIT"))
    facts = _facts(hdus, len(flux))
    for number, values in enumerate(flux):
        known = {name: array[number] for name, array in arrays.items()}
        spectrum = Spectrum(
            wavelength, values * factor, known["IVAR"] / factor**2 if "IVAR" in known else None,
            known["MASK"] != 0 if "MASK" in known else np.zeros(len(values), bool), flux_unit=unit,
            medium=assumed.medium or medium_of(wave.header) or "vacuum", frame=assumed.frame or "observed",
        )  # fmt: skip
        power = (
            float(np.median(known["SRES"][known["SRES"] > 0])) if (known.get("SRES", np.zeros(1)) > 0).any() else None
        )
        yield Found({"name": f"{file.stem}-{number + 1}", "resolving_power": power} | facts[number], spectrum)


def medium_of(header: fits.Header) -> str | None:
    """What a header says of its wavelengths."""
    value = header.get("AIRORVAC", header.get("VACUUM"))
    return MEDIA.get(value.lower().strip() if isinstance(value, str) else value)


def _facts(hdus: fits.HDUList, rows: int) -> list[dict]:
    """Redshifts from an image or a table of as many rows, and what the table calls each."""
    facts: list[dict] = [{} for _ in range(rows)]
    for hdu in hdus:
        data = hdu.data
        if hdu.name == "Z" and data is not None and np.shape(data) == (rows,):
            for fact, value in zip(facts, data, strict=True):
                fact["redshift"] = plain(value)
        if isinstance(hdu, fits.BinTableHDU) and len(data) == rows:
            names = {name.upper() for name in hdu.columns.names}
            for fact, row in zip(facts, data, strict=True):
                fact |= {key: plain(row[name]) for name, key in TOLD.items() if name in names}
    return facts


TOLD = {
    "SPECTYPE": "subclass",
    "CLASS": "spec_class",
    "Z": "redshift",
    "ZWARN": "zwarning",
    "NAME": "name",
    "RA": "ra",
    "DEC": "dec",
}
