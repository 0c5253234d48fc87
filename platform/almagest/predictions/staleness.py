"""What a set of scores does not know yet: objects that came, or were measured anew, after its snapshot."""

from dataclasses import dataclass

from django.db import connection

from almagest.predictions.models import PredictionSet
from almagest.sky.models import Survey
from almagest.sky.selectors import measurements_as_of


@dataclass(frozen=True)
class Stale:
    """How many objects of a survey a set does not know, and why."""

    survey: str
    new: int = 0
    changed: int = 0
    # Objects of which the version has said nothing yet, because it has no scores at all.
    unscored: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        return self.new + self.changed + self.unscored


def stale_counts(scores: PredictionSet, *, ingest_id: int) -> list[Stale]:
    """Stale objects by survey as of an ingest; the time goes with their number, not with that of all objects."""
    found = []
    for survey in _surveys(scores):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE o.ingest_id > %s), count(*) FILTER (WHERE o.ingest_id <= %s) "
                f"FROM ({stale_rows(scores, survey, ingest_id)}) m JOIN objects o ON o.id = m.object_id AND o.survey_id = %s",
                [scores.ingest_id, scores.ingest_id, survey.pk],
            )
            found.append(Stale(survey.slug, *cursor.fetchone()))
    return found


def stale_blocks(scores: PredictionSet, *, ingest_id: int) -> list[dict]:
    """Ranges of object ids of the method's `block_size` stale objects each, as chunks' payloads."""
    blocks = []
    for survey in _surveys(scores):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(object_id), max(object_id) FROM (SELECT object_id, "
                "(row_number() OVER (ORDER BY object_id) - 1) / %s AS block "
                f"FROM ({stale_rows(scores, survey, ingest_id)}) m) AS numbered GROUP BY block ORDER BY block",
                [scores.version.method.block_size],
            )
            blocks += [{"survey": survey.slug, "low": low, "high": high} for low, high in cursor.fetchall()]
    return blocks


def stale_rows(scores: PredictionSet, survey: Survey, ingest_id: int) -> str:
    """SQL text of the stale objects of a survey as they are after an ingest: ``object_id`` and ``revision``."""
    return measurements_as_of(survey, (), ingest_id, since=scores.ingest_id)


def _surveys(scores: PredictionSet) -> list[Survey]:
    return list(Survey.objects.filter(slug__in=scores.surveys).order_by("slug"))
