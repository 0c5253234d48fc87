"""Claiming chunks: leases, heartbeats and fencing tokens. A message lost, doubled or late changes nothing here."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Min, Sum
from django.db.models.functions import Greatest, Now

from almagest.contract import AlmagestError, Cancelled
from almagest.runs.models import Chunk, Run
from almagest.runs.services import claimable, log_write, named, run_end, run_wake

# A chunk that has lost its worker so often takes the next one with it too: the run fails instead.
MOST_CLAIMS = 5


class LeaseLost(AlmagestError):
    """Another worker has taken the chunk over; nothing may be written for it any more."""


@dataclass(frozen=True)
class Claim:
    """The right to do a chunk, until the lease ends or somebody else gets a higher token."""

    chunk_id: int
    run_id: int
    kind: str
    token: int
    payload: dict
    parameters: dict


def _lease():
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)


def chunk_claim(*, run_id: int, queue: str, worker: str) -> Claim | None:
    """Take the run's next chunk that is free; None when there is none for this queue now."""
    with transaction.atomic():
        run = Run.objects.filter(pk=run_id, state__in=[Run.State.QUEUED, Run.State.RUNNING]).first()
        if run is None or run.cancel_asked:
            return None
        open_chunks = run.chunks.exclude(state=Chunk.State.DONE)
        phase = open_chunks.aggregate(first=Min("phase"))["first"]
        free = open_chunks.filter(claimable(), phase=phase, queue=queue).order_by("number")
        chunk = free.select_for_update(skip_locked=True).first()
        if chunk is None:
            return None
        if chunk.token >= MOST_CLAIMS:
            error = (
                f"chunk {chunk.number} has lost its worker {chunk.token} times (no memory left?); see the worker's log"
            )
            run_end(run_id=run_id, state=Run.State.FAILED, error=named(chunk.payload, error))
            return None
        return _take(chunk, run, worker)


def _take(chunk: Chunk, run: Run, worker: str) -> Claim:
    if chunk.state == Chunk.State.HELD:
        text = f"chunk {chunk.number}: {chunk.worker} is gone, {worker} takes over"
        log_write(run_id=run.pk, text=named(chunk.payload, text))
    Chunk.objects.filter(pk=chunk.pk).update(
        state=Chunk.State.HELD, token=chunk.token + 1, lease_until=_lease(), worker=worker, progress=0.0
    )
    Run.objects.filter(pk=run.pk, state=Run.State.QUEUED).update(state=Run.State.RUNNING, started=Now())
    Run.objects.filter(pk=run.pk).update(woken=Now())
    return Claim(chunk.pk, run.pk, run.kind, chunk.token + 1, chunk.payload, run.parameters)


def claim_renew(claim: Claim) -> None:
    """Heartbeat: hold the lease on.

    Raises
    ------
    LeaseLost
        When another worker has the chunk, or the run is over.
    Cancelled
        When somebody has asked the run to stop.
    """
    mine = Chunk.objects.filter(pk=claim.chunk_id, token=claim.token, state=Chunk.State.HELD)
    if not mine.filter(run__state=Run.State.RUNNING).update(lease_until=_lease()):
        raise LeaseLost(f"run {claim.run_id}: chunk {claim.chunk_id} belongs to another worker now")
    if Run.objects.filter(pk=claim.run_id, cancel_asked=True).exists():
        raise Cancelled(f"run {claim.run_id} was cancelled")


def claim_complete(claim: Claim, *, result: dict | None = None, outcome: dict | None = None) -> None:
    """Mark the chunk done; call it in the transaction that holds the chunk's writes, as its last step.

    Raises
    ------
    LeaseLost
        When the token is old: the caller's transaction must not commit.
    """
    run = Run.objects.select_for_update().get(pk=claim.run_id)
    mine = Chunk.objects.filter(pk=claim.chunk_id, token=claim.token, state=Chunk.State.HELD)
    if run.is_over or not mine.update(state=Chunk.State.DONE, result=result or {}, done_at=Now(), lease_until=None):
        raise LeaseLost(
            f"run {claim.run_id}: chunk {claim.chunk_id} belongs to another worker now; nothing was written"
        )
    _go_on(run, Chunk.objects.get(pk=claim.chunk_id), outcome)


def _go_on(run: Run, chunk: Chunk, outcome: dict | None) -> None:
    """After a chunk: wake a worker of its queue for the next of this phase, several for the next phase, or close the run."""
    still_open = _still_open(run.pk)
    if still_open["count"] == 0:
        run_end(run_id=run.pk, state=Run.State.DONE, outcome=run.outcome | (outcome or {}))
        return
    Run.objects.filter(pk=run.pk).update(progress=_progress(run, still_open), outcome=run.outcome | (outcome or {}))
    if still_open["first"] == chunk.phase:
        run_wake(run_id=run.pk, most=1, queue=chunk.queue)
    else:
        run_wake(run_id=run.pk)


def _still_open(run_id: int) -> dict:
    """How many chunks are open, in which phase, and what they have done together."""
    open_chunks = Chunk.objects.filter(run_id=run_id).exclude(state=Chunk.State.DONE)
    return open_chunks.aggregate(count=Count("pk"), first=Min("phase"), done=Sum("progress"))


def _progress(run: Run, still_open: dict) -> float:
    """Mean over the chunks, each that is done counting 1."""
    return 1 - (still_open["count"] - (still_open["done"] or 0.0)) / run.chunks.count()


def claim_progress(claim: Claim, *, fraction: float, message: str = "") -> None:
    """Show how far the chunk is, and with it the run; nothing happens if the lease was lost or the run is over."""
    mine = Chunk.objects.filter(pk=claim.chunk_id, token=claim.token, state=Chunk.State.HELD)
    if mine.update(progress=max(0.0, min(1.0, fraction))):
        progress = _progress(Run(pk=claim.run_id), _still_open(claim.run_id))
        running = Run.objects.filter(pk=claim.run_id, state=Run.State.RUNNING)
        running.update(progress=progress, message=named(claim.payload, message)[:300])


def claim_abandon(claim: Claim, *, error: str = "", cancelled: bool = False) -> None:
    """Give the chunk up: the run is cancelled, or failed with this error. Nothing happens if the lease was lost."""
    state = Run.State.CANCELLED if cancelled else Run.State.FAILED
    with transaction.atomic():
        mine = Chunk.objects.filter(pk=claim.chunk_id, token=claim.token, state=Chunk.State.HELD)
        if mine.update(state=Chunk.State.WAITING, lease_until=None):
            run_end(run_id=claim.run_id, state=state, error=named(claim.payload, error))


def claim_memory(claim: Claim, *, peak_memory_mb: float) -> None:
    """Note the largest memory that any worker needed for the run."""
    Run.objects.filter(pk=claim.run_id).update(peak_memory_mb=Greatest(F("peak_memory_mb"), peak_memory_mb))
