"""Pages of policies: what everybody reads, what owners make, change, pause and delete, and when each is due."""

import html
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from almagest.catalogs.models import Catalog
from almagest.predictions.models import PredictionSet
from almagest.rescoring.models import Policy
from almagest.rescoring.policies import policy_change, policy_create, policy_tick, reasons_of
from almagest.rescoring.policy_selectors import LAST, next_due, times_of
from almagest.runs.models import Run
from almagest.runs.services import run_end

from .given.asking import login, words

pytestmark = pytest.mark.django_db
ALL = "/catalogs/dwarfs/policies/"
FORM = {"schedule": "every 10 minutes", "reasons": ["new", "changed"], "at_least": "5", "drift_threshold": "0.3",
        "notify": "c.payne@harvard.edu\nh.leavitt@harvard.edu"}  # fmt: skip
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def catalog(published, people):
    """The owner's catalog."""
    return published(owner=people.owner).catalog


@pytest.fixture
def policy(catalog, people) -> Policy:
    """One that looks every hour and tells one address."""
    return policy_create(user=people.owner, catalog=catalog, schedule="every hour", notify=["c.payne@harvard.edu"])


def test_a_policy_is_made_changed_paused_and_deleted(catalog, people):
    client = login(people.owner)
    assert "rescored when somebody asks for it" in words(client.get(ALL))
    answer = client.post(ALL, FORM)
    assert (answer.status_code, answer.headers["Location"]) == (302, ALL)
    policy = Policy.objects.get()
    assert (times_of(policy), reasons_of(policy), policy.at_least, policy.drift_threshold, policy.notify, policy.owner) == (
        "every 10 minutes", ["new", "changed"], 5, 0.3, ["c.payne@harvard.edu", "h.leavitt@harvard.edu"], people.owner,
    )  # fmt: skip
    text = words(client.get(ALL))
    assert "every 10 minutes active" in text and "new objects, changed measurements" in text and "h.leavitt" in text
    form = client.get(f"{ALL}{policy.pk}/").content.decode()
    assert 'value="every 10 minutes"' in form and 'value="changed" checked' in form and 'value="version">' in form
    client.post(f"{ALL}{policy.pk}/", FORM | {"schedule": "30 3 * * 1-5 Europe/Berlin", "reasons": [], "notify": ""})
    client.post(f"{ALL}{policy.pk}/pause/")
    text = words(client.get(ALL))
    assert "30 3 * * 1-5 Europe/Berlin paused" in text and "whatever is stale" in text and "to nobody" in text
    client.post(f"{ALL}{policy.pk}/resume/")
    assert "30 3 * * 1-5 Europe/Berlin active" in words(client.get(ALL))
    assert client.post(f"{ALL}{policy.pk}/delete/").status_code == 302 and not Policy.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"schedule": "sometimes"}, "write 'every 10 minutes'"),
        ({"schedule": "every 1 second"}, "shortest interval is 10 seconds"),
        ({"schedule": f"0 0 * {'1,' * 40}1 *"}, "at most 64"),
        ({"at_least": "many"}, "at least: 'many' is no whole number"),
        ({"at_least": "0"}, "at least 0 objects"),
        ({"drift_threshold": "nan"}, "drift threshold nan"),
        ({"notify": "nobody"}, "'nobody' is no e-mail address"),
        ({"reasons": ["weather"]}, "no reason is named weather"),
        ({"notify": HOSTILE}, "is no e-mail address"),
    ],
)
def test_what_is_wrong_comes_back_as_it_was_typed(policy, people, wrong, said):
    client = login(people.owner)
    for address in (ALL, f"{ALL}{policy.pk}/"):
        answer = client.post(address, FORM | wrong)
        assert said in words(answer, 400)
        raw = answer.content.decode()
        assert HOSTILE not in raw
        ((name, typed),) = wrong.items()
        assert html.escape(typed) in raw if name != "reasons" else 'value="new" checked' not in raw
    assert Policy.objects.count() == 1 and times_of(Policy.objects.get()) == "every hour"


def test_readers_see_policies_without_addresses_and_without_forms(policy, people):
    for user in (None, people.reader, people.other):
        raw = login(user).get(ALL).content.decode()
        assert "every hour" in raw and "c.payne" not in raw and f"{ALL}{policy.pk}/" not in raw
        assert f'action="{ALL}' not in raw
    assert "c.payne" in login(people.staff).get(ALL).content.decode()


def test_policies_of_a_catalog_that_one_does_not_see_are_not_there(policy, people):
    type(policy.catalog).objects.update(visibility="private")
    other, mine = login(people.other), login(people.owner)
    assert other.get(ALL).status_code == other.post(ALL, FORM).status_code == 404
    assert other.post(f"{ALL}{policy.pk}/delete/").status_code == 404
    assert mine.get(ALL).status_code == 200


def test_a_policy_of_another_catalog_is_not_there(policy, people):
    Policy.objects.update(catalog=Catalog.objects.create(slug="others", title="Others", owner=people.owner))
    client = login(people.owner)
    assert client.post(f"{ALL}{policy.pk}/delete/").status_code == client.get(f"{ALL}{policy.pk}/").status_code == 404
    assert Policy.objects.exists()


def test_forms_need_the_token_of_the_page(policy, people):
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.owner)
    for address in (ALL, *(f"{ALL}{policy.pk}/{action}" for action in ("", "pause/", "resume/", "delete/"))):
        assert client.post(address, FORM).status_code == 403
    policy.refresh_from_db()
    assert not policy.is_paused


def test_the_page_tells_of_the_last_passes_and_of_runs_that_one_sees(policy, people):
    runs = []
    for version in range(LAST + 1):
        PredictionSet.objects.update(ingest_id=-version)  # each time as if all objects had come after the scores
        found = policy_tick(policy_id=policy.pk)
        run_end(run_id=found.run_id, state=Run.State.FAILED, error="the model is gone")
        runs.append(found.run_id)
        policy_change(user=people.owner, policy=policy, is_paused=False)
        Policy.objects.get().passes.update(ingest_id=-1)  # as if other data had come since
    policy_tick(policy_id=policy.pk)
    Run.objects.update(visibility="private")
    mine, others = login(people.owner).get(ALL), login(people.other).get(ALL)
    text = words(mine)
    assert "started run" in text and "new objects" in text and text.count("failed") >= LAST - 1
    assert (
        all(f"/runs/{run}/" in mine.content.decode() for run in runs[2:])
        and f"/runs/{runs[0]}/" not in mine.content.decode()
    )
    assert "/runs/" not in others.content.decode().split("<main")[1] and "failed" in words(others)


def test_queries_do_not_grow_with_the_policies(policy, people):
    client, counts = login(people.owner), []
    for _ in range(2):
        policies = [policy_create(user=people.owner, catalog=policy.catalog, schedule="every hour") for _ in range(4)]
        for each in policies:
            PredictionSet.objects.update(ingest_id=0)  # as if all objects had come after the scores
            run_end(run_id=policy_tick(policy_id=each.pk).run_id, state=Run.State.FAILED, error="the model is gone")
        with CaptureQueriesContext(connection) as queries:
            assert words(client.get(ALL)).count("failed") >= len(policies)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_when_a_policy_is_due(policy, people, monkeypatch):
    policy.refresh_from_db()
    assert abs(next_due(policy) - policy.created - timedelta(hours=1)) < timedelta(seconds=2)
    policy.checked = timezone.now() + timedelta(minutes=10)
    assert abs(next_due(policy) - policy.checked - timedelta(hours=1)) < timedelta(seconds=2)
    policy.checked, policy.created = None, timezone.now() - timedelta(days=2)
    assert abs(next_due(policy) - timezone.now()) < timedelta(seconds=2)
    policy_change(user=people.owner, policy=policy, schedule="30 3 * * * Asia/Tokyo")
    due = next_due(Policy.objects.get()).astimezone(UTC)
    assert datetime.now(UTC) < due < datetime.now(UTC) + timedelta(days=1, minutes=1)
    assert (due.hour, due.minute) == (18, 30)
    policy_change(user=people.owner, policy=policy, is_paused=True)
    assert next_due(Policy.objects.get()) is None
