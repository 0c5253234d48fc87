"""A release's folder: the same bytes every time, read alike by everybody's readers, and damage found wherever it is."""

import io
import json
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import healpy
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from astropy import table as astropy_table
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate
from mocpy import MOC

from almagest.contract import Cancelled, Column, Table
from almagest.formats import Sizes
from almagest.formats.fits_checksum import encoded, sum32
from almagest.formats.parquet_file import group_rows
from almagest.releases.content import (
    Changes,
    Creator,
    IngestFacts,
    ModelFacts,
    Previous,
    ReleaseFacts,
    Rows,
    SampleFacts,
    Step,
    SurveyFacts,
    bibtex,
    build,
    check,
    entries,
)
from almagest.releases.content.citing import citation_cff
from almagest.releases.content.datacite import NO_DOI, datacite
from almagest.releases.content.partitions import MOC_ORDER, cells
from almagest.releases.errors import ReleaseError

TABLE = Table(
    "dwarfs",
    "Candidates – of « a » test",
    (
        Column("object_id", "int64", "", "meta.record", "Object", nullable=False, level=3),
        Column("survey", "string", "", "meta.dataset", "Survey", nullable=False),
        Column("source_id", "string", "", "meta.id;meta.main", "Identifier in the survey", nullable=False, level=1),
        Column("ra", "float64", "deg", "pos.eq.ra;meta.main", "Right ascension, ICRS", nullable=False, level=1),
        Column("dec", "float64", "deg", "pos.eq.dec;meta.main", "Declination, ICRS", nullable=False, level=1),
        Column("healpix", "int64", "", "pos.healpix", "HEALPix number", nullable=False, level=3),
        Column("mag", "float32", "mag", "phot.mag;em.opt.R", "It's | a magnitude, " * 9),
        Column("count", "int16", "", "meta.number", "A number"),
        Column("flux", "float32", "nmgy", "phot.flux", "Fluxes", shape=(3,)),
        Column("is_good", "bool", "", "meta.code", "Whether"),
        Column("note", "string", "", "meta.note", "Words"),
        Column("seen", "timestamp", "", "time.epoch", "When"),
    ),
)
NOTES = ("Grüße, Ω", 'he said "no"', "a,b\nc", None, "<&>", "😀")
MODEL = ModelFacts(
    "dwarf_galaxies", "network", 3, "1.2", "abc123", "ab" * 32, 42, {"epochs": 5}, "Finding dwarfs", "A. Author, B. Other",
    2024, "A&A 689, A7", "https://doi.org/10.1051/0004-6361/202449548",
)  # fmt: skip
SURVEYS = (
    SurveyFacts("sdss", "SDSS", "DR14", "Abolfathi et al. 2018, ApJS 235, 42", "Free with acknowledgement",
                "https://www.sdss.org/dr14", True, (IngestFacts("sdss.csv", "cd" * 32, 10_000),)),
    SurveyFacts("own", "Our survey", "v2", "In preparation", "CC-BY-4.0"),
)  # fmt: skip
FACTS = ReleaseFacts(
    slug="local-dwarfs", title="Local dwarf galaxies & friends", version="1.0", created=datetime(2026, 3, 1, 12, tzinfo=UTC),
    creators=(Creator("Ada Lovelace", "Ada", "Lovelace", "0000-0002-1825-0097", "A place", "https://ror.org/05qghxh33"),
              Creator("The Group", is_person=False)),
    publisher="An Institute", licence="CC-BY-4.0", description="What it is: “dwarfs”.", doi="10.5281/zenodo.1234567",
    url="https://example.org/releases/local-dwarfs/1.0", keywords=("dwarf galaxies", "catalogs"),
    known_issues=("Stars are among them.",), selection="score of at least 0.5.", steps=(Step("all", 99), Step("cut", 9)),
    catalog_revision=4, prediction_set=8, model=MODEL, sample=SampleFacts("dwarfs", "ef" * 32, 500, {"S": 100}),
    surveys=SURVEYS, previous=Previous("0.9", url="https://example.org/releases/local-dwarfs/0.9"),
    changes=Changes(5, 4, 3, ("flux",), (), ("mag",)),
)  # fmt: skip
DATA = ("local-dwarfs-v1.0.fits", "local-dwarfs-v1.0.vot", "local-dwarfs-v1.0.parquet", "local-dwarfs-v1.0.csv")
SIZE = 300
needs_stilts = pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")


def sky(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Positions all over the sky, a crowd in one place, and both poles."""
    random = np.random.default_rng(seed)
    ra, dec = random.uniform(0, 360, rows), np.degrees(np.arcsin(random.uniform(-1, 1, rows)))
    crowd = rows // 3
    ra[:crowd], dec[:crowd] = 150 + random.normal(0, 0.01, crowd), 2 + random.normal(0, 0.01, crowd)
    if rows > 4:
        ra[:4], dec[:4] = (0, 180, 0, 359.9999999), (90, 90, -90, -90)
    return ra, dec


def rows_of(count: int) -> pa.Table:
    ra, dec = sky(count)
    places = healpy.ang2pix(2**29, ra, dec, nest=True, lonlat=True).astype(np.int64)
    number = range(count)
    data = pa.table(
        {
            "object_id": pa.array([count - n for n in number], pa.int64()),
            "survey": pa.array(["sdss" if n % 2 else "own" for n in number], pa.string()),
            "source_id": pa.array([f"J{n:05}" for n in number], pa.string()),
            "ra": ra, "dec": dec, "healpix": places,
            "mag": pa.array([None if n % 5 == 0 else n / 7 for n in number], pa.float32()),
            "count": pa.array([None if n % 3 == 0 else n for n in number], pa.int16()),
            "flux": pa.array([None if n % 4 == 0 else [n, -1.5, None] for n in number], pa.list_(pa.float32())),
            "is_good": pa.array([(True, False, None)[n % 3] for n in number], pa.bool_()),
            "note": pa.array([NOTES[n % len(NOTES)] for n in number], pa.string()),
            "seen": pa.array([datetime(2025, 1, 31, 12, 0, 0, n, UTC) if n % 6 else None for n in number],
                             pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip
    return data.sort_by([("healpix", "ascending"), ("object_id", "ascending")]).cast(TABLE.arrow_schema)


def sizes_of(data: pa.Table) -> Sizes:
    strings = [column.name for column in TABLE.columns if column.dtype == "string"]
    return Sizes(
        data.num_rows, {name: max([1, *(len((v or "").encode()) for v in data[name].to_pylist())]) for name in strings}
    )


def release(folder: Path, data: pa.Table, *, batch: int = 37, facts: ReleaseFacts = FACTS, **more):
    """Build a release of these rows; the HATS catalog is in small files."""
    changes = Rows(TABLE, lambda: data.slice(0, 7).to_batches()) if facts.previous else None
    more = {"max_rows": 50, "changes": changes} | more
    return build(folder, facts, TABLE, lambda: data.to_batches(max_chunksize=batch), sizes_of(data), **more)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def data() -> pa.Table:
    return rows_of(SIZE)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    (folder / "deep").mkdir()
    (folder / "deep" / "net.safetensors").write_bytes(bytes(range(256)))
    (folder / "scaler.json").symlink_to(folder / "deep" / "net.safetensors")
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory, data, weights) -> Path:
    """A release with all there can be in one; tests only read it."""
    folder = tmp_path_factory.mktemp("release")
    release(folder, data, weights=weights)
    return folder


@pytest.fixture
def copy(built, tmp_path) -> Path:
    """The same, to be damaged."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


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


def test_sha256sum_reads_the_manifest(built):
    done = subprocess.run(["sha256sum", "--strict", "-c", "MANIFEST.sha256"], cwd=built, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(contents(built)) - 1


def test_entries_say_what_each_file_is(built):
    found = {entry.path: entry for entry in entries(built)}
    assert sorted(found) == sorted(contents(built))
    assert {found[path].rows for path in DATA} == {SIZE}
    assert found["changes.csv"].rows == found["changes.parquet"].rows == 7
    assert sum(entry.rows for path, entry in found.items() if "Npix" in path) == SIZE
    assert found["README.md"].rows is None and found[DATA[0]].media_type == "application/fits"
    assert all(entry.bytes == (built / entry.path).stat().st_size and entry.what for entry in found.values())
    assert found["weights/scaler.json"].bytes == 256 and not (built / "weights" / "scaler.json").is_symlink()


def test_astropy_verifies_the_checksums_of_fits(built):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(built / DATA[0], checksum=True) as parts:
            parts.verify("exception")
            assert [(part.verify_checksum(), part.verify_datasum()) for part in parts] == [(1, 1), (1, 1)]
            assert {part.header["DATE"] for part in parts} == {"2026-03-01T12:00:00"}
            assert len(parts[1].data) == SIZE


@given(st.binary(max_size=99).map(lambda data: data + b"\0" * (-len(data) % 4)))
def test_sums_are_those_of_astropy(data):
    part = fits.PrimaryHDU()
    wanted = part._compute_checksum(np.frombuffer(data, np.uint8)) if data else 0
    assert sum32(data) == wanted
    assert encoded(int(wanted)).decode() == part._char_encode(~np.uint32(wanted))


def test_pandas_pyarrow_and_astropy_agree(built, data):
    wanted = data.select(["object_id", "source_id", "ra", "dec", "mag"]).to_pandas()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = [astropy_table.Table.read(built / name) for name in DATA[:2]]
    found = [
        pandas.read_parquet(built / DATA[2]),
        pandas.read_csv(built / DATA[3]),
        pq.read_table(built / "hats" / "dataset", partitioning=None).sort_by("healpix").to_pandas(),
        pandas.DataFrame({name: np.ma.filled(tables[1][name], np.nan) for name in ("mag",)} | {
            name: list(tables[1][name]) for name in wanted.columns if name != "mag"}),
    ]  # fmt: skip
    for frame in found:
        assert frame["object_id"].tolist() == wanted["object_id"].tolist()
        assert frame["source_id"].tolist() == wanted["source_id"].tolist()
        np.testing.assert_array_equal(frame[["ra", "dec"]].to_numpy(float), wanted[["ra", "dec"]].to_numpy())
        np.testing.assert_array_equal(frame["mag"].to_numpy(np.float32), wanted["mag"].to_numpy(np.float32))
    assert tables[0]["object_id"].tolist() == wanted["object_id"].tolist()
    assert [str(tables[0][name].unit) for name in ("ra", "mag", "flux")] == ["deg", "mag", "nmgy"]


@needs_stilts
@pytest.mark.parametrize("name", DATA)
def test_stilts_reads_the_same_rows(built, data, name):
    kind = {"fits": "fits", "vot": "votable", "parquet": "parquet", "csv": "csv"}[name.rpartition(".")[2]]
    command = ["stilts", "tpipe", f"in={built / name}", f"ifmt={kind}", "cmd=keepcols 'object_id ra mag'", "ofmt=csv"]
    done = subprocess.run(command, capture_output=True, text=True)
    if "Unknown format parquet" in done.stderr:
        pytest.skip("this stilts reads no Parquet")
    assert done.returncode == 0, done.stderr
    found = pandas.read_csv(io.StringIO(done.stdout))
    assert found["object_id"].tolist() == data["object_id"].to_pylist()
    np.testing.assert_array_equal(found["ra"], data["ra"].to_numpy())
    np.testing.assert_array_equal(found["mag"].to_numpy(np.float32), data["mag"].to_numpy())


def test_lsdb_opens_the_hats_catalog(built, data):
    lsdb = pytest.importorskip("lsdb", reason="lsdb is not installed")
    catalog = lsdb.open_catalog(built / "hats", columns="all")
    found = catalog.compute().sort_index()
    assert found.index.name == "_healpix_29" and found.index.tolist() == data["healpix"].to_pylist()
    assert sorted(found["object_id"]) == sorted(data["object_id"].to_pylist())
    assert list(found.columns) == TABLE.names
    cone = catalog.cone_search(ra=150, dec=2, radius_arcsec=360).compute()
    assert 0 < len(cone) <= SIZE // 3
    shown = lsdb.open_catalog(built / "hats")
    assert list(shown.columns) == [column.name for column in TABLE.columns if column.level < 3]


def test_hats_finds_its_catalog_valid(built):
    validation = pytest.importorskip("hats.io.validation", reason="hats is not installed")
    assert validation.is_valid_catalog(built / "hats", strict=True)


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


# What is found.


def every_file() -> list[str]:
    """Files of a release, one of each kind."""
    words = [
        "README.md",
        "LICENSE.md",
        "CITATION.cff",
        "citation.bib",
        "datacite.json",
        "CHANGELOG.md",
        "known_issues.md",
    ]
    hats = ["hats.properties", "partition_info.csv", "dataset/_metadata", "dataset/_common_metadata"]
    return [
        *DATA, *words, "release.json", "provenance.json", "moc.fits", "moc.json", "changes.parquet", "changes.csv",
        f"datamodel/{DATA[0]}.md", "weights/deep/net.safetensors", *(f"hats/{name}" for name in hats),
    ]  # fmt: skip


@pytest.mark.parametrize("path", every_file())
def test_a_flipped_byte_and_a_missing_file_are_found(copy, path):
    content = bytearray((copy / path).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / path).write_bytes(content)
    with pytest.raises(ReleaseError, match=f"{re.escape(path)} is damaged"):
        check(copy, FACTS, TABLE, SIZE)
    (copy / path).unlink()
    with pytest.raises(ReleaseError, match=f"{re.escape(path)} is missing"):
        check(copy, FACTS, TABLE, SIZE)


def resealed(folder: Path) -> None:
    """A manifest that believes the damage, so that the readers must find it."""
    (folder / "MANIFEST.sha256").unlink()
    listed = subprocess.run(
        "find . -type f ! -name MANIFEST.sha256 | sed 's#^./##' | LC_ALL=C sort | xargs -d '\\n' sha256sum", shell=True,
        cwd=folder, capture_output=True, check=True,
    ).stdout  # fmt: skip
    (folder / "MANIFEST.sha256").write_bytes(listed)


def break_fits(folder: Path) -> None:
    content = bytearray((folder / DATA[0]).read_bytes())
    content[-4000] ^= 1
    (folder / DATA[0]).write_bytes(content)


def break_votable(folder: Path) -> None:
    text = (folder / DATA[1]).read_text()
    (folder / DATA[1]).write_text(text.replace("\n</STREAM>", "AAAA\n</STREAM>"))


def break_unit(folder: Path) -> None:
    text = (folder / DATA[1]).read_text()
    (folder / DATA[1]).write_text(text.replace('unit="mag"', 'unit="deg"'))


def break_parquet(folder: Path) -> None:
    rows = pq.read_table(folder / DATA[2])
    pq.write_table(rows.slice(1), folder / DATA[2])


def break_order(folder: Path) -> None:
    rows = pq.read_table(folder / DATA[2])
    pq.write_table(rows.take(list(reversed(range(len(rows))))), folder / DATA[2])


def break_csv(folder: Path) -> None:
    lines = (folder / DATA[3]).read_text().splitlines(keepends=True)
    (folder / DATA[3]).write_text("".join([*lines[:1], lines[1].replace("J00", "J99"), *lines[2:]]))


def break_cell(folder: Path) -> None:
    first, second = sorted(folder.rglob("Npix=*.parquet"))[:2]
    shutil.copyfile(second, first)


def break_hats(folder: Path) -> None:
    next(folder.rglob("Npix=*.parquet")).unlink()


def break_coverage(folder: Path) -> None:
    (folder / "moc.json").write_text('{"3": [1]}')


def break_words(folder: Path) -> None:
    (folder / "datacite.json").write_text("{")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (break_fits, f"{DATA[0]} cannot be read back.*part 1: its data do not add up to DATASUM"),
        (break_votable, f"{DATA[1]} (cannot be read back|holds)"),
        (break_unit, f"{DATA[1]}, column mag: unit and UCD are"),
        (break_parquet, f"{DATA[2]} holds {SIZE - 1} rows, where {SIZE} were released"),
        (break_order, f"{DATA[2]}, first row, column object_id"),
        (break_csv, f"{DATA[3]}, first row, column source_id: 'J99"),
        (break_cell, "hats cannot be read back.*another cell"),
        (break_hats, "hats cannot be read back.*Npix="),
        (break_coverage, "moc.fits cannot be read back.*another part of the sky"),
        (break_words, "datacite.json cannot be read back"),
    ],
)
def test_readers_find_what_a_manifest_does_not(copy, damage, words):
    resealed(copy)
    check(copy, FACTS, TABLE, SIZE)
    damage(copy)
    resealed(copy)
    with pytest.raises(ReleaseError, match=words):
        check(copy, FACTS, TABLE, SIZE)


def test_a_wrong_count_an_unknown_file_and_another_release_are_found(copy):
    with pytest.raises(ReleaseError, match=r"release.json.*300 rows, where 301"):
        check(copy, FACTS, TABLE, SIZE + 1)
    with pytest.raises(ReleaseError, match=r"release.json.*another release"):
        check(copy, replace(FACTS, version="1.1"), TABLE, SIZE)
    (copy / "more.txt").write_text("not ours")
    with pytest.raises(ReleaseError, match=r"more.txt is not in MANIFEST"):
        check(copy, FACTS, TABLE, SIZE)
    (copy / "MANIFEST.sha256").unlink()
    with pytest.raises(ReleaseError, match=r"MANIFEST.sha256 cannot be read"):
        check(copy, FACTS, TABLE, SIZE)


# What is refused.


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of a few kilobytes, or a skip where none can be mounted."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True)
    if done.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("size", ["4k", "64k", "128k", "256k", "400k"])
def test_a_full_disk_is_told_and_nothing_is_left(tmp_path, data, size):
    with small_disk(tmp_path / "disk", size):
        with pytest.raises(ReleaseError, match=r"the disk is full: the release needs about [\d.]+ MB, and .* free"):
            release(tmp_path / "disk", data)
        assert list((tmp_path / "disk").iterdir()) == []


@pytest.mark.parametrize("module", ["data._write", "hats._write_cell", "building._copy", "building.write_manifest"])
def test_a_full_disk_at_any_step_leaves_nothing(tmp_path, data, weights, monkeypatch, module):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"almagest.releases.content.{module}", full)
    with pytest.raises(ReleaseError, match="the disk is full"):
        release(tmp_path / "full", data, weights=weights)
    assert list((tmp_path / "full").iterdir()) == []


def test_a_cancelled_build_leaves_nothing(tmp_path, data):
    told = []

    def stop(fraction: float, message: str = "") -> None:
        told.append((fraction, message))
        if message.startswith("Writing HATS"):
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        release(tmp_path / "cancelled", data, report=stop)
    assert list((tmp_path / "cancelled").iterdir()) == []
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told) and len(told) == 6


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path, data):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ReleaseError, match="is not empty"):
        release(tmp_path, data)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_rows_out_of_order_or_not_as_many_are_refused(tmp_path, data):
    backwards = data.take(list(reversed(range(SIZE))))
    with pytest.raises(ReleaseError, match="do not come in the order of"):
        release(tmp_path / "a", backwards)
    twice = pa.concat_tables([data.slice(0, 1), data])
    with pytest.raises(ReleaseError, match="do not come in the order of"):
        release(tmp_path / "a", twice)
    sizes = replace(sizes_of(data), rows=SIZE + 1)
    with pytest.raises(ReleaseError, match="301 rows were counted and 300 came"):
        build(tmp_path / "a", FACTS, TABLE, data.to_batches, sizes)
    assert list((tmp_path / "a").iterdir()) == []


def test_what_cannot_be_released_is_told_before_anything_is_written(tmp_path, data):
    few = Table("few", "", (TABLE["object_id"], TABLE["ra"], TABLE["dec"]))
    with pytest.raises(ReleaseError, match="table few has no healpix"):
        build(tmp_path, FACTS, few, data.to_batches, sizes_of(data))
    with pytest.raises(ReleaseError, match="no format ecsv; choose among fits"):
        release(tmp_path, data, formats=("fits", "ecsv"))
    with pytest.raises(ReleaseError, match="holds no files"):
        release(tmp_path, data, weights=tmp_path)
    assert list(tmp_path.iterdir()) == []


# The words.

CFF = {
    "type": "object",
    "required": ["authors", "cff-version", "message", "title"],
    "additionalProperties": False,
    "properties": {
        "cff-version": {"const": "1.2.0"}, "message": {"type": "string", "minLength": 1}, "type": {"const": "dataset"},
        "title": {"type": "string", "minLength": 1}, "abstract": {"type": "string"}, "version": {"type": ["string", "number"]},
        "date-released": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}, "url": {"type": "string", "pattern": "^https?://"},
        "doi": {"type": "string", "pattern": r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-\.\(\)\[\]\\]+$"},
        "license": {"enum": ["CC-BY-4.0"]}, "license-url": {"type": "string", "pattern": "^https?://"},
        "keywords": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}},
        "authors": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/author"}},
        "references": {"type": "array", "minItems": 1, "items": {
            "required": ["authors", "title", "type"], "properties": {
                "type": {"enum": ["article", "data"]}, "authors": {"items": {"$ref": "#/$defs/author"}},
                "year": {"type": "integer"}, "title": {"type": "string"}}}},
    },
    "$defs": {"author": {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": {
        "name": {"type": "string"}, "family-names": {"type": "string"}, "given-names": {"type": "string"},
        "affiliation": {"type": "string"},
        "orcid": {"type": "string", "pattern": r"^https://orcid\.org/[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$"}}}},
}  # fmt: skip
DATACITE = {
    "type": "object",
    "required": ["creators", "titles", "publisher", "publicationYear", "types", "schemaVersion", "subjects", "contributors",
                 "dates", "relatedIdentifiers", "descriptions", "rightsList", "version", "formats", "sizes"],
    "properties": {
        "schemaVersion": {"const": "http://datacite.org/schema/kernel-4"},
        "creators": {"minItems": 1, "items": {"required": ["name"], "properties": {
            "nameType": {"enum": ["Organizational", "Personal"]},
            "nameIdentifiers": {"items": {"required": ["nameIdentifier", "nameIdentifierScheme"]}},
            "affiliation": {"items": {"required": ["name"]}}}}},
        "titles": {"minItems": 1, "items": {"required": ["title"]}},
        "publisher": {"type": "object", "required": ["name"]},
        "publicationYear": {"type": "string", "pattern": "^[0-9]{4}$"},
        "types": {"required": ["resourceTypeGeneral"], "properties": {"resourceTypeGeneral": {"const": "Dataset"}}},
        "contributors": {"items": {"required": ["contributorType", "name"]}},
        "dates": {"items": {"required": ["date", "dateType"], "properties": {"dateType": {"enum": ["Issued", "Created"]}}}},
        "relatedIdentifiers": {"items": {"required": ["relatedIdentifier", "relatedIdentifierType", "relationType"],
                                         "properties": {"relatedIdentifierType": {"enum": ["DOI", "URL", "arXiv"]}}}},
        "relatedItems": {"items": {"required": ["titles", "relatedItemType", "relationType"]}},
        "descriptions": {"items": {"required": ["description", "descriptionType"], "properties": {
            "descriptionType": {"enum": ["Abstract", "TechnicalInfo"]}}}},
        "rightsList": {"minItems": 1},
    },
}  # fmt: skip
BARE = replace(
    FACTS, version=2, doi="", url="", licence="As the surveys say", keywords=(), known_issues=(), surveys=(), previous=None,
    changes=None, model=replace(MODEL, paper_title=""), creators=(Creator("Somebody"),), is_simulated=True,
)  # fmt: skip


@pytest.mark.parametrize("facts", [FACTS, BARE])
def test_citation_files_keep_their_schemas(facts):
    citation = yaml.safe_load(citation_cff(facts))
    validate(citation, CFF)
    found = datacite(facts, rows=5, data_paths=DATA)
    required = [name for name in DATACITE["required"] if name != "relatedIdentifiers" or facts.surveys]
    validate(json.loads(json.dumps(found)), DATACITE | {"required": required})
    assert citation["title"] == found["titles"][0]["title"] == facts.title


def test_datacite_relates_the_release_to_what_it_rests_on(built):
    found = json.loads((built / "datacite.json").read_text())
    related = {
        (each["relationType"], each["relatedIdentifierType"], each["relatedIdentifier"])
        for each in found["relatedIdentifiers"]
    }
    assert related == {
        ("IsSupplementTo", "DOI", "10.1051/0004-6361/202449548"),
        ("IsDerivedFrom", "URL", "https://www.sdss.org/dr14"),
        ("IsNewVersionOf", "URL", "https://example.org/releases/local-dwarfs/0.9"),
    }
    assert [each["titles"][0]["title"] for each in found["relatedItems"]] == ["Our survey v2"]
    assert found["doi"] == found["identifiers"][0]["identifier"] == "10.5281/zenodo.1234567"
    assert found["rightsList"][0]["rightsIdentifier"] == "CC-BY-4.0"


def test_without_a_doi_there_is_no_identifier_and_it_is_said():
    found = datacite(BARE, rows=5, data_paths=DATA)
    assert not {"doi", "identifiers"} & set(found)
    assert NO_DOI in found["descriptions"][1]["description"]
    assert "doi" not in yaml.safe_load(citation_cff(BARE)) and "doi" not in bibtex(BARE)


def test_bibtex_escapes_what_tex_would_take_for_its_own():
    found = bibtex(FACTS)
    assert found.startswith("@misc{local-dwarfs-v1.0,\n") and found.endswith("}\n}\n")
    assert "author    = {Lovelace, Ada and {The Group}}" in found
    assert r"title     = {{Local dwarf galaxies \& friends}}" in found
    assert found.count("{") - found.count(r"\{") == found.count("}") - found.count(r"\}")


def test_pages_say_what_there_is(built):
    pages = {path.name: path.read_text() for path in built.glob("*.md")}
    assert all(f"`{name}`" in pages["README.md"] for name in (*DATA, "hats", "MANIFEST.sha256"))
    assert "300 rows of 12 columns" in pages["README.md"] and "Simulated" not in pages["README.md"]
    for survey in SURVEYS:
        assert survey.licence in pages["LICENSE.md"] and survey.citation in pages["LICENSE.md"]
    for line in (
        "| added | 5 |",
        "| removed | 4 |",
        "| changed | 3 |",
        "Columns added: `flux`",
        "Columns changed: `mag`",
    ):
        assert line in pages["CHANGELOG.md"]
    assert "Stars are among them." in pages["known_issues.md"]


def test_simulated_rows_and_a_first_release_are_said(tmp_path):
    release(tmp_path / "bare", rows_of(5), facts=BARE)
    pages = {path.name: path.read_text() for path in (tmp_path / "bare").glob("*.md")}
    assert "Simulated objects" in pages["README.md"] and "Simulated objects" in pages["known_issues.md"]
    assert "first release" in pages["CHANGELOG.md"] and "No DOI" in pages["README.md"]
    assert "SIMULATED" in (tmp_path / "bare" / "local-dwarfs-v2.vot").read_text()
    assert not list((tmp_path / "bare").glob("changes.*"))


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


def test_the_provenance_is_a_chain_down_to_the_files(built):
    chain = json.loads((built / "provenance.json").read_text())["chain"]
    links = ["release", "catalog", "prediction set", "model version", "sample", "survey", "survey"]
    assert [each["link"] for each in chain] == links
    assert chain[3]["weights_sha256"] == MODEL.weights_sha256 and chain[4]["checksum"] == "ef" * 32
    assert chain[5]["ingests"] == [{"file_name": "sdss.csv", "sha256": "cd" * 32, "rows": 10_000}]


@pytest.mark.parametrize("facts", [FACTS, BARE])
def test_facts_survive_json(facts):
    assert ReleaseFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


@pytest.mark.parametrize(("version", "label"), [(1, "v1"), ("1.0", "v1.0"), ("v2", "v2")])
def test_versions_have_one_spelling(version, label):
    assert replace(FACTS, version=version).stem == f"local-dwarfs-{label}"


def test_row_groups_of_wide_tables_hold_fewer_rows():
    wide = TABLE.with_columns(*(Column(f"feature_{n}", "float64") for n in range(200)))
    assert (group_rows(TABLE), group_rows(wide)) == (100_000, 20_000)
