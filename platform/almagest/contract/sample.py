"""A frozen sample as a folder: what a plugin trains on, with neither Django nor a database near.

The folder holds ``sample.json`` (definition, classes, counts, checksum) and ``rows.parquet`` (one row an object); where the method
takes spectra, ``flux.npy`` and ``ivar.npy`` too, row for row, which are read from the disk as they are needed.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from almagest.contract.errors import SampleError
from almagest.contract.sample_arrays import arrays_checksum, open_arrays, write_arrays
from almagest.contract.spectra import SpectralGrid, with_arrays

# Gives flux and ivar of a table's rows, block after block in their order.
ReadSpectra = Callable[[pa.Table], Iterator[tuple[np.ndarray, np.ndarray]]]

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
# By which a sample's rows are ordered.
ORDER = ("survey", "source_id")


@dataclass(frozen=True)
class Sample:
    """A frozen sample, checked on opening.

    Attributes
    ----------
    rows
        `KEY_COLUMNS`, then the inputs; ordered by (survey, source_id).
    grid, flux, ivar
        Where the method takes spectra: arrays of shape (rows, grid.bins), float32, that lie on the disk; else None.
    """

    rows: pa.Table
    classes: tuple[str, ...]
    signal: str
    seed: int
    checksum: str
    definition: dict
    grid: SpectralGrid | None = None
    flux: np.ndarray | None = None
    ivar: np.ndarray | None = None

    @classmethod
    def open(cls, folder: Path, *, rows_only: bool = False) -> "Sample":
        """Read a sample folder and check its contents against its checksum; `rows_only` leaves spectra alone, which may be large."""
        try:
            about = json.loads((folder / "sample.json").read_text())
            rows = pq.read_table(folder / "rows.parquet")
        except (OSError, ValueError) as error:
            raise SampleError(f"sample folder {folder} cannot be read: {error}") from None
        arrays = {} if rows_only else open_arrays(folder, about.get("grid"), rows.num_rows)
        expected = about.get("rows_checksum", about["checksum"]) if rows_only else about["checksum"]
        if (found := _checksum(rows, arrays)) != expected:
            raise SampleError(f"sample folder {folder} is damaged: its rows give {found[:12]}, not {expected[:12]}")
        keys = ("signal", "seed", "checksum", "definition")
        return cls(rows, tuple(about["classes"]), **{key: about[key] for key in keys}, **arrays)

    def batches(self, split: str | None = None, *, size: int = 1024) -> Iterator[pa.Table]:
        """Rows of a split, or of all, as scoring sees them, with their spectra: so many at a time, in their order."""
        at = np.arange(self.rows.num_rows)
        if split is not None:
            at = np.flatnonzero(pc.equal(self.rows["split"], split).to_numpy())
        for start in range(0, len(at), size):
            these = at[start : start + size]
            batch = self.rows.take(pa.array(these))
            yield batch if self.grid is None else with_arrays(batch, self.flux[these], self.ivar[these], self.grid)

    @property
    def train(self) -> pa.Table:
        """Rows to learn from."""
        return self.rows.filter(pc.equal(self.rows["split"], "train"))

    @property
    def test(self) -> pa.Table:
        """Rows held back."""
        return self.rows.filter(pc.equal(self.rows["split"], "test"))


def write_sample(
    folder: Path,
    rows: pa.Table,
    *,
    classes: tuple[str, ...],
    signal: str,
    seed: int,
    definition: dict,
    grid: SpectralGrid | None = None,
    spectra: ReadSpectra | None = None,
) -> str:
    """Write a sample folder and return its checksum; with a grid, the spectra that `spectra` gives for the ordered rows too."""
    names = KEY_COLUMNS.names
    if rows.column_names[: len(names)] != names:
        raise SampleError(f"a sample's first columns are {', '.join(names)}; got {', '.join(rows.column_names)}")
    rows = rows.sort_by([(name, "ascending") for name in ORDER])
    folder.mkdir(parents=True, exist_ok=True)
    about = {"classes": classes, "signal": signal, "seed": seed, "definition": definition}
    if grid:
        write_arrays(folder, grid, rows.num_rows, spectra(rows))
        about |= {"grid": asdict(grid), "rows_checksum": content_checksum(rows)}
    checksum = about["checksum"] = _checksum(rows, open_arrays(folder, about.get("grid"), rows.num_rows))
    pq.write_table(rows, folder / "rows.parquet", compression="zstd")
    (folder / "sample.json").write_text(json.dumps(about, indent=2, sort_keys=True) + "\n")
    return checksum


def _checksum(rows: pa.Table, arrays: dict) -> str:
    checksum = content_checksum(rows)
    return arrays_checksum(checksum, **arrays) if arrays else checksum


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
