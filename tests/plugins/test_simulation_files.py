"""Files of a simulated Legacy sky: the survey's columns and types, the same each time, and a command that says what is wrong."""

import csv

import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

from almagest.sky.conform import Conformer
from almagest.sky.readers import open_table
from almagest.sky.surveys.legacy_dr9 import LEGACY_DR9
from almagest.sky.surveys.ls_labels import LS_LABELS
from dwarf_galaxies.simulate import main
from dwarf_galaxies.simulation import files
from dwarf_galaxies.simulation.files import legacy_files
from dwarf_galaxies.simulation.schema import TRACTOR


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A small sample: the tractor table and the labels."""
    tractor, labels = legacy_files(tmp_path_factory.mktemp("legacy"), 1500, 3)
    return Table.read(tractor), list(csv.DictReader(labels.open()))


def test_columns_are_the_declared_ones(written):
    tractor, _ = written
    assert sorted(name.lower() for name in tractor.colnames) == sorted(c.name for c in LEGACY_DR9.columns)
    assert len(tractor.colnames) == 181
    for column in LEGACY_DR9.columns:
        assert tractor[column.name.upper()].shape[1:] == tuple(column.shape)


def test_columns_are_the_real_file_s(written, shared_data):
    real = Table.read(shared_data / "photometry" / "tractor-1054p567.fits")
    assert list(TRACTOR.names) == real.colnames
    assert [TRACTOR[name].base.kind for name in TRACTOR.names] == [real[name].dtype.kind for name in real.colnames]
    sizes = [
        (TRACTOR[name].base.itemsize, TRACTOR[name].shape) for name in TRACTOR.names if real[name].dtype.kind != "S"
    ]
    expected = [(c.dtype.itemsize, c.shape[1:]) for c in real.itercols() if c.dtype.kind != "S"]
    assert sizes == expected


def test_the_platform_reads_both_as_their_surveys(tmp_path):
    for path, survey in zip(legacy_files(tmp_path, 300, 2), (LEGACY_DR9, LS_LABELS), strict=True):
        conformer = Conformer(survey, open_table(path))
        rows = pa.concat_tables([batch for _, batch in conformer.batches()])
        assert rows.num_rows == 300
        assert conformer.ignored == []
    assert rows["named_class"].null_count > 200
    assert 0 < rows["redshift"].null_count < 30


def test_sources_are_told_apart(written):
    tractor, _ = written
    keys = set(zip(tractor["RELEASE"], tractor["BRICKID"], tractor["OBJID"], strict=True))
    assert len(keys) == len(tractor) == 1500
    assert set(tractor["RELEASE"]) == {9010, 9011}
    assert tractor["BRICK_PRIMARY"].all()


def test_labels_lie_on_their_sources(written):
    tractor, labels = written
    assert list(labels[0]) == files.labels_table.HEADER.strip().split(",")
    source = SkyCoord(tractor["RA"], tractor["DEC"], unit="deg")
    label = SkyCoord([float(r["ra"]) for r in labels], [float(r["dec"]) for r in labels], unit="deg")
    apart = source.separation(label).arcsec
    assert 0.05 < np.median(apart) < apart.max() < 0.2
    assert len({row["label_id"] for row in labels}) == len(labels)


def test_labels_know_what_catalogues_know(written):
    _, labels = written
    for row in labels:
        if row["named_class"] == "AF":
            assert not any(row[name] for name in ("redshift", "log_mass", "log_sfr", "spec_class"))
        else:
            assert row["spec_class"] == "GALAXY"
            assert bool(row["log_mass"]) == (row["named_class"] == "")
    assert {row["named_class"] for row in labels} == {"", "NS", "AF"}
    assert any(row["log_mass"] and not row["log_sfr"] for row in labels)


def test_blocks_do_not_depend_on_their_number_of_files(tmp_path, monkeypatch):
    """Several parts, each reproducible; parts of an earlier, longer run do not stay."""
    monkeypatch.setattr(files, "BLOCK", 400)
    first = [path.name for path in legacy_files(tmp_path, 1000, 1)]
    assert first == [
        "tractor-simulated-00.fits",
        "tractor-simulated-01.fits",
        "tractor-simulated-02.fits",
        "ls_labels.csv",
    ]
    before = {name: (tmp_path / name).read_bytes() for name in first}
    legacy_files(tmp_path, 1000, 1)
    assert {name: (tmp_path / name).read_bytes() for name in first} == before
    legacy_files(tmp_path, 300, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ls_labels.csv", "tractor-simulated.fits"]


def test_a_sky_has_no_labels_and_its_own_numbers(tmp_path, written):
    (path,) = legacy_files(tmp_path, 500, 3, is_sky=True)
    sky = Table.read(path)
    assert path.name == "tractor-simulated-sky.fits"
    assert not set(sky["OBJID"]) & set(written[0]["OBJID"])
    assert not set(sky["RA"]) & set(written[0]["RA"])
    assert 0 < np.mean(~sky["BRICK_PRIMARY"]) < 0.1
    assert np.mean(sky["TYPE"] == "PSF") > 0.2


def test_the_command_says_what_it_wrote(tmp_path, capsys):
    assert main([str(tmp_path), "--survey", "legacy", "--size", "120"]) == 0
    *names, speed = capsys.readouterr().out.splitlines()
    assert names == [str(tmp_path / "tractor-simulated.fits"), str(tmp_path / "ls_labels.csv")]
    assert speed.startswith("120 rows in")
    assert speed.endswith("rows a second")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--survey", "legacy", "--size", "10"], "at least 100"),
        (["--survey", "hubble"], "invalid choice"),
        (["--sky"], "only --survey legacy"),
        (["--survey", "legacy", "--seed", "-1"], "not be negative"),
    ],
)
def test_wrong_arguments_are_told(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "x"), *arguments])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "x").exists()
