"""A trained model of `spectral_outliers` on real spectra: chi-square, outliers told from galaxies, stars from galaxies.

    python bench/outliers_real.py MODEL_FOLDER [--data ../shared/data/spectra] [--draws 20]

Quasars and stars are presented at redshifts drawn from the real galaxies' and the simulated ones' range, as a pipeline that takes them for
galaxies would; what cannot be normalised there is counted. Library stars, whose errors are unknown, are seen through real noise.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import scratch  # noqa: F401  (sets Django up)
from sklearn.metrics import roc_auc_score

from almagest.contract.spectra import put_on_grid, with_arrays
from almagest.sky.surveys import declaration_get
from almagest.spectra.lines import air_to_vacuum
from almagest.spectra.reader import SpectraReader
from almagest.spectra.readers import AS_FILES_SAY
from spectral_outliers import outliers
from spectral_outliers.augmentation import observed_stars
from spectral_outliers.columns import GALAXY, STAR
from spectral_outliers.preparation import GRID, MAX_REDSHIFT, prepare
from spectral_outliers.simulation.__main__ import noise_of
from spectral_outliers.simulation.galaxies import REDSHIFT_SHAPE

QSO = "QSO"
FILES = {
    "sdss-spectra": ("sdss/*.fits.gz", "sdss_boss_qso_picca/*.fits.gz"),
    "desi-spectra": ("desi/coadd-*.fits.gz", "desi/redrock-*.fits.gz"),
    "manga-spaxels": ("MaNGA_test_spectra.fits.gz",),
    "stelib": ("stelib_stellar_library_mangadap.tar.xz",),
    "miles": ("miles_stellar_library_mangadap.tar.xz",),
}


def read_real(data: Path) -> dict[str, np.ndarray]:
    """All real spectra on the grid, each once: survey, name, kind, redshift, zwarning, flux, ivar (NaN: error unknown)."""
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
        "survey": slug, "name": facts["name"], "kind": facts.get("spec_class") or "",
        "redshift": np.nan if redshift is None else float(redshift), "zwarning": facts.get("zwarning") or 0,
        "flux": flux[0], "ivar": ivar[0].astype(np.float32),
    }  # fmt: skip


def scored(models, flux: np.ndarray, ivar: np.ndarray, redshift: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs as arrays, NaN where null, and the reason why each row has none."""
    rows = with_arrays(pa.table({"redshift": pa.array(redshift, pa.float64())}), flux, ivar, GRID)
    out = outliers.score(models, rows)
    names = [name for name in out.column_names if pa.types.is_floating(out[name].type)]
    found = {name: out[name].to_numpy(zero_copy_only=False).astype(float) for name in names}
    return found | {"predicted_class": np.array(out["predicted_class"].to_pylist(), object),
                    "reason": np.array(prepare(flux, ivar, np.nan_to_num(redshift)).reason, object)}  # fmt: skip


def _galaxies(real: dict) -> np.ndarray:
    kind, z = real["kind"], real["redshift"]
    is_galaxy = (kind == GALAXY) | ((kind == "") & (real["survey"] == "manga-spaxels"))
    return is_galaxy & (z >= 0) & (z <= MAX_REDSHIFT) & (real["zwarning"] == 0)


def misplaced(real: dict, chosen: np.ndarray, draws: int, noise: np.ndarray, random: np.random.Generator):
    """Spectra presented at galaxies' redshifts, each so often."""
    at = np.repeat(np.flatnonzero(chosen), draws)
    flux, ivar = real["flux"][at].copy(), real["ivar"][at].copy()
    bare = np.isnan(ivar).any(axis=1)
    if bare.any():
        flux[bare], ivar[bare], _ = observed_stars(flux[bare], ivar[bare], noise, random)
    return flux, ivar, MAX_REDSHIFT * random.beta(*REDSHIFT_SHAPE, len(at)), at


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/spectra")
    parser.add_argument("--draws", type=int, default=20, help="redshifts at which each quasar is presented (20)")
    given = parser.parse_args()
    models, real, random = outliers.load(given.model), read_real(given.data), np.random.default_rng(1)
    noise = noise_of(given.data).ivar
    galaxies = _galaxies(real)
    own = scored(models, real["flux"][galaxies], real["ivar"][galaxies], real["redshift"][galaxies])
    print(f"real galaxies: {galaxies.sum()}, left out {_reasons(own)}")
    told = [
        f"galaxy {real['survey'][at]} {real['name'][at]} z {real['redshift'][at]:.4f}"
        for at in np.flatnonzero(galaxies)
    ]
    _print_rows(told, own)
    print(f"median reduced chi-square of real galaxies: {np.nanmedian(own['chi2_galaxy']):.2f}")
    _outliers(models, real, own, told, given.draws, noise, random)
    _star_or_galaxy(models, real, own, noise, random)


SHOWN = ("chi2_galaxy", "chi2_star", "neg_log_p_galaxy", "neg_log_p_star", "outlier_score")
LIBRARIES = ("stelib", "miles")
TOP = 20


def _print_rows(told: list[str], found: dict) -> None:
    print(f"{'':66s}" + "".join(f"{name:>18s}" for name in SHOWN))
    for n, name in enumerate(told):
        print(
            f"{name:66s}"
            + "".join(f"{found[column][n]:18.3f}" for column in SHOWN)
            + f"  {found['predicted_class'][n]}"
        )


def _reasons(found: dict) -> dict:
    return dict(Counter(why for why in found["reason"] if why))


def _outliers(models, real: dict, own: dict, told: list[str], draws: int, noise: np.ndarray, random) -> None:
    """Quasars and stars taken for galaxies against real galaxies, and the most improbable of all."""
    libraries = np.isin(real["survey"], LIBRARIES)
    groups = {
        "quasars": (real["kind"] == QSO, draws),
        "stars of SDSS": ((real["kind"] == STAR) & ~libraries & (real["zwarning"] == 0), draws),
        "stars of STELIB": (real["survey"] == "stelib", 1),
        "stars of MILES": (real["survey"] == "miles", 1),
    }
    everything, every_name = [own], [told]
    for name, (chosen, often) in groups.items():
        flux, ivar, z, at = misplaced(real, chosen, often, noise, random)
        found = scored(models, flux, ivar, z)
        _auc(f"{name}, {chosen.sum()} x {often}, left out {_reasons(found)}", own, found)
        everything.append(found)
        every_name.append([f"{name} {real['name'][k]} taken to be at z {x:.3f}" for k, x in zip(at, z, strict=True)])
    both = {name: np.concatenate([found[name] for found in everything]) for name in own}
    others = {name: values[len(told) :] for name, values in both.items()}
    _auc("quasars and stars together", own, others)
    order = np.argsort(-np.nan_to_num(both["neg_log_p_galaxy"], nan=-np.inf))[:TOP]
    names = [name for group in every_name for name in group]
    print(f"the {TOP} most improbable among galaxies:")
    _print_rows([names[k] for k in order], {name: values[order] for name, values in both.items()})


def _auc(what: str, galaxies: dict, others: dict) -> None:
    one, other = (found["neg_log_p_galaxy"][np.isfinite(found["neg_log_p_galaxy"])] for found in (galaxies, others))
    if len(other):
        auc = roc_auc_score(np.r_[np.zeros(len(one)), np.ones(len(other))], np.r_[one, other])
        print(f"ROC AUC {auc:.3f}  {what}; -log p median {np.median(other):.1f} against {np.median(one):.1f}")


def _star_or_galaxy(models, real: dict, own: dict, noise: np.ndarray, random) -> None:
    """The class of library stars at their velocities, and of real galaxies."""
    libraries = np.isin(real["survey"], LIBRARIES)
    stars = scored(models, *observed_stars(real["flux"][libraries], real["ivar"][libraries], noise, random))
    for what, name in (("raw", "p_star_raw"), ("calibrated", "p_star")):
        right = [
            (found[name][np.isfinite(found[name])] > 0.5) == is_star for found, is_star in ((stars, True), (own, False))
        ]
        print(
            f"star/galaxy, {what}: {right[0].mean():.3f} of {len(right[0])} library stars at their velocities called stars, "
            f"{right[1].mean():.3f} of {len(right[1])} real galaxies called galaxies"
        )


if __name__ == "__main__":
    main()
