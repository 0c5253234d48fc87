"""Sample folders: what was written is what is read, and damage is noticed."""

import json

import pyarrow as pa
import pytest

from almagest.contract import Sample, SampleError, write_sample
from almagest.contract.sample import KEY_COLUMNS

ROWS = pa.table(
    {
        "object_id": pa.array([11, 12, 13], pa.int64()),
        "revision": pa.array([1, 1, 2], pa.int32()),
        "survey": ["b", "a", "a"],
        "source_id": ["1", "2", "1"],
        "group_id": pa.array([11, 12, 13], pa.int64()),
        "split": ["train", "train", "test"],
        "label": ["S", "NM", "S"],
        "g": pa.array([17.5, None, 16.0], pa.float32()),
    },
)


def write(folder, rows=ROWS):
    return write_sample(folder, rows, classes=("S", "NM"), signal="S", seed=1, definition={"surveys": ["a", "b"]})


def test_round_trip(tmp_path):
    checksum = write(tmp_path)
    sample = Sample.open(tmp_path)
    assert sample.checksum == checksum
    assert sample.rows["source_id"].to_pylist() == ["1", "2", "1"]
    assert (sample.train.num_rows, sample.test.num_rows) == (2, 1)
    assert sample.classes == ("S", "NM")


def test_checksum_knows_the_content_alone(tmp_path):
    first = write(tmp_path / "a")
    assert write(tmp_path / "b", ROWS.take([2, 0, 1])) == first
    renumbered = ROWS.set_column(0, "object_id", pa.array([1, 2, 3], pa.int64()))
    assert write(tmp_path / "c", renumbered) == first
    changed = ROWS.set_column(7, "g", pa.array([17.5, 0.0, 16.0], pa.float32()))
    assert write(tmp_path / "d", changed) != first


def test_lists_come_back_as_they_went(tmp_path):
    lists = pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.field("whatever", pa.float32())))
    write(tmp_path / "a", ROWS.append_column("apertures", lists))
    found = Sample.open(tmp_path / "a").rows["apertures"].to_pylist()
    assert found == [lists.to_pylist()[k] for k in (2, 1, 0)]
    others = pa.array([[1.0, 2.0], None, [3.0, 5.0]], pa.list_(pa.float32()))
    assert write(tmp_path / "b", ROWS.append_column("apertures", others)) != Sample.open(tmp_path / "a").checksum


def test_damage_is_noticed(tmp_path):
    write(tmp_path)
    about = json.loads((tmp_path / "sample.json").read_text())
    (tmp_path / "sample.json").write_text(json.dumps(about | {"checksum": "0" * 64}))
    with pytest.raises(SampleError, match="damaged"):
        Sample.open(tmp_path)
    (tmp_path / "rows.parquet").write_bytes(b"not a table")
    with pytest.raises(SampleError, match="cannot be read"):
        Sample.open(tmp_path)


def test_key_columns_come_first(tmp_path):
    with pytest.raises(SampleError, match=KEY_COLUMNS.names[0]):
        write(tmp_path, ROWS.select(["g", *KEY_COLUMNS.names]))
