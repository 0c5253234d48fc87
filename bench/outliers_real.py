"""A trained model of `spectral_outliers` on real spectra: chi-square, outliers told from galaxies, stars from galaxies.

    python bench/outliers_real.py MODEL_FOLDER [--beside ANOTHER] [--data ../shared/data/spectra] [--draws 20] [--seed 1]

Quasars and stars are presented at redshifts drawn as the simulated galaxies' are, as a pipeline that takes them for galaxies would;
what cannot be normalised there is counted. Library stars, whose errors are unknown, are seen through real noise.
Each ROC AUC comes with its range for other objects of the same kinds (`roc.py`), and with another model's beside it where one is given.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import roc
import scratch  # noqa: F401  (sets Django up)
from real_spectra import Presented, chi2_of_noise, galaxies_of, held_back_stars, presented, read_real

from almagest.contract.spectra import with_arrays
from spectral_outliers import outliers
from spectral_outliers.augmentation import observed_stars
from spectral_outliers.preparation import GRID, prepare
from spectral_outliers.simulation.__main__ import noise_of

SHOWN = ("chi2_galaxy", "chi2_star", "neg_log_p_galaxy", "neg_log_p_star", "outlier_score")
TOP = 20
# Velocities and noises at which a star that was held back is seen.
VIEWS = 5


def scored(models, flux: np.ndarray, ivar: np.ndarray, redshift: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs as arrays, NaN where null, and the reason why each row has none."""
    rows = with_arrays(pa.table({"redshift": pa.array(redshift, pa.float64())}), flux, ivar, GRID)
    out = outliers.score(models, rows)
    names = [name for name in out.column_names if pa.types.is_floating(out[name].type)]
    found = {name: out[name].to_numpy(zero_copy_only=False).astype(float) for name in names}
    return found | {"predicted_class": np.array(out["predicted_class"].to_pylist(), object),
                    "reason": np.array(prepare(flux, ivar, np.nan_to_num(redshift)).reason, object)}  # fmt: skip


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--beside", type=Path, help="another model, to compare the ROC AUC with")
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/spectra")
    parser.add_argument("--draws", type=int, default=20, help="redshifts at which each quasar is presented (20)")
    parser.add_argument("--seed", type=int, default=1, help="of redshifts, velocities and noise (1)")
    given = parser.parse_args()
    models, real, random = outliers.load(given.model), read_real(given.data), np.random.default_rng(given.seed)
    noise = noise_of(given.data).ivar
    galaxies = galaxies_of(real)
    own = scored(models, real["flux"][galaxies], real["ivar"][galaxies], real["redshift"][galaxies])
    print(f"real galaxies: {galaxies.sum()}, left out {_reasons(own)}")
    told = [
        f"galaxy {real['survey'][at]} {real['name'][at]} z {real['redshift'][at]:.4f}"
        for at in np.flatnonzero(galaxies)
    ]
    _print_rows(told, own)
    for survey in np.unique(real["survey"][galaxies]):
        chi2 = own["chi2_galaxy"][real["survey"][galaxies] == survey]
        print(
            f"{survey}: reduced chi-square of {len(chi2)}, median {np.nanmedian(chi2):.2f}; of noise alone {chi2_of_noise(survey):.2f}"
        )
    groups = presented(real, given.draws, noise, random)
    found = {name: scored(models, group.flux, group.ivar, group.redshift) for name, group in groups.items()}
    _print_auc(own, found, groups)
    _print_top(own, told, found, groups, real)
    if given.beside:
        other = outliers.load(given.beside)
        beside = scored(other, real["flux"][galaxies], real["ivar"][galaxies], real["redshift"][galaxies])
        theirs = {name: scored(other, group.flux, group.ivar, group.redshift) for name, group in groups.items()}
        _print_beside(own, found, beside, theirs, groups)
    _star_or_galaxy(models, real, own, noise, random)


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


def _groups(
    own: dict, found: dict[str, dict], groups: dict[str, Presented]
) -> tuple[roc.Group, dict[str, list[roc.Group]]]:
    """Real galaxies' -log p, and those of each group and of all together."""
    galaxies = roc.Group(own["neg_log_p_galaxy"], np.arange(len(own["neg_log_p_galaxy"])))
    each = {name: [roc.Group(found[name]["neg_log_p_galaxy"], group.of)] for name, group in groups.items()}
    return galaxies, each | {"quasars and stars together": [one for (one,) in each.values()]}


def _print_auc(own: dict, found: dict[str, dict], groups: dict[str, Presented]) -> None:
    """Quasars and stars taken for galaxies against real galaxies."""
    galaxies, others = _groups(own, found, groups)
    for name, group in groups.items():
        objects = len(np.unique(group.of))
        chi2 = roc.auc(own["chi2_galaxy"], found[name]["chi2_galaxy"])
        print(
            f"{name}: {objects} x {len(group.of) // objects}, left out {_reasons(found[name])}; by chi-square alone {chi2:.3f}"
        )
    for name, parts in others.items():
        median = np.nanmedian(np.concatenate([part.scores for part in parts]))
        print(
            f"{roc.told(galaxies, parts)}  {name}; -log p median {median:.1f} against {np.nanmedian(galaxies.scores):.1f}"
        )


def _print_beside(own: dict, found: dict, beside: dict, theirs: dict, groups: dict[str, Presented]) -> None:
    """The same objects by two models."""
    (one, ours), (other, others) = _groups(own, found, groups), _groups(beside, theirs, groups)
    for name, parts in others.items():
        print(f"beside: {roc.told(other, parts)}  {name}")
        print(f"  than which the first is {roc.difference((one, other), (ours[name], parts))}")


def _print_top(own: dict, told: list[str], found: dict[str, dict], groups: dict[str, Presented], real: dict) -> None:
    """The most improbable of all, as galaxies."""
    names = list(told)
    for name, group in groups.items():
        names += [
            f"{name} {real['name'][k]} taken to be at z {z:.3f}" for k, z in zip(group.of, group.redshift, strict=True)
        ]
    both = {column: np.concatenate([own[column], *(each[column] for each in found.values())]) for column in own}
    order = np.argsort(-np.nan_to_num(both["neg_log_p_galaxy"], nan=-np.inf))[:TOP]
    print(f"the {TOP} most improbable among galaxies:")
    _print_rows([names[k] for k in order], {column: values[order] for column, values in both.items()})


def _star_or_galaxy(models, real: dict, own: dict, noise: np.ndarray, random) -> None:
    """The class of library stars that were not learned from, at their velocities, and of real galaxies."""
    at = np.flatnonzero(held_back_stars(real)).repeat(VIEWS)
    stars = scored(models, *observed_stars(real["flux"][at], real["ivar"][at], noise, random))
    for what, name in (("raw", "p_star_raw"), ("calibrated", "p_star")):
        right = [
            (found[name][np.isfinite(found[name])] > 0.5) == is_star for found, is_star in ((stars, True), (own, False))
        ]
        print(
            f"star/galaxy, {what}: {right[0].mean():.3f} of {len(at) // VIEWS} library stars held back, at {VIEWS} velocities each, "
            f"called stars, {right[1].mean():.3f} of {len(right[1])} real galaxies called galaxies"
        )


if __name__ == "__main__":
    main()
