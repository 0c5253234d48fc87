"""FITS: an empty primary part and one binary table, whose rows are streamed after a header that knows their number."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.formats.batches import blocks, pieces
from almagest.formats.binary import TYPES, numbers, records, refuse_text_arrays
from almagest.formats.document import Document
from almagest.formats.errors import FormatError
from almagest.formats.fits_header import padding, primary_header, string_width, table_header
from almagest.formats.text import iso_time, text_bytes

MOST_COLUMNS = 999


def write(document: Document, batches: Iterable[pa.RecordBatch], *, time: str = "") -> Iterator[bytes]:
    """Write FITS.

    With a time (UTC, ``2026-03-01T12:00:00``), both headers have DATE, and cards for checksums, which
    `fits_checksum.seal` fills in once the file is there.

    Null is NaN in floats, the byte 0 in booleans, an empty string in strings and times, and in integers TNULL, the
    smallest number of the type. Strings are UTF-8, padded with NUL; times are UTC, in ISO 8601 without a zone.

    Raises
    ------
    FormatError
        At once when `document.sizes` is missing or incomplete, or FITS cannot hold the table. While writing, when a
        string is longer than was said, an integer is the one that stands for null, or other rows come than were counted.
    """
    _check(document)
    return blocks(_chunks(document, batches, time))


def _check(document: Document) -> None:
    table, sizes = document.table, document.sizes
    refuse_text_arrays(document, "FITS")
    if sizes is None:
        raise FormatError(f"table {table.name}: FITS needs the number of rows and the widths of strings (sizes)")
    if missing := [c.name for c in table.columns if c.dtype == "string" and c.name not in sizes.widths]:
        raise FormatError(f"table {table.name}: FITS needs the widths of {', '.join(missing)} (sizes.widths)")
    if len(table.columns) > MOST_COLUMNS:
        raise FormatError(f"table {table.name}: {len(table.columns)} columns; FITS has at most {MOST_COLUMNS}")


def _chunks(document: Document, batches: Iterable[pa.RecordBatch], time: str) -> Iterator[bytes]:
    empty = _rows(document, pa.RecordBatch.from_pylist([], document.table.arrow_schema))
    yield primary_header(time) + table_header(document, empty.itemsize, time)
    written = 0
    for piece in pieces(document.table, batches):
        written += piece.num_rows
        _check_count(document, written <= document.sizes.rows, f"{written} or more")
        yield _rows(document, piece).tobytes()
    _check_count(document, written == document.sizes.rows, str(written))
    yield padding(written * empty.itemsize)


def _check_count(document: Document, right: bool, found: str) -> None:
    if not right:
        raise FormatError(
            f"table {document.table.name}: {document.sizes.rows} rows were counted, {found} came, and the header cannot "
            "be changed any more; count and read in one snapshot"
        )


def _rows(document: Document, batch: pa.RecordBatch) -> np.ndarray:
    columns = zip(document.table.columns, batch.columns, strict=True)
    return records(_field(document, column, values) for column, values in columns)


def _field(document: Document, column: Column, values: pa.Array) -> np.ndarray:
    if column.dtype in TYPES:
        return numbers(column, values, unknown=0, reserved=column.nullable or bool(column.shape))
    width = string_width(document, column)
    values = pc.fill_null(iso_time(values) if column.dtype == "timestamp" else values, "")
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if longest > width:
        raise FormatError(
            f"column {column.name} holds a value of {longest} bytes, where {width} were said to be the most"
        )
    return np.ndarray(len(values), f"S{width}", text_bytes(pc.ascii_rpad(values, width, "\0")))
