"""Bulk copy: what is read back is what was given, or there was an error."""

from datetime import UTC, datetime

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pytest
from django.db import OperationalError, connection

from almagest.contract import Column, Table, TableError
from almagest.contract.columns import DATABASE_TYPES
from almagest.core.copy import adbc_cursor, copy_in, read_arrow, stream_arrow
from almagest.core.tables import DeclaredTable, create_table, drop_table, sync_table, table_exists

SAMPLES = {
    "bool": [True, False, None],
    "int16": [-32768, 32767, None],
    "int32": [-(2**31), 2**31 - 1, None],
    "int64": [-(2**63), 2**63 - 1, None],
    "float32": [1.5, -3.25, None],
    "float64": [0.1, -1e300, None],
    "string": ["", "Ωmega\t\n\\N", None],
    "timestamp": [datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), None],
    "binary": [b"\x00\xff", b"", None],
}
SCALARS = Table("scratch", "", (Column("id", "int64", nullable=False), *(Column(f"c_{d}", d) for d in DATABASE_TYPES)))
ARRAYS = Table(
    "scratch_arrays",
    "",
    (
        Column("id", "int64", nullable=False),
        *(Column(f"c_{d}", d, shape=(2,)) for d in ("int16", "int32", "int64", "float32", "float64", "bool", "string")),
    ),
)


def rows(table: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        return cursor.fetchall()


@pytest.mark.django_db
def test_every_type_comes_back_as_it_went_in():
    create_table(DeclaredTable(SCALARS, ("id",)))
    data = pa.table({"id": [1, 2, 3]} | {f"c_{d}": pa.array(SAMPLES[d], DATABASE_TYPES[d]) for d in DATABASE_TYPES})
    assert copy_in(SCALARS, data) == 3
    assert rows("scratch") == [tuple(row.values()) for row in data.to_pylist()]


@pytest.mark.django_db
def test_arrays_come_back_as_they_went_in():
    create_table(DeclaredTable(ARRAYS, ("id",)))
    columns = [c for c in ARRAYS.columns if c.shape]
    data = pa.table({"id": [1, 2]} | {c.name: pa.array([SAMPLES[c.dtype][:2], None], c.arrow_type) for c in columns})
    copy_in(ARRAYS, data)
    assert rows("scratch_arrays") == [tuple(row.values()) for row in data.to_pylist()]


@pytest.mark.django_db
@pytest.mark.parametrize("declared", DATABASE_TYPES)
@pytest.mark.parametrize("found", DATABASE_TYPES)
def test_no_wrong_type_ever_becomes_a_wrong_number(declared, found):
    table = Table("scratch_pair", "", (Column("id", "int64"), Column("a", declared)))
    create_table(DeclaredTable(table, ("id",)))
    value = {"bool": True, "binary": b"x", "string": "x", "timestamp": datetime(2026, 1, 1, tzinfo=UTC)}.get(found, 3)
    data = pa.table({"id": [1], "a": pa.array([value], DATABASE_TYPES[found])})
    try:
        copy_in(table, data)
    except TableError:
        assert rows("scratch_pair") == []
    else:
        assert rows("scratch_pair") == [(1, value)]


@pytest.mark.django_db
def test_order_and_names_are_checked_before_anything_is_sent():
    table = Table("scratch_order", "", (Column("id", "int64"), Column("ra", "float64"), Column("dec", "float64")))
    create_table(DeclaredTable(table, ("id",)))
    for names in (["id", "dec", "ra"], ["id", "ra"], ["id", "ra", "DEC"]):
        with pytest.raises(TableError, match="scratch_order"):
            copy_in(table, pa.table({name: pa.array([1], pa.int64()) for name in names}))
    assert rows("scratch_order") == []


@pytest.mark.django_db
def test_sync_widens_and_refuses_to_change_a_type():
    table = Table("scratch_sync", "", (Column("id", "int64", nullable=False),))
    assert sync_table(DeclaredTable(table, ("id",))) == "created"
    wider = DeclaredTable(table.with_columns(Column("g", "float32", "mag")), ("id",), indexes=(("g", "id"),))
    assert sync_table(wider) == "widened"
    assert sync_table(wider) == "kept"
    with pytest.raises(TableError, match="real in the database but declared double precision"):
        sync_table(DeclaredTable(table.with_columns(Column("g", "float64", "mag")), ("id",)))
    drop_table("scratch_sync")
    assert not table_exists("scratch_sync")


def test_reading_gives_arrow(cloned_database):
    result = read_arrow("SELECT $1::int AS a, 'x'::text AS b, ARRAY[1.5, 2.5]::real[] AS c", (7,))
    assert result.to_pylist() == [{"a": 7, "b": "x", "c": [1.5, 2.5]}]
    batches = stream_arrow("SELECT generate_series(1, $1) AS n", (200_000,))
    assert sum(batch.num_rows for batch in batches) == 200_000


def test_a_database_that_goes_away_is_said_as_django_says_it(cloned_database):
    with connection.cursor() as cursor:
        rows = stream_arrow("SELECT n, repeat('x', 1000) FROM generate_series(1, 1000000) n")
        next(rows)
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # The server says goodbye first; whether that is read before the connection is found closed is a race.
        with pytest.raises(OperationalError, match=r"closed the connection|terminating connection"):
            list(rows)
        assert read_arrow("SELECT 1 AS n").to_pylist() == [{"n": 1}]


def test_errors_of_a_query_and_of_its_reader_stay_what_they_are(cloned_database):
    with pytest.raises(adbc.DataError, match="division by zero"):
        read_arrow("SELECT 1 / 0 AS n")
    with pytest.raises(OSError, match="no room") as error, adbc_cursor():
        raise OSError("no room")
    assert not isinstance(error.value, OperationalError)
