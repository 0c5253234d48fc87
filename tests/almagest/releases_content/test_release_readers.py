"""Other people's readers read the files of a release alike."""

import io
import shutil
import subprocess
import warnings

import numpy as np
import pandas
import pyarrow.parquet as pq
import pytest
from astropy import table as astropy_table
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from almagest.formats.fits_checksum import encoded, sum32

from .folders import DATA, SIZE, TABLE, contents

needs_stilts = pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")


def test_sha256sum_reads_the_manifest(built):
    done = subprocess.run(["sha256sum", "--strict", "-c", "MANIFEST.sha256"], cwd=built, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(contents(built)) - 1


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
