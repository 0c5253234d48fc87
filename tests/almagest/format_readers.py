"""What readers that others wrote find in a file, and what they can know of the values that were written."""

import csv
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits, votable

from almagest.contract import Column

from .format_tables import INFOS, TABLE, WRITERS, document


def expected(column: Column, value, fmt: str):
    """What a reader of this format can know: what the documentation of the writer says is lost, is lost here."""
    if isinstance(value, list):
        return [expected(Column("x", column.dtype), element, "json" if fmt == "csv" else fmt) for element in value]
    number = column.dtype.startswith("float")
    if fmt in ("csv", "json") and number and value is not None:
        value = None if np.isnan(value) or (fmt == "json" and np.isinf(value)) else value
    if fmt in ("votable", "tabledata", "fits") and number and value is not None and np.isnan(value):
        return None
    if column.dtype == "string" and fmt != "json" and fmt not in ("parquet", "arrow"):
        value = value or ""
        if fmt == "tabledata":
            value = value.strip(" \t\n\r")
            value = "".join("\ufffd" if (c < " " and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in value)
    if column.dtype == "timestamp" and fmt not in ("parquet", "arrow"):
        text = value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z" * (fmt != "fits") if value else None
        return text if text or fmt == "json" else ""
    return value


def plain(column: Column, value):
    """A cell as astropy gives it, as a Python value; masked is None, and so is NaN."""
    if value is np.ma.masked or value is None:
        return "" if column.dtype in ("string", "timestamp") else None
    if column.shape and np.ndim(value):
        return [plain(Column("x", column.dtype), element) for element in value]
    if column.dtype in ("string", "timestamp"):
        return value.decode() if isinstance(value, bytes) else str(value)
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and np.isnan(value) else value


def read_csv(raw: bytes) -> dict:
    def typed(column: Column, text: str):
        if column.dtype == "string" or column.dtype == "timestamp":
            return text
        return (
            json.loads(text, parse_constant=None) if text not in ("", "inf", "-inf") else float(text) if text else None
        )

    names, *lines = csv.reader(io.StringIO(raw.decode(), newline=""))
    assert names == TABLE.names
    return {c.name: [_as_float(c, typed(c, line[n])) for line in lines] for n, c in enumerate(TABLE.columns)}


def read_json(raw: bytes) -> dict:
    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    rows = json.loads(raw, parse_constant=refuse)["rows"]
    assert all(list(row) == TABLE.names for row in rows)
    return {c.name: [_as_float(c, row[c.name]) for row in rows] for c in TABLE.columns}


def _as_float(column: Column, value):
    """What the digits mean in the declared type."""
    if isinstance(value, list):
        return [_as_float(column, element) for element in value]
    return (
        float(np.dtype(column.dtype).type(value)) if column.dtype.startswith("float") and value is not None else value
    )


def read_votable(raw: bytes) -> dict:
    array = votable.parse_single_table(io.BytesIO(raw), verify="exception").array
    assert list(array.dtype.names) == TABLE.names
    return {c.name: [plain(c, value) for value in _elements(array[c.name])] for c in TABLE.columns}


def _elements(values: np.ma.MaskedArray) -> list:
    """Array cells whose elements are all masked are null."""
    if values.ndim == 1:
        return list(values)
    return [None if mask.all() else row for row, mask in zip(values, np.ma.getmaskarray(values), strict=True)]


def read_fits(raw: bytes) -> dict:
    with fits.open(io.BytesIO(raw)) as hdus:
        hdus.verify("exception")
        found = hdus[1].data.view(np.ndarray)
        assert list(found.dtype.names) == TABLE.names
        return {c.name: [_fits_value(c, v) for v in found[c.name]] for c in TABLE.columns}


def _fits_value(column: Column, value):
    """A raw value, with the null that FITS declares for its type."""
    if np.ndim(value):
        elements = [_fits_value(Column("x", column.dtype), element) for element in value]
        return None if elements == [None] * len(elements) else elements
    if column.dtype == "bool":
        return {ord("T"): True, ord("F"): False, 0: None}[int(value)]
    value = plain(column, value)
    return None if column.dtype.startswith("int") and value == np.iinfo(column.dtype).min else value


def _arrow_columns(found: pa.Table) -> dict:
    assert found.schema.equals(TABLE.arrow_schema, check_metadata=False)
    return {name: found[name].to_pylist() for name in found.column_names}


READERS = {
    "csv": read_csv,
    "json": read_json,
    "votable": read_votable,
    "tabledata": read_votable,
    "fits": read_fits,
    "parquet": lambda raw: _arrow_columns(pq.read_table(io.BytesIO(raw))),
    "arrow": lambda raw: _arrow_columns(pa.ipc.open_stream(raw).read_all()),
}


def same(a, b) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def differences(name: str, data: pa.Table, batches: list[pa.RecordBatch]) -> list[tuple[str, list, list]]:
    """Columns that are read back otherwise than they were written, with what was found and what was wanted."""
    raw = b"".join(WRITERS[name](document(TABLE, data, infos=INFOS), batches))
    found, wrong = READERS[name](raw), []
    for column in TABLE.columns:
        wanted = [expected(column, value, name) for value in data[column.name].to_pylist()]
        if column.shape and name in ("votable", "tabledata", "fits"):
            wanted = [None if value == [None] * 3 else value for value in wanted]
        if not same(found[column.name], wanted):
            wrong.append((column.name, found[column.name], wanted))
    return wrong
