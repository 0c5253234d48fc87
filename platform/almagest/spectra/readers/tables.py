"""One spectrum a file, as a table of wavelength and flux with units: FITS, ECSV or CSV."""

import warnings
from collections.abc import Iterator, Mapping

import numpy as np
from astropy.io import ascii, fits
from astropy.table import Table

from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers.base import Assumed, File, Found, plain
from almagest.spectra.readers.stacked import medium_of
from almagest.spectra.spectrum import Spectrum
from almagest.spectra.units import flux_factor, wavelength_factor

# What columns are called, in small letters; the first that is there counts.
WAVELENGTH = ("wavelength", "wave", "lambda", "lam", "wavelength_air", "spectral_axis")
LOG_WAVELENGTH = ("loglam", "log_wavelength", "loglambda")
FLUX = ("flux", "flux_density", "f_lambda", "flam")
IVAR, ERROR = ("ivar", "inverse_variance"), ("error", "err", "sigma", "flux_err", "flux_error", "uncertainty", "stdev")
MASK = ("mask", "flag")
FACTS = ("ra", "dec", "redshift", "redshift_err", "zwarning", "spec_class", "subclass", "instrument")


def recognises(hdus: fits.HDUList) -> bool:
    """Whether one of the file's tables is such a table."""
    return _hdu_of(hdus) is not None


def read(file: File, hdus: fits.HDUList, assumed: Assumed) -> Iterator[Found]:
    """The first table that has wavelength and flux."""
    hdu = _hdu_of(hdus)
    columns = {column.name.lower(): (np.asarray(hdu.data[column.name]), column.unit) for column in hdu.columns}
    facts = {**dict(hdus[0].header), **dict(hdu.header)}
    yield _found(file, columns, facts, medium_of(hdu.header) or medium_of(hdus[0].header), assumed)


def read_text(file: File, assumed: Assumed) -> Iterator[Found]:
    """An ECSV table with its units, or a CSV table, whose columns may have them in brackets: ``flux [erg/s/cm2/A]``."""
    text = file.data.decode("utf-8", "replace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            is_ecsv = text.lstrip().startswith("# %ECSV")
            table = ascii.read(text.splitlines(), format="ecsv" if is_ecsv else "csv", guess=False)
    except Exception as error:  # whatever the parsers say of a text that is no table
        words = " ".join(str(error).split())[:150]
        raise SpectrumError(f"the text is no table of wavelengths and fluxes ({words})") from None
    columns = dict(_column(table, name) for name in table.colnames)
    if not _first(columns, FLUX):
        raise SpectrumError(f"no column is called flux; there is {', '.join(columns) or 'none'}")
    facts = {str(key).upper(): value for key, value in table.meta.items() if isinstance(value, int | float | str)}
    yield _found(file, columns, facts, None, assumed)


def _column(table: Table, name: str) -> tuple[str, tuple[np.ndarray, str]]:
    bare, _, unit = name.strip().rstrip("])").replace("(", "[").partition("[")
    values = np.ma.filled(np.ma.asarray(table[name].data, float), np.nan) if table[name].dtype.kind in "iufb" else None
    if values is None:
        raise SpectrumError(f"column {name} holds what is no number")
    return bare.strip().lower(), (values, str(table[name].unit or unit or ""))


def _found(file: File, columns: Mapping, header: Mapping, medium: str | None, assumed: Assumed) -> Found:
    wavelength = _wavelength(columns)
    flux, unit = columns[_first(columns, FLUX)]
    factor, unit = flux_factor(assumed.flux_unit or unit)
    mask = columns[name][0] != 0 if (name := _first(columns, MASK)) else np.zeros(np.shape(flux), bool)
    ivar = _ivar(columns)
    in_air = "wavelength_air" in columns
    spectrum = Spectrum(
        wavelength, np.asarray(flux, np.float64) * factor, None if ivar is None else ivar / factor**2, mask,
        flux_unit=unit, medium=assumed.medium or ("air" if in_air else medium or _said(header, "medium", "vacuum")),
        frame=assumed.frame or _said(header, "frame", "observed"),
    )  # fmt: skip
    known = {key.lower(): plain(value) for key, value in header.items() if isinstance(key, str)}
    return Found({"name": file.stem} | {key: known[key] for key in FACTS if known.get(key) is not None}, spectrum)


def _wavelength(columns: Mapping) -> np.ndarray:
    if name := _first(columns, WAVELENGTH):
        values, unit = columns[name]
        return np.asarray(values, np.float64) * wavelength_factor(str(unit or ""))
    if name := _first(columns, LOG_WAVELENGTH):
        return 10.0 ** np.asarray(columns[name][0], np.float64)
    raise SpectrumError(f"no column is called wavelength; there is {', '.join(columns)}")


def _ivar(columns: Mapping) -> np.ndarray | None:
    """Inverse variances, or those of the errors: an error that is 0 or none says that nothing is known."""
    if name := _first(columns, IVAR):
        return np.nan_to_num(np.asarray(columns[name][0], np.float64))
    if not (name := _first(columns, ERROR)):
        return None
    error = np.asarray(columns[name][0], np.float64)
    return np.divide(1, error**2, out=np.zeros(error.shape), where=np.isfinite(error) & (error > 0))


def _said(header: Mapping, key: str, otherwise: str) -> str:
    choices = {"medium": ("vacuum", "air"), "frame": ("observed", "rest")}[key]
    said = str(header.get(key.upper(), "")).strip().lower()
    return said if said in choices else otherwise


def _first(columns: Mapping, names: tuple[str, ...]) -> str:
    return next((name for name in names if name in columns), "")


def _hdu_of(hdus: fits.HDUList) -> fits.BinTableHDU | None:
    for hdu in hdus:
        names = {name.lower() for name in hdu.columns.names} if isinstance(hdu, fits.BinTableHDU) else set()
        if names & set(FLUX) and names & {*WAVELENGTH, *LOG_WAVELENGTH}:
            return hdu
    return None
