"""Batches on their way into a file: cast to the declaration, cut into pieces, gathered into blocks of bytes."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from almagest.contract import Column, Table
from almagest.contract.casting import cast_column, cast_to

PIECE = 16_384  # rows that are turned into bytes at once: what they need fits into the processor's cache
BLOCK = 65_536  # bytes; smaller answers are gathered


def conform(table: Table, batch: pa.RecordBatch, schema: pa.Schema | None = None) -> pa.RecordBatch:
    """Cast a batch to the declared schema, or to a `schema` that is the same with metadata.

    What has the declared type already is neither copied nor looked at.

    Raises
    ------
    TableError
        As `cast_to` does.
    """
    if batch.schema.names != table.names:
        cast_to(table, pa.Table.from_batches([batch]))
    fitting = [_fit(table.name, column, batch.column(n)) for n, column in enumerate(table.columns)]
    return pa.RecordBatch.from_arrays(fitting, schema=schema or table.arrow_schema)


def pieces(table: Table, batches: Iterable[pa.RecordBatch], rows: int = PIECE) -> Iterator[pa.RecordBatch]:
    """Conforming pieces of at most so many rows, and never an empty one."""
    for batch in batches:
        fitting = conform(table, batch)
        for start in range(0, fitting.num_rows, rows):
            yield fitting.slice(start, rows)


def blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of at least `BLOCK` bytes, except for the last."""
    waiting, size = [], 0
    for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if size:
        yield b"".join(waiting)


def _fit(table_name: str, column: Column, values: pa.Array) -> pa.Array:
    complete = column.nullable or not values.null_count
    if values.type == column.arrow_type and complete and not column.shape:
        return values
    return cast_column(table_name, column, pa.chunked_array([values])).combine_chunks()
