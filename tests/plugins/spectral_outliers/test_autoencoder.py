"""The networks: their shapes, where they begin, and that they learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from spectral_outliers.autoencoder import CLOSED, Autoencoder, Shape, regions, rest_grid
from spectral_outliers.fitting import Plan, fidelity, fit_autoencoder
from spectral_outliers.preparation import GRID
from spectral_outliers.rows import split_spectra
from spectral_outliers.starting import at_rest, set_components, start_from_components


@pytest.mark.parametrize("kind", ["galaxy", "star"])
@pytest.mark.parametrize("frame", ["rest", "observed"])
def test_spectra_become_latents_and_latents_spectra(kind, frame):
    torch.manual_seed(1)
    model = Autoencoder(Shape(kind, latents=6, width=16, frame=frame))
    flux, redshift = torch.rand(3, GRID.bins), torch.tensor([0.0, 0.001, 0.0034])
    latents = model.encode(flux, torch.ones(3, GRID.bins), redshift)
    at_rest = model.decoder(latents)
    assert latents.shape == (3, 6) and at_rest.shape == (3, rest_grid(kind).bins)
    assert model.observed(at_rest, redshift).shape == (3, GRID.bins)


@pytest.mark.parametrize(("kind", "redshifts"), [("galaxy", (0.0, 0.3, 0.8)), ("star", (-0.0034, 0.0, 0.0034))])
def test_all_that_can_be_seen_is_on_the_grid_at_rest(kind, redshifts):
    model = Autoencoder(Shape(kind, width=8))
    seen = model.observed(torch.ones(3, model.rest.bins), torch.tensor(redshifts))
    assert torch.allclose(seen, torch.ones(3, GRID.bins), atol=1e-5)


def test_bins_without_weight_do_not_matter():
    torch.manual_seed(1)
    model = Autoencoder(Shape("galaxy", width=8))
    flux, weight, redshift = (
        torch.rand(2, GRID.bins),
        (torch.rand(2, GRID.bins) > 0.3).float(),
        torch.tensor([0.1, 0.5]),
    )
    spiked = torch.where(weight > 0, flux, 1e4)
    assert torch.equal(model.encode(flux, weight, redshift), model.encode(spiked, weight, redshift))
    assert not torch.equal(model.encode(flux, weight, redshift), model.encode(flux + 1, weight, redshift))


def test_attention_begins_with_one_region_a_head():
    found = regions(8, 400)
    assert found.shape == (8, 400) and found.min() >= CLOSED
    for head, logits in enumerate(found):
        assert int(logits.argmax()) in (25 + 50 * head - 1, 25 + 50 * head), "in the middle of its own eighth"
        step = np.sign(np.diff(logits.numpy()))
        step = step[step != 0]
        assert (np.diff(step) <= 0).all(), "up to one peak, and down"
        share = logits.softmax(dim=0)[50 * head : 50 * (head + 1)].sum()
        assert float(share) > 0.35
    # A whole region away the light is a thousandth or less than in the middle: exp(-1/2 * 4^2).
    assert float(found[0, 225].exp()) < 1e-3


def few_components(rows: int, rest) -> tuple[torch.Tensor, torch.Tensor]:
    """Galaxies of three components at many redshifts: at rest, and as seen."""
    random, w = np.random.default_rng(5), rest.wavelength
    parts = np.stack([(w - 5500) / 2000, np.exp(-(((w - 4000) / 300) ** 2)), np.sin(w / 150)])
    truth = torch.from_numpy(1 + random.normal(0, 0.3, (rows, 3)) @ parts).float()
    return truth, torch.from_numpy(random.uniform(0, 0.4, rows)).float()


def test_a_decoder_begins_with_the_mean_and_the_components():
    """What its basis can reach is the spectra themselves, of which the mean alone is far."""
    torch.manual_seed(1)
    model = Autoencoder(Shape("galaxy", width=32))
    truth, redshift = few_components(300, model.rest)
    seen = model.observed(truth, redshift)
    set_components(model, seen, torch.ones_like(seen), redshift)
    _, known = at_rest(model, seen, torch.ones_like(seen), redshift)
    everywhere = known.bool().all(dim=0)  # 3600 to 7000 A, which all show
    assert everywhere.sum() > 3000
    basis = model.decoder.basis
    mean = 1 + basis.bias.detach()[everywhere]
    assert torch.allclose(mean, truth[:, everywhere].mean(dim=0), atol=0.01)
    residual = (truth[:, everywhere] - mean).T
    columns = basis.weight.detach()[everywhere]
    left = residual - columns @ torch.linalg.lstsq(columns, residual).solution
    assert float(left.square().mean()) < 0.01 * float(residual.square().mean())


def test_a_model_knows_the_bins_that_its_training_has_shown():
    """Hidden ones stay hidden for stars; galaxies show them at other redshifts, but none shows what is too far to the red."""
    hidden = slice(3000, 3100)
    for kind, fastest in (("star", 0.001), ("galaxy", 0.4)):
        torch.manual_seed(1)
        model = Autoencoder(Shape(kind, width=16))
        redshift = torch.linspace(0, fastest, 60)
        assert model.covered(redshift).all(), "until it has seen any"
        weight = torch.ones(60, GRID.bins)
        weight[:, hidden] = 0
        set_components(model, torch.ones(60, GRID.bins), weight, redshift)
        covered = model.covered(torch.tensor([0.0, fastest / 2]))
        assert bool(covered[:, hidden.start + 12 : hidden.stop - 12].any()) == (kind == "galaxy")
        assert covered[:, 100 : hidden.start - 12].all()
    # Of the galaxies, fewer than five show the last bins at rest that one at redshift 0 shows.
    at_zero = model.covered(torch.zeros(1))[0]
    assert not at_zero[-20:].any() and at_zero[4000:-600].all()


def test_it_begins_nearer_to_real_looking_spectra_than_without(spectra):
    train = split_spectra(spectra, "GALAXY", 1)["train"]
    torch.manual_seed(1)
    model, plan = Autoencoder(Shape("galaxy", width=32)), Plan(1, 0, 32, 1e-3, 1)
    before = fidelity(model, train, plan)
    start_from_components(model, train, 32, 1)
    assert fidelity(model, train, plan) < 0.8 * before


@pytest.mark.parametrize("steps", [1, 9, 10, 11])
def test_a_training_may_be_short(spectra, steps):
    """Of one batch an epoch; ten of these once had no step in which the learning rate could rise."""
    splits = split_spectra(spectra, "GALAXY", 1)
    few = replace(splits["train"], at=splits["train"].at[:2])
    plan = Plan(epochs=steps, more_epochs=0, batch_size=8, rate=1e-3, seed=1)
    _, progress = fit_autoencoder(Shape("galaxy", width=8), few, few, plan, lambda n, _: None)
    assert len(progress.train) == steps and np.isfinite(progress.train).all()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_second_phase_has_all_losses_and_ends_without_similarity(spectra, precision):
    few = {name: replace(rows, at=rows.at[:16]) for name, rows in split_spectra(spectra, "GALAXY", 1).items()}
    plan = Plan(epochs=1, more_epochs=3, batch_size=8, rate=1e-3, seed=1, precision=precision)
    _, progress = fit_autoencoder(Shape("galaxy", width=8), few["train"], few["validation"], plan, lambda n, _: None)
    similarity, consistency = progress.similarity, progress.consistency
    # Of 8 rows no pair costs less than two sigmoids of -2.5, 0.1517 of 7 in 8.
    assert similarity[0] == 0 and similarity[3] == 0 and min(similarity[1:3]) > 0.99 * 0.1517 * 7 / 8
    assert consistency[0] == 0 and min(consistency[1:]) > 0 and np.isfinite(progress.train).all()


def test_three_epochs_lower_the_fidelity(spectra):
    """Of 80 galaxies, the last epoch with all losses."""
    splits = split_spectra(spectra, "GALAXY", 1)
    train, validation = (replace(splits[name], at=splits[name].at[:80]) for name in ("train", "validation"))
    told, plan = [], Plan(epochs=2, more_epochs=1, batch_size=16, rate=2e-3, seed=1)

    model, progress = fit_autoencoder(Shape("galaxy", width=32), train, validation, plan, lambda n, _: told.append(n))
    assert told == [0, 1, 2] and progress.phase == [1, 1, 2] and not model.training
    assert progress.train[2] < progress.train[1] < progress.train[0]
    assert progress.validation[2] < progress.validation[0]
    assert progress.similarity[:2] == progress.consistency[:2] == [0, 0] and progress.consistency[2] > 0
    assert progress.validation[2] == pytest.approx(fidelity(model, validation, plan), rel=1e-4)
    assert not model.training, "to be asked leaves a model as it was"
