"""Reading policies: those of a catalog with their last passes, and when each is due."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from almagest.catalogs.selectors import catalog_get
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.models import Policy
from almagest.rescoring.schedules import written
from almagest.rescoring.selectors import pass_list
from almagest.runs.models import Run

# Passes that a policy has with it as `last_passes`, newest first.
LAST = 3


def policy_list(*, user, catalog: str) -> QuerySet[Policy]:
    """Policies of a catalog, in the order made, or `CatalogError` where the user may not see it."""
    edition = catalog_get(user=user, slug=catalog)
    last = Prefetch("passes", pass_list(user=user)[:LAST], to_attr="last_passes")
    found = Policy.objects.filter(catalog=edition.catalog_id)
    return found.select_related("catalog", "schedule__interval", "schedule__crontab").prefetch_related(last)


def policy_get(*, user, catalog: str, pk: int) -> Policy:
    """A policy of a catalog, or `RescoringError`."""
    found = policy_list(user=user, catalog=catalog).filter(pk=pk).first()
    if found is None:
        raise RescoringError(f"{catalog!r} has no policy {pk}", absent=True)
    return found


def runs_seen(*, user, policies: Iterable[Policy]) -> set[int]:
    """Runs of their last passes that the user may see."""
    runs = [each.run_id for policy in policies for each in policy.last_passes if each.run_id]
    return set(Run.objects.visible_to(user).filter(pk__in=runs).values_list("pk", flat=True))


def times_of(policy: Policy) -> str:
    """Its times as `parse_schedule` reads them; empty where beat has lost them."""
    return written(policy.schedule.crontab or policy.schedule.interval) if policy.schedule else ""


def next_due(policy: Policy) -> datetime | None:
    """When it is looked at next: now, where it should have been already; None while it is paused."""
    task = policy.schedule
    if task is None or policy.is_paused:
        return None
    last = max(time for time in (policy.created, policy.checked, task.last_run_at) if time)
    if task.crontab:
        # A crontab reads hours off the time as it is written.
        last = last.astimezone(task.crontab.timezone)
    due = timezone.now() + max(task.schedule.remaining_estimate(last), timedelta(0))
    # What is left was counted from a moment earlier: half past three is not 3:29:59.
    return (due + timedelta(milliseconds=500)).replace(microsecond=0)
