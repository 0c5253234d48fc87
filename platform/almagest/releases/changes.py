"""What has changed since the release before: its own file beside the catalog's table, compared in the database."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.parquet as pq

from almagest.contract import Column, Table
from almagest.core.copy import adbc_cursor
from almagest.core.listings import Listing
from almagest.core.listings.streaming import as_text
from almagest.core.tables import column_list, quote, sql_type
from almagest.releases.content import Changes
from almagest.releases.freezing import KEYS, write_rows

PREVIOUS = "previous_release"
KINDS = ("added", "removed", "changed")


def changes_table(now: Table, before: Table, rank_by: str) -> Table:
    """Columns of the list of changes: which row, what happened to it, and its score before and after."""
    keys = [now[name] for name in KEYS]
    ranks = [
        Column(f"{rank_by}_{when}", "float64", "", "stat.probability", f"{rank_by}, {when}")
        for when in ("before", "after") if rank_by in now and rank_by in before
    ]  # fmt: skip
    said = (
        Column("change", "string", "", "meta.code", "added, removed or changed since the release before", nullable=False, level=1),
        Column("changed_columns", "string", "", "meta.note", "Columns whose values are others, with commas between them"),
    )  # fmt: skip
    return Table("changes", "Rows that differ from the release before", (*keys, *said, *ranks))


def schema_changes(now: Table, before: Table) -> dict[str, tuple[str, ...]]:
    """Names of the columns that were added, removed, and whose type or unit is another."""
    both = [name for name in now.names if name in before]
    kinds = {n: [(t[n].dtype, t[n].unit, t[n].shape) for t in (now, before)] for n in both}
    return {
        "columns_added": tuple(name for name in now.names if name not in before),
        "columns_removed": tuple(name for name in before.names if name not in now),
        "columns_changed": tuple(name for name in both if kinds[name][0] != kinds[name][1]),
    }


def find_changes(listing: Listing, before: Table, parquet: Path, rank_by: str, into: Path) -> tuple[Table, Changes]:
    """Write the rows that differ into a file, sorted as the release is; rows are the same where the object is.

    Columns whose type or unit has changed are not compared value by value. Memory does not grow with the rows.
    """
    now = listing.given
    table, schema, counts = changes_table(now, before, rank_by), schema_changes(now, before), Counter()
    compared = [name for name in now.names if name in before and name not in (*schema["columns_changed"], "object_id")]
    with adbc_cursor() as cursor:
        _load(cursor, before, parquet)
        cursor.execute(_query(listing, table, compared, rank_by))
        write_rows(into, table, _counted(cursor, counts))
        cursor.execute(f"DROP TABLE {quote(PREVIOUS)}")
    return table, Changes(**{kind: counts[kind] for kind in KINDS}, **schema)


def _load(cursor: adbc.Cursor, table: Table, parquet: Path) -> None:
    columns = ", ".join(f"{quote(column.name)} {sql_type(column)}" for column in table.columns)
    cursor.execute(f"CREATE TEMPORARY TABLE {quote(PREVIOUS)} ({columns})")
    with pq.ParquetFile(parquet) as file:
        batches = (batch.cast(table.arrow_schema) for batch in file.iter_batches(columns=table.names))
        reader = pa.RecordBatchReader.from_batches(table.arrow_schema, batches)
        cursor.adbc_ingest(PREVIOUS, reader, mode="append", temporary=True)
    cursor.execute(f"ANALYZE {quote(PREVIOUS)}")


def _query(listing: Listing, table: Table, compared: list[str], rank_by: str) -> str:
    where, values = listing.where
    rows = f"SELECT {column_list(listing.columns)} FROM {listing.source} WHERE {where}"
    differs = {name: f"n.{quote(name)} IS DISTINCT FROM p.{quote(name)}" for name in compared}
    special = {
        "change": "CASE WHEN p.object_id IS NULL THEN 'added' WHEN n.object_id IS NULL THEN 'removed' ELSE 'changed' END",
        "changed_columns": "CASE WHEN p.object_id = n.object_id THEN concat_ws(', ', "
        + ", ".join(f"CASE WHEN {sql} THEN '{name}' END" for name, sql in differs.items()) + ") END",
        f"{rank_by}_before": f"p.{quote(rank_by)}::double precision",
        f"{rank_by}_after": f"n.{quote(rank_by)}::double precision",
    }  # fmt: skip
    chosen = [
        f"{special.get(name) or f'coalesce(n.{quote(name)}, p.{quote(name)})'} AS {quote(name)}" for name in table.names
    ]
    sql = (
        f"SELECT {', '.join(chosen)} FROM ({rows}) n FULL JOIN {quote(PREVIOUS)} p ON n.object_id = p.object_id "
        f"WHERE n.object_id IS NULL OR p.object_id IS NULL OR {' OR '.join(differs.values())} ORDER BY healpix, object_id"
    )
    return as_text(sql, [*listing.values, *values], None)


def _counted(cursor: adbc.Cursor, counts: Counter) -> Iterator[pa.RecordBatch]:
    for batch in cursor.fetch_record_batch():
        counts.update(batch.column("change").to_pylist())
        yield batch
