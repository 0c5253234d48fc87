"""Filling a catalog's table, and the numbers that its page shows at once."""

from django.db import connection

from almagest.catalogs.models import Edition
from almagest.catalogs.tables import source_name
from almagest.contract import Column, Table
from almagest.contract.sample import Sample as SampleFolder
from almagest.contract.units import unit_factor
from almagest.core.copy import copy_in
from almagest.core.files import opened_folder
from almagest.core.tables import column_list, quote, sql_type
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import IS_CANDIDATE
from almagest.registry.models import ModelVersion
from almagest.sky.models import Survey
from almagest.sky.selectors import measurements_as_of
from almagest.sky.surveys import SURVEYS

HISTOGRAM_BINS = 50
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
MEMBERS = Table(
    "sample_members",
    "The sample's objects, while a catalog is filled",
    (
        Column("object_id", "int64", nullable=False),
        Column("split", "string"),
        Column("label", "string"),
    ),
)


def catalog_fill(edition: Edition, *, into: str = "", only: str = "") -> None:
    """Insert the candidates, best first, so that the first pages lie together on disk.

    Parameters
    ----------
    into
        Name of another table than the edition's own.
    only
        Name of a table of the objects that alone are looked at, by ``object_id``.
    """
    _load_members(edition.version)
    with connection.cursor() as cursor:
        for survey in Survey.objects.filter(slug__in=edition.prediction_set.surveys):
            insert = f"INSERT INTO {quote(into or edition.table_name)} ({column_list(edition.table.names)}) "
            cursor.execute(insert + _candidates(edition, survey, only), [survey.slug, survey.pk, edition.threshold])
        cursor.execute(f"DROP TABLE {quote(MEMBERS.name)}")


def _load_members(version: ModelVersion) -> None:
    with opened_folder(version.sample.folder) as folder:
        rows = SampleFolder.open(folder, rows_only=True).rows.select(MEMBERS.names)
    with connection.cursor() as cursor:
        columns = ", ".join(f"{quote(c.name)} {sql_type(c)}" for c in MEMBERS.columns)
        cursor.execute(f"CREATE TEMPORARY TABLE {quote(MEMBERS.name)} ({columns}) ON COMMIT DROP")
        copy_in(MEMBERS, rows)
        cursor.execute(f"ANALYZE {quote(MEMBERS.name)}")


def _candidates(edition: Edition, survey: Survey, only: str) -> str:
    table, there = edition.table, SURVEYS[survey.slug].table
    special = {
        "object_id": "p.object_id",
        "survey": "%s",
        "revision": "p.revision",
        "sample_split": "t.split",
        "sample_label": "t.label",
    } | {name: f"o.{name}" for name in ("source_id", "ra", "dec", "healpix")}
    sources = {c.name: source_name(edition.version.method, c.name) for c in table.columns if c.name not in special}
    outputs = edition.version.output_table.names
    values = special | {
        name: f"p.{quote(source)}" if source in outputs else _measured(table[name], source, there)
        for name, source in sources.items()
    }
    measured = [name for name in dict.fromkeys(sources.values()) if name not in outputs and name in there]
    rank_by = quote(edition.version.method.rank_by)
    eligible = _eligible(edition.prediction_set, "p.")
    those = f"JOIN {quote(only)} ON {quote(only)}.object_id = p.object_id " if only else ""
    return (
        f"SELECT {', '.join(values[name] for name in table.names)} "
        f"FROM {quote(edition.prediction_set.table_name)} p {those}JOIN objects o ON o.id = p.object_id "
        f"JOIN ({measurements_as_of(survey, measured, edition.prediction_set.ingest_id)}) m ON m.object_id = p.object_id "
        f"LEFT JOIN {quote(MEMBERS.name)} t ON t.object_id = p.object_id "
        f"WHERE p.survey_id = %s AND {eligible} AND p.{rank_by} >= %s::real "
        f"ORDER BY p.{rank_by} DESC"
    )


def _eligible(scores: PredictionSet, of: str = "") -> str:
    """Condition on the scores' rows that may be candidates, whatever the threshold: of surveys whose sources have positions."""
    unplaced = [slug for slug in scores.surveys if not SURVEYS[slug].has_positions]
    ids = Survey.objects.filter(slug__in=unplaced).values_list("pk", flat=True) if unplaced else ()
    is_placed = f"{of}survey_id <> ALL('{{{','.join(map(str, ids))}}}'::integer[])" if unplaced else "true"
    return f"{is_placed} AND {of}{quote(IS_CANDIDATE.name)}" if scores.has_candidates else is_placed


def _measured(column: Column, source: str, there: Table) -> str:
    if source not in there:
        return f"NULL::{sql_type(column)}"
    factor = unit_factor(there[source].unit, column.unit)
    value = f"m.{quote(source)}" + (f" * {factor!r}" if factor != 1.0 else "")
    return f"({value})::{sql_type(column)}"


def catalog_statistics(edition: Edition) -> None:
    """Set the edition's counts, ranges, histogram and thresholds."""
    scores, rank_by = quote(edition.prediction_set.table_name), quote(edition.version.method.rank_by)
    eligible = _eligible(edition.prediction_set)
    name = quote(edition.table_name)
    numbers = [c.name for c in edition.table.columns if c.is_number and c.level < 3]
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {name}")
        cursor.execute(f"SELECT survey, count(*) FROM {name} GROUP BY survey ORDER BY survey")
        edition.survey_counts = dict(cursor.fetchall())
        edition.rows = sum(edition.survey_counts.values())
        cursor.execute(f"SELECT {', '.join(f'min({quote(n)}), max({quote(n)})' for n in numbers)} FROM {name}")
        values = cursor.fetchone()
        edition.ranges = {n: [values[2 * i], values[2 * i + 1]] for i, n in enumerate(numbers)}
        for column in (c.name for c in edition.table.columns if c.dtype == "string" and c.indexed):
            cursor.execute(
                f"SELECT DISTINCT {quote(column)} FROM {name} WHERE {quote(column)} IS NOT NULL ORDER BY 1 LIMIT 50"
            )
            edition.words[column] = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            f"SELECT least(width_bucket({rank_by}, 0, 1, {HISTOGRAM_BINS}), {HISTOGRAM_BINS}) AS bin, count(*) "
            f"FROM {scores} WHERE {rank_by} IS NOT NULL AND {eligible} GROUP BY bin"
        )
        counts = dict(cursor.fetchall())
        edition.histogram = {
            "edges": [i / HISTOGRAM_BINS for i in range(HISTOGRAM_BINS + 1)],
            "counts": [counts.get(i + 1, 0) for i in range(HISTOGRAM_BINS)],
        }
        above = ", ".join(f"count(*) FILTER (WHERE {rank_by} >= {t}::real)" for t in THRESHOLDS)
        cursor.execute(f"SELECT {above} FROM {scores} WHERE {eligible}")
        edition.thresholds = [{"threshold": t, "count": n} for t, n in zip(THRESHOLDS, cursor.fetchone(), strict=True)]
