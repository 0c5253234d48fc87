"""Reading the sky: surveys, objects with their measurements, counterparts, states of the past."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Max, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce

from almagest.contract import Column
from almagest.core.tables import column_list, quote
from almagest.sky.errors import SearchError, SurveyError
from almagest.sky.models import CrossMatch, Ingest, Survey
from almagest.sky.surveys import declaration_get


@dataclass(frozen=True)
class Snapshot:
    """A state of the sky: nothing with a larger id is in it; 0 is before the first."""

    ingest_id: int
    cross_match_id: int


@dataclass(frozen=True)
class SkyObject:
    """One object with all its measurements: declared columns in their order, with the values."""

    id: int
    survey: Survey
    source_id: str
    ra: float
    dec: float
    healpix: int
    revision: int
    ingest_id: int
    values: list[tuple[Column, Any]]


@dataclass(frozen=True)
class Revision:
    """A measurement of an object that a later ingest replaced."""

    revision: int
    ingest_id: int
    superseded_by: int
    values: list[tuple[Column, Any]]


@dataclass(frozen=True)
class Counterpart:
    """The same galaxy, or what lies very near it, in another survey."""

    object_id: int
    survey: Survey
    source_id: str
    ra: float
    dec: float
    separation_arcsec: float


def survey_list(*, user) -> QuerySet[Survey]:
    """Surveys that the user may see, by slug, each with `object_count`."""
    count = Coalesce(Cast(Sum("ingests__new"), BigIntegerField()), 0)  # a sum of bigint is numeric
    return Survey.objects.visible_to(user).annotate(object_count=count).order_by("slug")


def survey_get(*, user, slug: str) -> Survey:
    """A survey that was ingested, or `SurveyError` saying what there is."""
    surveys = survey_list(user=user)
    survey = surveys.filter(slug=slug).first()
    if survey is None:
        names = ", ".join(surveys.values_list("slug", flat=True)) or "none: ingest a file first"
        raise SurveyError(f"there is no survey {slug!r} here; there is {names}", absent=True)
    return survey


def survey_slugs(user, surveys: Iterable[str] | None = None) -> dict[int, str]:
    """Slugs by id of these surveys, or of all that the user may see.

    Raises
    ------
    SearchError
        When one of them is not there for the user.
    """
    seen = dict(Survey.objects.visible_to(user).values_list("id", "slug"))
    if surveys is None:
        return seen
    wanted = set(surveys)
    if unknown := sorted(wanted - set(seen.values())):
        there = ", ".join(sorted(seen.values())) or "none"
        raise SearchError(f"no survey {', '.join(unknown)} is here; there is {there}")
    return {pk: slug for pk, slug in seen.items() if slug in wanted}


def ingest_list(*, user, survey: Survey | None = None) -> QuerySet[Ingest]:
    """What was loaded, newest first."""
    ingests = Ingest.objects.filter(survey__in=Survey.objects.visible_to(user)).select_related("survey", "user")
    return ingests if survey is None else ingests.filter(survey=survey)


def object_get(*, user, survey: str, source_id: str) -> SkyObject:
    """An object by its survey's slug and its name there, or `SurveyError`."""
    row = survey_get(user=user, slug=survey)
    missing = f"{survey} has no source {source_id!r}"
    return _object(row, "survey_id = %s AND source_id = %s", [row.pk, source_id], missing)


def object_get_by_id(*, user, object_id: int) -> SkyObject:
    """An object by its id, or `SurveyError`."""
    survey = object_survey(user=user, object_id=object_id)
    return _object(survey, "id = %s", [object_id], f"there is no object {object_id}")


def object_survey(*, user, object_id: int) -> Survey:
    """The survey of an object, or `SurveyError` when there is no such object that the user may see."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT survey_id FROM objects WHERE id = %s", [object_id])
        found = cursor.fetchone()
    survey = Survey.objects.visible_to(user).filter(pk=found[0]).first() if found else None
    if survey is None:
        raise SurveyError(f"there is no object {object_id}", absent=True)
    return survey


def _object(survey: Survey, condition: str, parameters: list, missing: str) -> SkyObject:
    columns = declaration_get(survey.slug).table.columns
    names = ", ".join(f"m.{quote(column.name)}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT o.id, o.source_id, o.ra, o.dec, o.healpix, m.revision, m.ingest_id, {names} "
            f"FROM (SELECT * FROM objects WHERE {condition}) o JOIN {quote(survey.table_name)} m ON m.object_id = o.id",
            parameters,
        )
        row = cursor.fetchone()
    if row is None:
        raise SurveyError(missing, absent=True)
    return SkyObject(row[0], survey, *row[1:7], values=list(zip(columns, row[7:], strict=True)))


def object_history(*, user, object_id: int) -> list[Revision]:
    """Earlier measurements of an object, newest first; `SurveyError` when the user may not see it."""
    survey = object_survey(user=user, object_id=object_id)
    columns = declaration_get(survey.slug).table.columns
    names = column_list(["revision", "ingest_id", "superseded_by", *(column.name for column in columns)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM {quote(survey.table_name + '_history')} WHERE object_id = %s ORDER BY revision DESC",
            [object_id],
        )
        return [Revision(*row[:3], values=list(zip(columns, row[3:], strict=True))) for row in cursor.fetchall()]


def object_counterparts(*, user, object_id: int) -> list[Counterpart]:
    """Objects of other surveys linked to this one by the newest cross-matches, the nearest first.

    Raises
    ------
    SurveyError
        When there is no such object that the user may see.
    """
    object_survey(user=user, object_id=object_id)
    surveys = {survey.pk: survey for survey in Survey.objects.visible_to(user)}
    matches = [match.pk for match in latest_cross_matches()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.survey_id, o.source_id, o.ra, o.dec, l.separation_arcsec FROM ("
            "SELECT object_b AS other, separation_arcsec FROM links "
            "WHERE object_a = %(id)s AND cross_match_id = ANY(%(matches)s) UNION ALL "
            "SELECT object_a, separation_arcsec FROM links "
            "WHERE object_b = %(id)s AND cross_match_id = ANY(%(matches)s)) l "
            "JOIN objects o ON o.id = l.other WHERE o.survey_id = ANY(%(surveys)s) ORDER BY l.separation_arcsec, o.id",
            {"id": object_id, "matches": matches, "surveys": list(surveys)},
        )
        return [Counterpart(row[0], surveys[row[1]], *row[2:]) for row in cursor.fetchall()]


def object_redshifts(surveys: Mapping[int, int]) -> dict[int, float]:
    """Redshifts of objects, given with their surveys' numbers, that the caller has found the reader to see; the unknown are left out."""
    found = {}
    for survey in Survey.objects.filter(pk__in=set(surveys.values())):
        if (name := redshift_name(survey.slug)) is None:
            continue
        ids = [object_id for object_id, pk in surveys.items() if pk == survey.pk]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT object_id, {quote(name)} FROM {quote(survey.table_name)} WHERE object_id = ANY(%s) "
                f"AND {quote(name)} IS NOT NULL",
                [ids],
            )
            found |= dict(cursor.fetchall())
    return found


def redshift_name(slug: str) -> str | None:
    """The survey's column of redshifts: the one of that name, or else the first that is declared as one."""
    names = [column.name for column in declaration_get(slug).table.columns if column.ucd == "src.redshift"]
    return "redshift" if "redshift" in names else next(iter(names), None)


def snapshot() -> Snapshot:
    """The state of the sky now."""
    newest = (model.objects.aggregate(newest=Max("id"))["newest"] or 0 for model in (Ingest, CrossMatch))
    return Snapshot(*newest)


def latest_cross_matches(as_of: int | None = None) -> list[CrossMatch]:
    """The newest cross-match of each pair of surveys, none newer than the id `as_of`."""
    matches = CrossMatch.objects.filter(Q() if as_of is None else Q(id__lte=as_of))
    newest = matches.order_by("survey_a_id", "survey_b_id", "-id").distinct("survey_a_id", "survey_b_id")
    return list(newest.select_related("survey_a", "survey_b"))


def measurements_as_of(survey: Survey, columns: Iterable[str], ingest_id: int, since: int = 0) -> str:
    """SQL text that gives each object's row as it was after an ingest.

    Its columns are ``object_id``, ``revision`` and those asked for; an object that came later has no row, and with `since`
    none whose row was the same after that ingest already.

    Raises
    ------
    TableError
        When the survey does not declare a column.
    """
    declared = declaration_get(survey.slug).table
    names = column_list(["object_id", "revision", *(declared[name].name for name in columns)])
    current, history = quote(survey.table_name), quote(f"{survey.table_name}_history")
    state, after = int(ingest_id), f" AND ingest_id > {int(since)}" if since else ""
    return (
        f"SELECT {names} FROM {current} WHERE ingest_id <= {state}{after} UNION ALL "
        f"SELECT {names} FROM {history} WHERE ingest_id <= {state} AND superseded_by > {state}{after}"
    )
