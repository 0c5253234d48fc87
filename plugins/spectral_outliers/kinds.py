"""One kind's model whole: autoencoder, flow, and what is usual among its own validation spectra."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from almagest.contract import PluginError
from spectral_outliers.autoencoder import Autoencoder, Shape
from spectral_outliers.flow import LatentFlow
from spectral_outliers.losses import chi_square
from spectral_outliers.preparation import MAX_STAR_REDSHIFT, Prepared, prepare

# Between a normal distribution's median and its quartiles lie 1 / 1.4826 of its standard deviations.
TO_SIGMA = 1.4826
# -log p of latents so far out that no number holds their density.
FARTHEST = 1e30


@dataclass(frozen=True)
class Usual:
    """-log p of validation spectra: median and scatter (1.4826 times the median deviation)."""

    median: float
    scatter: float

    @classmethod
    def of(cls, neg_log_p: np.ndarray) -> "Usual":
        """What is usual among these, shape (n,)."""
        median = float(np.median(neg_log_p))
        return cls(median, max(TO_SIGMA * float(np.median(np.abs(neg_log_p - median))), 1e-3))

    def excess(self, neg_log_p: np.ndarray) -> np.ndarray:
        """By how many times the scatter values lie above the median."""
        return (neg_log_p - self.median) / self.scatter


@dataclass(frozen=True)
class Judged:
    """What one model says of spectra; NaN where it can say nothing. Shapes (n,), latents (n, S)."""

    prepared: Prepared
    redshift: np.ndarray
    latents: np.ndarray
    neg_log_p: np.ndarray
    reduced_chi2: np.ndarray
    bins: np.ndarray


def is_sound(flux: np.ndarray, ivar: np.ndarray, redshift: np.ndarray) -> np.ndarray:
    """Whether each row is numbers with a redshift, and its errors are known in all bins or, NaN where ivar is not 0, in none."""
    mixed = np.isnan(ivar).any(axis=1) & (ivar > 0).any(axis=1)
    return np.isfinite(redshift) & np.isfinite(flux).all(axis=1) & ~mixed


@dataclass(frozen=True)
class Kind:
    """The model of galaxies or of stars."""

    autoencoder: Autoencoder
    flow: LatentFlow
    usual: Usual
    device: str = "cpu"

    def redshifts(self, redshift: np.ndarray) -> np.ndarray:
        """Where the model takes spectra to be: a star that is called a galaxy stands at 0, its velocity being unknown."""
        is_star = self.autoencoder.shape.kind == "star"
        return np.where(np.abs(redshift) <= MAX_STAR_REDSHIFT, redshift, 0.0) if is_star else redshift

    @torch.inference_mode()
    def judge(self, flux: np.ndarray, ivar: np.ndarray, redshift: np.ndarray) -> Judged:
        """Latents, -log p and chi-square (over bins that count and that the model knows) of spectra on the grid, shape (n, bins)."""
        at = np.where(is_sound(flux, ivar, redshift), self.redshifts(redshift), np.nan)
        prepared = prepare(flux, ivar, at)
        x, weight, z = self._tensors(prepared, at)
        latents = self.autoencoder.encode(x, weight, z)
        counted = self.autoencoder.counted(weight, z)
        expected = self.autoencoder.observed(self.autoencoder.decoder(latents), z)
        chi2 = (chi_square(x, counted, expected) / (counted > 0).sum(dim=1).clamp(min=1)).cpu().numpy()
        neg_log_p = self.neg_log_p(latents)
        bins = (prepared.weight > 0).sum(axis=1)
        bad = ~np.isfinite(prepared.norm)
        without_errors = np.isnan(ivar).any(axis=1)
        return Judged(
            prepared, at, np.where(bad[:, None], np.nan, latents.cpu().numpy()), np.where(bad, np.nan, neg_log_p),
            np.where(bad | without_errors, np.nan, chi2), bins,
        )  # fmt: skip

    @torch.inference_mode()
    def neg_log_p(self, latents: Tensor) -> np.ndarray:
        """-log p of latents of shape (n, S), shape (n,); `FARTHEST` where no number holds their density."""
        return (-self.flow.log_prob(latents)).nan_to_num(FARTHEST, posinf=FARTHEST).clamp(max=FARTHEST).cpu().numpy()

    @torch.inference_mode()
    def expected(self, judged: Judged) -> np.ndarray:
        """Flux that the model expects, in the spectra's own unit, shape (n, bins); NaN in bins that it does not know."""
        latents = torch.from_numpy(np.nan_to_num(judged.latents)).float().to(self.device)
        z = torch.from_numpy(judged.redshift).float().to(self.device)
        flux = self.autoencoder.observed(self.autoencoder.decoder(latents), z)
        flux[~self.autoencoder.covered(z)] = torch.nan
        return (flux.cpu().numpy() * judged.prepared.norm[:, None]).astype(np.float32)

    def _tensors(self, prepared: Prepared, redshift: np.ndarray):
        z = torch.from_numpy(redshift).float()
        return (
            each.to(self.device) for each in (torch.from_numpy(prepared.flux), torch.from_numpy(prepared.weight), z)
        )

    def save(self, folder: Path) -> None:
        """Write the weights and what they mean."""
        name = self.autoencoder.shape.kind
        both = nn.ModuleDict({"autoencoder": self.autoencoder, "flow": self.flow})
        save_file(
            {key: value.cpu().contiguous() for key, value in both.state_dict().items()}, folder / f"{name}.safetensors"
        )
        about = {"shape": asdict(self.autoencoder.shape), "usual": asdict(self.usual)}
        (folder / f"{name}.json").write_text(json.dumps(about, indent=2, sort_keys=True) + "\n")

    @classmethod
    def read(cls, folder: Path, name: str, device: str) -> "Kind":
        """What `save` wrote, or `PluginError`."""
        try:
            about = json.loads((folder / f"{name}.json").read_text())
            shape = Shape(**about["shape"])
            autoencoder, flow = Autoencoder(shape), LatentFlow(shape.latents)
            both = nn.ModuleDict({"autoencoder": autoencoder, "flow": flow})
            both.load_state_dict(load_file(folder / f"{name}.safetensors"))
            usual = Usual(**about["usual"])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise PluginError(f"the {name} model in {folder} cannot be read: {error}; train it again") from None
        both.eval().to(device)
        return cls(autoencoder, flow, usual, device)
