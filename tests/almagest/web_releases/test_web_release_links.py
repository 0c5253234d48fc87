"""Signed links: what they open, for whom, and until when."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from almagest.accounts.models import User
from almagest.releases.downloads import link_sign
from almagest.releases.models import Release
from almagest.releases.services import release_publish
from almagest.web import releases as words_of
from tests.almagest.given.asking import login, markup

from .pages import SCORED, V1, V2, State, another, fetched, pre

pytestmark = pytest.mark.django_db


def test_a_link_opens_the_page_and_its_files(linked, people, client):
    for who in (client, login(people.reader)):
        answer = who.get(linked.path)
        text = markup(answer)
        query = linked.path.partition("?")[2]
        files = re.findall(rf'href="({V1}files/[^"]+)"', text)
        assert len(files) > 10 and all(file.endswith(query) for file in files)
        opened = fetched(who, files[0])
        assert opened.status_code == 200
        for response in (answer, opened):
            assert response.headers["Cache-Control"].startswith("private")
        # With `no-referrer` a browser would not say where a form stands that it sends, and nobody could log out.
        assert answer.headers["Referrer-Policy"] == ("no-referrer" if who is client else "same-origin")
        for command in ("Command for one file", "Commands for all files"):
            assert query in pre(text, command)
        assert "lsdb" not in text and "read_parquet" in pre(text, "Python") and "latest/files" not in text
        assert "For its owner" not in text and "/catalogs/dwarfs/" not in text
        assert SCORED in text or "SDSS" in text, "its surveys and how to cite them"
    assert f"link={query.removeprefix('link=')}" in query


def test_a_link_is_shown_once_to_its_maker(owned, people):
    owner = login(people.owner)
    made = owner.post(f"{V1}links/", {"hours": "48"})
    assert "A link for 48 hours" in markup(made) and "no-store" in made.headers["Cache-Control"]
    assert "link=" not in markup(owner.get(V1))
    for hours in ("0", "2161", "soon", "", "9" * 5000, "²"):
        text = markup(owner.post(f"{V1}links/", {"hours": hours}), 400)
        assert "hours = " in text


def assert_gone(linked, said: str, path: str = "") -> None:
    """Nobody opens the page or a file by the link, and is told why."""
    page, _, query = (path or linked.path).partition("?")
    for address in (f"{page}?{query}", f"{page}files/README.md?{query}"):
        assert said in markup(login(None).get(address), 404), address


def test_a_link_ends(linked, monkeypatch):
    now = timezone.now()
    for hours, is_over in ((47, False), (49, True)):
        monkeypatch.setattr(timezone, "now", lambda hours=hours: now + timedelta(hours=hours))
        if is_over:
            assert_gone(linked, "this link has ended")
        else:
            assert login(None).get(linked.path).status_code == 200


@pytest.mark.parametrize("change", [lambda path: path[:-1] + "A" if path[-1] != "A" else path[:-1] + "B", lambda path: path[:-3],
                                    lambda path: path.replace("link=", "link=x"), lambda path: path.partition("=")[0] + "=x"])  # fmt: skip
def test_a_link_that_was_changed_opens_nothing(linked, change):
    assert_gone(linked, "this link is not whole", change(linked.path))


def test_a_link_opens_no_other_release(linked, people):
    another(linked.release)
    text = link_sign(user=people.owner, release=linked.release, hours=2)
    assert_gone(linked, "this link is another release's", f"{V2}{words_of.link_query(text)}")
    assert login(None).get(f"/releases/nothing/v1/{words_of.link_query(text)}").status_code == 404


def test_a_link_holds_as_long_as_its_maker_sees_the_release(linked, people):
    Release.objects.update(visibility="private")
    assert login(None).get(linked.path).status_code == 200, "it is still the owner's"
    Release.objects.update(owner=people.other)
    assert_gone(linked, "opens nothing any more")
    Release.objects.update(owner=people.owner)
    User.objects.filter(pk=people.owner.pk).update(is_active=False)
    assert_gone(linked, "opens nothing any more")
    User.objects.filter(pk=people.owner.pk).update(is_active=True)
    Release.objects.update(state=State.DISCARDED)
    assert_gone(linked, "opens nothing any more")


def test_what_a_link_opens_is_kept_by_no_cache_when_it_is_public_too(linked, client):
    release_publish(user=None, release=linked.release)
    query = linked.path.partition("?")[2]
    answer = fetched(client, f"{V1}files/README.md?{query}")
    assert answer.headers["Cache-Control"].startswith("private") and answer.headers["Referrer-Policy"] == "no-referrer"
    assert fetched(client, f"{V1}files/README.md").headers["Cache-Control"].startswith("public")
    page = client.get(f"{V1}?{query}")
    assert page.headers["Cache-Control"].startswith("private") and "link=" not in re.sub('next=[^"]+', "", markup(page))
    assert client.get(f"{V1}?link=old").status_code == 200, "who sees it anyway needs no link"
    Release.objects.update(visibility="private")
    assert client.get(V1).status_code == 404 and client.get(linked.path).status_code == 200, (
        "private again: the link holds"
    )


def test_links_are_offered_only_where_they_are_of_use(out, people):
    owner = login(people.owner)
    assert f'action="{V1}links/"' not in markup(owner.get(V1))
    answer = owner.post(f"/visibility/release/{out.pk}/", {"visibility": "private"})
    assert answer.headers["Location"] == V1
    assert f'action="{V1}links/"' in markup(owner.get(V1)) and login(None).get(V1).status_code == 404
