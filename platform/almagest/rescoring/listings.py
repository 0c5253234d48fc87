"""Passes and revisions of catalogs as listings."""

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat, Extract, Lag

from almagest.catalogs.history import table_is_there
from almagest.catalogs.selectors import edition_list
from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.rescoring.models import Pass
from almagest.rescoring.selectors import pass_list

COUNTS = (
    Column("added", "int32", "", "meta.number", "Candidates that were not there before"),
    Column("removed", "int32", "", "meta.number", "Candidates that are there no more"),
    Column("changed", "int32", "", "meta.number", "Candidates that say something else"),
)
REVISIONS = Table(
    "revisions",
    "Revisions of a catalog",
    (
        Column("revision", "int32", "", "meta.version;meta.main", "Number of the revision", nullable=False, level=1),
        Column("published", "timestamp", "", "time.release", "From when on people have seen it", nullable=False, level=1),
        Column("retired", "timestamp", "", "time.end", "When the next took its place"),
        Column("is_current", "bool", "", "meta.code", "Whether it is what people see now", nullable=False),
        Column("kind", "string", "", "meta.code", "publish, rescore, or restore of an earlier one", nullable=False, level=1),
        Column("model", "string", "", "meta.id", "Model version whose scores these are", nullable=False),
        Column("threshold", "float64", "", "stat.probability;stat.min", "Candidates have at least this", nullable=False),
        Column("rows", "int32", "", "meta.number", "Number of candidates", level=1),
        *COUNTS,
        Column("is_kept", "bool", "", "meta.code", "Whether its rows can still be read, and gone back to", nullable=False),
        Column("previous_revision", "int32", "", "meta.version", "The one before it, where the rows of both are kept"),
        Column("has_drifted", "bool", "", "meta.code", "Whether what was scored for it is unlike the training sample"),
        Column("pass_id", "int64", "", "meta.record", "Pass that made it"),
        Column("run_id", "int64", "", "meta.record", "Run that made it"),
        Column("base", "int32", "", "meta.version", "Revision that made the table that it shares", nullable=False, level=3),
    ),
)  # fmt: skip
PASSES = Table(
    "passes",
    "Passes that bring a catalog from one revision to the next",
    (
        Column("id", "int64", "", "meta.record;meta.main", "Number", nullable=False, level=1),
        Column("kind", "string", "", "meta.code", "rescore, or restore of an earlier revision", nullable=False, level=1),
        Column("state", "string", "", "meta.code", "queued, running, done, failed or cancelled", nullable=False, level=1),
        Column("before_revision", "int32", "", "meta.version", "Revision that it began with", nullable=False),
        Column("after_revision", "int32", "", "meta.version", "Revision that it has made"),
        Column("restored_revision", "int32", "", "meta.version", "Revision whose rows it has restored"),
        Column("scored", "int32", "", "meta.number", "Objects that were scored"),
        *COUNTS,
        Column("new", "int32", "", "meta.number", "Added candidates that are new objects"),
        Column("entered", "int32", "", "meta.number", "Added candidates that were known, and have crossed the threshold"),
        Column("left", "int32", "", "meta.number", "Removed candidates"),
        Column("has_drifted", "bool", "", "meta.code", "Whether what was scored is unlike the training sample"),
        Column("seconds", "float64", "s", "time.duration", "How long its run took"),
        Column("created", "timestamp", "", "time.creation", "When it was asked for", nullable=False),
        Column("ingest_id", "int64", "", "meta.version", "Snapshot that the scores were brought to", nullable=False),
        Column("run_id", "int64", "", "meta.record", "Run that did it"),
    ),
)  # fmt: skip


def pass_listing(*, user, catalog: str) -> Listing:
    """The passes over a catalog that the user may see, newest first."""
    took = ExpressionWrapper(F("run__finished") - F("run__started"), DurationField())
    over = Case(
        When(run__isnull=False, then=F("run__state")),
        When(after__isnull=False, then=Value("done")),
        default=Value("failed"),
    )
    found = pass_list(user=user, catalog=catalog).annotate(
        state=over, before_revision=F("before__revision"), after_revision=F("after__revision"),
        restored_revision=F("wanted__revision"), seconds=Cast(Extract(took, "epoch"), FloatField()),
        has_drifted=_told("has_drifted", BooleanField()),
        **{name: _told(name, IntegerField()) for name in ("scored", "added", "removed", "changed", "new", "entered", "left")},
    )  # fmt: skip
    return from_queryset(found, table=PASSES, key="id", sort="-id", name=f"{catalog}-passes")


def revision_listing(*, user, catalog: str) -> Listing:
    """The revisions of a catalog that the user may see, newest first."""
    made = Pass.objects.filter(after=OuterRef("pk")).exclude(before=OuterRef("pk")).order_by("-pk")
    told = {
        name: Subquery(made.values(told=_told(name, IntegerField()))[:1]) for name in ("added", "removed", "changed")
    }
    before = {"order_by": F("revision").asc()}
    method = "version__method__"
    found = edition_list(user=user).filter(catalog__slug=catalog).annotate(
        is_kept=table_is_there(), previous_is_kept=Window(Lag(table_is_there()), **before),
        pass_id=Subquery(made.values("pk")[:1]), kind=Coalesce(Subquery(made.values("kind")[:1]), Value("publish")),
        has_drifted=Subquery(made.values(told=_told("has_drifted", BooleanField()))[:1]),
        model=Concat(f"{method}plugin__name", Value("/"), f"{method}name", Value(" v"), Cast("version__number", CharField()),
                     output_field=CharField()),
        previous_revision=Case(When(Q(is_kept=True, previous_is_kept=True), then=Window(Lag("revision"), **before))), **told,
    )  # fmt: skip
    return from_queryset(found, table=REVISIONS, key="revision", sort="-revision", name=f"{catalog}-revisions")


def _told(name: str, field) -> Cast:
    """A number of a pass's report."""
    return Cast(KT(f"report__{name}"), field)
