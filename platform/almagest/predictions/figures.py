"""Figures of a scoring: probabilities, classes, and the best on the sky, counted in the database."""

from dataclasses import asdict, replace

from almagest.contract import ClassCounts, Histogram, SkyMap
from almagest.contract.cuts import PREDICTED_CLASS
from almagest.predictions.models import PredictionSet
from almagest.predictions.sky_maps import THRESHOLDS, ScoredRows, sky_map
from almagest.sky.models import Survey
from almagest.sky.surveys import SURVEYS

BINS = 20
EDGES = tuple(i / BINS for i in range(BINS + 1))


def scoring_figures(scores: PredictionSet) -> list[dict]:
    """Probabilities by survey, objects by class where the method says one, and the best on the sky.

    Objects without a score are counted nowhere, and none of a survey that readers of the version may not see.
    """
    surveys = {survey.pk: survey.slug for survey in counted_surveys(scores)}
    if not surveys:
        return []
    rows = ScoredRows(scores.table_name, scores.version.method.rank_by, "survey_id", surveys)
    figures = [_histogram(scores, rows)]
    # Library stars and spaxels have no place on the sky.
    if placed := {key: slug for key, slug in surveys.items() if SURVEYS[slug].has_positions}:
        figures.append(_sky_map(scores, replace(rows, surveys=placed)))
    if PREDICTED_CLASS in scores.version.output_table:
        figures.append(_class_counts(scores, rows))
    return [asdict(figure) for figure in figures]


def counted_surveys(scores: PredictionSet) -> list[Survey]:
    """The scored surveys that those who see the version see too; by slug."""
    seen = Survey.objects.visible_with(scores.version).filter(slug__in=scores.surveys)
    return sorted(seen, key=lambda survey: survey.slug)


def _histogram(scores: PredictionSet, rows: ScoredRows) -> Histogram:
    # Edges as the scores' own type: 0.7 as a float32 is less than 0.7.
    found = rows.read(
        "SELECT p.survey_id, least(width_bucket({score}, %(edges)s::real[]), %(bins)s), count(*) FROM {table} "
        "WHERE {usable} GROUP BY 1, 2", edges=list(EDGES), bins=BINS,
    )  # fmt: skip
    counts = {(survey, bin): count for survey, bin, count in found}
    series = {slug: tuple(counts.get((key, i + 1), 0) for i in range(BINS)) for key, slug in rows.surveys.items()}
    label = scores.version.output_table[scores.version.method.rank_by].description
    return Histogram(f"Scored objects by {scores.version.method.rank_by}", label, "objects", EDGES, series)


def _class_counts(scores: PredictionSet, rows: ScoredRows) -> ClassCounts:
    found = rows.read(f"SELECT p.{PREDICTED_CLASS}, count(*) FROM {{table}} WHERE {{usable}} GROUP BY 1")
    counts = {name: count for name, count in found if name is not None}
    declared = scores.version.method.plugin.classes
    names = (*declared, *sorted(set(counts) - set(declared)))
    return ClassCounts("Scored objects by predicted class", names, tuple(counts.get(name, 0) for name in names))


def _sky_map(scores: PredictionSet, rows: ScoredRows) -> SkyMap:
    method = scores.version.method
    title = f"Objects with {method.rank_by} of {THRESHOLDS[0]} and more"
    return sky_map(rows, title=title, rank_by=method.rank_by, landmarks=method.plugin.landmarks)
