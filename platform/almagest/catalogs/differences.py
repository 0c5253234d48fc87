"""Two states of a catalog beside each other: which rows are in one alone, and which say something else."""

from django.db import connection

from almagest.catalogs.history import edition_source, touched
from almagest.catalogs.models import Edition
from almagest.contract import Column, Table
from almagest.core.listings import Listing
from almagest.core.tables import column_list, quote, sql_type

# Without these nobody could say which row is meant.
KEYS = ("object_id", "survey", "source_id", "ra", "dec", "healpix")
KINDS = ("added", "removed", "changed")


def differences_table(now: Table, before: Table, rank_by: str, name: str = "changes") -> Table:
    """Columns of a list of differences: which row, what happened to it, and its score before and after."""
    keys = [now[name] for name in KEYS]
    ranks = [
        # Of the score's own width, so that 0.9 is the 0.9 by which candidates are chosen.
        Column(f"{rank_by}_{when}", now[rank_by].dtype, "", "stat.probability", f"{rank_by}, {when}")
        for when in ("before", "after") if rank_by in now and rank_by in before
    ]  # fmt: skip
    said = (
        Column("change", "string", "", "meta.code", "added, removed or changed since the one before", nullable=False, level=1),
        Column("changed_columns", "string", "", "meta.note", "Columns whose values are others, with commas between them"),
    )  # fmt: skip
    return Table(name, "Rows that differ from the one before", (*keys, *said, *ranks))


def schema_differences(now: Table, before: Table) -> dict[str, tuple[str, ...]]:
    """Names of the columns that were added, removed, and whose type or unit is another."""
    both = [name for name in now.names if name in before]
    kinds = {n: [(t[n].dtype, t[n].unit, t[n].shape) for t in (now, before)] for n in both}
    return {
        "columns_added": tuple(name for name in now.names if name not in before),
        "columns_removed": tuple(name for name in before.names if name not in now),
        "columns_changed": tuple(name for name in both if kinds[name][0] != kinds[name][1]),
    }


def differences_sql(now_rows: str, before_rows: str, now: Table, before: Table, rank_by: str) -> str:
    """Query of the differing rows of two relations with these columns; rows are the same where the object is.

    Columns whose type or unit has changed are not compared value by value.
    """
    other_kind = schema_differences(now, before)["columns_changed"]
    compared = [name for name in now.names if name in before and name not in (*other_kind, "object_id")]
    differs = {name: f"n.{quote(name)} IS DISTINCT FROM p.{quote(name)}" for name in compared}
    changed = ", ".join(f"CASE WHEN {sql} THEN '{name}' END" for name, sql in differs.items())
    special = {
        "change": "CASE WHEN p.object_id IS NULL THEN 'added' WHEN n.object_id IS NULL THEN 'removed' ELSE 'changed' END",
        "changed_columns": f"CASE WHEN p.object_id = n.object_id THEN concat_ws(', ', {changed}) END",
    }
    table = differences_table(now, before, rank_by)
    for name, row in ((f"{rank_by}_before", "p"), (f"{rank_by}_after", "n")):
        if name in table:
            special[name] = f"{row}.{quote(rank_by)}::{sql_type(table[name])}"
    chosen = [f"{special.get(n) or f'coalesce(n.{quote(n)}, p.{quote(n)})'} AS {quote(n)}" for n in table.names]
    return (
        f"SELECT {', '.join(chosen)} FROM {now_rows} n FULL JOIN {before_rows} p ON n.object_id = p.object_id "
        f"WHERE n.object_id IS NULL OR p.object_id IS NULL OR {' OR '.join(differs.values())}"
    )


def difference_listing(earlier: Edition, later: Edition) -> Listing:
    """What has changed from one edition of a catalog to another; the largest scores first.

    Where both share a table, only rows that were replaced in between are looked at.
    """
    those = touched(earlier, later)
    now, before = (_relation(edition, those) for edition in (later, earlier))
    name = f"{later.catalog.slug}-r{earlier.revision}-r{later.revision}"
    table = differences_table(later.table, earlier.table, later.rank_by, name="differences")
    sql = differences_sql(now, before, later.table, earlier.table, later.rank_by)
    rank = f"{later.rank_by}_after"
    return Listing(
        name=name, table=table, source=f"({sql}) AS differences", key="object_id", sort=f"-{rank}" if rank in table else "object_id",
        sortable=frozenset(n for n in table.names if n.endswith(("_before", "_after"))) | {"object_id", "ra"},
        revision=f"difference {earlier.pk} {later.pk}", modified=later.published,
    )  # fmt: skip


def difference_counts(earlier: Edition, later: Edition) -> dict[str, int]:
    """How many rows were ``added``, ``removed`` and ``changed``."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT change, count(*) FROM {difference_listing(earlier, later).source} GROUP BY change")
        return dict.fromkeys(KINDS, 0) | dict(cursor.fetchall())


def _relation(edition: Edition, those: str) -> str:
    source = edition_source(edition, only=those, is_frozen=True)
    columns = column_list(edition.table.names)
    return f"(SELECT {columns} FROM {source})"
