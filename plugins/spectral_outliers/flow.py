"""The density of a model's latents: a masked autoregressive flow (Papamakarios et al. 2017), by nflows."""

from collections.abc import Callable

import numpy as np
import torch
from nflows.distributions.normal import StandardNormal
from nflows.flows.base import Flow
from nflows.transforms.autoregressive import MaskedAffineAutoregressiveTransform
from nflows.transforms.base import CompositeTransform
from nflows.transforms.permutations import ReversePermutation
from torch import Tensor, nn

from almagest.contract import PluginError

LAYERS, HIDDEN = 5, 50
BATCH, RATE = 512, 2e-3
# Latents farther from their mean than so many standard deviations are no use in learning what is usual.
FARTHEST = 8.0


class LatentFlow(nn.Module):
    """A flow on latents in units of their own mean and scatter."""

    def __init__(self, latents: int):
        super().__init__()
        steps = []
        for _ in range(LAYERS):
            steps += [ReversePermutation(latents), MaskedAffineAutoregressiveTransform(latents, HIDDEN, num_blocks=2)]
        self.flow = Flow(CompositeTransform(steps), StandardNormal([latents]))
        self.register_buffer("mean", torch.zeros(latents))
        self.register_buffer("scale", torch.ones(latents))

    def log_prob(self, latents: Tensor) -> Tensor:
        """Natural logarithm of the density at latents of shape (rows, latents), shape (rows,)."""
        return self.flow.log_prob((latents - self.mean) / self.scale) - self.scale.log().sum()

    def sample(self, size: int) -> Tensor:
        """Latents drawn from the density, shape (size, latents)."""
        return self.flow.sample(size) * self.scale + self.mean


def fit_flow(
    train: np.ndarray, valid: np.ndarray, *, epochs: int, patience: int, seed: int, each: Callable[[int], None]
) -> tuple[LatentFlow, list[tuple[float, float]]]:
    """Learn the density of latents, shape (rows, latents), and keep what the validation rows like best.

    Returns
    -------
    The flow, and the mean -log p of both sets after each epoch.

    Raises
    ------
    PluginError
        When no epoch gives the validation rows a density.
    """
    torch.manual_seed(seed)
    flow = LatentFlow(train.shape[1])
    x, y = torch.from_numpy(train).float(), torch.from_numpy(valid).float()
    flow.mean.copy_(x.mean(dim=0))
    flow.scale.copy_(x.std(dim=0).clamp(min=1e-6))
    x, y = (rows[((rows - flow.mean).abs() <= FARTHEST * flow.scale).all(dim=1)] for rows in (x, y))
    optimiser = torch.optim.Adam(flow.parameters(), RATE, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    best, kept, since, history = np.inf, None, 0, []
    for epoch in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = -flow.log_prob(x[rows]).mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
            optimiser.step()
            total += loss.item() * len(rows)
        schedule.step()
        with torch.no_grad():
            found = -flow.log_prob(y).mean().item()
        history.append((total / len(x), found))
        each(epoch)
        if found < best:
            best, since = found, 0
            kept = {name: value.detach().clone() for name, value in flow.state_dict().items()}
        elif (since := since + 1) >= patience:
            break
    if kept is None:
        raise PluginError(
            f"the flow's -log p of {len(y)} validation spectra was never finite: the latents have no density to learn"
        )
    flow.load_state_dict(kept)
    return flow.eval(), history
