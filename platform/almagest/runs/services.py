"""Starting, cancelling and ending runs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from almagest.contract import AlmagestError
from almagest.runs.models import Chunk, LogLine, Run
from almagest.runs.queue import QUEUES, wake

# Workers woken at the start; each that finishes a chunk wakes the next.
FIRST_WAKES = 4


class RunError(AlmagestError):
    """A run cannot be started, cancelled or found."""


@dataclass(frozen=True)
class ChunkSpec:
    """A chunk to be made: which queue's workers do it, with what."""

    queue: str
    payload: dict = field(default_factory=dict)
    phase: int = 0


@transaction.atomic
def run_start(
    *,
    kind: str,
    title: str,
    chunks: Iterable[ChunkSpec],
    parameters: dict | None = None,
    owner=None,
    visibility="public",
    group=None,
) -> Run:
    """Write a run and its chunks, and wake workers when that is committed.

    Raises
    ------
    RunError
        When a chunk names a queue that does not exist, or there are no chunks.
    """
    title = title[: Run._meta.get_field("title").max_length]
    run = Run.objects.create(
        kind=kind, title=title, parameters=parameters or {}, owner=owner, visibility=visibility, group=group
    )
    rows = [Chunk(run=run, number=i, queue=c.queue, payload=c.payload, phase=c.phase) for i, c in enumerate(chunks)]
    if not rows:
        raise RunError(f"{title}: there is nothing to do")
    if unknown := {row.queue for row in rows} - set(QUEUES):
        raise RunError(f"{title}: no queue is named {', '.join(sorted(unknown))}; there is {', '.join(QUEUES)}")
    Chunk.objects.bulk_create(rows, batch_size=5000)
    run_wake(run_id=run.pk)
    return run


def claimable() -> Q:
    """Chunks that a worker may take: nobody has them, or whoever had them is gone."""
    return Q(state=Chunk.State.WAITING) | Q(state=Chunk.State.HELD, lease_until__lt=Now())


def run_wake(*, run_id: int, most: int = FIRST_WAKES, queue: str = "") -> None:
    """Wake workers, after the transaction that is under way, for what may be claimed in the run's first open phase.

    One for each of the first `most` chunks, and one for each other queue that has any; with `queue`, that one's alone.
    """
    open_chunks = Chunk.objects.filter(run_id=run_id).exclude(state=Chunk.State.DONE)
    free = open_chunks.filter(claimable(), phase=open_chunks.order_by("phase").values("phase")[:1])
    named = (free.filter(queue=queue) if queue else free).order_by("number").values_list("queue", flat=True)
    queues = list(named[:most])
    if not queue:
        queues += sorted(set(free.order_by().values_list("queue", flat=True).distinct()) - set(queues))
    Run.objects.filter(pk=run_id).update(woken=Now())
    for name in queues:
        transaction.on_commit(lambda name=name: wake(run_id=run_id, queue=name))


@transaction.atomic
def run_cancel(*, run_id: int) -> Run:
    """Ask a run to stop: at once when no worker holds a part of it, else when that worker next looks."""
    run = Run.objects.select_for_update().get(pk=run_id)
    if run.is_over:
        raise RunError(f"run {run_id} is {run.state} already; there is nothing to cancel")
    run.cancel_asked = True
    run.save(update_fields=["cancel_asked"])
    log_write(run_id=run_id, text="cancel asked for")
    if not run.chunks.filter(state=Chunk.State.HELD).exists():
        run_end(run_id=run_id, state=Run.State.CANCELLED)
    run.refresh_from_db()
    return run


def run_end(*, run_id: int, state: str, error: str = "", outcome: dict | None = None) -> bool:
    """Close a run once; False when it was closed already."""
    values = {"state": state, "error": error, "finished": Now()} | ({"outcome": outcome} if outcome is not None else {})
    if state == Run.State.DONE:
        values["progress"] = 1.0
    closed = Run.objects.filter(pk=run_id, state__in=[Run.State.QUEUED, Run.State.RUNNING]).update(**values)
    if closed:
        log_write(run_id=run_id, text=f"{state}{': ' + error if error else ''}")
    return bool(closed)


def log_write(*, run_id: int, text: str) -> None:
    """Add a line to a run's log."""
    LogLine.objects.create(run_id=run_id, text=text)


def named(payload: dict, text: str) -> str:
    """The text after the name of the chunk's contender, where it has one."""
    return f"{payload['contender']}: {text}" if text and payload.get("contender") else text
