"""Policies: their times and reasons as people write them, and what a tick does about them."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from almagest.accounts.errors import NotAllowed
from almagest.catalogs.selectors import catalog_get
from almagest.contract import AlmagestError
from almagest.predictions.models import PredictionSet
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.letters import letters_send
from almagest.rescoring.models import Pass, Policy
from almagest.rescoring.policies import (
    MOST_FAILURES,
    policy_change,
    policy_create,
    policy_delete,
    policy_tick,
    reasons_of,
)
from almagest.rescoring.schedules import parse_schedule, written
from almagest.rescoring.services import pass_start, passes_sweep
from almagest.runs.models import Run
from almagest.runs.services import run_end
from almagest.sky.selectors import snapshot


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("every 10 minutes", "every 10 minutes"),
        ("Every hour", "every hour"),
        ("every  30 seconds", "every 30 seconds"),
        ("30 3 * * 1-5 Europe/Berlin", "30 3 * * 1-5 Europe/Berlin"),
        ("*/5 * * * *", "*/5 * * * * UTC"),
    ],
)
def test_times_are_read_and_written_alike(text, kept):
    assert written(parse_schedule(text)) == kept and written(parse_schedule(kept)) == kept


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write 'every 10 minutes'"),
        ("hourly", "write 'every 10 minutes'"),
        ("every 5 seconds", "shortest interval is 10 seconds"),
        ("every 0 days", "shortest interval"),
        ("every 1000000000 days", "write"),
        ("61 * * * *", "write"),
        ("* * * * * Mars/Olympus", "no time zone 'Mars/Olympus'"),
        ("* * * * * ../../etc/passwd", "no time zone"),
        ("a b c d e", "write"),
        ("every ٣ minutes", "write"),
        (f"0 0 * {'1,' * 40}1 *", "at most 64 characters"),
    ],
)
def test_times_that_are_none_are_refused(text, words):
    with pytest.raises(RescoringError, match=words):
        parse_schedule(text)


def test_a_crontab_means_its_own_time_zone():
    """Half past three in the morning of Berlin's summer is half past one in UTC."""
    schedule = parse_schedule("30 3 * * * Europe/Berlin").schedule
    schedule.nowfun = lambda: datetime(2026, 7, 1, 1, 29, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
    last = datetime(2026, 6, 30, 1, 30, tzinfo=UTC)
    assert schedule.is_due(last).next == pytest.approx(60, abs=1)


@pytest.fixture
def catalog(published, people):
    """A catalog whose owner is there, with scores that know everything."""
    edition = published(owner=people.owner)
    PredictionSet.objects.update(ingest_id=snapshot().ingest_id)  # the fixture's own lies in the future
    return edition.catalog


def made(people, catalog, **given) -> Policy:
    return policy_create(user=people.owner, catalog=catalog, **{"schedule": "every 10 minutes"} | given)


def make_stale() -> None:
    """As if all objects had come after the scores."""
    PredictionSet.objects.update(ingest_id=0)


def test_a_policy_is_a_row_of_beats(catalog, people):
    policy = made(people, catalog, reasons=["new", "version"], notify=["c.payne@harvard.edu"])
    task = PeriodicTask.objects.get()
    assert (task.task, json.loads(task.args), task.queue, task.enabled) == (
        "almagest.rescore",
        [policy.pk],
        "data",
        True,
    )
    assert task.interval == IntervalSchedule.objects.get() and reasons_of(policy) == ["new", "version"]
    policy_change(user=people.owner, policy=policy, schedule="0 4 * * * UTC", is_paused=True, at_least=5)
    policy.refresh_from_db()
    task.refresh_from_db()
    assert (task.interval, task.crontab, task.enabled) == (None, CrontabSchedule.objects.get(), False)
    assert (
        policy.at_least == 5 and policy.notify == ["c.payne@harvard.edu"] and reasons_of(policy) == ["new", "version"]
    )
    policy_delete(user=people.staff, policy=policy)
    assert not PeriodicTask.objects.exists() and not Policy.objects.exists()


def test_others_say_nothing(catalog, people):
    policy = made(people, catalog)
    for user in (people.other, people.anonymous, people.member):
        for step in (
            lambda: made(people, catalog) and policy_create(user=user, catalog=catalog, schedule="every hour"),  # noqa: B023
            lambda: policy_change(user=user, policy=policy, is_paused=True),  # noqa: B023
            lambda: policy_delete(user=user, policy=policy),  # noqa: B023
        ):
            with pytest.raises(NotAllowed):
                step()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"reasons": ["weather"]}, "no reason is named weather"),
        ({"at_least": 0}, "at least 0"),
        ({"drift_threshold": 0}, "drift threshold 0"),
        ({"drift_threshold": float("nan")}, "drift threshold nan"),
        ({"notify": ["nobody"]}, "'nobody' is no e-mail address"),
        ({"notify": ["a@b.org\nBcc: c@d.org"]}, "is no e-mail address"),
        ({"schedule": "now"}, "write"),
    ],
)
def test_what_is_no_policy_is_refused_whole(catalog, people, given, words):
    with pytest.raises(RescoringError, match=words):
        made(people, catalog, **given)
    assert not Policy.objects.exists() and not PeriodicTask.objects.exists()


def test_a_tick_starts_one_pass_where_a_reason_holds(catalog, people):
    policy = made(people, catalog, reasons=["new"])
    assert policy_tick(policy_id=policy.pk) is None
    make_stale()
    found = policy_tick(policy_id=policy.pk)
    assert (found.policy, found.reasons, found.run.owner) == (policy, ["new"], people.owner)
    policy.refresh_from_db()
    assert policy.note == f"started run {found.run_id}: new objects" and policy.checked
    assert policy_tick(policy_id=policy.pk) is None
    policy.refresh_from_db()
    assert "is at it already" in policy.note and Pass.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"reasons": ["changed"]}, "nothing to do"),
        ({"reasons": ["version"]}, "nothing to do"),
        ({"at_least": 10**6}, "wait until there are 1,000,000"),
    ],
)
def test_a_tick_waits_where_none_does(catalog, people, given, note):
    policy = made(people, catalog, **given)
    make_stale()
    assert policy_tick(policy_id=policy.pk) is None
    policy.refresh_from_db()
    assert note in policy.note


def test_a_paused_policy_and_one_that_is_gone_do_nothing(catalog, people):
    policy = made(people, catalog)
    make_stale()
    policy_change(user=people.owner, policy=policy, is_paused=True)
    assert policy_tick(policy_id=policy.pk) is None and policy_tick(policy_id=10**9) is None
    policy_change(user=people.owner, policy=policy, is_paused=False)
    assert policy_tick(policy_id=policy.pk) is not None


def test_passes_that_fail_are_tried_again_with_a_limit(catalog, people):
    policy = made(people, catalog)
    make_stale()

    def fail() -> None:
        run_end(run_id=policy_tick(policy_id=policy.pk).run_id, state=Run.State.FAILED, error="the model is gone")
        passes_sweep()

    for _ in range(MOST_FAILURES):
        fail()
    assert policy_tick(policy_id=policy.pk) is None
    policy.refresh_from_db()
    assert policy.note == f"given up after {MOST_FAILURES} passes that failed, until something else changes"
    policy_change(user=people.owner, policy=policy, is_paused=False)  # a person says: try again
    for _ in range(MOST_FAILURES):
        fail()
    assert policy_tick(policy_id=policy.pk) is None
    Pass.objects.update(ingest_id=F("ingest_id") - 1)  # as if other data had come since
    assert policy_tick(policy_id=policy.pk) is not None


def test_a_pass_whose_run_is_gone_is_closed(catalog, people):
    make_stale()
    found = pass_start(edition=catalog_get(user=None, slug="dwarfs"), owner=people.owner)
    Run.objects.filter(pk=found.run_id).delete()
    assert passes_sweep() == [str(found)] and not Pass.objects.filter(is_open=True).exists()


def test_two_policies_of_one_catalog_start_one_pass(catalog, people):
    policies = [made(people, catalog), made(people, catalog, schedule="every hour")]
    make_stale()
    assert [policy_tick(policy_id=policy.pk) is not None for policy in policies] == [True, False]


def ended(policy: Policy, state: str, report: dict) -> Pass:
    found = policy_tick(policy_id=policy.pk)
    run_end(run_id=found.run_id, state=state, error="the model is gone" * (state == Run.State.FAILED))
    Pass.objects.filter(pk=found.pk).update(is_open=False, report=report, after=found.before)
    return found


REPORT = {"scored": 1200, "added": 3, "removed": 1, "changed": 7, "drift": [
    {"column": "r", "exceeds": True, "index": 0.4}, {"column": "g", "exceeds": False, "index": 0.01},
]}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "report", "subject", "text"),
    [
        (Run.State.DONE, REPORT, "dwarfs: revision 1, drift in r", "3 added, 1 removed, 7 changed"),
        (Run.State.DONE, REPORT | {"drift": []}, "dwarfs: revision 1", "1,200 objects were scored"),
        (Run.State.FAILED, {}, "dwarfs: rescoring failed", "the model is gone"),
    ],
)
def test_letters_say_how_a_pass_has_ended_once(catalog, people, state, report, subject, text):
    policy = made(people, catalog, notify=["c.payne@harvard.edu", "h.leavitt@harvard.edu"])
    make_stale()
    ended(policy, state, report)
    assert letters_send() == [subject] and letters_send() == []
    (sent,) = mail.outbox
    assert sent.to == policy.notify and text in sent.body


def test_a_letter_that_does_not_get_out_is_tried_again_for_a_day(catalog, people, settings, caplog):
    policy = made(people, catalog, notify=["c.payne@harvard.edu"])
    make_stale()
    found = ended(policy, Run.State.DONE, REPORT)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        9,
    )
    assert letters_send() == [] and "could not be sent" in caplog.text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Pass.objects.filter(pk=found.pk).update(created=timezone.now() - timezone.timedelta(days=2))
    assert letters_send() == []
    Pass.objects.filter(pk=found.pk).update(created=timezone.now())
    assert len(letters_send()) == 1


def test_the_command_tells_and_refuses(catalog, capsys):
    call_command("policy", "add", "dwarfs", "--schedule", "every 10 minutes", "--reasons", "new", "changed")
    policy = Policy.objects.get()
    call_command("policy", "pause", str(policy.pk))
    call_command("policy", "change", str(policy.pk), "--schedule", "0 4 * * * UTC")
    capsys.readouterr()
    call_command("policy", "list")
    assert (
        capsys.readouterr().out
        == f"policy {policy.pk} of dwarfs: 0 4 * * * UTC; new objects, changed measurements; paused\n"
    )
    call_command("policy", "resume", str(policy.pk))
    call_command("policy", "delete", str(policy.pk))
    for command, words in {
        ("delete", "99"): "there is no policy 99",
        ("add", "nope", "--schedule", "every hour"): "no published catalog",
        ("add", "dwarfs", "--schedule", "sometimes"): "write 'every 10 minutes'",
    }.items():
        with pytest.raises(AlmagestError, match=words):
            call_command("policy", *command)
