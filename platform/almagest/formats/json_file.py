"""JSON: ``{"rows": [{…}, …]}``, each row an object with the columns in their order."""

import json
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column, Table
from almagest.formats.batches import blocks, pieces
from almagest.formats.document import Document
from almagest.formats.text import array_text, has_any, join_rows, plain, without_nan

# Everything that must not stand in a JSON string as it is; the backslash first, because the others are written with it.
ESCAPED = {character: json.dumps(character)[1:-1] for character in ("\\", '"', *map(chr, range(32)))}
SPECIAL = "".join(ESCAPED).encode()


def write(document: Document, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Write JSON; null for what is missing, not a number or infinite."""
    return blocks(_chunks(document.table, batches))


def json_rows(table: Table, batch: pa.RecordBatch) -> bytes:
    """The rows of one batch of the declared schema as JSON objects, separated by commas."""
    if not batch.num_rows:
        return b""
    parts = []
    for n, (column, values) in enumerate(zip(table.columns, batch.columns, strict=True)):
        parts += [f'{"," if n else ""}"{column.name}":', json_cell(column, values)]
    return join_rows([",\n{", *parts, "}"], "null")[2:]


def json_cell(column: Column, values: pa.Array) -> pa.Array:
    """One column as JSON; null stays null."""
    if not column.shape:
        return _spelling(values)
    return pc.binary_join_element_wise("[", array_text(values, _spelling, ", ", "null"), "]", "")


def _chunks(table: Table, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    yield b'{"rows": ['
    separator = b"\n"
    for piece in pieces(table, batches):
        yield separator
        yield json_rows(table, piece)
        separator = b",\n"
    yield b"\n]}\n"


def _spelling(values: pa.Array) -> pa.Array:
    if pa.types.is_string(values.type):
        return pc.binary_join_element_wise('"', _escaped(values), '"', "")
    text = plain(without_nan(values, infinite=False))
    return pc.binary_join_element_wise('"', text, '"', "") if pa.types.is_timestamp(values.type) else text


def _escaped(values: pa.Array) -> pa.Array:
    if has_any(values, SPECIAL):
        for character, spelling in ESCAPED.items():
            if has_any(values, character.encode()):
                values = pc.replace_substring(values, character, spelling)
    return values
