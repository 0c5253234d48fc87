"""What a rescoring would do, without doing it."""

from dataclasses import dataclass

from django.db.models import Sum

from almagest.catalogs.models import Edition
from almagest.predictions.models import PredictionSet
from almagest.predictions.staleness import Stale, stale_counts
from almagest.registry.models import ModelVersion
from almagest.runs.models import Run
from almagest.samples.reading import can_feed
from almagest.sky.models import Ingest, Survey
from almagest.sky.selectors import snapshot


@dataclass(frozen=True)
class Plan:
    """What is stale in a catalog.

    Attributes
    ----------
    version
        The model version that the catalog shall be of: its method's production version, where there is one, else its own.
    scores
        That version's current scores; None where it has none yet.
    stale
        Objects by survey that those scores do not know as they are now.
    seconds
        About how long it takes, by the rate of the scoring before; None where none was measured.
    """

    edition: Edition
    ingest_id: int
    version: ModelVersion
    scores: PredictionSet | None
    stale: tuple[Stale, ...]
    seconds: float | None

    @property
    def count(self) -> int:
        """Objects to score."""
        return sum(each.count for each in self.stale)

    @property
    def is_another_version(self) -> bool:
        """Whether the catalog is of another version than it shall be."""
        return self.version != self.edition.version

    @property
    def is_other_scores(self) -> bool:
        """Whether the catalog is filled anew from another set of scores, instead of being changed in place."""
        return self.scores is None or self.scores.pk != self.edition.prediction_set_id

    @property
    def is_needed(self) -> bool:
        """Whether a pass would do anything."""
        return self.count > 0 or self.is_other_scores or self.scores.revision > self.edition.set_revision


def pass_plan(*, edition: Edition) -> Plan:
    """Look at what a pass over a catalog would do now."""
    version, now = _followed(edition), snapshot().ingest_id
    scores = version.prediction_sets.filter(state=PredictionSet.State.CURRENT).first()
    stale = tuple(stale_counts(scores, ingest_id=now) if scores else _unscored(edition, version))
    rate, count = _rate(edition.prediction_set), sum(each.count for each in stale)
    return Plan(edition, now, version, scores, stale, count / rate if rate else None)


def _followed(edition: Edition) -> ModelVersion:
    production = edition.version.method.production
    is_seen = production and ModelVersion.objects.visible_with(edition.catalog).filter(pk=production.pk).exists()
    return production if is_seen else edition.version


def followed_surveys(edition: Edition, version: ModelVersion) -> list[Survey]:
    """The catalog's surveys that the version can be fed with."""
    found = Survey.objects.filter(slug__in=edition.prediction_set.surveys).order_by("slug")
    method = version.method
    return [s for s in found if can_feed(s.slug, method.input_table, needs_spectra=bool(method.spectra))]


def _unscored(edition: Edition, version: ModelVersion) -> list[Stale]:
    objects = Ingest.objects.values("survey").annotate(count=Sum("new")).values_list("survey", "count")
    counts = dict(objects)
    return [Stale(survey.slug, unscored=counts.get(survey.pk, 0)) for survey in followed_surveys(edition, version)]


def _rate(scores: PredictionSet) -> float | None:
    """Objects scored each second when the set was made."""
    run = Run.objects.filter(pk=scores.run_id).first()
    return scores.rows / run.seconds if run and run.seconds and scores.rows else None
