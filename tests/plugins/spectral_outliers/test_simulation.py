"""Simulated galaxies and stars: what they are made of, and that they are as they should be."""

import shutil

import numpy as np
import pytest
from scipy.ndimage import median_filter

from almagest.contract import PluginError
from spectral_outliers.preparation import GRID, prepare
from spectral_outliers.simulation.galaxies import FORBIDDEN, NARROWEST, draw, narrowed, rest_spectrum
from spectral_outliers.simulation.noise import bank_of, read_noise, written_noise
from spectral_outliers.simulation.rows import simulate
from spectral_outliers.simulation.stars import draw_stars, star_at_rest
from spectral_outliers.simulation.templates import WAVELENGTH, read_templates, written_templates


@pytest.fixture(params=["written", "read"])
def templates(request):
    """Both kinds of templates; those of SDSS where the real files are."""
    if request.param == "written":
        return written_templates()
    return read_templates(request.getfixturevalue("shared_data") / "spectra" / "templates")


def test_galaxies_have_continua_above_zero_and_lines(templates):
    assert templates.basis.shape == (len(templates.mean), len(WAVELENGTH)) == (len(templates.sigma), len(WAVELENGTH))
    random = np.random.default_rng(1)
    spectra = np.stack([rest_spectrum(templates, random) for _ in range(30)])
    assert np.isfinite(spectra).all()
    assert median_filter(spectra, (1, 151), mode="nearest").min() > 0
    near = np.abs(WAVELENGTH - 5500) < 250
    assert spectra[:, near].mean(axis=1) == pytest.approx(np.ones(30), abs=0.15)
    # Most have H alpha in emission, as galaxies have; in none is it a thousand times the continuum.
    beside = spectra[:, np.abs(WAVELENGTH - 6450) < 40].mean(axis=1)
    ratio = spectra[:, np.abs(WAVELENGTH - 6564.6) < 15].max(axis=1) / beside
    assert (ratio > 1.2).mean() > 0.5 and ratio.max() < 1000


def test_some_galaxies_are_in_a_burst_and_no_forbidden_line_is_dark(templates):
    random = np.random.default_rng(6)
    spectra = np.stack([rest_spectrum(templates, random) for _ in range(120)])
    step = np.gradient(WAVELENGTH)
    line, beside = np.abs(WAVELENGTH - 6564.6) < 25, np.abs(np.abs(WAVELENGTH - 6564.6) - 80) < 30
    width = (spectra[:, line] / np.median(spectra[:, beside], axis=1)[:, None] - 1) @ step[line]
    assert 0 < np.median(width) < 60 and 0.01 < (width > 5 * np.median(width)).mean() < 0.3, (
        "few are far above the usual"
    )
    for wavelength in FORBIDDEN:
        line, beside = np.abs(WAVELENGTH - wavelength) < 4, np.abs(np.abs(WAVELENGTH - wavelength) - 60) < 40
        depth = spectra[:, line].min(axis=1) / np.percentile(spectra[:, beside], 5, axis=1)
        assert np.percentile(depth, 5) > 0.7, wavelength


def test_bursts_are_of_high_excitation(templates):
    random, step = np.random.default_rng(7), np.gradient(WAVELENGTH)
    spectra = np.stack([rest_spectrum(templates, random) for _ in range(300)])
    oxygen = {}
    for line in (5008.2, 3728.5):
        near, beside = np.abs(WAVELENGTH - line) < 15, np.abs(np.abs(WAVELENGTH - line) - 60) < 30
        oxygen[line] = (spectra[:, near] / np.median(spectra[:, beside], axis=1)[:, None] - 1) @ step[near]
    strong = oxygen[5008.2] > np.percentile(oxygen[5008.2], 95)
    ratio = oxygen[5008.2] / oxygen[3728.5].clip(min=1)
    assert np.median(ratio[strong]) > 2 * np.median(ratio[~strong]), "the strongest [O III] outshines [O II]"


@pytest.mark.parametrize("factor", [1.0, 2.0, NARROWEST])
def test_narrower_lines_have_the_same_flux_and_leave_their_neighbours_alone(factor):
    sigma, step = 3.0, np.gradient(WAVELENGTH)
    lines = sum(
        flux * np.exp(-0.5 * ((WAVELENGTH - centre) / sigma) ** 2)
        for centre, flux in ((5008.2, 4.0), (6564.6, 2.0), (6585.3, 1.0), (5176.6, -0.5))
    )
    found = narrowed(lines, factor)
    for centre in (5008.2, 6564.6, 6585.3):
        near = np.abs(WAVELENGTH - centre) < 10
        share = found[near] / found[near].sum()
        spread = np.sqrt(share @ (WAVELENGTH[near] - share @ WAVELENGTH[near]) ** 2)
        assert found[near] @ step[near] == pytest.approx(lines[near] @ step[near], rel=0.02)
        assert spread == pytest.approx(sigma / factor, rel=0.05)
    dark = np.abs(WAVELENGTH - 5176.6) < 30
    assert np.array_equal(found[dark], lines[dark]), "what is dark, or of stars, stays as it is"


def test_drawn_galaxies_are_of_bgs_s_redshifts_and_can_be_normalised(templates):
    found = draw(templates, written_noise(), 60, np.random.default_rng(2))
    assert found["flux"].shape == found["ivar"].shape == (60, GRID.bins) and found["flux"].dtype == np.float32
    assert (found["redshift"] > 0).all() and (found["redshift"] < 0.8).all()
    # 0.8 times a beta distribution of 1.5 and 3: its mean is 0.267.
    assert found["redshift"].mean() == pytest.approx(0.267, abs=0.06)
    snr = np.median(np.abs(found["flux"]) * np.sqrt(found["ivar"]), axis=1)
    assert 0.4 < snr.min() < 2 and 10 < snr.max() < 35
    reasons = prepare(found["flux"], found["ivar"], found["redshift"]).reason
    assert sum(reason is None for reason in reasons) > 50


def test_the_noise_that_is_added_is_what_the_ivar_says():
    noise, random = written_noise(), np.random.default_rng(3)
    flux = 5 + np.sin(GRID.wavelength / 300)
    seen = [noise.observed(flux, 4.0, random) for _ in range(20)]
    pull = np.concatenate([(f - flux)[i > 0] * np.sqrt(i[i > 0]) for f, i in seen])
    assert pull.var() == pytest.approx(1, abs=0.02) and abs(pull.mean()) < 0.01
    assert [np.median(flux * np.sqrt(i)) for _, i in seen] == pytest.approx([4.0] * 20, rel=1e-4)


def test_bright_lines_are_known_less_well_than_the_continuum():
    """Of variances in units of the sky's: half the photons are the object's at signal to noise of 10, so a line of 21 has 11."""
    noise, random = bank_of([np.ones(GRID.bins)], "flat"), np.random.default_rng(3)
    flux = np.where(np.abs(GRID.wavelength - 5000) < 3, 21.0, 1.0)
    ivar = noise.observed(flux, 10.0, random)[1]
    assert ivar[flux == 1].max() / ivar[flux == 21].max() == pytest.approx(11, rel=1e-5)
    faint = noise.observed(flux, 0.1, random)[1]
    assert faint[flux == 1].max() / faint[flux == 21].max() == pytest.approx(1 + 20 * 0.1 / 10.1, rel=1e-5)


def test_a_bank_of_noise_has_medians_of_one():
    assert np.median(written_noise().ivar, axis=1) == pytest.approx([1.0], rel=1e-5)
    ivar = np.random.default_rng(1).gamma(3, 7, (3, GRID.bins))
    ivar[1, :3000] = 0  # 61 % are covered
    ivar[2, :2000] = 0  # 74 %
    found = bank_of(ivar, "here").ivar
    assert len(found) == 2 and [np.median(each[each > 0]) for each in found] == pytest.approx([1, 1], rel=1e-5)


def test_the_noise_of_real_spectra(shared_data):
    folder = shared_data / "spectra"
    some = [
        *sorted((folder / "sdss").glob("spec-1000*.fits.gz")),
        folder / "desi" / "coadd-4-80613-thru20210324.fits.gz",
    ]
    noise = read_noise(some)
    assert len(noise.ivar) >= 8 and noise.ivar.shape[1] == GRID.bins
    assert [np.median(each[each > 0]) for each in noise.ivar] == pytest.approx(np.ones(len(noise.ivar)), rel=1e-5)
    assert (noise.ivar >= 0).all() and np.isfinite(noise.ivar).all()
    # Beside the line of O I at 5579 the sky is darker.
    bright, dark = (np.abs(GRID.wavelength - w) < 1.5 for w in (5578.9, 5560))
    assert np.median(noise.ivar[:, bright].mean(axis=1) / noise.ivar[:, dark].mean(axis=1)) < 0.5


def test_spectra_and_templates_that_are_none_are_named(tmp_path):
    (tmp_path / "spec-1-2-3.fits").write_bytes(b"no FITS at all")
    with pytest.raises(PluginError, match=r"spec-1-2-3\.fits is no spectrum of SDSS, BOSS or DESI"):
        read_noise([tmp_path / "spec-1-2-3.fits"])
    with pytest.raises(PluginError, match=r"here: none covers 70% of the wavelengths"):
        bank_of(np.zeros((2, GRID.bins)), "here")
    with pytest.raises(PluginError, match=r"gal_eigenspec_Yip2004\.fits"):
        read_templates(tmp_path)


def test_templates_that_are_damaged_are_named(tmp_path, shared_data):
    for path in (shared_data / "spectra" / "templates").iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / "GAL_pp_prior.csv").write_text("a,b\n1,no\n")
    with pytest.raises(PluginError, match=r"wanted are gal_eigenspec_Yip2004\.fits, GAL_pp_prior\.csv and spEigenGal"):
        read_templates(tmp_path)


def test_stars_are_black_bodies_with_lines():
    """Wien: 2.8978e7 A K over the temperature; H beta in hot stars, TiO's heads in cool ones."""
    wave = np.linspace(3000, 12000, 9001)
    assert wave[star_at_rest(wave, 5000.0).argmax()] == pytest.approx(2.8978e7 / 5000, rel=0.03)
    at = np.array([4862.7, 4800.0, 7200.0, 7140.0])
    hot, cool = star_at_rest(at, 12000.0), star_at_rest(at, 3500.0)
    assert hot[0] / hot[1] < 0.6 and cool[2] / cool[3] < 0.8 and hot[2] / hot[3] > 0.9
    found = draw_stars(written_noise(), 30, np.random.default_rng(1))
    assert np.abs(found["redshift"]).max() < 0.0017 and np.isfinite(found["flux"]).all()


def test_simulated_rows_are_two_galaxies_to_a_star(simulated):
    label = np.array(simulated["label"].to_pylist())
    assert (label == "GALAXY").sum() == 200 and (label == "STAR").sum() == 100
    assert len(set(label[:20])) == 2, "in no order"
    assert np.abs(simulated["redshift"].to_numpy()[label == "STAR"]).max() < 0.0017
    assert simulate(30, 4).equals(simulate(30, 4)) and not simulate(30, 4)["flux"].equals(simulate(30, 5)["flux"])
