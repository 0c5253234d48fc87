"""What a training has come to: fidelities, chi-square, redshift invariance, flows against latents, stars against galaxies."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch

from almagest.contract import (
    ConfusionMatrix,
    Curves,
    Histogram,
    Metric,
    Result,
    Sample,
    classification_metrics,
    confusion_matrix,
)
from spectral_outliers.augmentation import augmented
from spectral_outliers.autoencoder import Autoencoder
from spectral_outliers.columns import CLASSES, STAR
from spectral_outliers.fitting import Plan, Progress, fidelity
from spectral_outliers.kinds import FARTHEST, Kind
from spectral_outliers.losses import chi_square
from spectral_outliers.rows import Spectra

# The invariance is measured on so many spectra, all pairs of which are looked at.
PAIRS = 2000
DRAWN = 10_000
HISTOGRAM_BINS = 40


@dataclass(frozen=True)
class Trained:
    """One kind's model and how it came to be; `latents` of each split as the flow saw them."""

    kind: Kind
    splits: dict[str, Spectra]
    latents: dict[str, np.ndarray]
    progress: Progress
    flow_history: list[tuple[float, float]]
    plan: Plan

    @property
    def name(self) -> str:
        return self.kind.autoencoder.shape.kind


@torch.inference_mode()
def latents_of(model: Autoencoder, spectra: Spectra, plan: Plan) -> np.ndarray:
    """Latents of all rows, shape (rows, latents)."""
    found = [
        model.encode(*(values.to(plan.device) for values in batch)).cpu().numpy()
        for batch in spectra.batches(plan.batch_size, plan.seed)
    ]
    return np.concatenate(found)


def judge_training(trained: list[Trained], score: Callable[[pa.Table], pa.Table], sample: Sample) -> Result:
    """Metrics, figures and notes of both models."""
    metrics, figures, notes = [], [], []
    for each in trained:
        metrics += metrics_of(each)
        figures += _figures_of(each)
        for split, spectra in each.splits.items():
            notes += [f"{each.name}, {split}: {count} left out: {why}." for why, count in spectra.left_out.items()]
    stars, matrix = _star_or_galaxy(score, sample)
    return Result((*stars, *metrics), (*matrix, *figures), tuple(notes))


def metrics_of(trained: Trained) -> list[Metric]:
    """Fidelities, chi-square, invariance, and the flow beside its own draws; null where a number is none."""
    model, plan = trained.kind.autoencoder, trained.plan
    found = {f"fidelity_{name}": fidelity(model, spectra, plan) for name, spectra in trained.splits.items()}
    found["reduced_chi2_test"] = float(np.median(reduced_chi2(model, trained.splits["test"], plan)))
    found["redshift_invariance"] = invariance(model, trained.splits["test"], plan)
    for name, latents in (("test", trained.latents["test"]), ("own_samples", drawn(trained.kind, plan.seed))):
        found[f"flow_neg_log_p_{name}"] = _median_neg_log_p(trained.kind, latents)
    # A flow that has hardly learned draws latents so far out that their density is none.
    known = {name: value if np.isfinite(value) and value < FARTHEST else None for name, value in found.items()}
    return [Metric(f"{trained.name}_{name}", "all", value, of="all") for name, value in known.items()]


@torch.inference_mode()
def reduced_chi2(model: Autoencoder, spectra: Spectra, plan: Plan) -> np.ndarray:
    """Chi-square over the number of bins that count and that the model knows, shape (rows,)."""
    found = []
    for batch in spectra.batches(plan.batch_size, plan.seed):
        flux, weight, redshift = (values.to(plan.device) for values in batch)
        expected = model.observed(model.decoder(model.encode(flux, weight, redshift)), redshift)
        counted = model.counted(weight, redshift)
        bins = (counted > 0).sum(dim=1)
        found.append((chi_square(flux, counted, expected) / bins.clamp(min=1))[bins > 0].cpu().numpy())
    return np.concatenate(found)


@torch.inference_mode()
def invariance(model: Autoencoder, spectra: Spectra, plan: Plan) -> float:
    """How many times nearer spectra are to themselves at other redshifts, with more noise, than to others (the paper: 21)."""
    random, pairs, rows = torch.Generator().manual_seed(plan.seed), [], 0
    for batch in spectra.batches(plan.batch_size, plan.seed):
        other = augmented(*batch, model.shape.kind, random)
        both = [model.encode(*(values.to(plan.device) for values in each)).cpu() for each in (batch, other)]
        pairs.append(torch.stack(both))
        if (rows := rows + len(batch[0])) >= PAIRS:
            break
    own, moved = torch.cat(pairs, dim=1)
    return float(torch.nn.functional.pdist(own).mean() / (own - moved).norm(dim=1).mean())


def _median_neg_log_p(kind: Kind, latents: np.ndarray) -> float:
    return float(np.median(kind.neg_log_p(torch.from_numpy(latents).to(kind.device))))


@torch.inference_mode()
def drawn(kind: Kind, seed: int) -> np.ndarray:
    """Latents drawn from the flow."""
    torch.manual_seed(seed)
    return kind.flow.sample(DRAWN).cpu().numpy()


def _figures_of(trained: Trained) -> list:
    progress = trained.progress
    series = {"fidelity, training": progress.train, "fidelity, validation": progress.validation}
    # No loss is 0 that was looked at: the first phase has neither, the last epochs no similarity.
    both = {name: [value or None for value in getattr(progress, name)] for name in ("similarity", "consistency")}
    epochs = tuple(float(n + 1) for n in range(len(progress.train)))
    curves = [
        Curves(f"Losses of the {trained.name} model", "epoch", "loss", epochs, {k: tuple(v) for k, v in (series | both).items()}),
        Curves(
            f"Flow of the {trained.name} model", "epoch", "-log p", tuple(float(n + 1) for n in range(len(trained.flow_history))),
            {name: tuple(row[k] for row in trained.flow_history) for k, name in enumerate(("training", "validation"))},
        ),
    ]  # fmt: skip
    samples = drawn(trained.kind, trained.plan.seed)
    return curves + [_latent_histogram(trained, samples, axis) for axis in range(samples.shape[1])]


def _latent_histogram(trained: Trained, samples: np.ndarray, axis: int) -> Histogram:
    """One latent of validation spectra beside the flow's draws, as many as there are spectra."""
    values = trained.latents["validation"][:, axis]
    edges = np.linspace(*np.percentile(values, [0.5, 99.5]), HISTOGRAM_BINS + 1)
    scale = len(values) / len(samples)
    counts = np.round(np.histogram(samples[:, axis], edges)[0] * scale).astype(int)
    return Histogram(
        f"Latent {axis + 1} of the {trained.name} model", "latent", "spectra", tuple(edges.tolist()),
        {"validation spectra": tuple(np.histogram(values, edges)[0].tolist()), "drawn from the flow": tuple(counts.tolist())},
    )  # fmt: skip


def _star_or_galaxy(score: Callable[[pa.Table], pa.Table], sample: Sample) -> tuple[tuple[Metric, ...], list]:
    """Classes of the rows held back, raw and calibrated, those without an answer left out."""
    scored = [(batch, score(batch)) for batch in sample.batches("test", size=512)]
    truth, survey = ([v for batch, _ in scored for v in batch[name].to_pylist()] for name in ("label", "survey"))
    called = [v for _, found in scored for v in found["predicted_class"].to_pylist()]
    raw = [None if v is None else CLASSES[int(v > 0.5)] for _, found in scored for v in found["p_star_raw"].to_pylist()]
    answered = [row for row in zip(truth, called, survey, raw, strict=True) if row[1] is not None]
    truth, called, survey, raw = ([row[k] for row in answered] for k in range(4))
    matrix = confusion_matrix(truth, called, CLASSES)
    metrics = classification_metrics(truth, called, survey, STAR)
    right = sum(a == b for a, b in zip(truth, raw, strict=True))
    more = Metric("accuracy_raw", "all", right / len(answered) if answered else None, of="all")
    return (*metrics, more), [ConfusionMatrix("Stars and galaxies", CLASSES, tuple(map(tuple, matrix.tolist())))]
