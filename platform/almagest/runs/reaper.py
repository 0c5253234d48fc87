"""Finding work that everybody has forgotten: called every few seconds, it makes good what messages and workers lost."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from almagest.runs.models import Chunk, Run
from almagest.runs.services import claimable, run_end, run_wake


def reap() -> list[int]:
    """Wake workers for runs whose messages or workers were lost, and close cancelled runs that nobody holds.

    Returns
    -------
    The runs for which workers were woken.
    """
    free = Chunk.objects.filter(claimable(), run=OuterRef("pk"))
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
