"""Spectra of one kind in a sample: which of them can be learned from, and their batches, read from the disk as they are needed."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from almagest.contract import Sample
from spectral_outliers.augmentation import observed_stars
from spectral_outliers.preparation import GRID, MAX_STAR_REDSHIFT, Prepared, prepare

# Inverse variances that are lent to library stars.
NOISES = 512
# Rows that are looked at together when the sample is sorted out.
BLOCK = 512
# Of the rows to learn from, those that watch over the learning: 15 of the 85 % that are not held back.
VALIDATION = 15 / 85
Batch = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Spectra:
    """Rows of one kind and split.

    Attributes
    ----------
    at
        Their places in the sample.
    left_out
        Why others were not taken, with their numbers.
    """

    sample: Sample
    redshift: np.ndarray
    at: np.ndarray
    noise: np.ndarray
    left_out: Counter

    def __len__(self) -> int:
        return len(self.at)

    def seen_often(self, times: int) -> "Spectra":
        """Each row so many times: library stars differ from one time to the next."""
        return replace(self, at=np.repeat(self.at, times))

    def prepared(self, at: np.ndarray, random: np.random.Generator) -> tuple[Prepared, np.ndarray]:
        """Rows of the sample as the model takes them, with their redshifts; library stars as observed with this `random`."""
        order = np.sort(at)  # the disk is read forwards
        flux, ivar, redshift = (
            np.array(self.sample.flux[order]),
            np.array(self.sample.ivar[order]),
            self.redshift[order].copy(),
        )
        # Galaxies without errors stay where they are.
        bare = np.isnan(ivar).any(axis=1) & (np.abs(redshift) <= MAX_STAR_REDSHIFT)
        if bare.any():
            flux[bare], ivar[bare], redshift[bare] = observed_stars(flux[bare], ivar[bare], self.noise, random)
        return prepare(flux, ivar, redshift), redshift

    def batch(self, at: np.ndarray, random: np.random.Generator) -> Batch:
        """Flux, weight and redshift of rows; those that cannot be normalised this time weigh nothing."""
        found, redshift = self.prepared(at, random)
        usable = np.isfinite(found.norm)[:, None]
        return (
            torch.from_numpy(found.flux * usable),
            torch.from_numpy(found.weight * usable),
            torch.from_numpy(redshift).float(),
        )

    def batches(self, size: int, seed: int, *, shuffle: bool = False):
        """All rows, batch by batch; the same seed gives the same ones."""
        random = np.random.default_rng(seed)
        order = random.permutation(self.at) if shuffle else self.at
        for start in range(0, len(order), size):
            yield self.batch(order[start : start + size], random)


def split_spectra(sample: Sample, label: str, seed: int) -> dict[str, Spectra]:
    """Rows with a label by split: ``train``, ``validation`` and ``test``; 70, 15 and 15 % where the sample holds 15 % back."""
    redshift = np.asarray(sample.rows["redshift"].to_numpy(zero_copy_only=False), float)
    labels, splits = (np.array(sample.rows[name].to_pylist(), object) for name in ("label", "split"))
    groups = sample.rows["group_id"].to_numpy()
    is_watching = np.isin(groups, watching_groups(groups[(labels == label) & (splits == "train")], seed))
    noise = lent_noise(sample, seed)
    chosen = {
        "train": (splits == "train") & ~is_watching,
        "validation": (splits == "train") & is_watching,
        "test": splits == "test",
    }
    return {
        name: usable(Spectra(sample, redshift, np.flatnonzero(rows & (labels == label)), noise, Counter()), seed)
        for name, rows in chosen.items()
    }


def watching_groups(groups: np.ndarray, seed: int) -> np.ndarray:
    """Whole cross-match groups for validation."""
    each = np.unique(groups)
    return np.random.default_rng(seed).permutation(each)[: round(VALIDATION * len(each))]


def usable(spectra: Spectra, seed: int) -> Spectra:
    """Those that have a normalisation, the others counted by their reasons."""
    random, kept, left_out = np.random.default_rng(seed), [], Counter()
    for start in range(0, len(spectra), BLOCK):
        at = spectra.at[start : start + BLOCK]
        reasons = spectra.prepared(at, random)[0].reason
        kept.append(at[[reason is None for reason in reasons]])
        left_out.update(reason for reason in reasons if reason)
    at = np.concatenate(kept) if kept else spectra.at
    return replace(spectra, at=at, left_out=left_out)


def lent_noise(sample: Sample, seed: int) -> np.ndarray:
    """Inverse variances of the sample's own spectra with median 1, shape (k, bins); flat ones where no spectrum has errors."""
    places = np.random.default_rng(seed).permutation(len(sample.ivar))[: 4 * NOISES]
    found = []
    for place in np.sort(places):
        ivar = np.array(sample.ivar[place])
        if not np.isnan(ivar).any() and (ivar > 0).mean() > 0.7 and len(found) < NOISES:
            found.append(ivar / np.median(ivar[ivar > 0]))
    return np.stack(found) if found else np.ones((1, GRID.bins), np.float32)
