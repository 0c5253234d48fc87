"""The map of a latent space and what lies near an object, on pages: what they say, what their scripts get, and who sees it."""

import re

import numpy as np
import pytest
from django.test import Client

from almagest.accounts.models import User, Visibility
from almagest.catalogs import latents
from almagest.catalogs.lasso import LASSO, parse_axis
from almagest.catalogs.latents import principal_directions
from almagest.catalogs.models import Catalog, Edition
from almagest.sky.models import Survey
from almagest.vetting.services import verdict_give

from .given.asking import login, markup, words
from .given.latents import SPIRAL, spiral
from .given.surveys import galaxies

pytestmark = pytest.mark.django_db
LIST, PAGE = "/catalogs/dwarfs/", "/catalogs/dwarfs/latents/"
POINTS, MODEL = f"{PAGE}points.json", "dwarf_galaxies/forest v1"


@pytest.fixture
def edition(spacious, published) -> Edition:
    return published(threshold=0.0)


def placed() -> list[tuple[int, str, list[float]]]:
    """Candidates that lie somewhere, the best first."""
    found = zip(galaxies(), spiral(len(galaxies())), strict=True)
    return [(number, name, place) for (number, name), place in found if place][::-1]


def points(client, query: str = "") -> dict:
    answer = client.get(f"{POINTS}{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_principal_components_are_those_that_numpy_finds(edition):
    places = np.array([place for *_, place in placed()])
    _, scatter, vectors = np.linalg.svd(places - places.mean(axis=0))
    for direction, vector, share in zip(
        principal_directions(edition), vectors, scatter**2 / (scatter**2).sum(), strict=False
    ):
        vector = vector * np.sign(vector[np.abs(vector).argmax()])
        assert direction.axis.weights == pytest.approx(vector, abs=1e-3) and direction.share == pytest.approx(
            share, abs=1e-3
        )
        # In an address they are the same again.
        assert parse_axis("latent_x", direction.axis.text, SPIRAL) == direction.axis


def test_the_points_are_the_candidates_on_the_plane_that_is_asked_for(edition, client):
    expected, data = placed(), points(client, "?latent_x=3&latent_y=1&colour=p_s")
    assert [data["surveys"][k] for k in data["survey"]] == ["sdss-dr14-simulated"] * len(expected)
    assert list(zip(data["id"], data["name"], strict=True)) == [(number, name) for number, name, _ in expected]
    assert np.allclose(
        [data["x"], data["y"]], [[p[2] for *_, p in expected], [p[0] for *_, p in expected]], rtol=1e-4, atol=1e-9
    )
    assert data["value"] == sorted(data["value"], reverse=True) and data["classes"] is None and data["is_whole"]
    assert [axis["title"] for axis in data["axes"]] == ["latent 3", "latent 1"] and data["colour"]["name"] == "p_s"
    usual, x = points(client), principal_directions(edition)[0].axis.weights
    assert usual["x"] == pytest.approx([float(np.dot(x, p)) for *_, p in expected], rel=1e-3, abs=1e-4)
    assert usual["axes"][0]["title"].startswith("principal component 1 (")


def test_colours_are_numbers_or_the_most_frequent_words(edition, client, monkeypatch):
    data = points(client, "?colour=sample_label")
    said = [None if value is None else data["classes"][int(value)] for value in data["value"]]
    labels = {number: "S" if k % 2 == 0 else "NM" for k, (number, _) in enumerate(galaxies()[:40])}
    assert said == [labels.get(number) for number in data["id"]] and sorted(data["classes"]) == ["NM", "S"]
    monkeypatch.setattr(latents, "MOST_CLASSES", 0)
    assert points(client, "?colour=sample_label")["classes"] == ["other"]
    assert "colour='ra': points are coloured by one of p_s, " in words(client.get(f"{POINTS}?colour=ra"), 400)


def test_of_many_the_best_and_the_same_part_of_the_others_are_drawn(edition, client, monkeypatch):
    monkeypatch.setattr("almagest.web.latents.MOST_BEST", 20)
    monkeypatch.setattr("almagest.web.latents.MOST_OTHERS", 10)
    monkeypatch.setattr(latents, "MOST_BEST", 20)
    monkeypatch.setattr(latents, "MOST_OTHERS", 10)
    data, expected = points(client), [number for number, *_ in placed()]
    assert data["id"][:20] == expected[:20] and not data["is_whole"]
    assert (
        len(set(data["id"][20:])) == 10
        and set(data["id"][20:]) < set(expected[20:])
        and data["id"][20:] != expected[20:30]
    )
    assert points(client)["id"] == data["id"]
    assert "Drawn are the best 20 and 10 of the others, drawn by lot" in words(client.get(PAGE))
    monkeypatch.setattr(latents, "MOST_OTHERS", len(expected) - 20)
    assert points(client)["is_whole"]


def test_the_map_heeds_the_filters_of_the_list_and_leads_back_to_it(edition, client):
    """Whatever the lasso: that is drawn upon the points."""
    owner = User.objects.create_user("owner")
    said = placed()[3][0]
    verdict_give(user=owner, catalog="dwarfs", object_id=said, choice="s")
    assert points(client, "?vetted=true")["id"] == [said]
    is_high = dict(zip((n for n, _ in galaxies()), np.round(np.linspace(0, 1, len(galaxies())), 2) >= 0.8, strict=True))
    high = [number for number, *_ in placed() if is_high[number]]
    asked = "p_s__min=0.8&latent_x=1&latent_y=2&lasso=0,0,1,0,1,1"
    assert points(client, f"?{asked}")["id"] == high and len(high) > 20
    page = markup(client.get(f"{PAGE}?{asked}&sort=-g"))
    assert f"here <b>{len(high)}</b> candidates that pass the filters" in page and "more lie nowhere" in page
    assert page.count('<input type="hidden" name="p_s__min"') == 2 and 'data-lasso="0,0,1,0,1,1"' in page
    (back,) = re.findall(r'<a href="([^"]+)">The candidates within the lasso', page)
    assert (
        set(back.split("?")[1].replace("%2C", ",").split("&")) == {*asked.split("&"), "sort=-g"}
        and client.get(back).status_code == 200
    )


def test_the_list_leads_to_the_map_and_keeps_the_lasso_in_its_form(edition, client):
    page = markup(client.get(f"{LIST}?p_s__min=0.5&sort=-g&size=25"))
    assert f'href="{PAGE}?p_s__min=0.5">Map of the latent space' in page and "lasso of" not in page
    page = markup(client.get(f"{LIST}?lasso=-9,-9,9,-9,9,9,-9,9&latent_x=2"))
    assert "within a lasso of 4 corners" in page and '<span class="tag">2 set</span>' in page
    form = page[page.index('<form action="/catalogs/dwarfs/">') :]
    assert (
        '<input type="hidden" name="lasso" value="-9,-9,9,-9,9,9,-9,9">' in form and 'name="latent_x" value="2"' in form
    )


def test_the_ranges_need_no_script(edition, client):
    """Their form names the plane that is shown."""
    page = markup(client.get(f"{PAGE}?latent_x=3&latent_y=2"))
    form = page[page.index('class="ranges"') :]
    assert re.findall(r'<input type="hidden" name="(latent_\w)" value="(\d)">', form) == [
        ("latent_x", "3"),
        ("latent_y", "2"),
    ]
    assert [f'name="latent_{at}"' in form for at in ("x__min", "x__max", "y__min", "y__max")] == [True] * 4
    assert 'action="/catalogs/dwarfs/"' in page


def test_the_card_of_a_point(edition, client):
    number, name, _ = placed()[2]
    card = words(client.get(f"{PAGE}{number}/"))
    assert name in card and "p_s 0.9" in card and "redshift 0." in card and "<html" not in card
    nobody = galaxies()[-1][0] + 10**6
    for address in (nobody, 10**30):
        assert client.get(f"{PAGE}{address}/").status_code == 404


@pytest.mark.parametrize("address", [PAGE, POINTS, f"{PAGE}1/"])
def test_the_map_is_for_who_sees_the_catalog(edition, client, address):
    owner = User.objects.create_user("owner")
    for model in (Survey, Catalog):
        model.objects.update(owner=owner)
        model.objects.update(visibility=Visibility.PRIVATE)
        assert client.get(address.replace("/1/", f"/{galaxies()[3][0]}/")).status_code == 404
        assert login(owner).get(address.replace("/1/", f"/{galaxies()[3][0]}/")).status_code == 200
        model.objects.update(visibility=Visibility.PUBLIC)


def test_a_catalog_without_latents_has_no_map(published, client):
    published(threshold=0.0)
    for address in (PAGE, POINTS, f"{PAGE}{galaxies()[3][0]}/"):
        assert "dwarfs have no places in a latent space" in words(client.get(address), 404)
    assert "Map of the latent space" not in words(client.get(LIST))


HOSTILE = (
    "latent_x=4",
    "latent_x=1,2",
    f"{LASSO}=1,2,3",
    "lasso=a,b,c,d,e,f",
    "colour=%00",
    "p_s__min=nan",
    "colour=" + "9" * 3000,
)


@pytest.mark.parametrize("asked", HOSTILE)
def test_hostile_addresses_are_answered_in_words(edition, asked):
    client = Client(raise_request_exception=False)
    assert client.get(f"{PAGE}?{asked}").status_code == 400
    if LASSO not in asked:
        assert client.get(f"{POINTS}?{asked}").status_code == 400


def test_points_that_the_reader_has_are_not_sent_again(edition, client):
    first = client.get(POINTS)
    again = client.get(POINTS, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{POINTS}?latent_x=1", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_object_page_shows_what_is_most_similar(edition, client):
    number, name, place = placed()[5]
    page = markup(client.get(f"/objects/sdss-dr14-simulated/{name}/"))
    part = page[page.index('id="similar"') : page.index("<h2>Measurements")]
    far = sorted((float(np.linalg.norm(np.array(p) - place)), n) for _, n, p in placed() if n != name)
    assert re.findall(r'<li><a href="/objects/sdss-dr14-simulated/([^/]+)/">', part) == [n for _, n in far[:10]]
    assert "Most similar objects" in part and MODEL in part and f"distance <b>{far[0][0]:.3f}" in part
    assert f"/api/v1/objects/{number}/similar/?model_version=dwarf_galaxies/forest/1&format=csv" in part
    nowhere = galaxies()[0][1]
    assert 'id="similar"' not in markup(client.get(f"/objects/sdss-dr14-simulated/{nowhere}/"))
    assert "has no place in the latent space" in words(
        client.get(f"/objects/sdss-dr14-simulated/{name}/?similar=a/b/1"), 404
    )
