"""What owners do to a data release, and nobody else."""

import pytest
from django.test import Client

from almagest.releases.models import Release
from almagest.runs.models import Run
from tests.almagest.given.asking import login, markup
from tests.almagest.given.releases import work_on

from .pages import FORM, LIST, NEW, V1, fetched

pytestmark = pytest.mark.django_db


def test_from_a_draft_to_a_retraction(owner, people, client):
    owner.post(NEW, FORM)
    assert "only a checked release is published" in markup(owner.post(f"{V1}publish/"), 400)
    assert "cancel its run first" in markup(owner.post(f"{V1}discard/"), 400)
    Run.objects.filter(kind="release").update(state="failed", error="no room")
    assert "Building it failed" in markup(owner.get(V1)) and "no room" in markup(owner.get(V1))
    before = Release.objects.get().run_id
    assert owner.post(f"{V1}build/").headers["Location"] == V1
    assert Release.objects.get().run_id != before
    work_on(Release.objects.get())
    assert client.get(V1).status_code == 404
    answer = owner.post(f"{V1}publish/", follow=True)
    assert answer.redirect_chain == [(V1, 302)] and "dwarfs v1 is published." in markup(answer)
    assert client.get(V1).status_code == 200
    assert "only a draft whose run has failed is built again" in markup(owner.post(f"{V1}build/"), 400)
    assert "what was published stays" in markup(owner.post(f"{V1}discard/"), 400)
    assert "say why it is retracted" in markup(owner.post(f"{V1}retract/", {"reason": " "}), 400)
    assert owner.post(f"{V1}retract/", {"reason": "Wrong."}).headers["Location"] == V1
    assert "Retracted on" in markup(client.get(V1))


def test_a_draft_is_discarded(owned, people):
    owner = login(people.owner)
    answer = owner.post(f"{V1}discard/", follow=True)
    assert answer.redirect_chain == [(LIST, 302)] and "dwarfs v1 is gone" in markup(answer)
    assert owner.get(V1).status_code == 404 and fetched(owner, f"{V1}files/README.md").status_code == 404


ACTIONS = {"publish": {}, "retract": {"reason": "Wrong."}, "discard": {}, "build": {}, "links": {"hours": "2"}}


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_are_the_owners_and_want_the_token_of_the_page(out, people, action):
    address, form = f"{V1}{action}/", ACTIONS[action]
    before = Release.objects.values().get()
    assert fetched(login(people.owner), address).status_code == 405
    assert login(None).post(address, form).headers["Location"].startswith("/login/?next=")
    assert login(people.reader).post(address, form).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.owner)
    assert strict.post(address, form).status_code == 403
    assert strict.post(NEW, FORM).status_code == 403
    Release.objects.update(visibility="private")
    assert login(people.reader).post(address, form).status_code == 404
    assert Release.objects.values().get() == before | {"visibility": "private"}
