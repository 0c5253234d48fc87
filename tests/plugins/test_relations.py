"""Relations of verified galaxies: sizes, colours and counts worked out by hand."""

import math

import numpy as np
import pyarrow as pa
import pytest

from dwarf_galaxies.plugin import plugin
from dwarf_galaxies.relations import LABELS, quantities, radius_kpc, relations

NUMBERS = {
    "redshift": 0.01, "distance_mpc": 20.0, "log_mass": 8.0, "log_sfr": None, "g": 15.5, "r": 15.0, "i": 14.8, "r50": 10.0,
}  # fmt: skip
WORDS = {"survey": "evcc", "label": "S", "predicted_class": "S", "source_id": None}


def galaxies(*given: dict, without: tuple[str, ...] = (), **floats) -> pa.Table:
    """Rows as the platform gives them, each a confirmed dwarf but for what is given."""
    rows = [NUMBERS | WORDS | {"source_id": f"g{n}"} | row for n, row in enumerate(given)]
    kinds = {name: pa.string() if name in WORDS else pa.float32() for name in rows[0]}
    return pa.table({n: pa.array([row[n] for row in rows], kind) for n, kind in kinds.items() if n not in without})


def massive(**given) -> dict:
    return {"label": "NM", "predicted_class": "NM", "log_mass": 9.8, "redshift": 0.06, "distance_mpc": None} | given


def test_kiloparsecs_of_an_angle():
    arcsec, none = np.array([10.0]), np.array([np.nan])
    # 20 Mpc * 10 arcsec / 206,265 arcsec in a radian = 0.96963 kpc, whatever the redshift.
    assert radius_kpc(arcsec, np.array([0.05]), np.array([20.0]))[0] == pytest.approx(0.96963, abs=1e-5)
    # Flat, H0 = 70, matter 0.3: 0.1 of redshift are 418.4 Mpc on the move along, and 380.4 as angles show them: 1.844 kpc/arcsec.
    assert radius_kpc(arcsec, np.array([0.1]), none)[0] == pytest.approx(18.44, abs=0.01)
    for redshift in (0.001, -0.01, np.nan):
        assert np.isnan(radius_kpc(arcsec, np.array([redshift]), none)[0]), "a velocity of its own is no distance"
    assert np.isnan(radius_kpc(none, np.array([0.1]), none)[0])


def test_mass_against_size_of_confirmed_dwarfs_and_massive_galaxies():
    size, *others = relations(
        galaxies(
            {}, massive(), massive(label="LM", redshift=0.01, distance_mpc=20.0, log_mass=10.0, predicted_class="S")
        )
    )
    assert others == [], "nothing has a star-formation rate"
    assert size.label == ("dwarf, blue", "massive, blue", "massive, blue")
    assert size.columns["log_mass"] == (8.0, 9.8, 10.0)
    # 0.06 is at 239.3 Mpc: 1.160 kpc/arcsec.
    assert size.columns["log_r50"] == pytest.approx(
        [math.log10(0.96963), math.log10(11.60), math.log10(0.96963)], abs=1e-3
    )
    assert (size.survey, size.source_id) == (("evcc",) * 3, ("g0", "g1", "g2"))
    assert size.caption.startswith("1 dwarf galaxies") and "2 massive galaxies" in size.caption
    assert size.caption.endswith("Left out: none.")
    assert {view.x for view in size.views} | {view.y for view in size.views} == set(size.columns)
    assert len(size.colours) == len(size.labels) == len(LABELS)


def test_red_begins_above_seven_tenths():
    """Magnitudes with two decimals, in single precision: their difference is 0.7 but for its last bits."""
    r = np.arange(13.0, 18.0, 0.03)
    size, *_ = relations(galaxies(*({"g": g_r + value, "r": value} for value in r for g_r in (0.69, 0.7, 0.71, 1.0))))
    assert size.label == ("dwarf, blue", "dwarf, blue", "dwarf, red", "dwarf, red") * len(r)
    assert size.columns["g-r"][:4] == (0.69, 0.7, 0.71, 1.0)


def test_colours_from_fluxes_are_without_the_dust():
    """22.5 - 2.5 log10(flux / transmission): fluxes of 1 and 1.6 are 0.51 mag apart, and dust that takes 20 % of g leaves 0.27."""
    rows = galaxies({}, without=("g", "r", "i", "r50"))
    fluxes = {"flux_g": 1.0, "mw_transmission_g": 0.8, "flux_r": 1.6, "mw_transmission_r": 1.0, "shape_r": 10.0}
    for name, value in fluxes.items():
        rows = rows.append_column(name, pa.array([value], pa.float32()))
    found = quantities(rows)
    assert found["g-r"][0] == pytest.approx(0.268, abs=1e-3)
    assert found["log_r50"][0] == pytest.approx(math.log10(0.96963), abs=1e-5)
    assert relations(rows)[0].label == ("dwarf, blue",)
    assert relations(rows.drop_columns("log_mass").append_column("log_mass", pa.nulls(1, pa.float32()))) == ()


def test_a_mass_that_no_catalog_gives_comes_from_colour_and_brightness():
    # Taylor: 1.15 + 0.70 * 0.7 - 0.4 * (14.8 - 31.505) = 8.322 at 20 Mpc.
    assert quantities(galaxies({"log_mass": None}))["log_mass"][0] == pytest.approx(8.322, abs=1e-3)


def test_who_is_neither_confirmed_nor_massive_is_not_drawn():
    size, *_ = relations(galaxies(
        {}, {"predicted_class": "NM"}, massive(log_mass=9.2), massive(log_mass=9.25), massive(redshift=0.1), massive(redshift=0.099),
    ))  # fmt: skip
    assert size.source_id == ("g0", "g3", "g5")
    assert relations(galaxies({"predicted_class": "NM"})) == ()


def test_what_is_missing_is_left_out_and_counted_once():
    size, star_formation = relations(galaxies(
        {"log_sfr": -1.5}, {"r50": None}, {"r50": 0.0}, {"g": None}, {"r": -9999.0, "r50": None}, {"log_mass": None, "i": None},
        {"redshift": None, "distance_mpc": None}, massive(log_sfr=0.5), massive(label="LM", log_mass=None, i=None),
    ))  # fmt: skip
    assert size.source_id == ("g0", "g7")
    assert size.caption.endswith("Left out: 2 without a mass; 2 without a g − r; 3 without a half-light radius.")
    assert star_formation.columns["log_sfr"] == (-1.5, 0.5)
    assert star_formation.caption.endswith(
        "Left out: 2 without a mass; 2 without a g − r; 3 without a star-formation rate."
    )
    numbers = [n for figure in (size, star_formation) for values in figure.columns.values() for n in values]
    assert np.isfinite(numbers).all()


def test_the_plugin_declares_it():
    assert plugin.relate() is relations
    assert "log_sfr" in plugin.labelling.inputs


def test_of_very_many_points_some_are_drawn(monkeypatch):
    monkeypatch.setattr("dwarf_galaxies.relations.MOST_POINTS", 3)
    size = relations(galaxies(*({"log_mass": 7 + k / 10} for k in range(9))))[0]
    assert len(size.label) == len(size.source_id) == len(size.columns["log_r50"]) == 3
    assert size.caption.startswith("9 dwarf galaxies") and size.caption.endswith(" 3 of the 9 are drawn.")
