"""Claiming chunks: leases, heartbeats and fencing tokens. A message lost, doubled or late changes nothing here."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, Min, OuterRef, Q
from django.db.models.functions import Greatest, Now

from almagest.contract import AlmagestError, Cancelled
from almagest.runs.models import Chunk, Run
from almagest.runs.services import FIRST_WAKES, log_write, run_end, run_wake

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


def _claimable() -> Q:
    return Q(state=Chunk.State.WAITING) | Q(state=Chunk.State.HELD, lease_until__lt=Now())


def chunk_claim(*, run_id: int, queue: str, worker: str) -> Claim | None:
    """Take the run's next chunk that is free; None when there is none for this queue now."""
    with transaction.atomic():
        run = Run.objects.filter(pk=run_id, state__in=[Run.State.QUEUED, Run.State.RUNNING]).first()
        if run is None or run.cancel_asked:
            return None
        open_chunks = run.chunks.exclude(state=Chunk.State.DONE)
        phase = open_chunks.aggregate(first=Min("phase"))["first"]
        free = open_chunks.filter(_claimable(), phase=phase, queue=queue).order_by("number")
        chunk = free.select_for_update(skip_locked=True).first()
        if chunk is None:
            return None
        if chunk.token >= MOST_CLAIMS:
            error = (
                f"chunk {chunk.number} has lost its worker {chunk.token} times (out of memory?); see the worker's log"
            )
            run_end(run_id=run_id, state=Run.State.FAILED, error=error)
            return None
        return _take(chunk, run, worker)


def _take(chunk: Chunk, run: Run, worker: str) -> Claim:
    if chunk.state == Chunk.State.HELD:
        log_write(run_id=run.pk, text=f"chunk {chunk.number}: {chunk.worker} is gone, {worker} takes over")
    Chunk.objects.filter(pk=chunk.pk).update(
        state=Chunk.State.HELD, token=chunk.token + 1, lease_until=_lease(), worker=worker
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
    _go_on(run, Chunk.objects.get(pk=claim.chunk_id).phase, outcome)


def _go_on(run: Run, phase: int, outcome: dict | None) -> None:
    """After a chunk: wake one worker for the next of this phase, several for the next phase, or close the run."""
    still_open = run.chunks.exclude(state=Chunk.State.DONE).aggregate(count=Count("pk"), first=Min("phase"))
    if still_open["count"] == 0:
        run_end(run_id=run.pk, state=Run.State.DONE, outcome=run.outcome | (outcome or {}))
        return
    Run.objects.filter(pk=run.pk).update(
        progress=1 - still_open["count"] / run.chunks.count(), outcome=run.outcome | (outcome or {})
    )
    run_wake(run_id=run.pk, most=1 if still_open["first"] == phase else FIRST_WAKES)


def claim_progress(claim: Claim, *, fraction: float, message: str = "") -> None:
    """Show how far the run is, for work that is one chunk."""
    Run.objects.filter(pk=claim.run_id).update(progress=max(0.0, min(1.0, fraction)), message=message[:300])


def claim_abandon(claim: Claim, *, error: str = "", cancelled: bool = False) -> None:
    """Give the chunk up: the run is cancelled, or failed with this error. Nothing happens if the lease was lost."""
    with transaction.atomic():
        mine = Chunk.objects.filter(pk=claim.chunk_id, token=claim.token, state=Chunk.State.HELD)
        if mine.update(state=Chunk.State.WAITING, lease_until=None):
            run_end(run_id=claim.run_id, state=Run.State.CANCELLED if cancelled else Run.State.FAILED, error=error)


def claim_memory(claim: Claim, *, peak_memory_mb: float) -> None:
    """Note the largest memory that any worker needed for the run."""
    Run.objects.filter(pk=claim.run_id).update(peak_memory_mb=Greatest(F("peak_memory_mb"), peak_memory_mb))


def reap() -> list[int]:
    """Wake workers for runs whose messages or workers were lost, and close cancelled runs that nobody holds.

    Returns
    -------
    The runs for which workers were woken.
    """
    free = Chunk.objects.filter(_claimable(), run=OuterRef("pk"))
    held = Chunk.objects.filter(run=OuterRef("pk"), state=Chunk.State.HELD, lease_until__gte=Now())
    open_runs = Run.objects.filter(state__in=[Run.State.QUEUED, Run.State.RUNNING])
    for run in open_runs.filter(~Exists(held), cancel_asked=True):
        run_end(run_id=run.pk, state=Run.State.CANCELLED)
    quiet = Q(woken=None) | Q(woken__lt=Now() - timedelta(seconds=2 * settings.REAP_SECONDS))
    woken = list(open_runs.filter(quiet, Exists(free), cancel_asked=False).values_list("pk", flat=True))
    for run_id in woken:
        with transaction.atomic():
            run_wake(run_id=run_id)
    return woken
