"""Declared tables in PostgreSQL: made, widened and dropped from their declaration alone."""

from dataclasses import dataclass
from hashlib import sha1

from django.db import connection

from almagest.contract import Column, Table, TableError

SQL_TYPES = {
    "bool": "boolean",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "float32": "real",
    "float64": "double precision",
    "string": "text",
    "timestamp": "timestamp with time zone",
    "binary": "bytea",
}


@dataclass(frozen=True)
class DeclaredTable:
    """A table to keep in the database, with its keys and indexes as tuples of column names.

    `ranges` are columns whose values grow as rows are added: an index of ranges of pages, which costs next to nothing.
    `nearest` are columns of arrays in which the rows nearest to a place are looked for, see `core.nearest`.
    """

    table: Table
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    ranges: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name in the database."""
        return self.table.name


def quote(name: str) -> str:
    """A name as SQL."""
    return connection.ops.quote_name(name)


def column_list(names) -> str:
    """Names as a comma-separated SQL list."""
    return ", ".join(quote(name) for name in names)


def sql_type(column: Column) -> str:
    """PostgreSQL's type of a column."""
    return SQL_TYPES[column.dtype] + ("[]" if column.shape else "")


def table_exists(name: str) -> bool:
    """Whether the database has a table of that name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [quote(name)])
        return cursor.fetchone()[0]


def create_table(declared: DeclaredTable, *, with_indexes: bool = True) -> None:
    """Make the table with its keys; `with_indexes=False` leaves the rest to `create_indexes`, quicker after a bulk load."""
    columns = [_column_sql(column) for column in declared.table.columns]
    columns.append(f"PRIMARY KEY ({column_list(declared.primary_key)})")
    columns += [f"UNIQUE ({column_list(names)})" for names in declared.unique]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {quote(declared.name)} ({', '.join(columns)})")
    if with_indexes:
        create_indexes(declared)


def create_indexes(declared: DeclaredTable) -> None:
    """Make the declared indexes that are not there yet."""
    with connection.cursor() as cursor:
        for names in declared.indexes:
            index = quote(index_name(declared.name, names))
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {quote(declared.name)} ({column_list(names)})")
        for name in declared.ranges:
            index = quote(index_name(declared.name, (name, "brin")))
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {index} ON {quote(declared.name)} USING brin ({quote(name)}) "
                "WITH (pages_per_range = 32, autosummarize = on)"
            )


def sync_table(declared: DeclaredTable) -> str:
    """Make the table, or add columns and indexes that were declared since; say which: "created", "widened" or "kept".

    Raises
    ------
    TableError
        When a column's type in the database is another than declared: data would have to be rewritten.
    """
    if not table_exists(declared.name):
        create_table(declared)
        return "created"
    found = _columns_in_database(declared.name)
    added = [column for column in declared.table.columns if column.name not in found]
    for column in declared.table.columns:
        if column.name in found and found[column.name] != sql_type(column):
            raise TableError(
                f"{declared.name}.{column.name} is {found[column.name]} in the database but declared {sql_type(column)}; "
                "declare a new column, or rewrite the table by hand"
            )
    _add_columns(declared.name, added)
    create_indexes(declared)
    return "widened" if added else "kept"


def drop_table(name: str) -> None:
    """Drop the table if it is there, waiting at most two seconds for its readers."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'" if connection.in_atomic_block else "SET lock_timeout = '2s'")
        cursor.execute(f"DROP TABLE IF EXISTS {quote(name)}")
        cursor.execute("RESET lock_timeout")


def index_name(table: str, names: tuple[str, ...]) -> str:
    """A name that tells what it is for, short enough for PostgreSQL's 63 characters."""
    full = "_".join((table, *names, "idx"))
    return full if len(full) <= 63 else f"{full[:54]}_{sha1(full.encode()).hexdigest()[:8]}"


def _column_sql(column: Column) -> str:
    # Bytes come packed: PostgreSQL would try to pack them again, in vain.
    storage = " STORAGE EXTERNAL" if column.dtype == "binary" else ""
    return f"{quote(column.name)} {sql_type(column)}{storage}{'' if column.nullable else ' NOT NULL'}"


def _add_columns(name: str, columns: list[Column]) -> None:
    with connection.cursor() as cursor:
        for column in columns:
            if not column.nullable:
                raise TableError(
                    f"{name}.{column.name} is new and not nullable: rows that are there have no value for it"
                )
            cursor.execute(f"ALTER TABLE {quote(name)} ADD COLUMN {_column_sql(column)}")


def _columns_in_database(name: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            [quote(name)],
        )
        return dict(cursor.fetchall())
