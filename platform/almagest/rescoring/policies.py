"""Making and changing policies; looking whether one's time and reasons have come."""

import json
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from almagest.accounts.errors import NotAllowed
from almagest.accounts.models import User
from almagest.accounts.selectors import owner_check
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.models import Catalog
from almagest.catalogs.selectors import catalog_get
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.models import Pass, Policy
from almagest.rescoring.plans import Plan, pass_plan
from almagest.rescoring.schedules import parse_schedule
from almagest.rescoring.services import pass_start
from almagest.runs.models import Run
from almagest.runs.queue import QUEUES, RESCORE_TASK

REASONS = {"new": "new objects", "changed": "changed measurements", "version": "another version in production"}
# A policy whose passes have failed so often in a row waits until there is something else to do.
MOST_FAILURES = 3
MOST_ADDRESSES = 20
# A tick that no worker has taken before the next is due is dropped.
EXPIRES_SECONDS = 300


@transaction.atomic
def policy_create(
    *, user, catalog: Catalog, schedule: str, reasons: Sequence[str] = (), at_least: int = 1, drift_threshold: float = 0.2,
    notify: Sequence[str] = (),
) -> Policy:  # fmt: skip
    """Have a catalog rescored at its times. `user` None is whoever runs commands here.

    Parameters
    ----------
    schedule
        As `parse_schedule` reads it: ``every 10 minutes``, ``30 3 * * 1-5 Europe/Berlin``.
    reasons
        Among `REASONS`; without any, whatever is stale is one.
    at_least
        Fewer stale objects wait for more.
    notify
        E-mail addresses.

    Raises
    ------
    NotAllowed
        When the catalog is somebody else's, and the user is not of the staff.
    RescoringError
        When one of these is not as it should be.
    """
    _may(user, catalog)
    policy = Policy(catalog=catalog, owner=user)
    _set(policy, reasons=reasons, at_least=at_least, drift_threshold=drift_threshold, notify=notify)
    policy.save()
    task = PeriodicTask(
        name=f"Rescore {catalog.slug} ({policy.pk})", task=RESCORE_TASK, args=json.dumps([policy.pk]), queue=QUEUES[0],
        expire_seconds=EXPIRES_SECONDS,
    )  # fmt: skip
    policy.schedule = _scheduled(task, schedule)
    policy.save(update_fields=["schedule"])
    return policy


@transaction.atomic
def policy_change(
    *, user, policy: Policy, schedule: str | None = None, is_paused: bool | None = None, **values
) -> Policy:
    """Change some of what `policy_create` was given, pause it or let it go on; it raises the same errors."""
    policy = Policy.objects.select_for_update(of=("self",)).select_related("catalog", "schedule").get(pk=policy.pk)
    _may(user, policy.catalog)
    now = {
        "reasons": reasons_of(policy),
        "at_least": policy.at_least,
        "drift_threshold": policy.drift_threshold,
        "notify": policy.notify,
    }
    _set(policy, **now | values)
    policy.is_paused = policy.is_paused if is_paused is None else is_paused
    policy.changed = timezone.now()
    if schedule is not None and policy.schedule:
        _scheduled(policy.schedule, schedule)
    if policy.schedule:
        policy.schedule.enabled = not policy.is_paused
        policy.schedule.save()
    policy.save()
    return policy


@transaction.atomic
def policy_delete(*, user, policy: Policy) -> None:
    """Take a policy away; its passes stay."""
    _may(user, policy.catalog)
    if policy.schedule:
        policy.schedule.delete()
    policy.delete()


@transaction.atomic
def policy_tick(*, policy_id: int) -> Pass | None:
    """Start a pass if the policy asks for one now; many ticks at once start one.

    What it found is noted on the policy, for people.
    """
    free = Policy.objects.select_for_update(of=("self",), skip_locked=True).select_related("catalog", "owner")
    policy = free.filter(pk=policy_id).first()
    if policy is None or policy.is_paused:
        return None
    found, policy.note = _tick(policy)
    policy.checked = Now()
    policy.save(update_fields=["checked", "note"])
    return found


def reasons_of(policy: Policy) -> list[str]:
    """Names of its reasons."""
    return [name for name in REASONS if getattr(policy, f"on_{name}")]


def _tick(policy: Policy) -> tuple[Pass | None, str]:
    try:
        edition = catalog_get(user=_acting(policy), slug=policy.catalog.slug)
    except CatalogError as error:
        return None, str(error)[:300]
    plan = pass_plan(edition=edition)
    reasons = _reasons(policy, plan)
    if not reasons:
        return None, f"nothing to do: {plan.count:,} stale objects"
    if plan.count < policy.at_least and not plan.is_other_scores:
        return None, f"{plan.count:,} stale objects wait until there are {policy.at_least:,}"
    if _failures(policy, plan) >= MOST_FAILURES:
        return None, f"given up after {MOST_FAILURES} passes that failed, until something else changes"
    try:
        with transaction.atomic():
            found = pass_start(edition=edition, owner=policy.owner, policy=policy, reasons=reasons)
    except (RescoringError, NotAllowed) as error:
        return None, str(error)[:300]
    return found, f"started run {found.run_id}: {', '.join(REASONS.get(reason, reason) for reason in reasons)}"[:300]


def _acting(policy: Policy) -> User | None:
    """A policy without an owner, made by a command, sees what the staff see."""
    return policy.owner or User(is_staff=True, is_active=True)


def _reasons(policy: Policy, plan: Plan) -> list[str]:
    holds = {
        "new": any(each.new for each in plan.stale),
        "changed": any(each.changed for each in plan.stale),
        "version": plan.is_another_version,
    }
    if wanted := reasons_of(policy):
        return [name for name in wanted if holds[name]]
    return [name for name in REASONS if holds[name]] or ["behind its scores"] * plan.is_needed


def _failures(policy: Policy, plan: Plan) -> int:
    """How many passes have failed at just what is to be done now, since a person last set the policy."""
    same = {"ingest_id": plan.ingest_id, "prediction_set__version": plan.version, "before": plan.edition}
    return policy.passes.filter(run__state=Run.State.FAILED, created__gte=policy.changed, **same).count()


def _set(
    policy: Policy, *, reasons: Sequence[str], at_least: int, drift_threshold: float, notify: Sequence[str]
) -> None:
    if unknown := sorted(set(reasons) - set(REASONS)):
        raise RescoringError(f"no reason is named {', '.join(unknown)}; there is {', '.join(REASONS)}")
    if not 1 <= at_least <= 10**9:
        raise RescoringError(f"at least {at_least} objects: give a number from 1 to a thousand million")
    if not 0 < drift_threshold <= 100:
        raise RescoringError(f"drift threshold {drift_threshold} is not between 0 and 100; 0.2 is a large shift")
    if len(notify) > MOST_ADDRESSES:
        raise RescoringError(f"{len(notify)} addresses; name at most {MOST_ADDRESSES}")
    for address in notify:
        try:
            validate_email(address)
        except ValidationError:
            raise RescoringError(f"{address!r} is no e-mail address") from None
    for name in REASONS:
        setattr(policy, f"on_{name}", name in reasons)
    policy.at_least, policy.drift_threshold, policy.notify = at_least, drift_threshold, list(notify)


def _scheduled(task: PeriodicTask, schedule: str) -> PeriodicTask:
    """The task with these times; schedules that say the same are one row."""
    found = parse_schedule(schedule)
    kept = {key: value for key, value in vars(found).items() if key not in ("_state", "id")}
    row, _ = type(found).objects.get_or_create(**kept)
    is_crontab = isinstance(found, CrontabSchedule)
    task.crontab, task.interval = (row, None) if is_crontab else (None, row)
    task.save()
    return task


def _may(user, catalog: Catalog) -> None:
    owner_check(user=user, thing=catalog, name=catalog.slug, what="say when it is rescored")
