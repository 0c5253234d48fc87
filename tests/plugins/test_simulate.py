"""Simulated tables: reproducible, classed as the labelling would, written as the real ones, clear about wrong arguments."""

import csv

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

from dwarf_galaxies.columns import CLASSES, DEFINED
from dwarf_galaxies.labels import classes, classify
from dwarf_galaxies.simulate import galaxies, main, simulate, survey_files

NAMES = ("evcc.fits", "sdss_dr14_skyserver_10k.csv", "sami_dr3.InputCatGAMADR3.csv")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The three tables, small."""
    folder = tmp_path_factory.mktemp("simulated")
    survey_files(folder, 400, 3)
    return folder


def test_the_seed_decides():
    assert simulate(200, 1).equals(simulate(200, 1))
    assert not simulate(200, 1).equals(simulate(200, 2))


def test_labels_are_those_of_the_labelling():
    rows = simulate(500, 1)
    assert set(rows["label"].to_pylist()) == set(CLASSES)
    assert classify(rows)["label"].to_pylist() == rows["label"].to_pylist()


def test_masses_from_photometry_give_the_classes_back():
    """Without the masses, Taylor's relation on the simulated magnitudes finds nearly all classes again."""
    rows = simulate(500, 1)
    photometric = rows.set_column(rows.column_names.index("log_mass"), "log_mass", [[None] * 500])
    found, truth = classify(photometric)["label"].to_pylist(), rows["label"].to_pylist()
    assert np.mean([a == b for a, b in zip(found, truth, strict=True)]) > 0.8
    assert all(b == "S" for a, b in zip(found, truth, strict=True) if a == "S")


def test_galaxies_lie_in_their_classes():
    names = np.array([*DEFINED, "other"] * 50)
    rows = galaxies(names, np.random.default_rng(1))
    found = classes(rows["redshift"], rows["log_mass"], np.full(len(names), np.nan))
    assert (np.where(found == "", "other", found) == names).all()
    assert (rows["r50"] > 0).all()
    blue, red = (np.median((rows["g"] - rows["i"])[names == name]) for name in ("S", "HM"))
    assert 0.3 < blue < 0.8 < red < 2.5


def test_files_are_the_same_each_time(files, tmp_path):
    again = survey_files(tmp_path, 400, 3)
    assert [path.name for path in again] == list(NAMES)
    assert [path.read_bytes() for path in again] == [(files / name).read_bytes() for name in NAMES]


def test_columns_are_the_real_ones(files, shared_data):
    for name in NAMES:
        ours, real = files / name, shared_data / "photometry" / name
        if name.endswith(".csv"):
            header, expected = (path.open().readline().strip().split(",") for path in (ours, real))
            assert header == expected
        else:
            found, expected = Table.read(ours), Table.read(real)
            assert found.colnames == expected.colnames
            assert [found[c].dtype.kind for c in found.colnames] == [expected[c].dtype.kind for c in found.colnames]


def test_tables_share_galaxies_and_hold_point_sources(files):
    sdss = list(csv.DictReader((files / NAMES[1]).open()))
    assert {row["class"] for row in sdss} == {"GALAXY", "STAR", "QSO"}
    assert len({(row["plate"], row["mjd"], row["fiberid"]) for row in sdss}) == len(sdss) == 600
    sky = SkyCoord([float(r["ra"]) for r in sdss], [float(r["dec"]) for r in sdss], unit="deg")
    evcc, sami = Table.read(files / NAMES[0]), list(csv.DictReader((files / NAMES[2]).open()))
    others = {
        "evcc": SkyCoord(evcc["ra"], evcc["dec"], unit="deg"),
        "sami": SkyCoord([float(r["ra_obj"]) for r in sami], [float(r["dec_obj"]) for r in sami], unit="deg"),
    }
    matches = {name: (other.match_to_catalog_sky(sky)[1].arcsec < 2).sum() for name, other in others.items()}
    assert matches["sami"] == len(sami) == 100
    assert 0 < matches["evcc"] < len(evcc) / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--size", "10"], "at least 100"), (["--size", "many"], "invalid int"), (["--seed", "-1"], "not be negative")],
)
def test_wrong_arguments_are_told(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "x"), *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit):
        main([str(tmp_path / "file")])
    assert "is a file, not a folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([str(tmp_path / "file" / "below")])
    assert "cannot be written to" in capsys.readouterr().err
