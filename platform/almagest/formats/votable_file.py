"""VOTable 1.4: the rows as BINARY2, or as TABLEDATA for old clients."""

from collections.abc import Iterable, Iterator
from typing import Literal

import pyarrow as pa

from almagest.formats.batches import blocks, pieces
from almagest.formats.binary import refuse_text_arrays
from almagest.formats.binary2 import base64_lines, binary2_rows
from almagest.formats.document import Document
from almagest.formats.errors import FormatError
from almagest.formats.tabledata import tabledata_rows
from almagest.formats.votable_header import closing, opening

AROUND = {
    "binary2": ('<DATA><BINARY2><STREAM encoding="base64">\n', "</STREAM></BINARY2></DATA>\n"),
    "tabledata": ("<DATA><TABLEDATA>\n", "</TABLEDATA></DATA>\n"),
}


def write(
    document: Document, batches: Iterable[pa.RecordBatch], *, serialization: Literal["binary2", "tabledata"] = "binary2"
) -> Iterator[bytes]:
    """Write a VOTable.

    Null has its own flag in BINARY2 and is an empty cell in TABLEDATA, where an empty string is empty, too, and readers
    drop spaces at both ends. Within arrays, null is NaN, ``?`` or the smallest integer of the type.

    Raises
    ------
    FormatError
        When VOTable cannot hold the table, or there is no such serialization.
    """
    if serialization not in AROUND:
        raise FormatError(f"VOTable serialization {serialization!r}: there are {', '.join(AROUND)}")
    refuse_text_arrays(document, "VOTable")
    return blocks(_chunks(document, batches, serialization))


def _chunks(document: Document, batches: Iterable[pa.RecordBatch], serialization: str) -> Iterator[bytes]:
    before, after = AROUND[serialization]
    yield (opening(document) + before).encode()
    parts = pieces(document.table, batches)
    if serialization == "binary2":
        yield from base64_lines(binary2_rows(document.table, piece, document.ascii) for piece in parts)
    else:
        yield from (tabledata_rows(document.table, piece) for piece in parts)
    yield (after + closing(document)).encode()
