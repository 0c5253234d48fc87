"""One model of `spectral_outliers` without a database: of simulated galaxies, or of the real stars of the libraries.

    python bench/outliers_training.py galaxy MODEL_FOLDER --seeds 1 2 --epochs 4 --more-epochs 12
    python bench/outliers_training.py star MODEL_FOLDER --epochs 6 --more-epochs 6

Both into one folder make a model for `outliers_real.py`. Each seed draws 18,000 galaxies, a gigabyte; 15 % of them and of the stars are
held back, as `freeze_sample --seed 1 --test-fraction 0.15` holds the stars back, and another 15 % watch over the learning.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import scratch  # noqa: F401  (sets Django up)
from real_spectra import HELD_BACK, LIBRARIES, held_back_stars, read_real, star_groups

from almagest.contract import Sample
from spectral_outliers import judging, outliers
from spectral_outliers.columns import GALAXY, STAR
from spectral_outliers.memory import keep_memory
from spectral_outliers.methods import outliers as method
from spectral_outliers.plugin import plugin
from spectral_outliers.preparation import GRID
from spectral_outliers.rows import split_spectra
from spectral_outliers.simulation.__main__ import noise_of
from spectral_outliers.simulation.galaxies import draw
from spectral_outliers.simulation.templates import read_templates

# Galaxies whose noise stars are seen through.
LENT = 3000


def main() -> None:
    """Train, save, and print the metrics."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=tuple(outliers.KINDS))
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/spectra")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of the simulation (1)")
    parser.add_argument("--size", type=int, default=18_000, help="galaxies a seed (18,000)")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--more-epochs", type=int, default=12)
    parser.add_argument("--precision", default="bfloat16")
    given = parser.parse_args()
    keep_memory()
    galaxies = [drawn(given.data, given.size, seed) for seed in given.seeds]
    sample = (
        sample_of_stars(read_real(given.data), galaxies[0]) if given.kind == "star" else sample_of_galaxies(galaxies)
    )
    splits = split_spectra(sample, outliers.KINDS[given.kind], 1)
    print({name: (len(spectra), dict(spectra.left_out)) for name, spectra in splits.items()}, flush=True)
    values = {"epochs": given.epochs, "more_epochs": given.more_epochs, "precision": given.precision}
    started = time.perf_counter()

    def tell(share: float, text: str = "") -> None:
        print(f"{time.perf_counter() - started:6.0f} s {share:4.0%} {text}", flush=True)

    trained = outliers.train_kind(given.kind, splits, method.parse_parameters(values), tell)
    given.model.mkdir(parents=True, exist_ok=True)
    trained.kind.save(given.model)
    for metric in judging.metrics_of(trained):
        print(metric.name, metric.value)


def drawn(data: Path, size: int, seed: int) -> dict[str, np.ndarray]:
    """Simulated galaxies: flux, ivar, redshift."""
    return draw(read_templates(data / "templates"), noise_of(data), size, np.random.default_rng(seed))


def sample_of_galaxies(parts: list[dict]) -> Sample:
    """All draws."""
    flux, ivar, redshift = (np.concatenate([part[name] for part in parts]) for name in ("flux", "ivar", "redshift"))
    held = np.random.default_rng(3).random(len(redshift)) < HELD_BACK
    return _sample(flux, ivar, redshift, [GALAXY] * len(redshift), np.arange(len(redshift)), held)


def sample_of_stars(real: dict, galaxies: dict) -> Sample:
    """Library stars, of which one that both libraries have seen is one group, and galaxies whose noise they are seen through."""
    stars, lent = np.isin(real["survey"], LIBRARIES), slice(0, LENT)
    _, group = np.unique(star_groups(real)[stars], return_inverse=True)
    flux, ivar = (np.concatenate([real[name][stars], galaxies[name][lent]]) for name in ("flux", "ivar"))
    redshift = np.concatenate([np.zeros(stars.sum()), galaxies["redshift"][lent]])
    more = len(redshift) - len(group)
    held = np.concatenate([held_back_stars(real)[stars], np.zeros(more, bool)])
    labels = [STAR] * len(group) + [GALAXY] * more
    return _sample(flux, ivar, redshift, labels, np.concatenate([group, len(group) + np.arange(more)]), held)


def _sample(flux, ivar, redshift, label, group, held) -> Sample:
    rows = pa.table({
        "redshift": redshift, "label": label, "group_id": group, "split": np.where(held, "test", "train").tolist(),
        "survey": ["bench"] * len(redshift),
    })  # fmt: skip
    return Sample(rows, plugin.labelling.classes, STAR, 7, "", {}, GRID, flux, ivar)


if __name__ == "__main__":
    main()
