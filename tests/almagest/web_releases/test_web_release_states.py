"""The page of a data release in each of its states: to whom it is shown, and with which buttons."""

import re

import pytest
from django.utils import timezone

from almagest.releases.models import Release
from almagest.releases.services import release_retract
from almagest.runs.models import Run
from tests.almagest.given.asking import login, markup

from .pages import HOSTILE, LIST, V1, V2, State, another, fetched

pytestmark = pytest.mark.django_db


def put(release: Release, state: str, people) -> None:
    """The release in one of the states that pages know."""
    values = {"state": State.DRAFT, "files": [], "rows": None}
    if state in ("queued", "failed", "cancelled"):
        Run.objects.filter(pk=release.run_id).update(
            state=state, error="the disk <b>is full</b>" if state == "failed" else ""
        )
    elif state == "retracted":
        values = {
            "state": State.RETRACTED,
            "published": timezone.now(),
            "retracted": timezone.now(),
            "reason": "Wrong magnitudes.",
        }
    else:
        values = {"state": state}
    Release.objects.filter(pk=release.pk).update(**values)


BUTTONS = {
    "queued": set(), "failed": {"build", "discard", "links"}, "cancelled": {"build", "discard", "links"},
    "checked": {"publish", "discard", "links"}, "published": {"retract"}, "retracted": set(),
}  # fmt: skip


@pytest.mark.parametrize("state", sorted(BUTTONS))
def test_each_state_is_shown_to_whom_it_is_for(owned, people, state):
    put(owned, state, people)
    is_out = state in ("published", "retracted")
    for name in ("anonymous", "reader", "owner", "staff"):
        client = login(None if name == "anonymous" else getattr(people, name))
        answer, listed = client.get(V1), markup(client.get(LIST))
        if not is_out and name in ("anonymous", "reader"):
            assert answer.status_code == 404 and "there is no release 'v1' of 'dwarfs'" in markup(answer, 404)
            assert V1 not in listed and fetched(client, f"{V1}files/README.md").status_code == 404
            continue
        text = markup(answer)
        tag = "draft" if state in ("queued", "failed", "cancelled") else state
        assert f'<span class="tag {tag}">{tag}</span>' in text and V1 in listed and f">{tag}</span>" in listed
        offered = set(re.findall(rf'action="{V1}(\w+)/"', text))
        mine = name in ("owner", "staff")
        wanted = BUTTONS[state] | {"links"} if state == "queued" else BUTTONS[state]
        assert offered == (wanted if mine else set())
        assert ("Who may see this" in text) == mine
        if state == "failed":
            assert "the disk &lt;b&gt;is full" in answer.content.decode() and f"/runs/{owned.run_id}/" in text
        assert ("Retracted on" in text) == (state == "retracted") == ("Wrong magnitudes." in text)
        assert ("hx-trigger" in text) == (state == "queued")


def test_a_page_follows_its_run_and_is_made_anew_when_that_ends(owned, people):
    put(owned, "queued", people)
    Run.objects.update(state="running", progress=0.25, message="Writing FITS")
    client = login(people.owner)
    moving = client.get(V1, headers={"HX-Target": "run"})
    assert "Writing FITS" in markup(moving) and 'value="0.2500"' in markup(moving) and "<h1" not in markup(moving)
    assert "HX-Refresh" not in moving.headers
    Run.objects.update(state="done")
    assert client.get(V1, headers={"HX-Target": "run"}).headers["HX-Refresh"] == "true"


def test_a_retracted_release_says_why_and_keeps_its_files(client, out, people):
    second = another(out)
    reason = f"Extinction {HOSTILE}\nwas not taken off."
    answer = login(people.owner).post(f"{V2}retract/", {"reason": reason}, follow=True)
    assert answer.redirect_chain == [(V2, 302)] and "is retracted; its page says why" in markup(answer)
    raw = client.get(V2).content.decode()
    assert "Retracted on" in raw and "Extinction &lt;script&gt;" in raw and HOSTILE not in raw
    assert f'The latest release is <a href="{LIST}dwarfs/latest/">v1</a>' in raw
    entry = second.entries[0]
    assert fetched(client, f"{V2}files/{entry.path}").status_code == 200
    assert client.get(f"{LIST}dwarfs/latest/").headers["Location"] == V1
    release_retract(user=None, release=out, reason="Also.")
    assert "no other release of this catalog" in markup(client.get(V2))
    assert "has been published" in markup(client.get(f"{LIST}dwarfs/latest/"), 404)
