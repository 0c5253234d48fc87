"""SDSS and BOSS: one spectrum a file, ``spec-PLATE-MJD-FIBER.fits``.

Data model: https://data.sdss.org/datamodel/files/SPECTRO_REDUX/RUN2D/spectra/full/PLATE4/spec.html
"""

from collections.abc import Iterator

import numpy as np
from astropy.io import fits

from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers.base import FWHM_OF_SIGMA, Assumed, File, Found, plain, resolving_power
from almagest.spectra.spectrum import Spectrum
from almagest.spectra.units import flux_factor

# Bits of SPPIXMASK after which a pixel is worthless: FULLREJECT, NOSKY, BRIGHTSKY, NODATA, REDMONSTER.
WORTHLESS = sum(1 << bit for bit in (18, 22, 23, 24, 28))
FIRST_BOSS_PLATE = 3510
# Pixels are 1e-4 wide in log10 of the wavelength; WDISP is the dispersion in pixels.
PIXEL = 1e-4 * np.log(10)


def recognises(hdus: fits.HDUList) -> bool:
    """Whether it is such a file: flux against loglam in the first extension, one row of facts in the second."""
    names = [{name.upper() for name in hdu.columns.names} for hdu in hdus[1:3] if isinstance(hdu, fits.BinTableHDU)]
    return len(names) == 2 and {"FLUX", "LOGLAM", "IVAR", "AND_MASK"} <= names[0] and {"PLATE", "MJD"} <= names[1]


def read(file: File, hdus: fits.HDUList, assumed: Assumed) -> Iterator[Found]:
    """The co-added spectrum; the single exposures behind it are left."""
    pixels, row = hdus[1].data, hdus[2].data[0]
    given = {name.upper(): plain(row[name]) for name in hdus[2].columns.names if np.ndim(row[name]) == 0}
    if not len(pixels):
        raise SpectrumError("its table of pixels is empty")
    wavelength = 10.0 ** pixels["loglam"].astype(np.float64)
    factor, unit = flux_factor(assumed.flux_unit or hdus[0].header.get("BUNIT", "1E-17 erg/cm^2/s/Ang"))
    spectrum = Spectrum(
        wavelength, pixels["flux"] * factor, pixels["ivar"] / factor**2, pixels["and_mask"].astype(np.int64) & WORTHLESS != 0,
        flux_unit=unit, medium=assumed.medium or "vacuum", frame=assumed.frame or "observed",
    )  # fmt: skip
    yield Found(
        {
            "name": f"{given['PLATE']:04d}-{given['MJD']}-{given['FIBERID']:04d}",
            "ra": given.get("PLUG_RA"), "dec": given.get("PLUG_DEC"),
            "redshift": given.get("Z"), "redshift_err": _positive(given.get("Z_ERR")), "zwarning": given.get("ZWARNING"),
            "spec_class": given.get("CLASS"), "subclass": given.get("SUBCLASS"),
            "instrument": given.get("INSTRUMENT") or ("BOSS" if given["PLATE"] >= FIRST_BOSS_PLATE else "SDSS"),
            "resolving_power": resolving_power(wavelength, _fwhm(pixels, wavelength)),
        },
        spectrum,
    )  # fmt: skip


def _fwhm(pixels: np.ndarray, wavelength: np.ndarray) -> np.ndarray:
    return FWHM_OF_SIGMA * pixels["wdisp"] * PIXEL * wavelength


def _positive(value: float | None) -> float | None:
    """The pipeline writes negative errors where the fit failed."""
    return value if value is not None and value > 0 else None
