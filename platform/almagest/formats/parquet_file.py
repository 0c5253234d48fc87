"""Parquet, with the header of a VOTable in its metadata as VOParquet 1.0 has it."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from almagest.contract import Table
from almagest.formats.batches import blocks, conform
from almagest.formats.document import Document
from almagest.formats.metadata import schema_with_metadata
from almagest.formats.sink import Sink
from almagest.formats.votable_header import header

ROW_GROUP = 100_000  # rows, and fewer of wide tables
GROUP_BYTES = 40_000_000
WIDTHS = {"bool": 1, "int16": 2, "int32": 4, "float32": 4}
# Said, and not left to the library, so that the same rows are the same bytes.
COMPRESSION = {"compression": "zstd", "compression_level": 1}
CONTENT, VERSION = "IVOA.VOTable-Parquet.content", "IVOA.VOTable-Parquet.version"


def write(document: Document, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Write Parquet in row groups of `group_rows` at most, each handed on before the next is read."""
    return blocks(_chunks(document, batches))


def group_rows(table: Table) -> int:
    """Rows of a row group: as many as take about 40 MB, in ten thousands, because a group is held while it is written."""
    width = sum(WIDTHS.get(column.dtype, 8) * (column.shape or (1,))[0] for column in table.columns)
    return min(ROW_GROUP, max(1, GROUP_BYTES // (10_000 * max(1, width))) * 10_000)


def _chunks(document: Document, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    schema = schema_with_metadata(document, **{CONTENT: header(document), VERSION: "1.0"})
    strings = [column.name for column in document.table.columns if column.dtype == "string" and not column.shape]
    sink, rows = Sink(), group_rows(document.table)
    with pq.ParquetWriter(sink, schema, use_dictionary=strings, **COMPRESSION) as writer:
        for group in _groups((conform(document.table, batch, schema) for batch in batches), rows):
            writer.write_table(group, row_group_size=rows)
            yield sink.drain()
    yield sink.drain()


def _groups(batches: Iterable[pa.RecordBatch], enough: int) -> Iterator[pa.Table]:
    """Enough rows for a row group, from as many batches as that takes."""
    waiting, rows = [], 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= enough:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if rows:
        yield pa.Table.from_batches(waiting)
