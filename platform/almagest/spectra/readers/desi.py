"""DESI: co-added spectra of many targets, ``coadd-*.fits``, with the redshifts of ``redrock-*.fits`` where they lie beside.

Data model: https://desidatamodel.readthedocs.io/en/latest/DESI_SPECTRO_REDUX/SPECPROD/healpix/SURVEY/PROGRAM/PIXGROUP/PIXNUM/coadd-SURVEY-PROGRAM-PIXNUM.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from astropy.io import fits

from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers.base import FWHM_OF_SIGMA, Assumed, File, Found, opened_fits, plain
from almagest.spectra.spectrum import Spectrum
from almagest.spectra.units import flux_factor

ARMS = "BRZ"
# All arms are extracted on one grid of 0.8 angstroms, which they share where they overlap.
STEP, TOLERANCE = 0.8, 1e-3
TARGET = {"TARGET_RA": "ra", "TARGET_DEC": "dec", "MORPHTYPE": "target_morphology"}


@dataclass(frozen=True)
class Combined:
    """The arms of all targets on one grid: `flux`, `ivar` and `is_masked` have shape (targets, bins)."""

    wavelength: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray
    is_masked: np.ndarray


def recognises(hdus: fits.HDUList) -> bool:
    """Whether it is such a file."""
    names = {hdu.name for hdu in hdus}
    if is_redrock(names):
        return True
    return "FIBERMAP" in names and {f"{arm}_{what}" for arm in ARMS for what in ("WAVELENGTH", "FLUX", "IVAR")} <= names


def read(file: File, hdus: fits.HDUList, assumed: Assumed) -> Iterator[Found]:
    """One spectrum a target; sky and bad fibres among them, which the survey's declaration leaves out and counts.

    A file of redshifts holds no spectrum of its own: it is read with the spectra beside it.
    """
    if is_redrock({hdu.name for hdu in hdus}):
        return
    fibres, arms = hdus["FIBERMAP"].data, combined(hdus)
    if len(fibres) != len(arms.flux):
        raise SpectrumError(f"FIBERMAP has {len(fibres)} rows, the arms have {len(arms.flux)}")
    factor, unit = flux_factor(assumed.flux_unit or hdus["B_FLUX"].header.get("BUNIT"))
    redshifts, power = _redshifts(file), _resolving_power(hdus)
    for number, fibre in enumerate(fibres):
        given = {key: plain(fibre[name]) for name, key in TARGET.items() if name in fibres.names}
        spectrum = Spectrum(
            arms.wavelength, arms.flux[number] * factor, arms.ivar[number] / factor**2, arms.is_masked[number],
            flux_unit=unit, medium=assumed.medium or "vacuum", frame=assumed.frame or "observed",
        )  # fmt: skip
        facts = given | {"name": str(fibre["TARGETID"]), "instrument": "DESI", "resolving_power": power[number]}
        yield Found(facts | redshifts.get(int(fibre["TARGETID"]), {}), spectrum, _set_aside(fibre))


def _set_aside(fibre) -> str:
    """Why a fibre saw no target."""
    if "COADD_FIBERSTATUS" in fibre.array.names and fibre["COADD_FIBERSTATUS"] != 0:
        return "bad fibre"
    return "" if plain(fibre["OBJTYPE"]) == "TGT" else "sky fibre"


def is_redrock(names: set[str]) -> bool:
    """Whether extensions of these names are a file of redshifts."""
    return {"REDSHIFTS", "FIBERMAP"} <= names and "B_FLUX" not in names


def combined(hdus: fits.HDUList) -> Combined:
    """The three arms as one spectrum a target: where two overlap, their mean weighted by ivar; masked bins have no weight."""
    low = min(float(hdus[f"{arm}_WAVELENGTH"].data[0]) for arm in ARMS)
    places = {arm: _places(hdus[f"{arm}_WAVELENGTH"].data, low) for arm in ARMS}
    bins = 1 + max(int(at[-1]) for at in places.values())
    weighted = np.zeros((len(hdus["B_FLUX"].data), bins))
    ivar = np.zeros_like(weighted)
    for arm, at in places.items():
        weight = np.nan_to_num(hdus[f"{arm}_IVAR"].data.astype(np.float64))
        if f"{arm}_MASK" in hdus:
            weight = np.where(hdus[f"{arm}_MASK"].data != 0, 0, weight)
        if weight.shape != (len(weighted), len(at)) or hdus[f"{arm}_FLUX"].data.shape != weight.shape:
            raise SpectrumError(f"arrays of arm {arm} differ in shape")
        weighted[:, at] += np.where(weight > 0, hdus[f"{arm}_FLUX"].data, 0) * weight
        ivar[:, at] += weight
    flux = np.divide(weighted, ivar, out=np.zeros_like(weighted), where=ivar > 0)
    return Combined(np.round(low + STEP * np.arange(bins), 6), flux, ivar, ivar <= 0)


def _places(wavelength: np.ndarray, low: float) -> np.ndarray:
    """Which bins of the common grid an arm's are."""
    steps = (np.asarray(wavelength, np.float64) - low) / STEP
    at = np.round(steps).astype(int)
    if np.abs(steps - at).max() > TOLERANCE or (np.diff(at) != 1).any():
        raise SpectrumError(f"the arms are not on one grid of {STEP} angstroms")
    return at


def _redshifts(file: File) -> dict[int, dict]:
    name = PurePosixPath(file.name).name
    data = file.beside(name.replace("coadd-", "redrock-", 1)) if name.startswith("coadd-") else None
    if data is None:
        return {}
    with opened_fits("redrock", data) as hdus:
        return {
            int(row["TARGETID"]): {
                "redshift": plain(row["Z"]), "redshift_err": plain(row["ZERR"]), "zwarning": plain(row["ZWARN"]),
                "spec_class": plain(row["SPECTYPE"]), "subclass": plain(row["SUBTYPE"]),
            }
            for row in hdus["REDSHIFTS"].data
        }  # fmt: skip


def _resolving_power(hdus: fits.HDUList) -> list[float | None]:
    """Of the middle arm: each bin's row of the resolution matrix is the line spread on its neighbours."""
    targets = len(hdus["B_FLUX"].data)
    if "R_RESOLUTION" not in hdus:
        return [None] * targets
    spread = hdus["R_RESOLUTION"].data.astype(np.float64)
    offset = STEP * (np.arange(spread.shape[1]) - spread.shape[1] // 2)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        total = spread.sum(axis=1)
        mean = (spread * offset).sum(axis=1) / total
        sigma = np.sqrt((spread * offset**2).sum(axis=1) / total - mean**2)
        power = hdus["R_WAVELENGTH"].data / (FWHM_OF_SIGMA * sigma)
    return [float(np.median(row[ok])) if (ok := np.isfinite(row)).any() else None for row in power]
