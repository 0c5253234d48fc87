"""Learning an autoencoder in two phases: fidelity alone, then with the latents tied to the spectra and freed from the redshift."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from spectral_outliers.augmentation import augmented
from spectral_outliers.autoencoder import Autoencoder, Shape
from spectral_outliers.losses import (
    CONSISTENCY,
    SIMILARITY,
    chi_square,
    consistency_loss,
    fidelity_loss,
    similarity_loss,
)
from spectral_outliers.rows import Batch, Spectra
from spectral_outliers.starting import start_from_components

# k1 of the similarity loss climbs from 0 to this over the second phase; its last tenth is without, as in the authors' training.
STEEPEST, WITHOUT = 2.0, 0.9
# The share of all steps in which the rate rises; a cycle shorter than this has none to rise in.
RISING, FEWEST_STEPS = 0.1, 20
# Watched after each epoch, at most so many rows.
WATCHED = 2048


@dataclass
class Progress:
    """What each epoch came to."""

    phase: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    similarity: list[float] = field(default_factory=list)
    consistency: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """How long and how fast."""

    epochs: int
    more_epochs: int
    batch_size: int
    rate: float
    seed: int
    device: str = "cpu"
    precision: str = "float32"


def fit_autoencoder(
    shape: Shape, train: Spectra, validation: Spectra, plan: Plan, each: Callable[[int, Progress], None]
) -> tuple[Autoencoder, Progress]:
    """Learn a model; `each` is called after each epoch, and may raise to stop."""
    torch.manual_seed(plan.seed)
    model = Autoencoder(shape)
    start_from_components(model, train, plan.batch_size, plan.seed)
    model.to(plan.device)
    total = plan.epochs + plan.more_epochs
    optimiser = torch.optim.Adam(model.parameters(), plan.rate, eps=1e-6)
    steps = max(total * -(-len(train) // plan.batch_size) + 1, FEWEST_STEPS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps, pct_start=RISING)
    random, progress = torch.Generator().manual_seed(plan.seed), Progress()
    for epoch in range(total):
        second = (epoch - plan.epochs + 1) / max(plan.more_epochs, 1)
        started, sums, rows = time.perf_counter(), np.zeros(3), 0
        for batch in train.batches(plan.batch_size, plan.seed + epoch + 1, shuffle=True):
            batch = tuple(each_array.to(plan.device) for each_array in batch)
            losses = batch_losses(model, batch, second, random, plan)
            optimiser.zero_grad()
            (losses[0] + SIMILARITY * losses[1] + CONSISTENCY * losses[2]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            sums += len(batch[0]) * np.array([float(torch.as_tensor(loss).detach()) for loss in losses])
            rows += len(batch[0])
        progress.seconds.append(time.perf_counter() - started)
        note(progress, 2 if second > 0 else 1, sums / rows, fidelity(model, validation, plan, WATCHED))
        each(epoch, progress)
    return model.eval(), progress


def batch_losses(model: Autoencoder, batch: Batch, second: float, random: torch.Generator, plan: Plan) -> list:
    """Fidelity, similarity and consistency of one batch; the last two are 0 in the first phase (`second` not above 0)."""
    flux, weight, redshift = batch
    device = torch.device(plan.device).type
    with torch.autocast(device, torch.bfloat16, enabled=plan.precision == "bfloat16"):
        latents = model.encode(flux, weight, redshift)
        at_rest = model.decoder(latents)
    latents, at_rest = latents.float(), at_rest.float()
    counted = model.counted(weight, redshift)
    losses = [fidelity_loss(flux, counted, model.observed(at_rest, redshift)), 0.0, 0.0]
    if second > 0:
        if second <= WITHOUT:
            losses[1] = similarity_loss(model, latents, at_rest, STEEPEST * second / WITHOUT)
        with torch.autocast(device, torch.bfloat16, enabled=plan.precision == "bfloat16"):
            other = model.encode(*augmented(flux, weight, redshift, model.shape.kind, random))
        losses[2] = consistency_loss(latents, other.float())
    return losses


def note(progress: Progress, phase: int, losses: np.ndarray, validation: float) -> None:
    """Write an epoch down."""
    progress.phase.append(phase)
    for name, value in zip(("train", "similarity", "consistency"), losses, strict=True):
        getattr(progress, name).append(float(value))
    progress.validation.append(validation)


@torch.no_grad()
def fidelity(model: Autoencoder, spectra: Spectra, plan: Plan, most: int | None = None) -> float:
    """Mean fidelity loss of rows; NaN where there are none."""
    was_learning = model.training
    model.eval()
    total, rows = 0.0, 0
    for flux, weight, redshift in spectra.batches(plan.batch_size, plan.seed):
        flux, weight, redshift = (values.to(plan.device) for values in (flux, weight, redshift))
        expected = model.observed(model.decoder(model.encode(flux, weight, redshift)), redshift)
        total += float(chi_square(flux, model.counted(weight, redshift), expected).sum()) / (2 * flux.shape[1])
        rows += len(flux)
        if most and rows >= most:
            break
    model.train(was_learning)
    return total / rows if rows else float("nan")
