"""The best on the sky, counted in the database: of millions of rows only the points to be drawn are ever read."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from almagest.contract import SkyMap
from almagest.core.tables import quote
from almagest.sky.healpix import ORDER, cell_centres

# A map holds the objects from the first threshold on; as many as a page draws at once, beyond that it counts in cells.
THRESHOLDS = (0.5, 0.9, 0.95, 0.99)
MOST_POINTS = 5000
# Cells of 1.8 degrees: about what one still tells apart on a map of the whole sky.
CELL_ORDER = 5
# What is told in words: the fullest cells of 7.3 degrees.
REGION_ORDER = 3
MOST_REGIONS = 10


@dataclass(frozen=True)
class ScoredRows:
    """Objects with a score between 0 and 1; those whose score is null or NaN, or outside, are counted nowhere.

    Parameters
    ----------
    table, score, survey
        The table, with one row an object and a column ``object_id``; its column of the score; its column that tells the survey.
    surveys
        ``{value of that column: slug}`` of those that are counted, in the figures' order.
    has_positions
        Whether the table has ``source_id``, ``ra``, ``dec`` and ``healpix`` too; else they are those in ``objects``.
    """

    table: str
    score: str
    survey: str
    surveys: dict[int | str, str]
    has_positions: bool = False

    def read(self, statement: str, **parameters: Any) -> list[tuple]:
        """Rows of a statement with ``{table}`` (called p), ``{placed}`` (with positions, called ``{at}``) and ``{usable}``."""
        table, survey = quote(self.table), quote(self.survey)
        place = "" if self.has_positions else f"JOIN objects o ON o.id = p.object_id AND o.{survey} = p.{survey}"
        names = {"table": f"{table} p", "place": place, "placed": f"{table} p {place}", "survey": survey,
                 "at": "p" if self.has_positions else "o", "score": f"p.{quote(self.score)}"}  # fmt: skip
        # NaN, which PostgreSQL puts above all, is not between.
        names["usable"] = f"p.{survey} = ANY(%(surveys)s) AND {names['score']} BETWEEN 0 AND 1"
        with connection.cursor() as cursor:
            cursor.execute(statement.format(**names), parameters | {"surveys": list(self.surveys)})
            return cursor.fetchall()


def sky_map(
    rows: ScoredRows, *, title: str, rank_by: str, thresholds: tuple[float, ...] = THRESHOLDS, landmarks: list[dict]
) -> SkyMap:
    """Where the objects lie that have a score of at least the first of `thresholds`, which grow."""
    each = ", ".join(f"count(*) FILTER (WHERE {{score}} >= {threshold}::real)" for threshold in thresholds)
    high = f"{{usable}} AND {{score}} >= {thresholds[0]}::real"
    above = rows.read(f"SELECT {each} FROM {{table}} WHERE {high}")[0]
    places = {key: i for i, key in enumerate(rows.surveys)}
    # Backwards through the index on (score, object_id); ties too.
    points = rows.read(
        f"WITH p AS MATERIALIZED (SELECT * FROM {{table}} WHERE {high} ORDER BY {{score}} DESC, p.object_id DESC LIMIT %(limit)s) "
        "SELECT round({at}.ra::numeric, 5)::float, round({at}.dec::numeric, 5)::float, {score}, p.{survey}, {at}.source_id "
        "FROM p {place} ORDER BY {score} DESC, p.object_id DESC", limit=MOST_POINTS,
    )  # fmt: skip
    ra, dec, score, survey, source_id = zip(*points, strict=True) if points else [()] * 5
    cells = _cells(rows, high, CELL_ORDER, "count(*)", "1") if above[0] > MOST_POINTS else None
    regions = _cells(rows, high, REGION_ORDER, each, f"2 DESC, 1 LIMIT {MOST_REGIONS}")
    return SkyMap(
        title, rank_by, above[0], thresholds, above, tuple(rows.surveys.values()), ra, dec, score,
        tuple(places[key] for key in survey), source_id, cells and cells | {"count": [n for (n,) in cells["count"]]},
        tuple(landmarks), regions,
    )  # fmt: skip


def _cells(rows: ScoredRows, condition: str, order: int, counts: str, by: str) -> dict[str, Any]:
    # The survey is asked for where the positions are too: that leaves the other surveys' parts of `objects` unread.
    found = rows.read(
        f"SELECT {{at}}.healpix >> %(shift)s, {counts} FROM {{placed}} "
        f"WHERE {condition} AND {{at}}.{{survey}} = ANY(%(surveys)s) GROUP BY 1 ORDER BY {by}", shift=2 * (ORDER - order),
    )  # fmt: skip
    ra, dec = cell_centres(order, [cell for cell, *_ in found])
    return {"order": order, "ra": ra.round(3).tolist(), "dec": dec.round(3).tolist(), "count": [n for _, *n in found]}
