"""Figures of a scoring, counted in the database: of its millions of rows only the points to be drawn are ever read."""

from dataclasses import asdict
from typing import Any

from django.db import connection

from almagest.contract import ClassCounts, Histogram, SkyMap
from almagest.contract.cuts import PREDICTED_CLASS
from almagest.core.tables import quote
from almagest.predictions.models import PredictionSet
from almagest.sky.healpix import ORDER, cell_centres
from almagest.sky.models import Survey

BINS = 20
EDGES = tuple(i / BINS for i in range(BINS + 1))
# A map holds the objects from the first threshold on; as many as a page draws at once, beyond that it counts in cells.
THRESHOLDS = (0.5, 0.9, 0.95, 0.99)
MOST_POINTS = 5000
# Cells of 1.8 degrees: about what one still tells apart on a map of the whole sky.
CELL_ORDER = 5


def scoring_figures(scores: PredictionSet) -> list[dict]:
    """Probabilities by survey, objects by class where the method says one, and the best on the sky.

    Objects without a score are counted nowhere, and none of a survey that readers of the version may not see.
    """
    surveys = counted_surveys(scores)
    if not surveys:
        return []
    figures = [_histogram(scores, surveys), _sky_map(scores, surveys)]
    if PREDICTED_CLASS in scores.version.output_table:
        figures.append(_class_counts(scores, surveys))
    return [asdict(figure) for figure in figures]


def counted_surveys(scores: PredictionSet) -> list[Survey]:
    """The scored surveys that those who see the version see too; by slug."""
    seen = Survey.objects.visible_with(scores.version).filter(slug__in=scores.surveys)
    return sorted(seen, key=lambda survey: survey.slug)


def _histogram(scores: PredictionSet, surveys: list[Survey]) -> Histogram:
    # Edges as the scores' own type: 0.7 as a float32 is less than 0.7.
    rows = _read(
        "SELECT survey_id, least(width_bucket({score}, %(edges)s::real[]), %(bins)s), count(*) FROM {table} "
        "WHERE {usable} GROUP BY 1, 2", scores, surveys, edges=list(EDGES), bins=BINS,
    )  # fmt: skip
    counts = {(survey, bin): count for survey, bin, count in rows}
    series = {s.slug: tuple(counts.get((s.pk, i + 1), 0) for i in range(BINS)) for s in surveys}
    label = scores.version.output_table[scores.version.method.rank_by].description
    return Histogram(f"Scored objects by {scores.version.method.rank_by}", label, "objects", EDGES, series)


def _class_counts(scores: PredictionSet, surveys: list[Survey]) -> ClassCounts:
    rows = _read(f"SELECT {PREDICTED_CLASS}, count(*) FROM {{table}} WHERE {{usable}} GROUP BY 1", scores, surveys)
    counts = {name: count for name, count in rows if name is not None}
    declared = scores.version.method.plugin.classes
    names = (*declared, *sorted(set(counts) - set(declared)))
    return ClassCounts("Scored objects by predicted class", names, tuple(counts.get(name, 0) for name in names))


def _sky_map(scores: PredictionSet, surveys: list[Survey]) -> SkyMap:
    each = ", ".join(f"count(*) FILTER (WHERE {{score}} >= {threshold}::real)" for threshold in THRESHOLDS)
    above = _read(f"SELECT {each} FROM {{table}} WHERE {{usable}} AND {{high}}", scores, surveys)[0]
    places = {survey.pk: i for i, survey in enumerate(surveys)}
    # Backwards through the index on (score, object_id); ties too.
    points = _read(
        "WITH best AS MATERIALIZED (SELECT object_id, survey_id, {score} AS score FROM {table} "
        "WHERE {usable} AND {high} ORDER BY {score} DESC, object_id DESC LIMIT %(limit)s) "
        "SELECT round(o.ra::numeric, 5)::float, round(o.dec::numeric, 5)::float, b.score, b.survey_id, o.source_id "
        "FROM best b JOIN objects o ON o.id = b.object_id AND o.survey_id = b.survey_id "
        "ORDER BY b.score DESC, b.object_id DESC", scores, surveys, limit=MOST_POINTS,
    )  # fmt: skip
    ra, dec, score, survey, source_id = zip(*points, strict=True) if points else [()] * 5
    rank_by = scores.version.method.rank_by
    return SkyMap(
        f"Objects with {rank_by} of {THRESHOLDS[0]} and more", rank_by, above[0], THRESHOLDS, above,
        tuple(s.slug for s in surveys), ra, dec, score, tuple(places[pk] for pk in survey), source_id,
        _cells(scores, surveys) if above[0] > MOST_POINTS else None, tuple(scores.version.method.plugin.landmarks),
    )  # fmt: skip


def _cells(scores: PredictionSet, surveys: list[Survey]) -> dict[str, Any]:
    rows = _read(
        "SELECT o.healpix >> %(shift)s AS cell, count(*) FROM {table} p "
        "JOIN objects o ON o.id = p.object_id AND o.survey_id = p.survey_id "
        "WHERE o.survey_id = ANY(%(surveys)s) AND {high} AND {score} <= 1 GROUP BY 1 ORDER BY 1",
        scores, surveys, shift=2 * (ORDER - CELL_ORDER),
    )  # fmt: skip
    ra, dec = cell_centres(CELL_ORDER, [cell for cell, _ in rows])
    return {
        "order": CELL_ORDER, "ra": ra.round(3).tolist(), "dec": dec.round(3).tolist(), "count": [n for _, n in rows]
    }  # fmt: skip


def _read(statement: str, scores: PredictionSet, surveys: list[Survey], **parameters) -> list[tuple]:
    """Rows of a statement about the set's table; neither null nor NaN, which PostgreSQL puts above all, is usable."""
    score = quote(scores.version.method.rank_by)
    names = {"table": quote(scores.table_name), "score": score, "high": f"{score} >= {THRESHOLDS[0]}::real",
             "usable": f"survey_id = ANY(%(surveys)s) AND {score} BETWEEN 0 AND 1"}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**names), parameters | {"surveys": [survey.pk for survey in surveys]})
        return cursor.fetchall()
