"""Rows as bytes for FITS and VOTable: fixed-width records, all columns of a batch at once."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.formats.document import Document
from almagest.formats.errors import FormatError

# Big-endian types of one value; booleans are a letter.
TYPES = {"bool": "u1", "int16": ">i2", "int32": ">i4", "int64": ">i8", "float32": ">f4", "float64": ">f8"}


def smallest(column: Column) -> int | None:
    """The number that stands for null in an integer column: the smallest of its type."""
    return int(np.iinfo(column.dtype).min) if column.dtype.startswith("int") else None


def refuse_text_arrays(document: Document, title: str) -> None:
    """Neither format has a plain way to write arrays of strings of any length."""
    names = [c.name for c in document.table.columns if c.shape and c.dtype not in TYPES]
    if names:
        raise FormatError(
            f"table {document.table.name}: {title} cannot hold arrays of strings or times ({', '.join(names)}); "
            "leave these columns out, or take Parquet, Arrow, JSON or CSV"
        )


def numbers(column: Column, values: pa.Array, *, unknown: int, reserved: bool) -> np.ndarray:
    """Numbers or booleans of one column, ``(rows,)`` or ``(rows, length)``, with something in place of null.

    Parameters
    ----------
    unknown
        The byte of a boolean that is null; floats become NaN, integers the `smallest`.
    reserved
        Whether the smallest integer always means null, so that no value may be the same.
    """
    missing = unknown if column.dtype == "bool" else smallest(column) or np.nan
    if not column.shape:
        return _scalars(column, values, missing, reserved)
    result = np.full((len(values), *column.shape), missing, TYPES[column.dtype])
    present = values.is_valid().to_numpy(zero_copy_only=False)
    result[present] = _scalars(column, values.flatten(), missing, reserved).reshape(-1, *column.shape)
    return result


def records(fields: Iterable[np.ndarray]) -> np.ndarray:
    """One packed record a row; the fields' types and shapes are those of their arrays."""
    named = {f"f{n}": field for n, field in enumerate(fields)}
    layout = [(name, TYPES.get(f.dtype.name, f.dtype), f.shape[1:]) for name, f in named.items()]
    result = np.empty(len(named["f0"]), layout)
    for name, field in named.items():
        result[name] = field
    return result


def _scalars(column: Column, values: pa.Array, missing: float, reserved: bool) -> np.ndarray:
    if column.dtype == "bool":
        values = pc.if_else(values, pa.scalar(ord("T"), pa.uint8()), pa.scalar(ord("F"), pa.uint8()))
    elif reserved and column.dtype.startswith("int") and pc.any(pc.equal(values, missing)).as_py():
        raise FormatError(f"column {column.name} holds {missing}, which stands for null here; take Parquet or CSV")
    if values.null_count:
        values = pc.fill_null(values, pa.scalar(missing, values.type))
    return values.to_numpy(zero_copy_only=False)
