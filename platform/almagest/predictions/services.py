"""Scoring: frozen blocks, exactly one row for each object, visible all at once."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pyarrow as pa
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from almagest.accounts.sharing import narrowest
from almagest.contract import AlmagestError
from almagest.contract.cuts import PREDICTED_CLASS, candidate_steps
from almagest.core.copy import copy_in
from almagest.core.nearest import create_nearest_indexes
from almagest.core.tables import create_indexes, create_table, drop_table, quote, table_exists
from almagest.predictions.figures import scoring_figures
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import set_table
from almagest.registry.models import ModelVersion
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Chunk, Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.samples.reading import can_feed
from almagest.sky.models import Survey
from almagest.sky.selectors import snapshot, survey_list
from almagest.sky.surveys import SURVEYS

KIND = "score"
# A page that has found a table's name a moment before it was retired may still read it.
READERS_LEAVE_WITHIN = timedelta(minutes=2)


class ScoringError(AlmagestError):
    """A scoring cannot be started."""


@transaction.atomic
def scoring_start(*, version: ModelVersion, surveys: list[str] | None = None, owner=None) -> Run:
    """Freeze the list of blocks of objects, and send them to the workers of the model's runtime.

    Parameters
    ----------
    surveys
        Slugs; without them every survey that declares the method's inputs, and that the user and whoever sees the version
        may see: the scores of a public version do not depend on a survey of its owner's own.

    Raises
    ------
    ScoringError
        When a survey cannot feed the method, or there is nothing to score.
    """
    chosen = _surveys(version, surveys, owner)
    scores, blocks = scores_begin(version=version, surveys=chosen)
    finish = ChunkSpec("data", {"publish": scores.pk}, phase=1)
    scores.run = run_start(
        kind=KIND,
        title=f"Score with {version}",
        chunks=[*blocks, finish],
        owner=owner,
        parameters={
            "version": str(version),
            "prediction_set": scores.pk,
            "surveys": scores.surveys,
            "ingest_id": scores.ingest_id,
        },
        **narrowest([version, *chosen]),
    )
    scores.save(update_fields=["run"])
    return scores.run


def scores_begin(*, version: ModelVersion, surveys: list[Survey]) -> tuple[PredictionSet, list[ChunkSpec]]:
    """An empty set of scores that nobody sees yet, and the blocks of the sky as it is now that are to be scored into it."""
    now = snapshot()
    blocks = [
        ChunkSpec(version.method.runtime, block)
        for survey in surveys
        for block in _blocks(survey, now.ingest_id, version.method.block_size)
    ]
    if not blocks:
        raise ScoringError(f"{version}: there are no objects to score; ingest a survey first")
    slugs = [survey.slug for survey in surveys]
    scores = PredictionSet.objects.create(
        version=version, ingest_id=now.ingest_id, surveys=slugs, candidates_left_out=_steps(version)
    )
    create_table(set_table(scores), with_indexes=False)
    return scores, blocks


def _surveys(version: ModelVersion, slugs: list[str] | None, owner) -> list[Survey]:
    inputs, needs_spectra = version.method.input_table, bool(version.method.spectra)
    seen = [survey for survey in survey_list(user=owner) if survey.slug in SURVEYS]
    fits = partial(can_feed, inputs=inputs, needs_spectra=needs_spectra)
    if slugs is None:
        shown = set(Survey.objects.visible_with(version).values_list("pk", flat=True))
        return [survey for survey in seen if survey.pk in shown and fits(survey.slug)]
    if unknown := sorted(set(slugs) - {survey.slug for survey in seen}):
        raise ScoringError(f"no survey {', '.join(unknown)} is there; there is {', '.join(s.slug for s in seen)}")
    if unfit := [slug for slug in slugs if not fits(slug)]:
        needs = ["spectra"] * needs_spectra + inputs.names
        raise ScoringError(f"{', '.join(unfit)} cannot be scored by {version}: needs {', '.join(needs)}")
    return [survey for survey in seen if survey.slug in slugs]


def _steps(version: ModelVersion) -> list[dict]:
    """The steps from a scored object to a candidate, not counted yet; none where the method has no candidate cuts."""
    cuts = version.method.candidate_cuts
    if not cuts or PREDICTED_CLASS not in version.output_table:
        return []
    names = candidate_steps(version.method.plugin.signal, [cut["name"] for cut in cuts])
    return [{"name": name, "count": 0} for name in names]


def _blocks(survey: Survey, ingest_id: int, size: int) -> list[dict]:
    """Ranges of object ids of so many objects each, as they are in the snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id), max(id) FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS block FROM objects "
            "WHERE survey_id = %s AND ingest_id <= %s) AS numbered GROUP BY block ORDER BY block",
            [size, survey.pk, ingest_id],
        )
        return [{"survey": survey.slug, "low": low, "high": high} for low, high in cursor.fetchall()]


def block_write(*, claim: Claim, scores: PredictionSet, survey: Survey, rows: pa.Table, counts: dict) -> None:
    """Replace a block's scores and mark its chunk done, in one transaction: safe to run any number of times."""
    table = set_table(scores)
    rows = rows.append_column("survey_id", pa.array([survey.pk] * rows.num_rows, pa.int32())).select(table.table.names)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {quote(scores.table_name)} WHERE survey_id = %s AND object_id BETWEEN %s AND %s",
                [survey.pk, claim.payload["low"], claim.payload["high"]],
            )
        copy_in(table.table, rows)
        claim_complete(claim, result={"rows": rows.num_rows} | counts)


def scoring_publish(*, claim: Claim, scores: PredictionSet) -> None:
    """Index the finished table, then move the version's pointer to it: readers see all of it or none."""
    with transaction.atomic():
        scores_publish(scores=scores, run_id=claim.run_id)
        claim_complete(
            claim, outcome={"prediction_set": scores.pk, "rows": scores.rows, "objects_read": scores.objects_read}
        )


def scores_publish(*, scores: PredictionSet, run_id: int) -> None:
    """The same for a run that goes on to other things, within its transaction."""
    declared = set_table(scores)
    create_indexes(declared)
    create_nearest_indexes(declared)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {quote(scores.table_name)}")
    results = list(Chunk.objects.filter(run_id=run_id, phase=0).values_list("result", flat=True))
    scores.left_out = _summed(results, "left_out")
    scores.candidates_left_out = _summed(results, "candidates_left_out")
    scores.rows, scores.objects_read = (sum(r[key] for r in results) for key in ("rows", "objects_read"))
    scores.figures = scoring_figures(scores)
    PredictionSet.objects.filter(version=scores.version, state=PredictionSet.State.CURRENT).update(
        state=PredictionSet.State.RETIRED, retired=Now()
    )
    scores.state, scores.published = PredictionSet.State.CURRENT, Now()
    scores.save()


def _summed(results: list[dict], kind: str) -> list[dict]:
    """What each cut took away over all blocks, in the cuts' order."""
    total = Counter()
    for result in results:
        total.update(dict(result.get(kind, ())))
    return [{"name": name, "count": total[name]} for name in total]


def predictions_sweep() -> list[str]:
    """Drop tables that nobody can see any more: retired a while ago, or of a run that failed or was cancelled."""
    ended = Q(state=PredictionSet.State.BUILDING, run__state__in=[Run.State.FAILED, Run.State.CANCELLED])
    retired = Q(state=PredictionSet.State.RETIRED, retired__lt=Now() - READERS_LEAVE_WITHIN)
    dropped = []
    for scores in PredictionSet.objects.filter(ended | retired):
        for name in filter(table_exists, (scores.history_name, scores.table_name)):
            try:
                drop_table(name)
                dropped.append(name)
            except OperationalError:  # somebody still reads it: the next sweep gets it
                continue
    return dropped
