"""Arrow's IPC stream: batches as they are in memory."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from almagest.formats.batches import blocks, conform
from almagest.formats.document import Document
from almagest.formats.metadata import schema_with_metadata
from almagest.formats.sink import Sink


def write(document: Document, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Write an Arrow IPC stream, batch by batch."""
    return blocks(_chunks(document, batches))


def _chunks(document: Document, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    schema = schema_with_metadata(document)
    sink = Sink()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(conform(document.table, batch, schema))
            yield sink.drain()
    yield sink.drain()
