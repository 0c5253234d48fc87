"""The method: train both models on a sample, score spectra with both, reconstruct them."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from almagest.contract import PluginError, Report, Result, Sample
from almagest.contract.spectra import arrays_of
from spectral_outliers.autoencoder import Shape
from spectral_outliers.columns import GALAXY, STAR, outputs
from spectral_outliers.fitting import Plan, Progress, fit_autoencoder
from spectral_outliers.flow import fit_flow
from spectral_outliers.judging import Trained, judge_training, latents_of
from spectral_outliers.kinds import Judged, Kind, Usual
from spectral_outliers.memory import keep_memory
from spectral_outliers.preparation import GRID
from spectral_outliers.rows import Spectra, split_spectra

KINDS = {"galaxy": GALAXY, "star": STAR}
# Fewer can teach nothing.
FEWEST = 20
# A flow stops after so many epochs without a better validation loss.
PATIENCE = 30
# Spectra that go through the networks together, always so many.
BLOCK = 64


@dataclass(frozen=True)
class Models:
    """Both kinds."""

    galaxy: Kind
    star: Kind


def device() -> str:
    """Where the networks run: ``ALMAGEST_DEVICE`` (``cpu``, ``cuda``), or a GPU where there is one."""
    return os.environ.get("ALMAGEST_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")


def train(sample: Sample, parameters: dict, out: Path, report: Report) -> Result:
    """Learn both models, each on the sample's spectra of its class, and judge them on those held back."""
    keep_memory()
    parts = {kind: split_spectra(sample, label, parameters["seed"]) for kind, label in KINDS.items()}
    for kind, splits in parts.items():
        for name, spectra in splits.items():
            if len(spectra) < (FEWEST if name == "train" else 1):
                told = (
                    "; ".join(f"{reason}: {count}" for reason, count in spectra.left_out.items())
                    or "none is in the sample"
                )
                raise PluginError(
                    f"{len(spectra)} spectra of class {KINDS[kind]} are left for {name}: too few ({told})"
                )
    trained = []
    for number, (kind, splits) in enumerate(parts.items()):
        share = (lambda n: lambda f, text="": report((n + f) / 2, text))(number)
        trained.append(train_kind(kind, splits, parameters, share))
        trained[-1].kind.save(out)
    report(1.0, "judging")
    models = Models(*(each.kind for each in trained))
    return judge_training(trained, lambda batch: score(models, batch), sample)


def train_kind(kind: str, splits: dict[str, Spectra], parameters: dict, report: Report) -> Trained:
    """One model: autoencoder, flow, and what is usual."""
    plan = Plan(parameters["epochs"], parameters["more_epochs"], parameters["batch_size"], parameters["learning_rate"],
                parameters["seed"], device(), parameters["precision"])  # fmt: skip
    shape = Shape(kind, parameters["latents"], parameters["width"], parameters["frame"])
    learned = splits["train"].seen_often(parameters["star_views"]) if kind == "star" else splits["train"]
    total = plan.epochs + plan.more_epochs

    def each(epoch: int, progress: Progress) -> None:
        report(0.9 * (epoch + 1) / total, f"{kind} epoch {epoch + 1} of {total}: fidelity {progress.train[-1]:.3f}")

    autoencoder, progress = fit_autoencoder(shape, learned, splits["validation"], plan, each)
    found = {name: latents_of(autoencoder, spectra, plan) for name, spectra in (splits | {"train": learned}).items()}
    flow, history = fit_flow(
        found["train"], found["validation"], epochs=parameters["flow_epochs"], patience=PATIENCE, seed=plan.seed,
        each=lambda epoch: report(0.9 + 0.1 * epoch / parameters["flow_epochs"], f"{kind} flow"),
    )  # fmt: skip
    with torch.inference_mode():
        usual = Usual.of(-flow.log_prob(torch.from_numpy(found["validation"])).numpy())
    return Trained(Kind(autoencoder, flow.to(plan.device), usual, plan.device), splits, found, progress, history, plan)


def load(folder: Path) -> Models:
    """Read what `train` wrote."""
    keep_memory()
    return Models(*(Kind.read(folder, name, device()) for name in KINDS))


def score(models: Models, batch: pa.Table) -> pa.Table:
    """The declared outputs, row for row; null where neither model can say anything."""
    flux, ivar = arrays_of(batch, GRID)
    redshift = batch["redshift"].to_numpy(zero_copy_only=False).astype(float)
    parts = [
        _outputs(models, *(getattr(models, name).judge(*block) for name in KINDS))
        for block in _blocks(flux, ivar, redshift)
    ]
    return pa.concat_tables(parts).slice(0, len(flux)) if parts else outputs.arrow_schema.empty_table()


def _blocks(*arrays: np.ndarray):
    """`BLOCK` rows at a time, the last ones filled up with the last row: sums in blocks of another size differ in their last bits."""
    for start in range(0, len(arrays[0]), BLOCK):
        rows = np.arange(start, start + BLOCK).clip(max=len(arrays[0]) - 1)
        yield tuple(each[rows] for each in arrays)


def _outputs(models: Models, galaxy: Judged, star: Judged) -> pa.Table:
    """Scores of one block. A likelihood that is missing decides nothing: the class is null where one of both is."""
    excess = models.galaxy.usual.excess(galaxy.neg_log_p)
    raw = _logistic(galaxy.neg_log_p - star.neg_log_p)
    calibrated = _logistic(excess - models.star.usual.excess(star.neg_log_p))
    unknown = ~np.isfinite(calibrated)
    columns = {
        "outlier_score": from_0_to_1(excess),
        "neg_log_p_galaxy": galaxy.neg_log_p,
        "neg_log_p_star": star.neg_log_p,
        "chi2_galaxy": galaxy.reduced_chi2,
        "chi2_star": star.reduced_chi2,
        "p_star_raw": raw,
        "p_star": calibrated,
        "median_flux": galaxy.prepared.norm,
    }
    made = {name: pa.array(values.astype(np.float32), mask=~np.isfinite(values)) for name, values in columns.items()}
    made["predicted_class"] = pa.array(
        np.where(calibrated > 0.5, STAR, GALAXY).astype(object), pa.string(), mask=unknown
    )
    nothing = np.isnan(galaxy.neg_log_p) & np.isnan(star.neg_log_p)
    made["n_bins_used"] = pa.array(galaxy.bins.astype(np.int32), mask=nothing)
    for name, judged in (("latents", galaxy), ("star_latents", star)):
        known = np.isfinite(judged.latents).all(axis=1)
        rows = [values if ok else None for values, ok in zip(judged.latents.astype(np.float32), known, strict=True)]
        made[name] = pa.array(rows, pa.list_(pa.float32()))
    return pa.table({name: made[name] for name in outputs.names})


def from_0_to_1(excess: np.ndarray) -> np.ndarray:
    """1/2 where -log p is usual, rising with it: slowly, so that what is a million times as far out is still told from what is not."""
    x = np.arcsinh(excess)
    return 0.5 + x / (2 * (1 + np.abs(x)))


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))


def reconstruct(models: Models, batch: pa.Table) -> np.ndarray:
    """Flux that the better of both models expects (by chi-square, or by probability where errors are unknown), shape (rows, bins)."""
    flux, ivar = arrays_of(batch, GRID)
    redshift = batch["redshift"].to_numpy(zero_copy_only=False).astype(float)
    parts = [np.zeros((0, GRID.bins), np.float32)]
    for block in _blocks(flux, ivar, redshift):
        galaxy, star = models.galaxy.judge(*block), models.star.judge(*block)
        known = np.isfinite(galaxy.reduced_chi2) & np.isfinite(star.reduced_chi2)
        is_star = np.where(known, star.reduced_chi2 < galaxy.reduced_chi2, star.neg_log_p < galaxy.neg_log_p)
        is_star |= ~np.isfinite(galaxy.neg_log_p)
        parts.append(np.where(is_star[:, None], models.star.expected(star), models.galaxy.expected(galaxy)))
    return np.concatenate(parts)[: len(flux)]
