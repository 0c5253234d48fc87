"""How far the ROC AUC of `spectral_outliers` hang on its flow: other starts, and flows that learn latents with a scatter added.

    python bench/outliers_flow.py MODEL_FOLDER --seeds 1 2 [--starts 1 2 3] [--scatter 0 0.07]

The autoencoder stays as it is; a flow is learned anew from its latents of the galaxies that `outliers_training.py --seeds` drew.
The scatter is in units of each latent's standard deviation; 0.07 is about what another redshift does to a spectrum's latents.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import roc
import scratch  # noqa: F401  (sets Django up)
import torch
from outliers_training import drawn, sample_of_galaxies
from real_spectra import galaxies_of, presented, read_real

from spectral_outliers import judging, outliers
from spectral_outliers.columns import GALAXY
from spectral_outliers.fitting import Plan
from spectral_outliers.flow import LatentFlow, fit_flow
from spectral_outliers.kinds import Kind
from spectral_outliers.memory import keep_memory
from spectral_outliers.methods import outliers as method
from spectral_outliers.rows import split_spectra
from spectral_outliers.simulation.__main__ import noise_of


def main() -> None:
    """Print a line for each flow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/spectra")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of the simulation (1)")
    parser.add_argument("--size", type=int, default=18_000, help="galaxies a seed (18,000)")
    parser.add_argument("--starts", type=int, nargs="+", default=[1, 2, 3], help="of the flow's random numbers (1 2 3)")
    parser.add_argument("--scatter", type=float, nargs="+", default=[0.0, 0.07])
    given = parser.parse_args()
    keep_memory()
    kind = Kind.read(given.model, "galaxy", "cpu")
    learned = latents(kind, given)
    galaxies, others = real_latents(kind, given.data)
    _tell("the model's own", kind.flow, learned, galaxies, others)
    for scatter in given.scatter:
        for start in given.starts:
            _tell(f"scatter {scatter}, start {start}", flow_of(learned, scatter, start), learned, galaxies, others)


def latents(kind: Kind, given: argparse.Namespace) -> dict[str, np.ndarray]:
    """Of the simulated galaxies, split as in training."""
    sample = sample_of_galaxies([drawn(given.data, given.size, seed) for seed in given.seeds])
    plan = Plan(0, 0, outliers.BLOCK, 0.0, 1, "cpu", "float32")
    return {
        name: judging.latents_of(kind.autoencoder, spectra, plan)
        for name, spectra in split_spectra(sample, GALAXY, 1).items()
    }


def real_latents(kind: Kind, data: Path) -> tuple[roc.Group, dict[str, roc.Group]]:
    """Of real galaxies, and of quasars and stars taken for galaxies; latents stand where scores will."""
    real = read_real(data)
    at = np.flatnonzero(galaxies_of(real))

    def seen(*spectra: np.ndarray) -> np.ndarray:
        starts = range(0, len(spectra[0]), outliers.BLOCK)
        blocks = ([each[start : start + outliers.BLOCK] for each in spectra] for start in starts)
        return np.concatenate([kind.judge(*block).latents for block in blocks])

    galaxies = roc.Group(seen(real["flux"][at], real["ivar"][at], real["redshift"][at]), np.arange(len(at)))
    groups = presented(real, 20, noise_of(data).ivar, np.random.default_rng(1))
    return galaxies, {
        name: roc.Group(seen(each.flux, each.ivar, each.redshift), each.of) for name, each in groups.items()
    }


def flow_of(learned: dict[str, np.ndarray], scatter: float, start: int) -> LatentFlow:
    """The density of the latents with that scatter added."""
    random, width = np.random.default_rng(start), scatter * learned["train"].std(axis=0)
    train, valid = (learned[name] + width * random.normal(size=learned[name].shape) for name in ("train", "validation"))
    epochs = method.parse_parameters({})["flow_epochs"]
    return fit_flow(train, valid, epochs=epochs, patience=outliers.PATIENCE, seed=start, each=lambda epoch: None)[0]


@torch.inference_mode()
def _tell(what: str, flow: LatentFlow, learned: dict, galaxies: roc.Group, others: dict[str, roc.Group]) -> None:
    def scores(group: roc.Group) -> roc.Group:
        return replace(group, scores=-flow.log_prob(torch.from_numpy(group.scores).float()).numpy())

    held_back = np.median(-flow.log_prob(torch.from_numpy(learned["test"]).float()).numpy())
    print(f"{what}: -log p of simulated galaxies held back, median {held_back:.2f}", flush=True)
    for name, group in others.items():
        print(f"  {name}: {roc.told(scores(galaxies), [scores(group)])}", flush=True)


if __name__ == "__main__":
    main()
