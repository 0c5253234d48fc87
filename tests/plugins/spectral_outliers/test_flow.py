"""The flow on densities that are known: correlated normal distributions."""

import json

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from almagest.contract import PluginError
from spectral_outliers.autoencoder import Autoencoder, Shape
from spectral_outliers.flow import LatentFlow, fit_flow
from spectral_outliers.kinds import FARTHEST, Kind, Usual
from spectral_outliers.outliers import from_0_to_1

MEAN, COVARIANCE = np.array([1.0, -30.0]), np.array([[4.0, 2.4], [2.4, 1.69]])
TRUTH = multivariate_normal(MEAN, COVARIANCE)


@pytest.fixture(scope="module")
def learned():
    """A flow that has seen 3,000 numbers, and what it told."""
    train, valid = (TRUTH.rvs(size, random_state=seed) for size, seed in ((3000, 1), (1000, 2)))
    told = []
    flow, history = fit_flow(train, valid, epochs=20, patience=30, seed=1, each=told.append)
    assert told == list(range(20)) and len(history) == 20
    return flow, history


def log_prob(flow, x: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return flow.log_prob(torch.from_numpy(x).float()).numpy()


def drawn(flow, size: int) -> np.ndarray:
    torch.manual_seed(3)
    with torch.inference_mode():
        return flow.sample(size).numpy().astype(float)


def test_its_density_is_the_true_one(learned):
    x = TRUTH.rvs(4000, random_state=4)
    difference = log_prob(learned[0], x) - TRUTH.logpdf(x)
    assert np.abs(difference).mean() < 0.1 and difference.mean() == pytest.approx(0, abs=0.02)


def test_its_draws_have_mean_and_covariance_of_what_it_has_seen(learned):
    found = drawn(learned[0], 20_000)
    assert found.mean(axis=0) == pytest.approx(MEAN, abs=0.1)
    assert np.allclose(np.cov(found.T), COVARIANCE, rtol=0.08)


def test_its_density_integrates_to_one(learned):
    x, y = np.linspace(-11, 13, 241), np.linspace(-38, -22, 161)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    total = np.exp(log_prob(learned[0], grid).astype(float)).sum() * (x[1] - x[0]) * (y[1] - y[0])
    assert total == pytest.approx(1, abs=0.01)


def test_draws_and_density_are_of_one_distribution(learned):
    """Of draws the mean of -log p is the entropy; the integral of -p log p over a grid is too."""
    flow = learned[0]
    x, y = np.linspace(-11, 13, 241), np.linspace(-38, -22, 161)
    p = log_prob(flow, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)).astype(float)
    entropy = -(np.exp(p) * p).sum() * (x[1] - x[0]) * (y[1] - y[0])
    assert -log_prob(flow, drawn(flow, 20_000)).mean() == pytest.approx(entropy, abs=0.03)


def test_it_keeps_the_epoch_that_the_validation_rows_liked_best(learned):
    flow, history = learned
    valid = TRUTH.rvs(1000, random_state=2)
    assert -log_prob(flow, valid).mean() == pytest.approx(min(found for _, found in history), abs=1e-4)


def test_far_ones_neither_teach_nor_judge():
    """Two sets of far rows with one mean and scatter leave the same flow, and the same history, to the last bits."""
    near, valid = (TRUTH.rvs(600, random_state=seed) for seed in (1, 2))
    far = np.array([[300.0, 300.0], [-300.0, -300.0]])
    histories = [
        fit_flow(np.r_[near, rows], np.r_[valid, rows], epochs=3, patience=9, seed=1, each=lambda epoch: None)[1]
        for rows in (far, far * [1, -1])
    ]
    assert np.allclose(*histories, rtol=1e-4)
    alone = fit_flow(np.r_[near, far], valid, epochs=3, patience=9, seed=1, each=lambda epoch: None)[1]
    assert histories[0] == alone


def test_it_stops_when_nothing_gets_better():
    train = TRUTH.rvs(600, random_state=1)
    _, history = fit_flow(train, train[:1] + 10, epochs=50, patience=2, seed=1, each=lambda epoch: None)
    assert len(history) < 50 and np.isfinite(history).all()


def test_what_has_no_density_is_very_far_out_and_not_unknown(spectra):
    """The most improbable of all must not be missing among the improbable."""
    kind = Kind(Autoencoder(Shape("galaxy", width=16)).eval(), LatentFlow(6).eval(), Usual(0.0, 1.0))
    kind.flow.scale.fill_(1e-30)
    found = kind.judge(spectra.flux[:20], spectra.ivar[:20], np.full(20, 0.1)).neg_log_p
    assert (found == np.float32(FARTHEST)).all()
    assert ((outlier := from_0_to_1(kind.usual.excess(found))) > 0.98).all() and (outlier < 1).all()


@pytest.mark.parametrize("damage", ["cut short", "no weights", "no usual"])
def test_a_damaged_model_says_what_to_do(tmp_path, damage):
    Kind(Autoencoder(Shape("star", width=16)), LatentFlow(6), Usual(3.5, 0.25)).save(tmp_path)
    weights, about = tmp_path / "star.safetensors", tmp_path / "star.json"
    if damage == "no usual":
        about.write_text(json.dumps({"shape": json.loads(about.read_text())["shape"]}))
    else:
        weights.write_bytes(weights.read_bytes()[: 1000 if damage == "cut short" else 0])
    with pytest.raises(PluginError, match=r"the star model in .* cannot be read: .*; train it again"):
        Kind.read(tmp_path, "star", "cpu")


def test_saved_and_read_again_it_gives_the_same_numbers(tmp_path, spectra):
    torch.manual_seed(1)
    shape = Shape("star", latents=6, width=16)
    kind = Kind(Autoencoder(shape).eval(), LatentFlow(6).eval(), Usual(3.5, 0.25))
    kind.flow.mean.copy_(torch.arange(6.0))
    kind.flow.scale.copy_(torch.arange(1.0, 7.0))
    kind.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["star.json", "star.safetensors"]
    again = Kind.read(tmp_path, "star", "cpu")
    assert again.usual == kind.usual and again.autoencoder.shape == shape
    x = np.random.default_rng(1).normal(0, 3, (50, 6))
    assert np.array_equal(log_prob(again.flow, x), log_prob(kind.flow, x))
    given = spectra.flux[:20], spectra.ivar[:20], np.zeros(20)
    one, other = kind.judge(*given), again.judge(*given)
    assert np.isfinite(one.neg_log_p).all() and np.array_equal(one.neg_log_p, other.neg_log_p)
    assert np.array_equal(one.latents, other.latents) and np.array_equal(one.reduced_chi2, other.reduced_chi2)
