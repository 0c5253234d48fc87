"""Lists of data releases, and the address of the latest."""

import csv
import io
import re

import pytest

from almagest.releases.services import release_retract
from tests.almagest.given.asking import login, markup

from .pages import LIST, NEW, V1, V2, State, another

pytestmark = pytest.mark.django_db


def test_the_list_is_by_catalog_and_a_file(client, released, people):
    assert "Nothing is released yet" in markup(client.get(LIST))
    first = released(owner=people.owner, doi="10.5281/zenodo.1234567", title="First")
    another(first, facts=first.facts | {"title": "Second"})
    text = markup(client.get(LIST))
    assert '<h2><a href="/catalogs/dwarfs/">Dwarfs</a></h2>' in text and text.index("Second") < text.index("First")
    assert f'href="{V1}"' in text and 'href="https://doi.org/10.5281/zenodo.1234567"' in text and "simulated" in text
    links = re.findall(r'<a href="(/releases/\?format=\w+)" hx-boost="false" download>', text)
    assert len(links) == 6 and {client.get(link).status_code for link in links} == {200}
    rows = list(csv.DictReader(io.StringIO(client.get(f"{LIST}?format=csv").getvalue().decode())))
    assert [(row["label"], row["title"]) for row in rows] == [("v2", "Second"), ("v1", "First")]
    assert 'aria-current="page">Releases</a>' in text


def test_the_catalogs_page_names_its_releases(client, out, people):
    second = another(out)
    page = "/catalogs/dwarfs/?p_s__min=0.7&sort=-g&size=25"
    text = markup(client.get(page))
    assert f'<a href="{V2}">v2</a> <span class="soft small">latest' in text and f'<a href="{V1}">v1</a>' in text
    assert NEW not in text
    owner = login(people.owner)
    assert f'href="{NEW}?p_s__min=0.7">Release these rows' in markup(owner.get(page))
    assert f'href="{NEW}">Release this catalog' in markup(owner.get("/catalogs/dwarfs/"))
    release_retract(user=None, release=second, reason="Wrong.")
    text = markup(client.get(page))
    assert ">retracted</span>" in text and f'<a href="{V1}">v1</a> <span class="soft small">latest' in text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ""), ("?a=1&b=%2F", "?a=1&b=%2F"), ("files/README.md?x=%C3%A4", "files/README.md?x=%C3%A4"),
        ("files/dwarfs-latest.fits", "files/dwarfs-v1.fits"), ("files/a%3Fb/Npix=6.c", "files/a%3Fb/Npix=6.c"),
    ],
)  # fmt: skip
def test_latest_leads_to_the_newest_that_is_published(out, people, asked, found):
    another(another(out), state=State.CHECKED)
    for client in (login(None), login(people.owner)):
        answer = client.get(f"{LIST}dwarfs/latest/{asked}")
        assert (answer.status_code, answer.headers["Location"]) == (302, V2 + found)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert client.get(f"{LIST}nothing/latest/{asked}").status_code == 404


def test_a_file_of_the_latest_release_comes_by_one_address(client, out):
    answer = client.get(f"{LIST}dwarfs/latest/files/dwarfs-latest.csv", follow=True)
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].endswith('"dwarfs-v1.csv"')
