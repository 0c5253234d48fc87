"""The losses against what their formulas give by hand, and pair by pair."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spectral_outliers.autoencoder import rest_grid
from spectral_outliers.losses import chi_square, consistency_loss, fidelity_loss, pair_distances, similarity_loss

MODEL = SimpleNamespace(rest=rest_grid("galaxy"))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def pairs():
    """Seven rows of latents and spectra at rest, at distances of the size that training meets."""
    random = np.random.default_rng(4)
    wave = MODEL.rest.wavelength
    slope, bump = random.normal(0, 0.3, (7, 1)), random.normal(0, 0.5, (7, 1))
    spectra = 2 + slope * (wave - 5000) / 1000 + bump * np.exp(-(((wave - 5500) / 200) ** 2))
    return random.normal(0, 1, (7, 6)), spectra * random.uniform(0.5, 3, (7, 1))


def by_pairs(latents: np.ndarray, spectra: np.ndarray, slope: float) -> float:
    """Liang et al. 2023, Eqs. 5 and 6, with the weights of spender 0.3, one pair after the other."""
    wave, total, n = MODEL.rest.wavelength, 0.0, len(latents)
    weight = np.exp(-((wave - 5000) ** 2) / (2 * 2000) ** 2)
    middle = (wave > 4000) & (wave < 7000)
    normed = [each / np.sort(each[middle])[(middle.sum() - 1) // 2] for each in spectra]
    for i in range(n):
        for j in range(n):
            if i != j:
                near = ((latents[i] - latents[j]) ** 2).sum() / latents.shape[1]
                alike = (weight * (normed[i] - normed[j]) ** 2).sum() / len(wave)
                s = near - 30.0 * alike
                total += sigmoid(slope * s - 2.5) + sigmoid(-slope * s - 2.5)
    return total / n**2


def test_fidelity_by_hand():
    """Row one: 2 * 1 + 1 * 4 + 0 = 6; row two: 1 * 0 + 4 * 1 + 0.5 * 4 = 6. Of 2 rows and 3 bins: 12 / (2 * 2 * 3) = 1."""
    flux, expected = torch.tensor([[1.0, 3.0, 9.0], [2.0, 1.0, 0.0]]), torch.tensor([[2.0, 1.0, 0.0], [2.0, 2.0, 2.0]])
    weight = torch.tensor([[2.0, 1.0, 0.0], [1.0, 4.0, 0.5]])
    assert chi_square(flux, weight, expected).tolist() == [6.0, 6.0]
    assert float(fidelity_loss(flux, weight, expected)) == 1.0


def test_fidelity_of_a_perfect_model_is_half_the_share_of_bins_that_count():
    """Of normal noise weighed by its inverse variance; M counts all bins: 0.375 where a quarter is masked."""
    random = np.random.default_rng(2)
    sigma = random.uniform(0.1, 3, (300, 2000))
    weight = np.where(random.random(2000) < 0.75, 1 / sigma**2, 0)
    truth = random.uniform(0, 5, (300, 2000))
    given = [torch.from_numpy(x) for x in (truth + sigma * random.normal(size=sigma.shape), weight, truth)]
    share = (weight[0] > 0).mean()
    assert float(fidelity_loss(*given)) == pytest.approx(share / 2, rel=0.01)


def test_distances_of_all_pairs():
    x = np.random.default_rng(1).normal(100, 1, (9, 5))
    direct = ((x[:, None] - x[None]) ** 2).sum(axis=-1)
    assert np.allclose(pair_distances(torch.from_numpy(x).float()).numpy(), direct, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("slope", [0.0, 0.5, 2.0])
def test_similarity_is_that_of_each_pair(pairs, slope):
    latents, spectra = (torch.from_numpy(x).float() for x in pairs)
    found = float(similarity_loss(MODEL, latents, spectra, slope))
    assert found == pytest.approx(by_pairs(*pairs, slope), rel=1e-3)
    # Without slope each pair costs the same: twice the sigmoid of -2.5, 0.0758582.
    assert slope or found == pytest.approx(2 * 0.0758582 * 7 * 6 / 49, rel=1e-5)


def test_similarity_does_not_see_how_bright_a_spectrum_is(pairs):
    latents, spectra = (torch.from_numpy(x).float() for x in pairs)
    brighter = spectra * torch.linspace(0.5, 2, 7)[:, None]
    one, other = (float(similarity_loss(MODEL, latents, x, 1.0)) for x in (spectra, brighter))
    assert other == pytest.approx(one, rel=1e-4)


def test_similarity_brings_latents_of_like_spectra_together_and_parts_those_of_unlike_ones():
    wave = torch.from_numpy(MODEL.rest.wavelength).float()
    flat, bluer = torch.ones(len(wave)), 1 - (wave - 5000) / 5000
    latents = torch.tensor([[0.0] * 6, [1.0] * 6], requires_grad=True)
    for spectra, sign in ((torch.stack([flat, flat]), 1), (torch.stack([flat, bluer]), -1)):
        (gradient,) = torch.autograd.grad(similarity_loss(MODEL, latents, spectra, 1.0), latents)
        # Steps go against the gradient.
        assert (sign * gradient[1] > 0).all() and (sign * gradient[0] < 0).all()


def test_consistency_is_nothing_for_equal_latents_and_rises_with_distance():
    latents = torch.randn(8, 6, generator=torch.Generator().manual_seed(1))
    steps = [float(consistency_loss(latents, latents + step)) for step in (0.0, 0.1, 0.5, 1.0, 10.0)]
    # Six times 0.5^2 over 0.5^2 and six latents: sigmoid(1) - 1/2.
    assert steps[0] == 0.0 and steps[2] == pytest.approx(0.2310586, abs=1e-6)
    assert steps == sorted(steps) and steps[-1] == pytest.approx(0.5)
