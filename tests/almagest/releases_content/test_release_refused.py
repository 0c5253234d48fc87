"""What cannot be released, or not to its end, leaves nothing behind."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from almagest.contract import Cancelled, Table
from almagest.releases.content import build
from almagest.releases.errors import ReleaseError

from .folders import FACTS, SIZE, TABLE, release, sizes_of


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
