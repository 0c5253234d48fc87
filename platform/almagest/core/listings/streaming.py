"""All rows of a listing as Arrow, batch by batch, in memory that does not grow with them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from django.db import connection

from almagest.contract import Table
from almagest.core.copy import adbc_cursor
from almagest.core.listings.errors import ListingError
from almagest.core.listings.listing import Listing
from almagest.core.listings.paging import OVERTAKEN, walks
from almagest.core.tables import quote
from almagest.formats import Sizes

BATCH_BYTES = 4_000_000
BATCH_ROWS = 20_000
Reader = Callable[[str, Table], Iterator[pa.RecordBatch]]


def read_batches(listing: Listing, *, limit: int | None = None) -> Iterator[pa.RecordBatch]:
    """All rows in their order, or the first `limit` of them, of one state of the database."""
    with _reader() as read:
        _check(listing, read)
        yield from _batches(listing, read, limit)


@contextmanager
def measured_batches(listing: Listing, *, limit: int | None = None) -> Iterator[tuple[Sizes, Iterator[pa.RecordBatch]]]:
    """The same, with what FITS must know before the first row."""
    with _reader() as read:
        _check(listing, read)
        yield _sizes(listing, read, limit), _batches(listing, read, limit)


def _check(listing: Listing, read: Reader) -> None:
    """The first query of a state of the database says whether the rows in it are those that are meant."""
    if listing.still and not next(read(listing.still, None)).to_pylist()[0]["still"]:
        raise ListingError(OVERTAKEN)


def _batches(listing: Listing, read: Reader, limit: int | None) -> Iterator[pa.RecordBatch]:
    table = listing.given
    for sql, values in walks(listing, table.names):
        if limit == 0:
            return
        for batch in read(as_text(sql, values, limit), table):
            limit = None if limit is None else limit - batch.num_rows
            yield batch


def _sizes(listing: Listing, read: Reader, limit: int | None) -> Sizes:
    strings = [quote(column.name) for column in listing.given.columns if column.dtype == "string"]
    widths = [f"coalesce(max(octet_length({name})), 0)::bigint AS {name}" for name in strings]
    where, values = listing.where
    asked = ", ".join(["count(*) AS counted_rows", *widths])
    sql = as_text(f"SELECT {asked} FROM {listing.source} WHERE {where}", [*listing.values, *values], None)
    found = next(read(sql, None)).to_pylist()[0]
    rows = found.pop("counted_rows")
    return Sizes(rows if limit is None else min(rows, limit), {name: max(1, width) for name, width in found.items()})


def as_text(sql: str, values: list, limit: int | None) -> str:
    """A query with its values written into it by psycopg, as literals."""
    connection.ensure_connection()
    text = psycopg.ClientCursor(connection.connection).mogrify(sql, values)
    return text if limit is None else f"{text} LIMIT {limit}"


@contextmanager
def _reader() -> Iterator[Reader]:
    """Reads on a connection of its own, where bulk rows come as Arrow; inside a transaction, whose rows no other sees, on it."""
    if connection.in_atomic_block:
        yield _read_here
        return
    with adbc_cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield partial(_read_there, cursor)


def _read_there(cursor: adbc.Cursor, sql: str, table: Table | None) -> Iterator[pa.RecordBatch]:
    cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
    cursor.execute(sql)
    yield from cursor.fetch_record_batch()


def _read_here(sql: str, table: Table | None) -> Iterator[pa.RecordBatch]:
    # All rows come at once: a cursor of the server's would outlive the transaction where nobody reads it to its end.
    with connection.cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(BATCH_ROWS):
            schema = table.arrow_schema if table else pa.schema([(c.name, pa.int64()) for c in cursor.description])
            columns = [
                pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
