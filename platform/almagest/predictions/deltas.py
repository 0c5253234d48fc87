"""Scores of what is stale: written beside a set's own table, and merged into it in one transaction that keeps the old ones."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.db.models.functions import Now

from almagest.contract import Method
from almagest.contract.cuts import apply_cuts, mark_candidates
from almagest.core.copy import copy_in, read_arrow
from almagest.core.tables import column_list, create_table, drop_table, quote, sync_table
from almagest.predictions.figures import scoring_figures
from almagest.predictions.models import PredictionSet
from almagest.predictions.scoring import read_inputs, score_rows
from almagest.predictions.services import ScoringError
from almagest.predictions.tables import IS_SCORED, UNTIL, WAS_THERE, delta_table, history_table, set_table
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Chunk
from almagest.samples.reading import id_condition
from almagest.sky.models import Survey

KINDS = ("left_out", "candidates_left_out")


def delta_create(scores: PredictionSet, run_id: int) -> None:
    """Make the empty table that the run's blocks are written into."""
    create_table(delta_table(scores, run_id))


def read_stale(
    scores: PredictionSet, survey: Survey, method: Method, *, low: int, high: int, ingest_id: int
) -> pa.Table:
    """What the method looks at, of the stale objects of an id range as they are after an ingest."""
    return read_inputs(method, survey, ingest_id=ingest_id, since=scores.ingest_id, low=low, high=high)


def score_stale(
    scores: PredictionSet, survey: Survey, method: Method, model: Any, batch: pa.Table
) -> tuple[pa.Table, dict]:
    """Score what `read_stale` has read.

    Returns
    -------
    A row for every stale object, of which those that do not pass the cuts are not `is_scored`; and how the set's counts
    change by them, negative where objects that were counted before are now counted otherwise.
    """
    rows, counts = score_rows(scores, method, model, batch)
    before = _counts_before(scores, survey, method, batch["object_id"])
    changes = {kind: _difference(counts.get(kind, []), before.get(kind, [])) for kind in KINDS}
    read = counts["objects_read"] - before["objects_read"]
    return _with_unscored(rows, batch), changes | {"objects_read": read, "stale": batch.num_rows}


def delta_write(*, claim: Claim, scores: PredictionSet, survey: Survey, rows: pa.Table, counts: dict) -> None:
    """Replace a block's rows in the run's table and mark its chunk done, in one transaction."""
    declared = delta_table(scores, claim.run_id).table
    rows = rows.append_column("survey_id", pa.array([survey.pk] * rows.num_rows, pa.int32())).select(declared.names)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {quote(declared.name)} WHERE survey_id = %s AND object_id BETWEEN %s AND %s",
                [survey.pk, claim.payload["low"], claim.payload["high"]],
            )
        copy_in(declared, rows)
        claim_complete(claim, result={"rows": rows.num_rows} | counts)


def delta_merge(*, scores: PredictionSet, run_id: int, ingest_id: int, revision: int) -> PredictionSet:
    """Put a run's rows in the place of those that the set has, which are kept; within the caller's transaction.

    Parameters
    ----------
    ingest_id
        The snapshot that the rows are of.
    revision
        Of the set when the run began.

    Raises
    ------
    ScoringError
        When the set is not what it was when the run began: somebody else has brought it up to date, or replaced it.
    """
    scores = (
        PredictionSet.objects.select_for_update(of=("self",))
        .select_related("version__method__plugin")
        .get(pk=scores.pk)
    )
    if scores.state != PredictionSet.State.CURRENT or scores.revision != revision:
        raise ScoringError(f"{scores} were brought up to date or replaced while this run went on; start another")
    _replace(scores, run_id)
    results = list(Chunk.objects.filter(run_id=run_id, phase=0).values_list("result", flat=True))
    scores.revision, scores.ingest_id, scores.published = revision + 1, ingest_id, Now()
    scores.objects_read += sum(result["objects_read"] for result in results)
    for kind in KINDS:
        setattr(scores, kind, _added(getattr(scores, kind), [result.get(kind, []) for result in results]))
    scores.rows = _count(scores)
    scores.figures = scoring_figures(scores)
    scores.save()
    return scores


def _replace(scores: PredictionSet, run_id: int) -> None:
    sync_table(history_table(scores))
    columns = set_table(scores).table.names
    table, old, new = quote(scores.table_name), quote(scores.history_name), quote(delta_table(scores, run_id).name)
    kept = ", ".join(f"coalesce(p.{quote(n)}, d.{quote(n)})" if n == "object_id" else f"p.{quote(n)}" for n in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {old} ({column_list([*columns, UNTIL.name, WAS_THERE.name])}) "
            f"SELECT {kept}, %s, p.object_id IS NOT NULL FROM {new} d LEFT JOIN {table} p ON p.object_id = d.object_id "
            f"WHERE p.object_id IS NOT NULL OR d.{IS_SCORED.name}",
            [scores.revision + 1],
        )
        cursor.execute(f"DELETE FROM {table} p USING {new} d WHERE p.object_id = d.object_id")
        cursor.execute(
            f"INSERT INTO {table} ({column_list(columns)}) SELECT {column_list(columns)} FROM {new} WHERE {IS_SCORED.name}"
        )
    drop_table(delta_table(scores, run_id).name)


def _counts_before(scores: PredictionSet, survey: Survey, method: Method, ids: pa.ChunkedArray) -> dict:
    """How these objects were counted by the set, of those that it knows: their old rows cut again, with their old scores."""
    batch = read_inputs(method, survey, ingest_id=scores.ingest_id, ids=ids.to_numpy())
    kept, left_out = apply_cuts(method.cuts, batch)
    counts = {"objects_read": batch.num_rows, "left_out": list(left_out.items())}
    if scores.has_candidates:
        outputs = scores.version.output_table.names
        where, values = id_condition(kept["object_id"].to_numpy())
        said = read_arrow(
            f"SELECT {column_list(['object_id', *outputs])} FROM {quote(scores.table_name)} WHERE object_id {where}",
            values,
        )
        seen = kept.join(said, "object_id", join_type="inner")
        _, taken = mark_candidates(method.candidate_cuts, scores.version.method.plugin.signal, seen)
        counts["candidates_left_out"] = list(taken.items())
    return counts


def _with_unscored(rows: pa.Table, batch: pa.Table) -> pa.Table:
    """The scored rows, and of the others object and revision alone."""
    others = batch.filter(pc.invert(pc.is_in(batch["object_id"], rows["object_id"]))).select(["object_id", "revision"])
    flags = [pa.repeat(is_scored, table.num_rows) for is_scored, table in ((True, rows), (False, others))]
    both = [table.append_column(IS_SCORED.name, flag) for table, flag in zip((rows, others), flags, strict=True)]
    return pa.concat_tables(both, promote_options="default")


def _difference(now: list, before: list) -> list[tuple[str, int]]:
    earlier = dict(before)
    return [(name, count - earlier.get(name, 0)) for name, count in now]


def _added(counts: list[dict], changes: list[list]) -> list[dict]:
    total = Counter()
    for change in changes:
        total.update(dict(change))
    return [step | {"count": step["count"] + total[step["name"]]} for step in counts]


def _count(scores: PredictionSet) -> int:
    """Rows of the set: what was read, less what the cuts took away."""
    return scores.objects_read - sum(step["count"] for step in scores.left_out)
