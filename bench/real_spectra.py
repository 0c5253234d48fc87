"""Real spectra on the grid: galaxies, quasars and stars, and what a pipeline presents that takes these for galaxies."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scratch  # noqa: F401  (sets Django up)

from almagest.contract.spectra import put_on_grid
from almagest.samples.groups import is_held_back, star_key
from almagest.sky.surveys import declaration_get
from almagest.spectra.lines import air_to_vacuum
from almagest.spectra.reader import SpectraReader
from almagest.spectra.readers import AS_FILES_SAY
from spectral_outliers.augmentation import observed_stars
from spectral_outliers.columns import GALAXY, STAR
from spectral_outliers.preparation import GRID, IS_TELLURIC, MAX_REDSHIFT
from spectral_outliers.simulation.galaxies import REDSHIFT_SHAPE

QSO = "QSO"
LIBRARIES = ("stelib", "miles")
SEED, HELD_BACK = 1, 0.15
# Their pixels are steps of 1e-4 in log10 of the wavelength, 0.8 A only at the bluest.
LOGARITHMIC = ("sdss-spectra", "manga-spaxels")
FILES = {
    "sdss-spectra": ("sdss/*.fits.gz", "sdss_boss_qso_picca/*.fits.gz"),
    "desi-spectra": ("desi/coadd-*.fits.gz", "desi/redrock-*.fits.gz"),
    "manga-spaxels": ("MaNGA_test_spectra.fits.gz",),
    "stelib": ("stelib_stellar_library_mangadap.tar.xz",),
    "miles": ("miles_stellar_library_mangadap.tar.xz",),
}


def read_real(data: Path) -> dict[str, np.ndarray]:
    """All real spectra on the grid, each once: survey, name, star, kind, redshift, zwarning, flux, ivar (NaN: error unknown)."""
    found, refused = [], Counter()
    for slug, patterns in FILES.items():
        paths = sorted(path for pattern in patterns for path in data.glob(pattern))
        reader = SpectraReader(declaration_get(slug), paths, assumed=AS_FILES_SAY, skip_bad=True)
        found += [_row(slug, each) for each in reader._distinct()]
        refused.update(reader.left_out)
    for why, count in refused.items():
        print(f"# left out ({count}): {why}")
    return {name: np.array([row[name] for row in found]) for name in found[0]}


def _row(slug: str, each) -> dict:
    spectrum, facts = each.spectrum, each.facts
    wave = air_to_vacuum(spectrum.wavelength) if spectrum.medium == "air" else np.asarray(spectrum.wavelength)
    weight = np.ones(len(spectrum.flux)) if spectrum.ivar is None else np.asarray(spectrum.ivar, float)
    weight = np.where(spectrum.mask, 0, weight)
    flux, ivar = put_on_grid(wave, np.asarray(spectrum.flux, float)[None], weight[None], GRID)
    if spectrum.ivar is None:
        ivar = np.where(ivar > 0, np.nan, 0)
    redshift = facts.get("redshift")
    return {
        "survey": slug, "name": facts["name"], "star": facts.get("star_name") or "", "kind": facts.get("spec_class") or "",
        "redshift": np.nan if redshift is None else float(redshift), "zwarning": facts.get("zwarning") or 0,
        "flux": flux[0], "ivar": ivar[0].astype(np.float32),
    }  # fmt: skip


def galaxies_of(real: dict) -> np.ndarray:
    """Which rows are galaxies at the models' redshifts, without warnings, shape (n,)."""
    kind, z = real["kind"], real["redshift"]
    is_galaxy = (kind == GALAXY) | ((kind == "") & (real["survey"] == "manga-spaxels"))
    return is_galaxy & (z >= 0) & (z <= MAX_REDSHIFT) & (real["zwarning"] == 0)


def chi2_of_noise(survey: str) -> float:
    """Chi-square over bins of a perfect model: 1 where the survey's pixels are the grid's, less where one makes several bins."""
    pixels = 10 ** np.arange(3.5563, 3.9924, 1e-4) if survey in LOGARITHMIC else GRID.wavelength
    noise = np.random.default_rng(1).normal(size=(200, len(pixels)))
    flux, ivar = put_on_grid(pixels, noise, np.ones_like(noise), GRID)
    return float((flux**2 * ivar)[:, ~IS_TELLURIC].mean())


def star_groups(real: dict) -> np.ndarray:
    """What each spectrum's star is called in a sample: the smallest ``survey/name`` of those with its name, shape (n,)."""
    own = np.char.add(np.char.add(real["survey"], "/"), real["name"])
    key = np.array([star_key(star) or name for star, name in zip(real["star"], own, strict=True)])
    first = {}
    for name, group in sorted(zip(own, key, strict=True)):
        first.setdefault(group, name)
    return np.array([first[group] for group in key])


def held_back_stars(real: dict) -> np.ndarray:
    """Library stars that ``freeze_sample --seed 1 --test-fraction 0.15`` and `outliers_training.py` hold back, shape (n,)."""
    held = [is_held_back(group, seed=SEED, share=HELD_BACK) for group in star_groups(real)]
    return np.isin(real["survey"], LIBRARIES) & np.array(held)


@dataclass(frozen=True)
class Presented:
    """Spectra at redshifts that are not theirs; `of` is the number of the real spectrum that each was."""

    flux: np.ndarray
    ivar: np.ndarray
    redshift: np.ndarray
    of: np.ndarray


def misplaced(real: dict, chosen: np.ndarray, draws: int, noise: np.ndarray, random: np.random.Generator) -> Presented:
    """Spectra presented at galaxies' redshifts, each so often."""
    at = np.repeat(np.flatnonzero(chosen), draws)
    flux, ivar = real["flux"][at].copy(), real["ivar"][at].copy()
    bare = np.isnan(ivar).any(axis=1)
    if bare.any():
        flux[bare], ivar[bare], _ = observed_stars(flux[bare], ivar[bare], noise, random)
    return Presented(flux, ivar, MAX_REDSHIFT * random.beta(*REDSHIFT_SHAPE, len(at)), at)


def presented(real: dict, draws: int, noise: np.ndarray, random: np.random.Generator) -> dict[str, Presented]:
    """Quasars and stars taken for galaxies; library stars, which are many, once each."""
    libraries = np.isin(real["survey"], LIBRARIES)
    groups = {
        "quasars": (real["kind"] == QSO, draws),
        "stars of SDSS": ((real["kind"] == STAR) & ~libraries & (real["zwarning"] == 0), draws),
        "stars of STELIB": (real["survey"] == "stelib", 1),
        "stars of MILES": (real["survey"] == "miles", 1),
    }
    return {name: misplaced(real, *which, noise, random) for name, which in groups.items()}
