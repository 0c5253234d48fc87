"""Simulated objects and what is measured of them: reproducible, in their classes, with the noise that they declare."""

import numpy as np
import pyarrow as pa
import pytest

from dwarf_galaxies.features import legacy_feature_names, legacy_features
from dwarf_galaxies.labels import classify
from dwarf_galaxies.simulation import labels_table, noise, places, sky
from dwarf_galaxies.simulation.measuring import measured
from dwarf_galaxies.simulation.noise import APERTURES, BANDS, CALIBRATION, EXTINCTION, OPTICAL
from dwarf_galaxies.simulation.objects import class_names, objects
from dwarf_galaxies.simulation.population import COUNTS
from dwarf_galaxies.simulation.tractor import legacy_rows

LABELLED = ("g", "r", "z", "w1", "w2")


@pytest.fixture(scope="module")
def sample():
    """5,000 true objects and their measurements."""
    random = np.random.default_rng(5)
    truth = objects(class_names(5000, random), random)
    return truth, measured(truth, random)


def repeated(count: int, **changes) -> dict:
    """One galaxy of r = 19 and 2 arcsec many times."""
    truth = objects(np.full(1, "NM"), np.random.default_rng(1)) | {
        "ra": 180.0, "dec": 20.0, "radius": 2.0, "sersic": 1.0, "axis_ratio": 0.7, "g": 19.6, "r": 19.0, "z": 18.6,
        "w1": 18.7, "w2": 19.2,
    }  # fmt: skip
    return {name: np.repeat(np.atleast_1d(value), count) for name, value in (truth | changes).items()}


def test_the_seed_decides():
    names = np.array(list(COUNTS) * 20)
    first, again, other = (legacy_rows(names, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize("size", [100, 999, 286_326])
def test_proportions_are_those_of_table_1(size):
    found = dict(zip(*np.unique(class_names(size, np.random.default_rng(1)), return_counts=True), strict=True))
    assert sum(found.values()) == size
    for name, count in COUNTS.items():
        assert abs(found[name] - count * size / 286_326) < 1


def test_classes_are_those_of_the_labelling(sample):
    """Labels written to their digits give each object's class back; NS and AF by name, the others by redshift and mass."""
    truth, _ = sample
    rows = labels_table.labels(truth, 0, np.random.default_rng(1))
    texts = {name: [v or None for v in rows[name].tolist()] for name in ("spec_class", "named_class")}
    numbers = {name: np.round(rows[name], 4) for name in ("redshift", "log_mass")}
    nothing = np.full(len(truth["name"]), np.nan)
    table = pa.table(numbers | texts | dict.fromkeys(("distance_mpc", "g", "r", "i"), nothing))
    assert classify(table)["label"].to_pylist() == truth["name"].tolist()


def test_the_sample_is_as_the_paper_describes_it(sample):
    truth, rows = sample
    is_signal = truth["name"] == "S"
    assert (truth["radius"] >= 1).all()
    assert 15.5 < np.median(truth["r"][is_signal]) < 18 < np.median(truth["r"][truth["name"] == "HM"]) < 21.5
    assert np.percentile(truth["r"][~is_signal], 99.5) < 23
    has_all = np.all([rows[f"flux_{band}"] > 0 for band in LABELLED], axis=0)
    assert has_all.mean() > 0.97
    assert set(np.unique(truth["cluster"])) >= {"", "Virgo"}
    assert (truth["redshift"][truth["cluster"] == "Virgo"] < 0.01).all()


@pytest.mark.parametrize("band", BANDS)
def test_fluxes_scatter_as_their_ivars_say(band):
    """Repeated measurements, each normalised by its own declared error: mean 0, variance 1, few outliers."""
    truth = repeated(20_000)
    rows = measured(truth, np.random.default_rng(7))
    true = 10 ** (0.4 * (22.5 - truth[band])) * rows[f"mw_transmission_{band}"]
    score = (rows[f"flux_{band}"] - true) * np.sqrt(rows[f"flux_ivar_{band}"])
    assert score.mean() == pytest.approx(0, abs=0.03)
    assert score.std() == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(score) > 3) == pytest.approx(0.0027, abs=0.0015)


@pytest.mark.parametrize("band", LABELLED)
def test_apertures_scatter_as_their_ivars_say(band, monkeypatch):
    """Residuals of a source so faint that only the sky is left, its level right: that is in no inverse variance."""
    monkeypatch.setattr(noise, "SKY_LEVEL", 0.0)
    truth = repeated(8000, **dict.fromkeys(BANDS, 40.0))
    rows = measured(truth, np.random.default_rng(8))
    score = rows[f"apflux_resid_{band}"] * np.sqrt(rows[f"apflux_ivar_{band}"])
    # The fit, which the residual is without, adds its own part where the circle is as wide as the source.
    assert score[:, 0].std() == pytest.approx(1, abs=0.1)
    assert np.abs(np.median(score, axis=0)).max() < 0.06


def test_flux_and_aperture_see_the_same_sky(monkeypatch):
    """Errors of the fit and of the circle of its area go together, where no neighbour hides it."""
    monkeypatch.setattr(noise, "NEIGHBOURS", 1e-9)
    monkeypatch.setattr(noise, "SKY_LEVEL", 0.0)
    rows = measured(repeated(4000, **dict.fromkeys(BANDS, 40.0)), np.random.default_rng(8))
    for band in LABELLED:
        like = np.abs(np.pi * np.square(APERTURES[band]) - np.median(rows[f"nea_{band}"])).argmin()
        assert np.corrcoef(rows[f"flux_{band}"], rows[f"apflux_{band}"][:, like])[0, 1] > 0.5


def test_bright_sources_grow_and_agree_with_their_flux():
    """Without noise to speak of, apertures are monotone, and the largest holds nearly the model's flux."""
    truth = repeated(500, **dict.fromkeys(BANDS, 13.0))
    rows = measured(truth, np.random.default_rng(9))
    for band in LABELLED:
        assert (np.diff(rows[f"apflux_{band}"], axis=1) > 0).mean() > 0.999
    ratio = rows["apflux_r"][:, -1] / rows["flux_r"]
    assert np.median(ratio) == pytest.approx(1, abs=0.03)
    assert ratio.std() < 0.05
    assert (1 / np.sqrt(rows["flux_ivar_r"]) / rows["flux_r"]).min() > CALIBRATION * 0.95


def test_fluxes_are_seen_through_dust():
    rows = measured(repeated(200), np.random.default_rng(3))
    for band, coefficient in EXTINCTION.items():
        assert rows[f"mw_transmission_{band}"] == pytest.approx(10 ** (-0.4 * coefficient * rows["ebv"]), rel=1e-6)
    assert rows["ebv"].min() > 0


def test_types_go_with_profiles(sample):
    truth, rows = sample
    assert set(rows["type"]) <= {"PSF", "REX", "EXP", "DEV", "SER"}
    is_dev = rows["type"] == "DEV"
    assert (truth["sersic"][is_dev] > 2.2).all()
    assert (rows["shape_e1"][rows["type"] == "REX"] == 0).all()
    assert (np.hypot(rows["shape_e1"], rows["shape_e2"]) < 1.2).all()
    stars = measured(objects(np.full(300, "star"), np.random.default_rng(1)), np.random.default_rng(1), labelled=False)
    assert (stars["type"] == "PSF").all()
    assert (stars["shape_r"] == 0).all()


def test_rows_in_memory_make_features():
    names = np.array(list(COUNTS) * 30)
    rows = legacy_rows(names, np.random.default_rng(4))
    features = legacy_features(rows)
    assert features.shape == (len(names), len(legacy_feature_names()))
    assert np.isfinite(features).mean() > 0.99
    assert (rows["redshift"].is_null().to_numpy(zero_copy_only=False) == (names == "AF")).all()
    assert [pa.types.is_int16(rows[name].type) for name in ("maskbits", "anymask_g", "wisemask_w1")] == [True] * 3
    assert {len(rows[f"apflux_{band}"][0]) for band in OPTICAL} == {len(APERTURES["g"])}


def test_the_sky_thins_as_the_paper_says():
    """Table 6: shares that each cut leaves, within a tenth of all."""
    random = np.random.default_rng(6)
    truth = objects(sky.names(100_000, random), random)
    rows = measured(truth, random, labelled=False)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = 22.5 - 2.5 * np.log10(rows["flux_r"] / rows["mw_transmission_r"])
    masks = ("maskbits", "wisemask_w1", "wisemask_w2", "anymask_g", "anymask_r", "anymask_z")
    cuts = [
        (np.all([rows[f"flux_{band}"] > 0 for band in LABELLED], axis=0), 0.542),
        (rows["shape_r"] > 1, 0.089),
        (rows["brick_primary"] & np.all([rows[name] == 0 for name in masks], axis=0), 0.899),
        (np.all([rows[f"flux_{b}"] * np.sqrt(rows[f"flux_ivar_{b}"]) > 5 for b in "gr"], axis=0), 0.834),
        (r < 21.5, 0.560),
    ]
    left = np.ones(len(r), bool)
    for passes, share in cuts:
        before, left = left.sum(), left & passes
        assert left.sum() / before == pytest.approx(share, abs=0.02 if share < 0.1 else 0.1)


def test_positions_are_on_the_footprint():
    random = np.random.default_rng(2)
    ra, dec = places.footprint(5000, random)
    latitude = np.degrees(np.arcsin(places.sine_of_latitude(ra, dec)))
    assert np.abs(latitude).min() > 19.9
    assert dec.min() < -60 < 80 < dec.max()
    assert (latitude[dec < -18] < 0).all()


def test_bricks_are_the_survey_s_own():
    """662,174 of them; number and name of one that exists."""
    number, name = places.bricks(np.array([105.48977452, 0.0, 0.0]), np.array([56.66930006, 90.0, -90.0]))
    assert number.tolist() == [607_466, 662_174, 1]
    assert name[0] == "1054p567"
