"""What the model has learned from, in bins, and what a block of objects looks like beside it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from django.db import connection

from almagest.catalogs.models import Edition
from almagest.contract import Method
from almagest.contract.sample import Sample
from almagest.core.files import opened_folder
from almagest.core.tables import quote
from almagest.predictions.tables import UNTIL
from almagest.registry.models import ModelVersion
from almagest.rescoring.drift import binned, quantile_edges
from almagest.rescoring.models import Pass


@dataclass(frozen=True)
class Expected:
    """A column's bins and the training rows in them."""

    column: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@lru_cache(maxsize=2)
def training_rows(folder: str) -> pa.Table:
    """The rows that a sample gives to learn from."""
    with opened_folder(folder) as copy:
        return Sample.open(copy, rows_only=True).train


@lru_cache(maxsize=4)
def expected_of(folder: str, columns: tuple[str, ...]) -> tuple[Expected, ...]:
    """Bins of the numbers among these columns, over the rows that a sample gives to learn from."""
    rows, found = training_rows(folder), []
    for name in columns:
        if name in rows.column_names and _is_number(rows.schema.field(name).type):
            values = _values(rows[name])
            edges = quantile_edges(values)
            found.append(Expected(name, edges, binned(values, edges)))
    return tuple(found)


def drift_counts(version: ModelVersion, method: Method, batch: pa.Table) -> list[dict]:
    """Counts of a block's inputs in the bins of the version's sample, as a chunk's result holds them."""
    return [
        {"column": e.column, "edges": list(e.edges), "expected": list(e.counts), "found": list(binned(_values(batch[e.column]), e.edges))}
        for e in expected_of(version.sample.folder, tuple(method.inputs.names))
    ]  # fmt: skip


def score_drift(found: Pass, after: Edition) -> list[dict]:
    """The same of the scores: those that the pass has brought, beside those of the objects that the model has learned from."""
    scores, rank_by = after.prediction_set, after.version.method.rank_by
    if not found.stale_count:
        return []
    ids = training_rows(after.version.sample.folder)["object_id"].to_pylist()
    table, rank = quote(scores.table_name), f"p.{quote(rank_by)}"
    brought = f"JOIN {quote(scores.history_name)} h USING (object_id) WHERE h.{UNTIL.name} = {scores.revision} AND"
    is_new = found.prediction_set_id != found.before.prediction_set_id and scores.revision == 1
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {rank} FROM {table} p WHERE object_id = ANY(%s) AND {rank} IS NOT NULL", [ids])
        learned = np.array([row[0] for row in cursor.fetchall()], float)
        edges = quantile_edges(learned)
        cursor.execute(
            f"SELECT width_bucket({rank}::float8, %s::float8[]), count(*) FROM {table} p "
            f"{'WHERE' if is_new else brought} {rank} IS NOT NULL GROUP BY 1",
            [list(edges)],
        )
        counts = dict(cursor.fetchall())
    new = [*(counts.get(n, 0) for n in range(len(edges) + 1)), 0]
    return [{"column": rank_by, "edges": list(edges), "expected": list(binned(learned, edges)), "found": new}]


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _values(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
