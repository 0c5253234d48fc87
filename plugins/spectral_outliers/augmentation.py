"""The same object seen otherwise: at another redshift, with more noise, or a library's star through a survey's spectrograph."""

import numpy as np
import torch
from torch import Tensor

from spectral_outliers.preparation import GRID, IS_TELLURIC, LIGHT_KM_S, MAX_REDSHIFT, MAX_STAR_REDSHIFT
from spectral_outliers.resampling import KNOWN, resample

REDSHIFTS = {"galaxy": (0.0, MAX_REDSHIFT), "star": (-MAX_STAR_REDSHIFT, MAX_STAR_REDSHIFT)}
# Noise that is added, at most, in units of what is there.
MORE_NOISE = 1.0
# Radial velocities of library stars, km/s: the disc's scatter and the halo's tails (a normal curve would cut these).
VELOCITY_SCALE = 60.0
# Median signal to noise of a bin, drawn evenly in its logarithm.
STAR_SNR = (3.0, 30.0)


def augmented(
    flux: Tensor, weight: Tensor, redshift: Tensor, kind: str, random: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Prepared spectra moved to redshifts drawn evenly from the kind's range, with noise added: flux, weight, redshift.

    The sky's lines stay where they are: bins that move into their light are lost, those that move out of it have been.
    """
    low, high = REDSHIFTS[kind]
    moved = low + (high - low) * torch.rand(len(flux), generator=random).to(redshift)
    seen, known, kept = moved_to(flux, weight, (1 + moved) / (1 + redshift))
    known &= ~torch.from_numpy(IS_TELLURIC).to(known.device)
    more = MORE_NOISE * torch.rand(len(flux), 1, generator=random).to(flux)
    sigma = torch.where(known, kept.clamp(min=1e-12) ** -0.5, 0)
    seen = known * (seen + sigma * more * torch.randn(seen.shape, generator=random).to(flux))
    return seen, torch.where(known, kept / (1 + more**2), 0), moved


def moved_to(flux: Tensor, weight: Tensor, stretch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Spectra with their wavelengths stretched: flux, which bins are known, and weight there."""
    known = (weight > 0).float()
    out = resample(torch.stack([flux * known, known, weight], dim=1), GRID, GRID, stretch)
    is_known = out[:, 1] > KNOWN
    return out[:, 0] * is_known, is_known, out[:, 2]


def observed_stars(
    flux: np.ndarray, ivar: np.ndarray, noise: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Library stars, whose errors are unknown, as a survey would see them.

    Parameters
    ----------
    flux, ivar
        Shape (rows, bins); ivar is NaN where the flux is known.
    noise
        Real inverse variances with median 1, shape (k, bins).

    Returns
    -------
    Flux, ivar and redshift: each star at a random radial velocity with the noise of one of the spectra.
    """
    redshift = np.clip(
        VELOCITY_SCALE * random.standard_t(4, len(flux)) / LIGHT_KM_S, -MAX_STAR_REDSHIFT, MAX_STAR_REDSHIFT
    )
    given = (
        torch.from_numpy(np.nan_to_num(flux, posinf=0, neginf=0)),
        torch.from_numpy(np.isnan(ivar).astype(np.float32)),
    )
    seen, known, _ = (each.numpy() for each in moved_to(*given, torch.from_numpy(1 + redshift)))
    out = noise[random.integers(len(noise), size=len(flux))].astype(np.float32) * known
    for row, values in enumerate(seen):
        good = out[row] > 0
        if good.any():
            level = np.median(np.abs(values[good]) * np.sqrt(out[row][good]))
            out[row] *= (np.exp(random.uniform(*np.log(STAR_SNR))) / max(level, 1e-12)) ** 2
    sigma = 1 / np.sqrt(np.where(out > 0, out, 1))
    return np.where(out > 0, seen + sigma * random.normal(size=seen.shape), 0).astype(np.float32), out, redshift
