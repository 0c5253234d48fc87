"""What a rescoring would do, without doing it."""

from dataclasses import dataclass

from almagest.catalogs.models import Edition
from almagest.predictions.models import PredictionSet
from almagest.predictions.staleness import Stale, stale_counts
from almagest.runs.models import Run
from almagest.sky.selectors import snapshot


@dataclass(frozen=True)
class Plan:
    """What is stale in a catalog.

    Attributes
    ----------
    stale
        Objects by survey that the scores do not know as they are now.
    scores_are_ahead
        Whether the scores were brought up to date since the catalog was filled from them.
    seconds
        About how long it takes, by the rate of the scoring before; None where none was measured.
    """

    edition: Edition
    ingest_id: int
    stale: tuple[Stale, ...]
    scores_are_ahead: bool
    seconds: float | None

    @property
    def count(self) -> int:
        """Objects to score."""
        return sum(each.count for each in self.stale)

    @property
    def is_needed(self) -> bool:
        """Whether a pass would do anything."""
        return self.count > 0 or self.scores_are_ahead


def pass_plan(*, edition: Edition) -> Plan:
    """Look at what a pass over a catalog would do now."""
    scores = edition.prediction_set
    now = snapshot().ingest_id
    stale = tuple(stale_counts(scores, ingest_id=now)) if scores.state == PredictionSet.State.CURRENT else ()
    rate = _rate(scores)
    count = sum(each.count for each in stale)
    return Plan(edition, now, stale, scores.revision > edition.set_revision, count / rate if rate else None)


def _rate(scores: PredictionSet) -> float | None:
    """Objects scored each second when the set was made."""
    run = Run.objects.filter(pk=scores.run_id).first()
    return scores.rows / run.seconds if run and run.seconds and scores.rows else None
