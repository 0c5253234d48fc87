"""CSV: a line with the names, then a line a row, quoted as RFC 4180 has it."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column, Table
from almagest.formats.batches import blocks, pieces
from almagest.formats.document import Document
from almagest.formats.json_file import json_cell
from almagest.formats.text import has_any, join_rows, plain, without_nan

SPECIAL = '",\r\n'


def write(document: Document, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Write CSV: nothing for null and NaN, ``""`` for an empty string, arrays as JSON (no infinities) in quotes."""
    return blocks(_chunks(document.table, batches))


def csv_rows(table: Table, batch: pa.RecordBatch) -> bytes:
    """The lines of one batch."""
    parts = []
    for column, values in zip(table.columns, batch.columns, strict=True):
        parts += [_cell(column, values), ","]
    return join_rows([*parts[:-1], "\n"], "")


def _chunks(table: Table, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    yield ",".join(table.names).encode() + b"\n"
    for piece in pieces(table, batches):
        yield csv_rows(table, piece)


def _cell(column: Column, values: pa.Array) -> pa.Array:
    if column.shape:
        return _quoted(json_cell(column, values))
    return _quoted(values) if column.dtype == "string" else plain(without_nan(values))


def _quoted(values: pa.Array) -> pa.Array:
    """Quotes where they are needed, and around empty strings, which are not null."""
    needed = pc.equal(values, "")
    if has_any(values, SPECIAL.encode()):
        needed = pc.or_(needed, pc.match_substring_regex(values, f"[{SPECIAL}]"))
    if not pc.any(needed).as_py():
        return values
    doubled = pc.replace_substring(values, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise('"', doubled, '"', ""), values)
