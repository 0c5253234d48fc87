"""A data release by the API from its start to its retraction, who sees it meanwhile, and what is not there."""

import csv
import io
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from almagest.releases.downloads import link_release
from almagest.releases.models import Release
from tests.almagest.given.asking import detail, login, program, sent
from tests.almagest.given.releases import work_on

from .addresses import BODY, START, V1, stored

pytestmark = pytest.mark.django_db


def test_a_release_is_started_followed_published_and_retracted(client, catalog, people):
    owner = program(people.owner, "read", "runs", "manage")
    started = sent(owner, START, BODY | {"columns": ["p_s"], "filters": {"p_s__min": "0.7"}, "known_issues": ["Few."]})
    assert started.status_code == 202, started.content
    run, draft = started.json(), Release.objects.get()
    assert (started.headers["Location"], run["release"]) == (f"/api/v1/runs/{draft.run_id}/", f"http://testserver{V1}")
    assert (run["id"], run["state"], run["owner_name"]) == (draft.run_id, "queued", "owner")
    told = owner.get(V1).json()
    assert (told["state"], told["rows"], told["files"], told["latest"]) == ("draft", None, [], None)
    assert "a draft whose run" in detail(sent(owner, f"{V1}publish/"))
    release = work_on(draft)
    assert (owner.get(started.headers["Location"]).json()["state"], owner.get(V1).json()["state"]) == (
        "done",
        "checked",
    )
    assert client.get(V1).status_code == 404
    published = sent(owner, f"{V1}publish/").json()
    assert (published["state"], published["latest"], published["run"]) == ("published", "v1", run["id"])
    rows = list(csv.DictReader(io.StringIO(stored(release, "dwarfs-v1.csv").decode())))
    assert len(rows) == published["rows"] and min(float(row["p_s"]) for row in rows) >= 0.7
    assert "g" not in rows[0] and [column["name"] for column in published["columns"]] == list(rows[0])
    assert "only a checked release" in detail(sent(owner, f"{V1}publish/"))
    assert sent(owner, f"{V1}retract/", {"reason": "Not to be used."}).json()["state"] == "retracted"
    told = client.get(V1).json()
    assert (told["state"], told["reason"], told["latest"]) == ("retracted", "Not to be used.", None)
    assert "has been published" in detail(client.get("/api/v1/releases/dwarfs/latest/"), 404)


def test_a_link_opens_the_release_for_its_hours(client, drafted, people):
    owner, release = login(people.owner), drafted(owner=people.owner)
    given = sent(owner, f"{V1}links/", {"hours": 24}).json()
    assert link_release(parse_qs(urlsplit(given["url"]).query)["link"][0]) == release
    assert client.get(V1).status_code == client.get("/releases/dwarfs/v1/").status_code == 404
    assert client.get(given["url"]).status_code == 200
    left = datetime.fromisoformat(given["expires"]) - timezone.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    for hours in (0, 2161, "many", None):
        assert "hours: " in detail(sent(owner, f"{V1}links/", {"hours": hours}))


def test_it_is_shown_to_a_group_by_its_owner(client, released, people):
    released(owner=people.owner)
    people.owner.groups.add(people.group)
    owner = program(people.owner, "manage")
    done = sent(owner, f"{V1}visibility/", {"visibility": "group", "group": "dwarfs"}, "put")
    assert (done.status_code, done.json()) == (200, {"visibility": "group", "group": "dwarfs"})
    found = {who: login(getattr(people, who)).get(V1).status_code for who in ("owner", "member", "staff", "other")}
    assert found == {"owner": 200, "member": 200, "staff": 200, "other": 404} and client.get(V1).status_code == 404
    assert "visibility: " in detail(sent(owner, f"{V1}visibility/", {"visibility": "all"}, "put"))


@pytest.mark.parametrize(
    "at", ["nope/v1", "dwarfs/v2", "dwarfs/1", "dwarfs/newest", "dwarfs/v0", "dwarfs/v99999999999"]
)
def test_what_is_not_there_is_a_problem_in_words(client, released, at):
    released()
    for end in ("", "files/"):
        assert "release" in detail(client.get(f"/api/v1/releases/{at}/{end}"), 404)
    assert client.delete(f"/api/v1/releases/{at}/").status_code == 405
