"""Policies by the API: made, changed, paused, deleted, and what others are told of them."""

import pytest
from django.test import Client

from almagest.predictions.models import PredictionSet
from almagest.rescoring.models import Policy
from almagest.rescoring.policies import policy_tick
from almagest.runs.models import Run

from .given.asking import program

pytestmark = pytest.mark.django_db
AT = "/api/v1/catalogs/dwarfs/policies/"
JSON = "application/json"
NIGHTLY = {"schedule": "30 3 * * * Europe/Berlin", "reasons": ["new"], "notify": ["c.payne@harvard.edu"]}


@pytest.fixture
def client(published, people) -> Client:
    """The owner's program, beside the owner's catalog."""
    published(owner=people.owner)
    return program(people.owner, "read", "manage")


def make(client: Client, **more) -> dict:
    answer = client.post(AT, NIGHTLY | more, content_type=JSON)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_policy_is_made_read_changed_and_deleted(client):
    made = make(client)
    here = f"{AT}{made['id']}/"
    assert (
        made | NIGHTLY | {"at_least": 1, "drift_threshold": 0.2, "is_paused": False, "note": "", "passes": []} == made
    )
    assert made["due"] and client.get(here).json()["created"] == made["created"]
    changed = client.patch(here, {"is_paused": True, "at_least": 9}, content_type=JSON).json()
    assert (changed["is_paused"], changed["due"], changed["at_least"], changed["reasons"]) == (True, None, 9, ["new"])
    assert client.patch(here, {"schedule": "every 2 hours", "reasons": []}, content_type=JSON).json()["reasons"] == []
    (listed,) = client.get(AT).json()["policies"]
    assert (listed["schedule"], listed["is_paused"]) == ("every 2 hours", True)
    assert client.delete(here).status_code == 204 and client.get(here).status_code == 404


def test_others_read_without_addresses_and_write_nothing(client, people):
    here = f"{AT}{make(client)['id']}/"
    for other in (Client(), program(people.other, "read", "manage"), program(people.owner, "manage")):
        assert other.get(here).json()["notify"] is None and other.get(AT).json()["policies"][0]["notify"] is None
    others = {401: Client(), 403: program(people.other, "read", "manage")}
    for status, other in (*others.items(), (403, program(people.owner, "read", "runs"))):
        for answer in (
            other.post(AT, NIGHTLY, content_type=JSON),
            other.patch(here, {"is_paused": True}, content_type=JSON),
            other.delete(here),
        ):
            assert answer.status_code == status
    assert not Policy.objects.get().is_paused
    assert program(people.staff, "manage").delete(here).status_code == 204


def test_runs_are_named_to_who_sees_them(client, people):
    here = f"{AT}{make(client)['id']}/"
    PredictionSet.objects.update(ingest_id=0)  # as if all objects had come after the scores
    found = policy_tick(policy_id=Policy.objects.get().pk)
    Run.objects.update(visibility="private")
    told = client.get(here).json()
    assert told["note"].startswith("started run") and told["checked"]
    (mine,), (others,) = told["passes"], Client().get(here).json()["passes"]
    assert (mine["id"], mine["run"], mine["state"], mine["reasons"]) == (found.pk, found.run_id, "queued", ["new"])
    assert others == mine | {"run": None}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "schedule: This field is required"),
        ({"schedule": "now"}, "write 'every 10 minutes'"),
        ({"schedule": f"0 0 * {'1,' * 40}1 *"}, "no more than 64 characters"),
        ({"schedule": "every hour", "reasons": ["weather"]}, "weather"),
        ({"schedule": "every hour", "drift_threshold": 0}, "drift threshold 0"),
        ({"schedule": "every hour", "at_least": 0}, "at_least"),
        ({"schedule": "every hour", "notify": ["nobody"]}, "'nobody' is no e-mail address"),
        ({"schedule": "every hour", "is_paused": True}, "there is no parameter is_paused"),
    ],
)
def test_what_is_no_policy_is_refused(client, body, said):
    answer = client.post(AT, body, content_type=JSON)
    assert answer.status_code == 400 and said in answer.json()["detail"], answer.content
    assert not Policy.objects.exists()
