"""Runs as a listing."""

from django.db.models import F

from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.runs.selectors import run_list

RUNS = Table(
    "runs",
    "What was asked of the workers",
    (
        Column("id", "int64", "", "meta.id;meta.main", "Number of the run", nullable=False, level=1),
        Column("kind", "string", "", "meta.code.class", "What is done", nullable=False, level=1),
        Column("title", "string", "", "meta.title", "Title", nullable=False, level=1),
        Column("state", "string", "", "meta.code.status", "Where it stands", nullable=False, level=1),
        Column("progress", "float64", "", "stat.rank", "Share that is done", nullable=False),
        Column("message", "string", "", "meta.note", "What it last said", nullable=False),
        Column("error", "string", "", "meta.note", "Why it failed", nullable=False),
        Column("owner_name", "string", "", "meta.id", "Who asked for it"),
        Column("peak_memory_mb", "float64", "Mbyte", "meta.number;stat.max", "Largest memory of its workers"),
        Column("created", "timestamp", "", "time.creation", "When it was asked for", nullable=False),
        Column("started", "timestamp", "", "time.start", "When it started"),
        Column("finished", "timestamp", "", "time.end", "When it ended"),
    ),
)


def run_listing(*, user, kind: str = "", state: str = "") -> Listing:
    """The runs that the user may see, newest first."""
    found = run_list(user=user, kind=kind, state=state).annotate(owner_name=F("owner__username"))
    return from_queryset(found, table=RUNS, key="id", sort="-id")
