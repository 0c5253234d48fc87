"""What a pass has changed, counted where it was merged."""

from collections import Counter

from django.db import connection

from almagest.catalogs.history import UNTIL, WAS_THERE
from almagest.catalogs.models import Edition
from almagest.core.tables import quote, table_exists
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import UNTIL as SCORED_UNTIL
from almagest.predictions.tables import WAS_THERE as WAS_SCORED
from almagest.rescoring.drift import THRESHOLD, Drift
from almagest.rescoring.models import Pass
from almagest.rescoring.training import score_drift
from almagest.runs.models import Chunk


def pass_report(found: Pass, after: Edition) -> dict:
    """Candidates that came, went and crossed the threshold; and the drift of features and scores."""
    results = list(Chunk.objects.filter(run_id=found.run_id, phase=0).values_list("result", flat=True))
    drifts = _drifts([*results, {"drift": score_drift(found, after)}])
    return {
        "scored": sum(result.get("rows", 0) for result in results),
        **_moves(found, after),
        "drift": drifts,
        "has_drifted": any(each["exceeds"] for each in drifts),
    }


def _moves(found: Pass, after: Edition) -> dict[str, int]:
    """Of the candidates that came: new objects, and objects known before that have crossed into the catalog; and those that left."""
    scores = PredictionSet.objects.get(pk=after.prediction_set_id)
    if not (table_exists(after.history_name) and table_exists(scores.history_name)):
        return {"new": 0, "entered": 0, "left": 0}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE NOT h.{WAS_THERE.name} AND NOT coalesce(p.{WAS_SCORED.name}, true)), "
            f"count(*) FILTER (WHERE NOT h.{WAS_THERE.name} AND coalesce(p.{WAS_SCORED.name}, true)), "
            f"count(*) FILTER (WHERE h.{WAS_THERE.name} AND c.object_id IS NULL) "
            f"FROM {quote(after.history_name)} h LEFT JOIN {quote(after.table_name)} c USING (object_id) "
            f"LEFT JOIN {quote(scores.history_name)} p ON p.object_id = h.object_id AND p.{SCORED_UNTIL.name} = %s "
            f"WHERE h.{UNTIL.name} = %s",
            [scores.revision, after.revision if after.pk != found.before_id else -1],
        )
        return dict(zip(("new", "entered", "left"), cursor.fetchone(), strict=True))


def _drifts(results: list[dict]) -> list[dict]:
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
    return [drift.to_json(THRESHOLD) for drift in sorted(drifts, key=lambda drift: -drift.index)]
