"""Spectra seen otherwise: what moves, by how much, and how much noise comes with it."""

import numpy as np
import pytest
import torch

from spectral_outliers import augmentation
from spectral_outliers.augmentation import augmented, moved_to, observed_stars
from spectral_outliers.preparation import GRID, IS_TELLURIC, MAX_STAR_REDSHIFT

WAVE = GRID.wavelength
LINE = 1 - 0.8 * np.exp(-0.5 * ((WAVE - 6000) / 4) ** 2)


def random_torch(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def at_the_same_redshift(monkeypatch):
    monkeypatch.setattr(augmentation, "REDSHIFTS", {"galaxy": (0.2, 0.2)})


@pytest.mark.usefixtures("at_the_same_redshift")
def test_at_the_same_redshift_without_more_noise_nothing_changes(monkeypatch):
    monkeypatch.setattr(augmentation, "MORE_NOISE", 0.0)
    flux = torch.from_numpy(LINE).float().expand(4, -1) * torch.arange(1.0, 5.0)[:, None]
    weight = torch.rand(4, GRID.bins, generator=random_torch()) + 0.5
    weight[:, 1000:1100] = 0
    weight[:, IS_TELLURIC] = 0
    seen, kept, redshift = augmented(flux, weight, torch.full((4,), 0.2), "galaxy", random_torch())
    assert torch.allclose(redshift, torch.full((4,), 0.2))
    known, given = kept > 0, weight > 0
    # A bin beside an unknown one may be lost to rounding, never gained.
    inside = given & given.roll(2, dims=1) & given.roll(-2, dims=1)
    assert not (known & ~given).any() and known[inside].all() and inside.float().mean() > 0.6
    assert (seen - flux)[known].abs().max() < 1e-3 and (kept - weight)[known].abs().max() < 1e-3
    assert (seen[~known] == 0).all()


@pytest.mark.usefixtures("at_the_same_redshift")
def test_the_noise_that_is_added_is_what_the_weight_says():
    """1 / weight rises by the variance that was added: of 20 spectra of 7,781 bins within 1 %."""
    weight = (torch.rand(20, 1, generator=random_torch(2)) * 3 + 1).expand(-1, GRID.bins)
    flux = torch.ones(20, GRID.bins)
    seen, kept, _ = augmented(flux, weight, torch.full((20,), 0.2), "galaxy", random_torch(3))
    seen, kept, flux, weight = (values[:, ~IS_TELLURIC] for values in (seen, kept, flux, weight))
    added = 1 / kept - 1 / weight
    assert (added > 0).all()
    pull = (seen - flux) / added.sqrt()
    assert float(pull.var()) == pytest.approx(1, abs=0.01) and float(pull.mean()) == pytest.approx(0, abs=0.01)
    # At most as much again as is there, each spectrum with its own share.
    share = (kept / weight).mean(dim=1)
    assert ((kept / weight) > 0.499).all() and float(share.std()) > 0.1


def test_the_sky_s_lines_do_not_move_with_the_galaxy():
    """Moved from 0.1 to 0.2: unknown in the sky's light, and where the bins that were there before have gone."""
    weight = torch.from_numpy(~IS_TELLURIC).float().expand(6, -1)
    seen, kept, redshift = augmented(weight, weight, torch.full((6,), 0.1), "galaxy", random_torch())
    assert (kept[:, IS_TELLURIC] == 0).all() and (seen[:, IS_TELLURIC] == 0).all()
    for row, z in zip(kept.numpy(), redshift.numpy(), strict=True):
        before = WAVE * 1.1 / (1 + z)
        off_grid = (before < WAVE[0]) | (before > WAVE[-1])
        was_lost = IS_TELLURIC[((before - WAVE[0]) / GRID.step).round().astype(int).clip(0, GRID.bins - 1)]
        expected = ~(IS_TELLURIC | was_lost | off_grid)
        # But for bins at the edges of holes.
        assert ((row > 0) != expected).mean() < 0.03 and 0.1 < expected.mean() < 0.75


def test_redshifts_are_drawn_evenly_from_the_kind_s_range():
    flux, weight = torch.ones(400, GRID.bins), torch.ones(400, GRID.bins)
    for kind, low, high in (("galaxy", 0.0, 0.8), ("star", -MAX_STAR_REDSHIFT, MAX_STAR_REDSHIFT)):
        drawn = augmented(flux, weight, torch.zeros(400), kind, random_torch())[2].numpy()
        assert (drawn >= low).all() and (drawn <= high).all()
        assert np.percentile(drawn, [25, 75]) == pytest.approx(
            low + (high - low) * np.array([0.25, 0.75]), abs=0.06 * (high - low)
        )


def test_a_line_is_where_the_new_redshift_puts_it():
    flux, weight = torch.from_numpy(LINE).float()[None], torch.ones(1, GRID.bins)
    seen, known, kept = moved_to(flux, weight, torch.tensor([1.25]))
    assert WAVE[int(torch.where(known[0], seen[0], 9).argmin())] == pytest.approx(7500, abs=0.5)
    # Below 3600 * 1.25 nothing was seen.
    assert not known[0, WAVE < 4500].any() and known[0, WAVE > 4501].all() and float(kept[known].min()) == 1


def library(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Stars without errors, as MILES gives them: known from 3700 to 7400 A."""
    flux, known = np.tile(LINE, (rows, 1)).astype(np.float32), (WAVE > 3700) & (WAVE < 7400)
    return np.where(known, flux, 0).astype(np.float32), np.where(known, np.nan, 0).astype(np.float32) * np.ones(
        (rows, 1), np.float32
    )


def bank() -> np.ndarray:
    return np.stack([np.ones(GRID.bins), 1.5 - (WAVE - 3600) / 6224, np.where(WAVE < 5000, 0, 1.0)])


def test_library_stars_move_by_their_radial_velocity_with_noise_as_their_ivar_says():
    flux, ivar, redshift = observed_stars(*library(60), bank(), np.random.default_rng(1))
    assert np.abs(redshift).max() <= MAX_STAR_REDSHIFT and redshift.std() * 299792.458 == pytest.approx(80, abs=40)
    pulls = []
    for row, z in enumerate(redshift):
        good = ivar[row] > 0
        # An independent look: the line itself, written where it should be.
        truth = 1 - 0.8 * np.exp(-0.5 * ((WAVE / (1 + z) - 6000) / 4) ** 2)
        pulls.append(((flux[row] - truth) * np.sqrt(ivar[row]))[good])
        level = np.median(truth[good] * np.sqrt(ivar[row][good]))
        low, high = augmentation.STAR_SNR
        assert 0.95 * low < level < 1.05 * high
    pulls = np.concatenate(pulls)
    assert pulls.var() == pytest.approx(1, abs=0.02) and np.abs(pulls.mean()) < 0.01


def test_the_line_moves_by_the_right_number_of_angstroms(monkeypatch):
    monkeypatch.setattr(augmentation, "STAR_SNR", (3000.0, 3000.1))
    flux, _, redshift = observed_stars(*library(20), bank()[:1], np.random.default_rng(2))
    near = np.abs(WAVE - 6000) < 60
    depth = 1 - flux[:, near]
    centre = (depth * WAVE[near]).sum(axis=1) / depth.sum(axis=1)
    assert np.abs(redshift * 6000).max() > 2, "some moved by angstroms"
    assert centre - 6000 == pytest.approx(6000 * redshift, abs=0.1)


def test_what_was_unknown_stays_unknown():
    flux, ivar, _ = observed_stars(*library(30), bank(), np.random.default_rng(3))
    unknown = (WAVE < 3700 * (1 - MAX_STAR_REDSHIFT)) | (WAVE > 7400 * (1 + MAX_STAR_REDSHIFT))
    assert (ivar[:, unknown] == 0).all() and (flux[ivar == 0] == 0).all()
    assert (ivar[:, (WAVE > 5100) & (WAVE < 7300)] > 0).all()


def test_the_same_seed_gives_the_same_stars_and_another_one_others():
    one, same, other = (observed_stars(*library(4), bank(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[2], other[2]) and not np.array_equal(one[0], other[0])
