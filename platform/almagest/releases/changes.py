"""What has changed since the release before: its own file beside the catalog's table, compared in the database."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.parquet as pq

from almagest.catalogs.differences import KINDS, differences_sql, differences_table, schema_differences
from almagest.contract import Table
from almagest.core.copy import adbc_cursor
from almagest.core.listings import Listing
from almagest.core.listings.streaming import as_text
from almagest.core.tables import column_list, quote, sql_type
from almagest.releases.content import Changes
from almagest.releases.freezing import write_rows

PREVIOUS = "previous_release"


def find_changes(listing: Listing, before: Table, parquet: Path, rank_by: str, into: Path) -> tuple[Table, Changes]:
    """Write the rows that differ into a file, sorted as the release is. Memory does not grow with the rows."""
    now, counts = listing.given, Counter()
    where, values = listing.where
    rows = f"(SELECT {column_list(listing.columns)} FROM {listing.source} WHERE {where})"
    sql = f"{differences_sql(rows, quote(PREVIOUS), now, before, rank_by)} ORDER BY healpix, object_id"
    table = differences_table(now, before, rank_by)
    with adbc_cursor() as cursor:
        _load(cursor, before, parquet)
        cursor.execute(as_text(sql, [*listing.values, *values], None))
        write_rows(into, table, _counted(cursor, counts))
        cursor.execute(f"DROP TABLE {quote(PREVIOUS)}")
    return table, Changes(**{kind: counts[kind] for kind in KINDS}, **schema_differences(now, before))


def _load(cursor: adbc.Cursor, table: Table, parquet: Path) -> None:
    columns = ", ".join(f"{quote(column.name)} {sql_type(column)}" for column in table.columns)
    cursor.execute(f"CREATE TEMPORARY TABLE {quote(PREVIOUS)} ({columns})")
    with pq.ParquetFile(parquet) as file:
        batches = (batch.cast(table.arrow_schema) for batch in file.iter_batches(columns=table.names))
        reader = pa.RecordBatchReader.from_batches(table.arrow_schema, batches)
        cursor.adbc_ingest(PREVIOUS, reader, mode="append", temporary=True)
    cursor.execute(f"ANALYZE {quote(PREVIOUS)}")


def _counted(cursor: adbc.Cursor, counts: Counter) -> Iterator[pa.RecordBatch]:
    for batch in cursor.fetch_record_batch():
        counts.update(batch.column("change").to_pylist())
        yield batch
