"""What training makes small: the fidelity of Eq. 1, and the two losses of Liang et al. 2023 (AJ 166, 75) on the latents.

Liang et al. write the similarity loss as the mean over pairs of sigmoid(k1 S_ij - k0) + sigmoid(-k1 S_ij - k0), where S_ij is the
difference between the squared distance of two latents and that of their spectra at rest; and the consistency loss as the mean of
sigmoid(|s - s_aug|^2 / (sigma_s^2 S)) - 1/2. Constants and weights below are those of the authors' published code (spender 0.3).
"""

import torch
from torch import Tensor

from spectral_outliers.autoencoder import Autoencoder

# k0: pairs whose two distances differ by less are left alone.
MARGIN = 2.5
# How many units of the latents' squared distance one of the spectra's is worth.
DATA_AMPLITUDE = 30.0
# sigma_s: how far a spectrum's latents may move when only its redshift and noise have changed.
TOLERANCE = 0.5
# Weights of the bins at rest are exp(-((wavelength - centre) / (2 width))^2), as that code has it; spectra are normed over the bounds.
CENTRE, WIDTH, BOUNDS = 5000.0, 2000.0, (4000.0, 7000.0)
SIMILARITY, CONSISTENCY = 3.0, 1.0


def chi_square(flux: Tensor, weight: Tensor, expected: Tensor) -> Tensor:
    """Sum over the bins of weight times squared residual, shape (rows,)."""
    return (weight * (flux - expected) ** 2).sum(dim=1)


def fidelity_loss(flux: Tensor, weight: Tensor, expected: Tensor) -> Tensor:
    """Eq. 1: chi-square over 2 N M, where M counts all bins, those without weight too."""
    return chi_square(flux, weight, expected).mean() / (2 * flux.shape[1])


def similarity_loss(model: Autoencoder, latents: Tensor, at_rest: Tensor, slope: float) -> Tensor:
    """Liang et al. 2023, similarity: near in latents where near in spectra at rest, and the other way round.

    Parameters
    ----------
    at_rest
        Decoded spectra, shape (rows, rest bins).
    slope
        k1, which training turns up and down.
    """
    wavelength = torch.as_tensor(model.rest.wavelength, dtype=torch.float32, device=latents.device)
    chosen = (wavelength > BOUNDS[0]) & (wavelength < BOUNDS[1])
    weight = torch.exp(-((0.5 * (wavelength - CENTRE) / WIDTH) ** 2))
    spectra = at_rest / at_rest[:, chosen].median(dim=1).values.clamp(min=0.1)[:, None] * weight.sqrt()
    difference = (
        pair_distances(latents) / latents.shape[1] - DATA_AMPLITUDE * pair_distances(spectra) / spectra.shape[1]
    )
    loss = torch.sigmoid(slope * difference - MARGIN) + torch.sigmoid(-slope * difference - MARGIN)
    return loss.fill_diagonal_(0).mean()


def pair_distances(x: Tensor) -> Tensor:
    """Squared Euclidean distances of all pairs, shape (rows, rows): by products, without a row for each pair."""
    centred = x - x.mean(dim=0)
    square = (centred**2).sum(dim=1)
    return (square[:, None] + square[None] - 2 * centred @ centred.T).clamp(min=0)


def consistency_loss(latents: Tensor, augmented: Tensor) -> Tensor:
    """Liang et al. 2023, consistency: the same spectrum at another redshift and with more noise has the same latents."""
    moved = ((augmented - latents) ** 2).sum(dim=1) / (TOLERANCE**2 * latents.shape[1])
    return (torch.sigmoid(moved) - 0.5).mean()
