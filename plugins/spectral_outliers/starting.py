"""Where a decoder begins: at the mean spectrum at rest and its principal components, which it would have to find first."""

import torch
from torch import Tensor

from spectral_outliers.autoencoder import Autoencoder
from spectral_outliers.preparation import GRID
from spectral_outliers.resampling import KNOWN, resample
from spectral_outliers.rows import Spectra

# Spectra looked at, components taken, and what a bin of theirs may at most differ from the mean: the brightest lines are met later.
SPECTRA, COMPONENTS, LARGEST = 2048, 48, 3.0
# A bin that fewer spectra show has no mean of its own, and is not known to the model.
SEEN = 5


@torch.no_grad()
def start_from_components(model: Autoencoder, train: Spectra, batch_size: int, seed: int) -> None:
    """Set the decoder's basis from some training spectra."""
    found, rows = [], 0
    for batch in train.batches(batch_size, seed, shuffle=True):
        found.append(batch)
        if (rows := rows + len(batch[0])) >= SPECTRA:
            break
    set_components(model, *(torch.cat(values) for values in zip(*found, strict=True)))


@torch.no_grad()
def set_components(model: Autoencoder, flux: Tensor, weight: Tensor, redshift: Tensor) -> None:
    """Set the decoder's basis from prepared spectra, shape (rows, bins)."""
    flux, known = at_rest(model, flux[:SPECTRA], weight[:SPECTRA], redshift[:SPECTRA])
    count = known.sum(dim=0)
    mean = torch.where(count >= SEEN, (flux * known).sum(dim=0) / count.clamp(min=1), 1)
    residual = ((flux - mean) * known).clamp(-LARGEST, LARGEST)
    wanted = min(COMPONENTS, model.shape.width, len(residual) - 1)
    _, size, components = torch.svd_lowrank(residual, q=wanted, niter=3)
    basis = model.decoder.basis
    model.seen.copy_(count >= SEEN)
    basis.bias.copy_(mean - 1)
    # Each as large as it is in a usual spectrum; the other neurons start small, and look for what is left.
    basis.weight.mul_(0.1)
    basis.weight[:, :wanted] = components * (size / len(residual) ** 0.5)


def at_rest(model: Autoencoder, flux: Tensor, weight: Tensor, redshift: Tensor) -> tuple[Tensor, Tensor]:
    """Spectra at rest, and which of their bins are known, shape (rows, rest bins) each."""
    known = (weight > 0).float()
    both = resample(torch.stack([flux * known, known], dim=1), GRID, model.rest, 1 / (1 + redshift))
    seen = (both[:, 1] > KNOWN).float()
    return both[:, 0] * seen, seen
