"""Writing the sky: ingests and cross-matches, one at a time."""

import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from django.db import connection, transaction
from django.db.models.functions import Now

from almagest.contract import Report, no_report
from almagest.core.copy import copy_in
from almagest.core.tables import table_exists
from almagest.sky.conform import Conformer
from almagest.sky.errors import IngestError, SearchError, SurveyError
from almagest.sky.loading import DuplicateSource, Load
from almagest.sky.matching import LARGEST_RADIUS_ARCSEC, matched_pairs
from almagest.sky.models import CrossMatch, Ingest, Survey
from almagest.sky.prepare import prepared
from almagest.sky.readers import open_table
from almagest.sky.surveys import declaration_get
from almagest.sky.tables import LINKS

# PostgreSQL's number for "the sky is being written"; any number that nothing else uses.
SKY_LOCK = 0x616C_6D61
DECLARED_FIELDS = ("name", "release", "description", "licence", "citation", "url", "observed", "table_name")


def hold_sky(report: Report = no_report) -> None:
    """Wait for other writers of the sky, and keep them waiting until this transaction ends.

    Ids of ingests and cross-matches are therefore committed in their order, so that the newest id names one state.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SKY_LOCK])
        if not cursor.fetchone()[0]:
            report(0.0, "waiting for another ingest or cross-match to end")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SKY_LOCK])


def survey_ensure(*, slug: str, user=None) -> Survey:
    """The survey's row, made or brought up to date from its declaration; owner and visibility stay as they are.

    Raises
    ------
    SurveyError
        When no such survey is declared, or its table has not been made.
    """
    declaration = declaration_get(slug)
    if not table_exists(declaration.table_name):
        raise SurveyError(f"survey {slug} has no table yet; run `manage.py migrate` and `manage.py sync_tables`")
    values = {name: getattr(declaration, name) for name in DECLARED_FIELDS}
    survey, _ = Survey.objects.update_or_create(slug=slug, defaults=values, create_defaults=values | {"owner": user})
    return survey


def ingest_file(
    *,
    survey: str,
    path: Path,
    user=None,
    skip_bad_rows: bool = False,
    if_missing: bool = False,
    report: Report = no_report,
) -> Ingest | None:
    """Load one file into a survey, whole or not at all.

    Parameters
    ----------
    survey
        Slug of a declared survey.
    skip_bad_rows
        Leave out and count rows without name or position, instead of refusing the file.
    if_missing
        Do nothing, and return None, when a file with these very bytes was loaded before.

    Raises
    ------
    SurveyError, IngestError
        When the survey is unknown, or the file is no table of that survey; the message names file, column and row.
    """
    conformer = Conformer(declaration_get(survey), open_table(Path(path)))
    return ingest_rows(
        conformer=conformer, name=Path(path).name, sha256=file_sha256(Path(path)), user=user,
        skip_bad_rows=skip_bad_rows, if_missing=if_missing, report=report,
    )  # fmt: skip


@transaction.atomic
def ingest_rows(
    *,
    conformer: Conformer,
    name: str,
    sha256: str,
    user=None,
    skip_bad_rows: bool = False,
    if_missing: bool = False,
    also: Callable[[], Counter] = Counter,
    report: Report = no_report,
) -> Ingest | None:
    """Load what a reader gives into a survey, as `ingest_file` does with a file.

    Parameters
    ----------
    name, sha256
        What the ingest is called, and the checksum by which it is known again.
    also
        Called after each batch, in the same transaction: writes what else belongs to it, and gives what the reader has
        left out meanwhile, with the reasons.
    """
    hold_sky(report)
    row = survey_ensure(slug=conformer.declaration.slug, user=user)
    if if_missing and Ingest.objects.filter(survey=row, sha256=sha256).exists():
        return None
    ingest = Ingest.objects.create(
        survey=row, file_name=name, sha256=sha256, user=user, started=Now(), ignored_columns=conformer.ignored
    )
    load = _loaded(conformer, ingest, skip_bad_rows, also, report)
    Ingest.objects.filter(pk=ingest.pk).update(reasons=dict(load.reasons), finished=_clock(), **load.counts)
    ingest.refresh_from_db()
    return ingest


def _loaded(conformer: Conformer, ingest: Ingest, skip: bool, also: Callable[[], Counter], report: Report) -> Load:
    load, declaration = Load(conformer.declaration, ingest), conformer.declaration
    try:
        with closing(prepared(conformer, skip_bad_rows=skip)) as batches:
            for batch in batches:
                load.add(batch)
                load.leave_out(also())
                report(conformer.reader.fraction(), f"{load.counts['rows_read']:,} rows")
        load.leave_out(also())
        load.finish()
    except DuplicateSource as twice:
        rows = _rows_named(conformer, twice.source_id, skip)
        raise IngestError(
            f"{conformer.reader.path}: source {twice.source_id} ({'-'.join(declaration.id_columns)}) "
            f"is there more than once: rows {', '.join(map(str, rows))}"
        ) from None
    if not load.counts["rows_read"]:
        raise IngestError(f"{conformer.reader.path}: the table has no rows")
    return load


def _rows_named(conformer: Conformer, source_id: str, skip: bool) -> list[int]:
    """Numbers of the first two rows with that name, by reading the file once more."""
    found: list[int] = []
    with closing(prepared(conformer, skip_bad_rows=skip)) as batches:
        for batch in batches:
            is_it = batch.source_id.to_numpy(zero_copy_only=False) == source_id
            found += batch.number[is_it].tolist()
            if len(found) > 1:
                break
    return found[:2]


def file_sha256(path: Path) -> str:
    """Checksum of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clock():
    """The time now, not the transaction's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@transaction.atomic
def cross_match_make(
    *,
    survey_a: str,
    survey_b: str,
    radius_arcsec: float,
    user=None,
    if_missing: bool = False,
    report: Report = no_report,
) -> CrossMatch | None:
    """Find all pairs of objects of two surveys within a radius, and keep them as links.

    Parameters
    ----------
    if_missing
        Do nothing, and return None, when the pair was matched at this radius since its last ingest.

    Raises
    ------
    SurveyError
        When a survey has not been ingested.
    SearchError
        When the surveys are one and the same, or the radius is not between 0 and `LARGEST_RADIUS_ARCSEC`.
    """
    if survey_a == survey_b:
        raise SearchError(f"a cross-match takes two surveys; {survey_a} was named twice")
    if not 0 < radius_arcsec <= LARGEST_RADIUS_ARCSEC:
        raise SearchError(f"radius {radius_arcsec} arcsec is not between 0 and {LARGEST_RADIUS_ARCSEC:g}")
    a, b = (_ingested(slug) for slug in sorted((survey_a, survey_b)))
    hold_sky(report)
    newest = Ingest.objects.filter(survey__in=(a, b)).order_by("-id").values_list("id", flat=True).first()
    same = CrossMatch.objects.filter(survey_a=a, survey_b=b, radius_arcsec=radius_arcsec, ingest_id__gte=newest)
    if if_missing and same.exists():
        return None
    snapshot = Ingest.objects.order_by("-id").values_list("id", flat=True).first()
    match = CrossMatch.objects.create(
        survey_a=a, survey_b=b, radius_arcsec=radius_arcsec, ingest_id=snapshot, user=user
    )
    for fraction, pairs in matched_pairs(a.pk, b.pk, radius_arcsec):
        match.rows += copy_in(LINKS.table, pairs.add_column(0, "cross_match_id", [[match.pk] * pairs.num_rows]))
        report(fraction, f"{match.rows:,} pairs")
    match.save(update_fields=["rows"])
    return match


def _ingested(slug: str) -> Survey:
    declaration_get(slug)
    survey = Survey.objects.filter(slug=slug, ingests__isnull=False).first()
    if survey is None:
        raise SurveyError(f"survey {slug} has no objects yet; ingest a file first")
    return survey
