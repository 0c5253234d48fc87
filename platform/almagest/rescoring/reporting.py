"""What a pass has changed, counted where it was merged."""

from collections import Counter

from django.db import connection

from almagest.catalogs.differences import difference_listing
from almagest.catalogs.models import Edition
from almagest.core.tables import quote, table_exists
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import UNTIL, WAS_THERE
from almagest.rescoring.drift import THRESHOLD, Drift
from almagest.rescoring.models import Pass
from almagest.rescoring.training import score_drift
from almagest.runs.models import Chunk
from almagest.vetting.models import Choice, Consensus

# In place of a choice, whose names have no spaces.
NO_MAJORITY = "no majority"


def pass_report(found: Pass, after: Edition) -> dict:
    """Candidates that came, went and crossed the threshold; and the drift of features and scores."""
    results = list(Chunk.objects.filter(run_id=found.run_id, phase=0).values_list("result", flat=True))
    threshold = found.policy.drift_threshold if found.policy else THRESHOLD
    drifts = _drifts([*results, {"drift": score_drift(found, after)}], threshold)
    return {
        "scored": sum(result.get("rows", 0) for result in results),
        **_moves(found, after),
        "flipped": _flipped(found, after),
        "drift": drifts,
        "drift_threshold": threshold,
        "has_drifted": any(each["exceeds"] for each in drifts),
    }


def _moves(found: Pass, after: Edition) -> dict[str, int]:
    """Of the candidates that came: new objects, and objects scored before that have crossed into the catalog; and those that left."""
    source, known = (
        difference_listing(found.before, after).source,
        PredictionSet.objects.get(pk=found.before.prediction_set_id),
    )
    if known.pk == after.prediction_set_id and table_exists(known.history_name):
        new = f"object_id IN (SELECT object_id FROM {quote(known.history_name)} WHERE {UNTIL.name} > %(known)s AND NOT {WAS_THERE.name})"
    elif known.pk != after.prediction_set_id and table_exists(known.table_name):
        new = f"object_id NOT IN (SELECT object_id FROM {quote(known.table_name)})"
    else:
        new = "false"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE change = 'added' AND {new}), count(*) FILTER (WHERE change = 'added' AND NOT ({new})), "
            f"count(*) FILTER (WHERE change = 'removed') FROM {source}",
            {"known": found.before.set_revision},
        )
        return dict(zip(("new", "entered", "left"), cursor.fetchone(), strict=True))


def _flipped(found: Pass, after: Edition) -> list[dict]:
    """Objects with verdicts that have come into the catalog or left it, ``[{"change", "verdict", "count"}]``."""
    source = difference_listing(found.before, after).source
    consensus, choice = (quote(model._meta.db_table) for model in (Consensus, Choice))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT change, coalesce(c.name, '{NO_MAJORITY}'), count(*) FROM {source} "
            f"JOIN {consensus} v ON v.object_id = differences.object_id AND v.catalog_id = %s AND v.verdicts > 0 "
            f"LEFT JOIN {choice} c ON c.id = v.choice_id WHERE change <> 'changed' GROUP BY 1, 2 ORDER BY 1, 2",
            [after.catalog_id],
        )
        return [dict(zip(("change", "verdict", "count"), row, strict=True)) for row in cursor.fetchall()]


def _drifts(results: list[dict], threshold: float) -> list[dict]:
    """The chunks' counts together, the largest drift first."""
    first = list({each["column"]: each for result in results for each in result.get("drift", [])}.values())
    totals = {each["column"]: Counter() for each in first}
    for result in results:
        for each in result.get("drift", []):
            totals[each["column"]].update(dict(enumerate(each["found"])))
    drifts = [
        Drift(e["column"], tuple(e["edges"]), tuple(e["expected"]), tuple(totals[e["column"]][i] for i in range(len(e["found"]))))
        for e in first
    ]  # fmt: skip
    return [drift.to_json(threshold) for drift in sorted(drifts, key=lambda drift: -drift.index)]
