"""What is done to a data release by the API: by its owner and the staff, where it stands as it must."""

import pytest

from almagest.releases.models import Release
from almagest.runs.services import run_cancel
from tests.almagest.given.asking import detail, login, program, sent
from tests.almagest.given.releases import work_on

from .addresses import ACTIONS, V1, asked

pytestmark = pytest.mark.django_db


def test_what_is_done_to_a_release_is_its_owners_and_the_staffs(client, released, people):
    released(owner=people.owner, title="Dwarfs")
    for action in ACTIONS:
        scope, other_scope = ("runs", "manage") if action == "build" else ("manage", "runs")
        assert "log in" in detail(asked(client, action), 401)
        assert repr(scope) in detail(asked(program(people.owner, "read", other_scope), action), 403)
        for other in (login(people.other), program(people.other, "read", "runs", "manage")):
            assert "only the owner of dwarfs v1 and the staff" in detail(asked(other, action), 403)
    assert Release.objects.get().state == "published" and Release.objects.get().visibility == "public"
    for action in ("links", "retract", "visibility"):
        assert asked(program(people.owner, "manage"), action).status_code == 200
    assert asked(login(people.other), "links").status_code == 404


def test_a_draft_is_not_there_for_others_and_the_staff_may_publish_it(client, drafted, people):
    release = drafted(owner=people.owner)
    for action in ACTIONS:
        assert "there is none" in detail(asked(login(people.other), action), 404)
    work_on(release)
    assert asked(login(people.staff), "publish").json()["state"] == "published"
    assert client.get(V1).status_code == 200


def test_what_does_not_fit_where_it_stands_is_refused(drafted, people):
    owner, release = login(people.owner), drafted(owner=people.owner)
    words = {
        "publish": "only a checked",
        "retract": "only a published",
        "discard": "cancel its run first",
        "build": "has failed",
    }
    for action, told in words.items():
        assert told in detail(asked(owner, action))
    work_on(release)
    assert asked(owner, "publish").status_code == 200
    assert "retract it instead" in detail(asked(owner, "discard"))
    assert "reason: " in detail(sent(owner, f"{V1}retract/", {"reason": "  "}))
    assert "reason: " in detail(sent(owner, f"{V1}retract/"))


def test_a_run_that_was_cancelled_is_tried_again_or_its_draft_discarded(drafted, people):
    owner, release = login(people.owner), drafted(owner=people.owner)
    run_cancel(run_id=release.run_id)
    again = asked(owner, "build")
    assert (again.status_code, again.json()["state"], again.json()["release"]) == (
        202,
        "queued",
        f"http://testserver{V1}",
    )
    assert again.json()["id"] != release.run_id and again.headers["Location"].endswith(f"/{again.json()['id']}/")
    run_cancel(run_id=again.json()["id"])
    done = asked(owner, "discard")
    assert (done.status_code, done.content) == (204, b"")
    assert owner.get(V1).status_code == 404 and owner.get("/api/v1/releases/").json()["rows"] == []
