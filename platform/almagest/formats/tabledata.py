"""Rows of a VOTable's TABLEDATA: a cell a value, as text."""

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column, Table
from almagest.formats.binary import smallest
from almagest.formats.text import array_text, has_any, join_rows, plain
from almagest.formats.votable_header import NOT_XML

# The carriage return is written as a number, because XML readers take it for the end of a line.
ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
# With these begin the characters of NOT_XML; 0xEF also begins others, which the regular expression then leaves alone.
NOT_XML_BYTES = bytes({*range(32)} - {*b"\t\n\r"} | {0xEF})


def tabledata_rows(table: Table, batch: pa.RecordBatch) -> bytes:
    """All rows of one batch of the declared schema."""
    cells = [
        part for pair in zip(table.columns, batch.columns, strict=True) for part in ("<TD>", _cell(*pair), "</TD>")
    ]
    return join_rows(["<TR>", *cells, "</TR>\n"], "")


def _cell(column: Column, values: pa.Array) -> pa.Array:
    if column.shape:
        unknown = {"bool": "?", "float32": "NaN", "float64": "NaN"}.get(column.dtype) or str(smallest(column))
        # An empty cell would be an array without elements, which a fixed length does not allow.
        return pc.fill_null(array_text(values, _spelling, " ", unknown), " ".join([unknown] * column.shape[0]))
    return _escaped(values) if column.dtype == "string" else _spelling(values)


def _spelling(values: pa.Array) -> pa.Array:
    text = plain(values)
    if not pa.types.is_floating(values.type) or pc.all(pc.is_finite(values)).as_py() is not False:
        return text
    for found, meant in (("nan", "NaN"), ("inf", "Inf")):
        text = pc.replace_substring(text, found, meant)
    return text


def _escaped(values: pa.Array) -> pa.Array:
    for character, spelling in ESCAPED.items():
        if has_any(values, character.encode()):
            values = pc.replace_substring(values, character, spelling)
    if has_any(values, NOT_XML_BYTES):
        values = pc.replace_substring_regex(values, NOT_XML, "\ufffd")
    return values
