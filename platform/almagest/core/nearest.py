"""What lies nearest in a space of a few numbers: arrays of a declared table, by Euclid's distance, through pgvector.

The numbers stay where they are, as `real[]`: an index on their cast to `vector` finds them. It is one of lists around centres
(IVFFlat). Of 200,000 rows of six numbers it is made in 0.9 s, and publishing waits for it; a graph (HNSW) takes 36 s and six times the
space. It finds ten in 5 ms, a graph in 0.8 ms, looking at all rows in 39 ms: a page needs no quicker. With so many lists looked at
(`PROBES`) it found for 100 of 100 places just those that looking at all rows gives (`bench/latents.py`).
"""

from collections.abc import Sequence

from django.db import ProgrammingError, connection, transaction

from almagest.contract import AlmagestError, Column
from almagest.core.tables import DeclaredTable, index_name, quote

# Below so many rows looking at all of them takes no time that anybody notices.
FEW_ROWS = 10_000
ROWS_PER_LIST = 1_000
# Finding the centres takes memory with the square of their number: 200 MB for so many.
MOST_LISTS = 1_000
# Lists looked at. More are looked at where what is asked for leaves too few rows, as of surveys that a reader does not see.
PROBES = 12
OLDEST = (0, 8)


class NearestError(AlmagestError):
    """The database cannot look for what is near."""


def enable_vectors() -> None:
    """Make the database's extension `vector` if it is not there.

    Raises
    ------
    NearestError
        When the server has none, or one from before filters were heeded, or the role may not make it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT default_version, installed_version FROM pg_available_extensions WHERE name = 'vector'")
        offered, there = cursor.fetchone() or (None, None)
        if not offered:
            cursor.execute("SHOW server_version_num")
            raise NearestError(_how_to_install(int(cursor.fetchone()[0]) // 10_000))
        version = there or offered
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            raise NearestError(
                f"this database has pgvector {version}; 0.8 or newer is needed: install it and ALTER EXTENSION vector UPDATE"
            )
        try:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except ProgrammingError as error:
            raise NearestError(
                f"the database {connection.settings_dict['NAME']} has no extension vector yet, and {connection.settings_dict['USER']} "
                "may not make it: have its administrator run CREATE EXTENSION vector there once, and migrate again"
            ) from error


def _how_to_install(major: int) -> str:
    return (
        f"this PostgreSQL {major} has no extension vector (pgvector): install the package postgresql-{major}-pgvector (Debian, Ubuntu) "
        f"or pgvector_{major} (Red Hat) on its server, or run the image pgvector/pgvector:pg{major}, and migrate again"
    )


def distance_sql(column: Column, name: str) -> str:
    """Distance of a row from a place, as SQL with one ``%s`` for `place_text`; `name` is the column's name as it stands there."""
    size = column.shape[0]
    return f"({name}::vector({size}) <-> %s::vector({size}))"


def place_text(place: Sequence[float]) -> str:
    """A place as pgvector reads it."""
    return f"[{','.join(repr(float(number)) for number in place)}]"


def look_around(cursor) -> None:
    """Set, until the transaction ends, how thoroughly the index is looked through."""
    cursor.execute(f"SET LOCAL ivfflat.probes = {PROBES}")
    cursor.execute("SET LOCAL ivfflat.iterative_scan = relaxed_order")


def create_nearest_indexes(declared: DeclaredTable) -> None:
    """Make the indexes of the columns in which what is near is looked for, of a table that is filled; of few rows none."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in declared.nearest:
            cursor.execute(f"SELECT count({quote(name)}) FROM {quote(declared.name)}")
            (rows,) = cursor.fetchone()
            if rows < FEW_ROWS:
                continue
            index = quote(index_name(declared.name, (name, "nearest")))
            # A limit: what is not needed is not taken.
            cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {index} ON {quote(declared.name)} USING ivfflat "
                f"(({quote(name)}::vector({declared.table[name].shape[0]})) vector_l2_ops) "
                f"WITH (lists = {min(rows // ROWS_PER_LIST, MOST_LISTS)})"
            )
            cursor.execute("RESET maintenance_work_mem")
