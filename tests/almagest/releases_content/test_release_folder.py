"""A release's folder: the same bytes every time, every row once, and a word on each file."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import healpy
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from mocpy import MOC

from almagest.contract import Column, Table
from almagest.formats import Sizes
from almagest.formats.parquet_file import group_rows
from almagest.releases.content import build, check, entries
from almagest.releases.content.partitions import MOC_ORDER, cells

from .folders import DATA, FACTS, SIZE, TABLE, contents, release, rows_of


def test_the_same_rows_give_the_same_bytes_however_they_are_read(built, tmp_path, data, weights):
    release(tmp_path / "again", data, batch=SIZE, weights=weights)
    first, again = contents(built), contents(tmp_path / "again")
    assert sorted(first) == sorted(again)
    assert [path for path in first if first[path] != again[path]] == []
    assert b"MANIFEST.sha256" not in first["MANIFEST.sha256"]


def test_many_rows_are_the_same_bytes_however_they_are_read(tmp_path):
    """More than a row group, so that files are cut."""
    count = 120_000
    number = np.arange(count)
    small = Table("many", "", tuple(TABLE[name] for name in ("object_id", "ra", "dec", "healpix", "note")))
    places = number * (12 * 4**29 // count)
    ra, dec = healpy.pix2ang(2**29, places, nest=True, lonlat=True)
    note = pa.array([f"word {n % 1000}" if n % 7 else None for n in number], pa.string())
    rows = pa.table([number, ra, dec, places, note], schema=small.arrow_schema)
    for batch in (1_000, 33_333, count):
        sizes = Sizes(count, {"note": 8})
        build(
            tmp_path / str(batch),
            FACTS,
            small,
            lambda b=batch: rows.to_batches(max_chunksize=b),
            sizes,
            max_rows=30_000,
        )
    found = [contents(tmp_path / str(batch)) for batch in (1_000, 33_333, count)]
    assert found[0] == found[1] == found[2]
    assert pq.ParquetFile(tmp_path / "1000" / DATA[2]).num_row_groups == 2
    check(tmp_path / "1000", FACTS, small, count)


def test_another_time_is_another_release(built, tmp_path, data, weights):
    release(tmp_path / "later", data, weights=weights, facts=replace(FACTS, created=datetime(2026, 3, 2, tzinfo=UTC)))
    first, later = contents(built), contents(tmp_path / "later")
    assert {path for path in first if first[path] == later[path]} >= {DATA[3], "moc.fits", "weights/scaler.json"}
    assert first[DATA[0]] != later[DATA[0]]


def test_a_whole_release_passes_its_check(built):
    seen = []
    check(built, FACTS, TABLE, SIZE, report=lambda fraction, message="": seen.append(fraction))
    assert seen == sorted(seen) and seen[-1] < 1


def test_entries_say_what_each_file_is(built):
    found = {entry.path: entry for entry in entries(built)}
    assert sorted(found) == sorted(contents(built))
    assert {found[path].rows for path in DATA} == {SIZE}
    assert found["changes.csv"].rows == found["changes.parquet"].rows == 7
    assert sum(entry.rows for path, entry in found.items() if "Npix" in path) == SIZE
    assert found["README.md"].rows is None and found[DATA[0]].media_type == "application/fits"
    assert all(entry.bytes == (built / entry.path).stat().st_size and entry.what for entry in found.values())
    assert found["weights/scaler.json"].bytes == 256 and not (built / "weights" / "scaler.json").is_symlink()


def test_cells_are_split_where_rows_are_many_and_the_poles_are_in_them(built, data):
    found = [
        re.match(r"hats/dataset/Norder=(\d+)/Dir=(\d+)/Npix=(\d+).parquet", entry.path)
        for entry in entries(built) if "Npix" in entry.path
    ]  # fmt: skip
    orders = {int(each[1]) for each in found}
    assert min(orders) < 2 < max(orders)
    rows = [pq.read_metadata(built / each[0]).num_rows for each in found]
    assert max(rows) <= 50 and sum(rows) == SIZE
    poles = [
        each
        for each in pq.read_table(built / "hats" / "dataset", partitioning=None).to_pylist()
        if abs(each["dec"]) == 90
    ]
    assert len(poles) == 4


@pytest.mark.parametrize("most", [1, 7, 10_000])
def test_cells_hold_every_row_once(data, most):
    numbers = np.sort(np.concatenate([data["healpix"].to_numpy(), [0, 12 * 4**29 - 1]]))
    found = cells(numbers, most)
    assert [cell.start for cell in found[1:]] == [cell.stop for cell in found[:-1]]
    assert found[0].start == 0 and found[-1].stop == len(numbers)
    assert all(cell.rows <= most or cell.order == 29 for cell in found)
    for cell in found:
        assert (numbers[cell.start : cell.stop] >> 2 * (29 - cell.order) == cell.pixel).all()


def test_rows_in_one_place_stay_in_one_cell():
    found = cells(np.full(5, 7), 2)
    assert [(cell.order, cell.pixel, cell.rows) for cell in found] == [(29, 7, 5)]


def test_the_coverage_holds_every_row_and_nothing_else(built, data):
    moc = MOC.from_fits(built / "moc.fits")
    assert moc == MOC.load(built / "moc.json", "json") and moc.max_order == MOC_ORDER
    wanted = set((data["healpix"].to_numpy() >> 2 * (29 - MOC_ORDER)).tolist())
    assert set(moc.flatten().tolist()) == wanted
    with fits.open(built / "moc.fits") as parts:
        assert not any("DATE" in part.header for part in parts)


def test_a_release_of_no_rows(tmp_path):
    nothing = rows_of(0)
    release(tmp_path / "empty", nothing)
    check(tmp_path / "empty", FACTS, TABLE, 0)
    assert (tmp_path / "empty" / DATA[3]).read_text() == ",".join(TABLE.names) + "\n"
    lsdb = pytest.importorskip("lsdb", reason="lsdb is not installed")
    assert len(lsdb.open_catalog(tmp_path / "empty" / "hats").compute()) == 0


def test_one_row_and_one_format(tmp_path):
    release(tmp_path / "one", rows_of(1), formats=("csv",))
    check(tmp_path / "one", FACTS, TABLE, 1)
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert DATA[3] in names and not names & {*DATA[:3], "hats"}


@pytest.mark.parametrize("name", [*DATA, "hats"])
def test_every_data_file_has_a_data_model(built, name):
    model = json.loads((built / "datamodel" / f"{name}.json").read_text())
    page = (built / "datamodel" / f"{name}.md").read_text()
    declared = [column for column in model["columns"] if column["name"] != "_healpix_29"]
    assert model["rows"] == SIZE and [column["name"] for column in declared] == TABLE.names
    assert (name == "hats") == (len(declared) != len(model["columns"]))
    for column, told in zip(TABLE.columns, declared, strict=True):
        assert (told["unit"], told["ucd"], told["description"]) == (column.unit, column.ucd, column.description)
        assert f"| `{column.name}` | {column.dtype}" in page
    assert {told["null"] for told in declared if not told["nullable"]} == {"never"}


def test_row_groups_of_wide_tables_hold_fewer_rows():
    wide = TABLE.with_columns(*(Column(f"feature_{n}", "float64") for n in range(200)))
    assert (group_rows(TABLE), group_rows(wide)) == (100_000, 20_000)
