"""Tags that a catalog offers: the plugin's at first, then its owner's; ticked in forms, beside those that one writes."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.db import connection
from django.urls import reverse

from almagest.accounts.errors import NotAllowed
from almagest.catalogs.selectors import catalog_get
from almagest.core.tables import quote
from almagest.registry.services import plugin_sync
from almagest.vetting.errors import VettingError
from almagest.vetting.models import Verdict
from almagest.vetting.tags import tag_list, tags_change
from dwarf_galaxies.plugin import plugin

from .given.asking import detail, login, markup, program, sent

pytestmark = pytest.mark.django_db
ALL, OFFER = "/catalogs/dwarfs/verdicts/", "/catalogs/dwarfs/tags/"
TAGS = ("merger", "blend", "double-peaked")


@pytest.fixture
def tagged(published, people) -> SimpleNamespace:
    """The owner's catalog of a plugin that declares `TAGS`, with its first candidate's number and page."""
    plugin_sync(declaration=replace(plugin, tags=TAGS))
    published(threshold=0.5, owner=people.owner)
    edition = catalog_get(user=people.owner, slug="dwarfs")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT object_id, survey, source_id FROM {quote(edition.table_name)} LIMIT 1")
        number, *name = cursor.fetchone()
    return SimpleNamespace(edition=edition, id=number, page=reverse("object", args=name))


def test_they_are_the_plugins_until_they_are_changed(tagged, people):
    assert tag_list(tagged.edition) == list(TAGS)
    plugin_sync(declaration=replace(plugin, tags=(*TAGS, "other")))
    edition = catalog_get(user=None, slug="dwarfs")
    assert tag_list(edition) == [*TAGS, "other"]
    assert tags_change(user=people.owner, edition=edition, tags="LSB, merger merger") == ["lsb", "merger"]
    plugin_sync(declaration=replace(plugin, tags=()))
    assert tag_list(edition) == ["lsb", "merger"]
    assert tags_change(user=people.staff, edition=edition, tags="") == [] == tag_list(edition)


def test_only_the_owner_and_the_staff_change_them_and_to_words(tagged, people):
    with pytest.raises(NotAllowed, match="only the owner"):
        tags_change(user=people.reader, edition=tagged.edition, tags="mine")
    with pytest.raises(VettingError, match="tag 'a/b'"):
        tags_change(user=people.owner, edition=tagged.edition, tags="a/b")
    with pytest.raises(VettingError, match="21 tags; give at most 20"):
        tags_change(user=people.owner, edition=tagged.edition, tags=[f"t{n}" for n in range(21)])
    assert tag_list(tagged.edition) == list(TAGS)


def ticks(text: str) -> dict[str, bool]:
    """Tags that the form offers, and whether they are ticked."""
    return {
        tag: bool(checked)
        for tag, checked in re.findall(r'type="checkbox" name="tags" value="([^"]+)"( checked)?', text)
    }


def test_they_are_ticked_on_the_objects_page_beside_others_that_one_writes(tagged, people):
    client = login(people.reader)
    assert ticks(markup(client.get(tagged.page))) == dict.fromkeys(TAGS, False)
    form = {"choice": "s", "confidence": "2", "comment": "", "tags": ["blend", "merger", "Odd ringed"]}
    client.post(f"{ALL}{tagged.id}/", form)
    assert Verdict.objects.get().tags == ["blend", "merger", "odd", "ringed"]
    text = markup(client.get(tagged.page))
    assert ticks(text) == {"merger": True, "blend": True, "double-peaked": False} and 'value="odd ringed"' in text
    refused = client.post(f"{ALL}{tagged.id}/", form | {"tags": ["blend", "a/b"]})
    text = markup(refused, 400)
    assert ticks(text) == {"merger": False, "blend": True, "double-peaked": False} and 'value="a/b"' in text
    assert ticks(markup(login().get(tagged.page))) == {}


def test_they_are_changed_on_the_page_of_verdicts(tagged, people):
    owner = login(people.owner)
    assert 'value="merger blend double-peaked"' in markup(owner.get(ALL))
    text = markup(login(people.reader).get(ALL))
    assert f'action="{OFFER}"' not in text and '<span class="tag">double-peaked</span>' in text
    answer = owner.post(OFFER, {"tags": "lsb tidal"})
    assert answer.headers["Location"] == f"{ALL}#tags" and 'value="lsb tidal"' in markup(owner.get(ALL))
    assert "only the owner" in markup(login(people.reader).post(OFFER, {"tags": "x"}), 403)


def test_programs_read_and_change_them(tagged, people):
    at, owner = "/api/v1/catalogs/dwarfs/tags/", program(people.owner, "read", "manage")
    assert program().get(at).json() == {"tags": list(TAGS)}
    assert sent(owner, at, {"tags": ["LSB", "merger", "lsb"]}, "put").json() == {"tags": ["lsb", "merger"]}
    for client, status in (
        (program(), 401),
        (program(people.owner, "vet"), 403),
        (program(people.reader, "manage"), 403),
    ):
        assert sent(client, at, {"tags": []}, "put").status_code == status
    assert "tag 'a/b'" in detail(sent(owner, at, {"tags": ["a/b"]}, "put"))
    assert "tags" in detail(sent(owner, at, {"tags": [f"t{n}" for n in range(21)]}, "put"))
    assert tag_list(tagged.edition) == ["lsb", "merger"]
