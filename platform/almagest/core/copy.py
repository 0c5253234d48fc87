"""Bulk data as Arrow: into PostgreSQL by binary COPY, out of it by ADBC."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from django.db import OperationalError, connection
from pgpq import ArrowToPostgresBinaryEncoder

from almagest.contract import Table
from almagest.contract.casting import cast_to
from almagest.core.tables import column_list, quote

ROWS_PER_MESSAGE = 65_536
# How errors of the connection itself begin.
CLIENT = "[libpq]"


def copy_in(table: Table, data: pa.Table, *, into: str | None = None) -> int:
    """Append rows to a declared table, on Django's own connection and in its transaction.

    Parameters
    ----------
    table
        The declaration that the data are cast to; binary COPY itself would not notice a wrong type.
    data
        Exactly the declared columns in their order.
    into
        Name of the table in the database, where it differs from the declaration's.

    Returns
    -------
    Number of rows.

    Raises
    ------
    TableError
        When the data do not fit the declaration.
    """
    data = cast_to(table, data)
    encoder = ArrowToPostgresBinaryEncoder(data.schema)
    connection.ensure_connection()
    target = f"COPY {quote(into or table.name)} ({column_list(table.names)}) FROM STDIN WITH (FORMAT BINARY)"
    with connection.wrap_database_errors, connection.connection.cursor() as cursor, cursor.copy(target) as copy:
        copy.write(encoder.write_header())
        for batch in data.to_batches(max_chunksize=ROWS_PER_MESSAGE):
            copy.write(encoder.write_batch(batch))
        copy.write(encoder.finish())
    return data.num_rows


def stream_arrow(sql: str, parameters: Sequence = (), *, batch_bytes: int = 0) -> Iterator[pa.RecordBatch]:
    """Run a query on a connection of its own and give its rows batch by batch, in bounded memory.

    It sees committed rows only. Parameters are written ``$1``, ``$2``, … in the query. `batch_bytes` is about the size of a batch,
    where the driver's 16 MiB are not right.
    """
    with adbc_cursor() as cursor:
        if batch_bytes:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(batch_bytes)})
        cursor.execute(sql, list(parameters) or None)
        yield from cursor.fetch_record_batch()


def read_arrow(sql: str, parameters: Sequence = ()) -> pa.Table:
    """Run a query as `stream_arrow` does and give all its rows."""
    with adbc_cursor() as cursor:
        cursor.execute(sql, list(parameters) or None)
        return cursor.fetch_arrow_table()


@contextmanager
def own_connection() -> Iterator[psycopg.Connection]:
    """A connection beside Django's own, for threads that read side by side; its errors are Django's."""
    parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "autocommit": True}
    with connection.copy().wrap_database_errors, psycopg.connect(**parameters) as own:
        yield own


def copy_out_rows(own: psycopg.Connection, sql: str, types: Sequence[str]) -> Iterator[tuple]:
    """Rows of a query by binary COPY, as Python's values, one after another.

    Where rows are large packed bytes this takes a third of the time that Arrow takes. `types` are PostgreSQL's, in the order of
    the columns; the query has no parameters.
    """
    with own.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT BINARY)") as copy:
        copy.set_types(types)
        yield from copy.rows()


@contextmanager
def adbc_cursor() -> Iterator[adbc.Cursor]:
    """A cursor of a connection of its own, in a transaction that ends without writing anything.

    Raises
    ------
    OperationalError
        Django's, as its own connection does, when the database is away or goes away.
    """
    try:
        with _first_connection(database_uri(), os.getpid()).adbc_clone() as own, own.cursor() as cursor:
            yield cursor
    except (adbc.OperationalError, OSError) as error:
        # Rows that are under way end with an OSError; other ones are the caller's own.
        if CLIENT not in str(error):
            raise
        raise OperationalError(str(error)) from error


@lru_cache(maxsize=4)
def _first_connection(uri: str, process: int) -> adbc.Connection:
    # The first reads the types of every column of the database, which takes fifty times what the others take.
    return adbc.connect(uri, autocommit=True)


def database_uri() -> str:
    """Django's current database as libpq's connection string: tests that move to a clone are followed."""
    keys = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    given = {keys[key]: str(value) for key, value in connection.settings_dict.items() if key in keys and value}
    return " ".join(f"{key}='{value}'" for key, value in given.items())
