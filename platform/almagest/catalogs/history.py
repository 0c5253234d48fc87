"""A catalog as it was: rows that later revisions have replaced are kept, so that every revision can be read again."""

from dataclasses import replace

from django.db.models import BooleanField, CharField, Func, Value
from django.db.models.functions import Cast, Concat

from almagest.catalogs.models import Edition
from almagest.contract import Column, Table
from almagest.core.tables import DeclaredTable, column_list, quote, table_exists

UNTIL = Column(
    "until_revision", "int32", "", "meta.version", "Revision from which on it was so no more", nullable=False
)
WAS_THERE = Column("was_there", "bool", "", "meta.code", "False: it came with that revision", nullable=False)


def history_table(edition: Edition) -> DeclaredTable:
    """Declaration of the table of replaced rows; of objects that were no candidates before, a row that says so."""
    table = edition.table
    columns = tuple(
        column if column.name == "object_id" else replace(column, nullable=True) for column in table.columns
    )
    kept = Table(edition.history_name, table.description, (*columns, UNTIL, WAS_THERE))
    return DeclaredTable(kept, primary_key=("object_id", UNTIL.name), ranges=(UNTIL.name,))


def is_kept(edition: Edition) -> bool:
    """Whether its rows can still be read: tables of catalogs that were made anew since are dropped in the end."""
    return table_exists(edition.table_name)


def table_is_there() -> Func:
    """The same of each of a queryset's editions, as an expression; the table's name is `Edition.table_name`."""
    catalog, base = (Cast(name, CharField()) for name in ("catalog_id", "base"))
    name = Concat(Value("catalog_"), catalog, Value("_r"), base, output_field=CharField())
    return Func(name, template="(to_regclass(%(expressions)s) IS NOT NULL)", output_field=BooleanField())


def edition_source(edition: Edition, *, only: str = "", is_frozen: bool = False) -> str:
    """SQL relation of an edition's rows, also where its table has been changed in place since.

    Parameters
    ----------
    only
        SQL that gives the ``object_id`` of the rows that alone are wanted.
    is_frozen
        Whether the rows of just this edition are wanted, also if it is followed by another before they are read. Pages of the
        current one are read from its table as it is, whose indexes give them their order.
    """
    table, history = quote(edition.table_name), quote(edition.history_name)
    names = column_list(edition.table.names)
    those = f" AND object_id IN ({only})" if only else ""
    if (edition.is_current and not is_frozen) or not table_exists(edition.history_name):
        return f"(SELECT {names} FROM {table} WHERE true{those}) AS rows" if only else table
    later = f"{UNTIL.name} > {int(edition.revision)}"
    # What stood then is what the first later revision has replaced.
    return (
        f"(SELECT {names} FROM {table} t WHERE NOT EXISTS "
        f"(SELECT FROM {history} h WHERE h.object_id = t.object_id AND h.{later}){those} UNION ALL "
        f"SELECT {names} FROM (SELECT DISTINCT ON (object_id) * FROM {history} WHERE {later}{those} "
        f"ORDER BY object_id, {UNTIL.name}) AS first WHERE {WAS_THERE.name}) AS rows"
    )


def touched(earlier: Edition, later: Edition) -> str:
    """SQL that gives the objects whose rows may differ between two editions; empty where that can be any."""
    if earlier.table_name != later.table_name:
        return ""
    if not table_exists(later.history_name):
        return "SELECT NULL::bigint WHERE false"
    low, high = sorted((int(earlier.revision), int(later.revision)))
    return f"SELECT object_id FROM {quote(later.history_name)} WHERE {UNTIL.name} > {low} AND {UNTIL.name} <= {high}"
