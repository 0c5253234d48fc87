"""A frozen sample as a folder: what a plugin trains on, with neither Django nor a database near.

The folder holds ``sample.json`` (definition, classes, counts, checksum) and ``rows.parquet`` (one row an object).
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from almagest.contract.errors import SampleError

# Every sample has these columns; the method's inputs follow.
KEY_COLUMNS = pa.schema(
    [
        ("object_id", pa.int64()),
        ("revision", pa.int32()),
        ("survey", pa.string()),
        ("source_id", pa.string()),
        ("group_id", pa.int64()),  # cross-match group: one galaxy, however many surveys saw it
        ("split", pa.string()),  # "train" or "test"; never both for one group
        ("label", pa.string()),
    ]
)


@dataclass(frozen=True)
class Sample:
    """A frozen sample, checked on opening.

    Attributes
    ----------
    rows
        `KEY_COLUMNS`, then the inputs; ordered by (survey, source_id).
    """

    rows: pa.Table
    classes: tuple[str, ...]
    signal: str
    seed: int
    checksum: str
    definition: dict

    @classmethod
    def open(cls, folder: Path) -> "Sample":
        """Read a sample folder and check its contents against its checksum."""
        try:
            about = json.loads((folder / "sample.json").read_text())
            rows = pq.read_table(folder / "rows.parquet")
        except (OSError, ValueError) as error:
            raise SampleError(f"sample folder {folder} cannot be read: {error}") from None
        if (found := content_checksum(rows)) != about["checksum"]:
            raise SampleError(
                f"sample folder {folder} is damaged: its rows give {found[:12]}, not {about['checksum'][:12]}"
            )
        keys = ("signal", "seed", "checksum", "definition")
        return cls(rows, tuple(about["classes"]), **{key: about[key] for key in keys})

    @property
    def train(self) -> pa.Table:
        """Rows to learn from."""
        return self.rows.filter(pc.equal(self.rows["split"], "train"))

    @property
    def test(self) -> pa.Table:
        """Rows held back."""
        return self.rows.filter(pc.equal(self.rows["split"], "test"))


def write_sample(
    folder: Path, rows: pa.Table, *, classes: tuple[str, ...], signal: str, seed: int, definition: dict
) -> str:
    """Write a sample folder and return its checksum."""
    names = KEY_COLUMNS.names
    if rows.column_names[: len(names)] != names:
        raise SampleError(f"a sample's first columns are {', '.join(names)}; got {', '.join(rows.column_names)}")
    rows = rows.sort_by([("survey", "ascending"), ("source_id", "ascending")])
    checksum = content_checksum(rows)
    about = {"classes": classes, "signal": signal, "seed": seed, "checksum": checksum, "definition": definition}
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, folder / "rows.parquet", compression="zstd")
    (folder / "sample.json").write_text(json.dumps(about, indent=2, sort_keys=True) + "\n")
    return checksum


def content_checksum(rows: pa.Table) -> str:
    """SHA-256 over names, types and values: independent of the Parquet library's version and of the database's ids."""
    digest = hashlib.sha256()
    for name in rows.column_names:
        if name in ("object_id", "group_id"):
            continue
        column = rows[name].combine_chunks()
        digest.update(f"{name}:{_type_name(column.type)}:{len(column)};".encode())
        digest.update(np.packbits(column.is_valid().to_numpy(zero_copy_only=False)).tobytes())
        digest.update(_value_bytes(column))
    return digest.hexdigest()


def _type_name(dtype: pa.DataType) -> str:
    """Name of a type; what a list's values are called differs between libraries, and means nothing."""
    return f"list<{dtype.value_type}>" if pa.types.is_list(dtype) else str(dtype)


def _value_bytes(column: pa.Array) -> bytes:
    if pa.types.is_list(column.type):
        lengths = column.value_lengths().fill_null(-1).to_numpy(zero_copy_only=False).astype("<i4").tobytes()
        return lengths + _value_bytes(column.flatten())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return "\0".join(value or "" for value in column.to_pylist()).encode()
    if pa.types.is_boolean(column.type):
        return np.packbits(column.fill_null(False).to_numpy(zero_copy_only=False)).tobytes()
    return column.fill_null(0).to_numpy(zero_copy_only=False).tobytes()
