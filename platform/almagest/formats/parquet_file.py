"""Parquet, with the header of a VOTable in its metadata as VOParquet 1.0 has it."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from almagest.formats.batches import blocks, conform
from almagest.formats.document import Document
from almagest.formats.metadata import schema_with_metadata
from almagest.formats.sink import Sink
from almagest.formats.votable_header import header

ROW_GROUP = 100_000  # rows
# Said, and not left to the library, so that the same rows are the same bytes.
COMPRESSION = {"compression": "zstd", "compression_level": 1}
CONTENT, VERSION = "IVOA.VOTable-Parquet.content", "IVOA.VOTable-Parquet.version"


def write(document: Document, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Write Parquet in row groups of at most 100,000 rows, each handed on before the next is read."""
    return blocks(_chunks(document, batches))


def _chunks(document: Document, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    schema = schema_with_metadata(document, **{CONTENT: header(document), VERSION: "1.0"})
    strings = [column.name for column in document.table.columns if column.dtype == "string" and not column.shape]
    sink = Sink()
    with pq.ParquetWriter(sink, schema, use_dictionary=strings, **COMPRESSION) as writer:
        for group in _groups(conform(document.table, batch, schema) for batch in batches):
            writer.write_table(group, row_group_size=ROW_GROUP)
            yield sink.drain()
    yield sink.drain()


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Enough rows for a row group, from as many batches as that takes."""
    waiting, rows = [], 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if rows:
        yield pa.Table.from_batches(waiting)
