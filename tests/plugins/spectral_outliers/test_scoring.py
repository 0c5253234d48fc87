"""Scores and reconstructions of a briefly trained model: against their formulas, and of the same rows otherwise."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch

from almagest.contract.casting import cast_to
from almagest.contract.spectra import arrays_of
from spectral_outliers import outliers
from spectral_outliers.autoencoder import Shape
from spectral_outliers.fitting import Plan
from spectral_outliers.judging import invariance
from spectral_outliers.methods import outliers as method
from spectral_outliers.preparation import GRID, IS_TELLURIC, prepare
from spectral_outliers.rows import split_spectra
from tests.plugins.spectral_outliers.tables import changed, numbers

OF_STARS = ("neg_log_p_star", "chi2_star", "star_latents")


NUMBERS = [column.name for column in method.outputs.columns if column.dtype != "string"]


def test_scores_are_as_declared(trained, rows, scores):
    cast_to(method.outputs, scores)
    assert scores.num_rows == 40 and all(column.null_count == 0 for column in scores.columns)
    assert cast_to(method.outputs, outliers.score(trained[0], rows.slice(0, 0))).num_rows == 0
    flux, ivar = arrays_of(rows, GRID)
    prepared = prepare(flux, ivar, rows["redshift"].to_numpy())
    assert numbers(scores, "median_flux") == pytest.approx(prepared.norm, rel=1e-6)
    assert numbers(scores, "n_bins_used").tolist() == ((ivar > 0) & ~IS_TELLURIC).sum(axis=1).tolist()


def test_scores_follow_from_the_likelihoods(trained, scores):
    """Row by row: odds of both, each measured by what is usual among its own."""
    usual = {"galaxy": trained[0].galaxy.usual, "star": trained[0].star.usual}
    for row in scores.to_pylist():
        excess = {k: (row[f"neg_log_p_{k}"] - usual[k].median) / usual[k].scatter for k in usual}
        raw, calibrated = row["neg_log_p_galaxy"] - row["neg_log_p_star"], excess["galaxy"] - excess["star"]
        assert row["p_star_raw"] == pytest.approx(1 / (1 + np.exp(-np.clip(raw, -60, 60))), rel=1e-3)
        assert row["p_star"] == pytest.approx(1 / (1 + np.exp(-np.clip(calibrated, -60, 60))), rel=1e-3)
        assert row["predicted_class"] == ("STAR" if row["p_star"] > 0.5 else "GALAXY")
        assert 0 < row["outlier_score"] < 1 and (row["outlier_score"] > 0.5) == (excess["galaxy"] > 0)
    order = np.argsort(numbers(scores, "neg_log_p_galaxy"))
    assert (np.diff(numbers(scores, "outlier_score")[order]) >= 0).all(), "ranks as the paper's score does"


def test_reconstructions_are_in_the_flux_s_unit_and_chi_square_is_theirs(trained, rows, scores):
    flux, ivar = (values.astype(float) for values in arrays_of(rows, GRID))
    found = outliers.reconstruct(trained[0], rows)
    assert found.shape == flux.shape and found.dtype == np.float32
    good = (ivar > 0) & ~IS_TELLURIC & np.isfinite(found)
    chi2 = (ivar * np.where(good, flux - found, 0) ** 2).sum(axis=1) / good.sum(axis=1)
    better = np.minimum(numbers(scores, "chi2_galaxy"), numbers(scores, "chi2_star"))
    assert chi2 == pytest.approx(better, rel=1e-3)
    # Stars never show what is behind the sky's lines, galaxies do at other redshifts.
    is_star = np.abs(numbers(rows, "redshift")) < 0.002
    by_star = is_star & (numbers(scores, "chi2_star") < numbers(scores, "chi2_galaxy"))
    by_galaxy = ~is_star & (numbers(scores, "chi2_star") > numbers(scores, "chi2_galaxy"))
    assert by_star.any() and np.isnan(found[by_star][:, IS_TELLURIC]).mean() > 0.3
    assert np.isnan(found[by_star][:, ~IS_TELLURIC]).mean() < 0.1
    assert by_galaxy.any() and np.isnan(found[by_galaxy][:, IS_TELLURIC]).mean() < 0.1
    brighter = outliers.reconstruct(trained[0], changed(rows, flux=flux * 1000, ivar=ivar / 1e6))
    assert np.allclose(brighter, found * 1000, rtol=2e-3, atol=0.01 * np.nanmax(np.abs(found)), equal_nan=True)
    assert outliers.reconstruct(trained[0], rows.slice(0, 0)).shape == (0, GRID.bins)


def test_the_unit_of_the_flux_changes_nothing_but_the_median_flux(trained, rows, scores):
    flux, ivar = arrays_of(rows, GRID)
    found = outliers.score(trained[0], changed(rows, flux=flux * 1000, ivar=ivar / 1e6))
    assert numbers(found, "median_flux") == pytest.approx(1000 * numbers(scores, "median_flux"), rel=1e-5)
    for name in NUMBERS:
        if name != "median_flux":
            assert np.allclose(numbers(found, name), numbers(scores, name), rtol=2e-3, atol=2e-3), name


def test_a_star_at_a_galaxy_s_redshift_is_judged_by_the_star_model_at_zero(trained, rows):
    stars = rows.filter(pa.array([label == "STAR" for label in rows["label"].to_pylist()]))
    at_zero, far = (outliers.score(trained[0], changed(stars, redshift=[z] * stars.num_rows)) for z in (0.0, 0.2))
    for name in OF_STARS:
        assert np.array_equal(numbers(far, name), numbers(at_zero, name)), name
    assert not np.isclose(numbers(far, "chi2_galaxy"), numbers(at_zero, "chi2_galaxy")).any()
    # Beyond the galaxy model's range only the star model speaks, and nothing is decided.
    beyond = outliers.score(trained[0], changed(stars, redshift=[0.9] * stars.num_rows))
    assert np.array_equal(numbers(beyond, "chi2_star"), numbers(at_zero, "chi2_star"))
    for name in ("outlier_score", "neg_log_p_galaxy", "p_star", "p_star_raw", "predicted_class", "latents"):
        assert beyond[name].null_count == stars.num_rows, name


def test_training_tells_what_the_scores_of_held_back_rows_come_to(trained, spectra):
    """Eq. 1 counts all bins, and half the sum; the reduced chi-square those that count."""
    metrics = {each.name: each.value for each in trained[1].metrics if (each.group, each.of) == ("all", "all")}
    (batch,) = spectra.batches("test")
    found, label = outliers.score(trained[0], batch), np.array(batch["label"].to_pylist())
    for kind in ("galaxy", "star"):
        chi2 = numbers(found, f"chi2_{kind}")[label == kind.upper()]
        model, of_kind = getattr(trained[0], kind).autoencoder, label == kind.upper()
        covered = model.covered(torch.from_numpy(batch["redshift"].to_numpy()[of_kind]).float()).numpy()
        good = (arrays_of(batch, GRID)[1][of_kind] > 0) & ~IS_TELLURIC
        total = chi2 * (good & covered).sum(axis=1)
        assert metrics[f"{kind}_fidelity_test"] == pytest.approx(total.mean() / (2 * GRID.bins), rel=1e-3)
        assert metrics[f"{kind}_reduced_chi2_test"] == pytest.approx(np.median(chi2), rel=1e-3)
        neg_log_p = numbers(found, f"neg_log_p_{kind}")[label == kind.upper()]
        assert metrics[f"{kind}_flow_neg_log_p_test"] == pytest.approx(np.median(neg_log_p), rel=1e-3, abs=1e-3)
    called = np.array(found["predicted_class"].to_pylist())
    assert metrics["accuracy"] == pytest.approx((called == label).mean())


def test_invariance_is_how_much_nearer_spectra_are_to_themselves(spectra):
    """Of a latent that is the redshift, by hand: from z to places drawn evenly from 0 to 0.8 it is (z^2 + (0.8 - z)^2) / 1.6."""
    galaxies = split_spectra(spectra, "GALAXY", 1)["train"]
    knows_redshift = SimpleNamespace(shape=Shape("galaxy"), encode=lambda flux, weight, redshift: redshift[:, None])
    z = np.concatenate([redshift.numpy() for _, _, redshift in galaxies.batches(16, 1)])
    others = np.abs(z[:, None] - z[None])[np.triu_indices(len(z), 1)].mean()
    found = invariance(knows_redshift, galaxies, Plan(1, 0, 16, 1e-3, 1))
    assert found == pytest.approx(others / ((z**2 + (0.8 - z) ** 2) / 1.6).mean(), rel=0.15)
