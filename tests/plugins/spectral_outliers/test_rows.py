"""Which spectra of a sample are learned from, in which split, and what of them differs from one time to the next."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from almagest.contract import Sample
from spectral_outliers.preparation import GRID, IS_TELLURIC, NO_REDSHIFT, NO_WINDOW, NOISY_WINDOW
from spectral_outliers.rows import lent_noise, split_spectra

SPLITS = ("train", "validation", "test")


def places(sample: Sample, label: str) -> np.ndarray:
    return np.flatnonzero(np.array(sample.rows["label"].to_pylist()) == label)


@pytest.fixture
def spoiled(spectra) -> Sample:
    """A copy whose galaxies are bad in several ways, four rows each; and whose first 30 stars are a library's."""
    galaxies, stars = places(spectra, "GALAXY"), places(spectra, "STAR")
    flux, ivar = spectra.flux.copy(), spectra.ivar.copy()
    redshift = spectra.rows["redshift"].to_numpy().copy()
    flux[galaxies[:4]] = np.nan
    flux[galaxies[4:8]] *= -1
    redshift[galaxies[8:12]] = 0.9
    ivar[stars[:30]] = np.where(GRID.wavelength < 7400, np.nan, 0)
    redshift[stars[:30]] = 0.0
    at = spectra.rows.column_names.index("redshift")
    return replace(
        spectra, flux=flux, ivar=ivar, rows=spectra.rows.set_column(at, "redshift", pa.array(redshift, pa.float64()))
    )


def test_splits_share_no_group_and_are_70_15_and_15_percent(spectra):
    group = spectra.rows["group_id"].to_numpy()
    for label in ("GALAXY", "STAR"):
        splits = split_spectra(spectra, label, 1)
        assert tuple(splits) == SPLITS
        at = np.concatenate([splits[name].at for name in SPLITS])
        assert sorted(at) == places(spectra, label).tolist(), "each row once"
        groups = [set(group[splits[name].at]) for name in SPLITS]
        assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
        shares = [len(splits[name]) / len(at) for name in SPLITS]
        # Of 200 galaxies and 100 stars a share of 15 % has a scatter of 3 and 4 %.
        assert shares == pytest.approx([0.70, 0.15, 0.15], abs=0.06)
    galaxies = split_spectra(spectra, "GALAXY", 1)
    assert set(split_spectra(spectra, "GALAXY", 2)["validation"].at) != set(galaxies["validation"].at)
    assert np.array_equal(split_spectra(spectra, "GALAXY", 2)["test"].at, galaxies["test"].at)


def test_rows_that_cannot_be_normalised_are_counted_by_their_reasons(spoiled):
    splits = split_spectra(spoiled, "GALAXY", 1)
    reasons = sum((splits[name].left_out for name in SPLITS), Counter())
    assert reasons == {NO_WINDOW: 4, NOISY_WINDOW: 4, NO_REDSHIFT: 4}
    at = np.concatenate([splits[name].at for name in SPLITS])
    assert sorted(at) == places(spoiled, "GALAXY")[12:].tolist()


def test_the_same_seed_gives_the_same_batches(spoiled):
    train = split_spectra(spoiled, "STAR", 1)["train"]
    one, same, other = (list(train.batches(32, seed, shuffle=True)) for seed in (5, 5, 6))
    assert [len(batch[0]) for batch in one] == [len(batch[0]) for batch in same] and sum(len(b[0]) for b in one) == len(
        train
    )
    assert all(torch.equal(a, b) for pair in zip(one, same, strict=True) for a, b in zip(*pair, strict=True))
    assert not torch.equal(one[0][2], other[0][2])


def test_batches_are_prepared_spectra_with_their_redshifts(spectra):
    train = split_spectra(spectra, "GALAXY", 1)["train"]
    flux, weight, redshift = (torch.cat(parts).numpy() for parts in zip(*train.batches(50, 1), strict=True))
    assert redshift == pytest.approx(spectra.rows["redshift"].to_numpy()[train.at], rel=1e-6)
    assert (flux[:, IS_TELLURIC] == 0).all() and (weight[:, IS_TELLURIC] == 0).all()
    for row in range(0, len(train), 10):
        rest = GRID.wavelength / (1 + redshift[row])
        inside = (rest > 5300.5) & (rest < 5849.5) & (weight[row] > 0)
        assert np.median(flux[row][inside]) == pytest.approx(1, abs=0.02)


def test_library_stars_differ_from_one_time_to_the_next_and_others_do_not(spoiled):
    train = split_spectra(spoiled, "STAR", 1)["train"]
    library = np.isin(train.at, places(spoiled, "STAR")[:30])
    one, other = (train.batch(train.at, np.random.default_rng(seed)) for seed in (1, 2))
    is_same = [torch.equal(a, b) for a, b in zip(one[0], other[0], strict=True)]
    assert 0 < library.sum() < len(library) and np.array_equal(is_same, ~library)
    assert (one[2] != other[2]).numpy()[library].all() and torch.equal(one[2][~library], other[2][~library])
    # Seen often they are other stars in one pass too.
    often = train.seen_often(3)
    assert len(often) == 3 * len(train)
    flux = often.batch(often.at, np.random.default_rng(1))[0]
    at = np.flatnonzero(np.sort(often.at) == train.at[library][0])
    assert len(at) == 3 and not torch.equal(flux[at[0]], flux[at[1]])


def test_a_galaxy_without_errors_stays_where_it_is(spectra):
    """Only stars of libraries are given a velocity: a galaxy's redshift is its own, and its bins weigh 1."""
    galaxies = places(spectra, "GALAXY")
    ivar = spectra.ivar.copy()
    ivar[galaxies] = np.nan
    train = split_spectra(replace(spectra, ivar=ivar), "GALAXY", 1)["train"]
    _, weight, redshift = train.batch(train.at, np.random.default_rng(1))
    assert redshift.numpy() == pytest.approx(spectra.rows["redshift"].to_numpy()[train.at], rel=1e-6)
    assert set(weight.unique().tolist()) == {0.0, 1.0}


def test_noise_is_lent_by_spectra_that_have_some(spoiled):
    noise = lent_noise(spoiled, 1)
    assert noise.shape == (spoiled.rows.num_rows - 30, GRID.bins)
    assert [np.median(each[each > 0]) for each in noise] == pytest.approx(np.ones(len(noise)), rel=1e-5)
    bare = replace(spoiled, ivar=np.full_like(spoiled.ivar, np.nan))
    assert np.array_equal(lent_noise(bare, 1), np.ones((1, GRID.bins)))
