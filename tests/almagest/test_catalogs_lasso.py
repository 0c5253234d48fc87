"""Latents along the whole road, and a part of their space as a filter: of the list, its pages and files, and the API."""

import csv
import io
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits, votable
from django.test import Client

from almagest.catalogs.lasso import MOST_CORNERS, parse_lasso
from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.catalogs.tables import latent_column
from almagest.contract import Column, Table
from almagest.core.listings import ListingError, count_rows, read_page
from almagest.formats import FORMATS

from .given.asking import detail, markup, words
from .given.latents import spiral
from .given.surveys import galaxies
from .rescoring_passes import rescored

pytestmark = pytest.mark.django_db
PAGE, API = "/catalogs/dwarfs/", "/api/v1/catalogs/dwarfs/candidates/"
# An arrow head, so that a point between its barbs lies outside: corners on the plane of the first two latents.
HEAD = ((-3.0, -3.0), (3.0, 0.0), (-3.0, 3.0), (0.5, 0.0))
LASSO = ",".join(str(number) for corner in HEAD for number in corner)


@pytest.fixture
def edition(spacious, published) -> Edition:
    return published(threshold=0.0)


def is_inside(x: float, y: float, corners=HEAD) -> bool:
    """Whether a ray to the right crosses the polygon's edges an odd number of times."""
    edges = zip(corners, (*corners[1:], corners[0]), strict=True)
    crossed = [(x1, y1, x2, y2) for (x1, y1), (x2, y2) in edges if (y1 > y) != (y2 > y)]
    return sum(x < x1 + (y - y1) / (y2 - y1) * (x2 - x1) for x1, y1, x2, y2 in crossed) % 2 == 1


def inside(axes=lambda place: place[:2]) -> list[int]:
    """Objects that lie within the head, best first: scores follow the objects' order."""
    places = zip(galaxies(), spiral(len(galaxies())), strict=True)
    return [number for (number, _), place in places if place and is_inside(*axes(place))][::-1]


def ids(listing) -> list[int]:
    return [row["object_id"] for row in read_page(listing.choosing("object_id"), size=1000).rows]


def places(listing) -> dict[int, list[float] | None]:
    return {row["object_id"]: row["latents"] for row in read_page(listing.choosing("all"), size=1000).rows}


READERS = {
    "csv": lambda data: [json.loads(row["latents"]) if row["latents"] else None for row in csv_rows(data)],
    "json": lambda data: [row["latents"] for row in json.loads(data)["rows"]],
    "votable": lambda data: list(votable.parse_single_table(io.BytesIO(data)).array["latents"]),
    "fits": lambda data: list(fits.open(io.BytesIO(data))[1].data["latents"]),
    "parquet": lambda data: pq.read_table(io.BytesIO(data))["latents"].to_pylist(),
    "arrow": lambda data: pa.ipc.open_stream(data).read_all()["latents"].to_pylist(),
}


def csv_rows(data: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(data.decode())))


@pytest.mark.parametrize(
    "address", [f"{PAGE}?sort=object_id", "/api/v1/models/dwarf_galaxies/forest/1/predictions/?limit=all"]
)
def test_latents_come_whole_through_every_format(edition, client, address):
    """Of scores and of candidates: the numbers that the model gave, and nothing where it gave none."""
    assert list(READERS) == list(FORMATS)
    expected = spiral(len(galaxies()))
    for name, read in READERS.items():
        found = read(
            client.get(f"{address.replace('?sort=object_id', '?sort=p_s')}&format={name}&columns=all").getvalue()
        )
        assert len(found) == len(expected)
        for value, place in zip(found, expected, strict=True):
            known = [np.nan] * 3 if value is None else np.ma.filled(value, np.nan)
            assert np.allclose(known, place or [np.nan] * 3, rtol=1e-6, equal_nan=True), name
    described = {c["name"]: c for c in client.get("/api/v1/catalogs/dwarfs/").json()["columns"]}
    assert described["latents"]["shape"] == [3]


def test_the_object_page_and_the_list_show_them(edition, client):
    (number, name), place = galaxies()[1], spiral(len(galaxies()))[1]
    text = words(client.get(f"/objects/sdss-dr14-simulated/{name}/"))
    assert ", ".join(f"{value:.6g}" for value in place) in text
    (said,) = client.get(f"/api/v1/objects/{number}/").json()["predictions"]
    assert said["values"]["latents"] == pytest.approx(place, rel=1e-6)


def test_a_catalog_with_columns_of_its_own_has_latents_on_demand(spacious, published, client):
    """Under the name that the method gives them there, or else as a column that is given when it is asked for."""
    method = spacious.method
    score = Column("prob", "float32", "", "stat.probability", "Probability")
    method.catalog, method.catalog_names = Table("own", "Own", (score,)).to_json(), {"prob": "p_s"}
    method.save()
    edition = published(threshold=0.0)
    column = latent_column(edition.version, edition.table)
    assert (column.name, column.level, column.shape) == ("latents", 3, (3,)) and "latents" not in words(
        client.get(PAGE)
    )
    assert ids(parse_lasso(candidate_listing(edition), {"lasso": LASSO}, edition)) == inside()
    place = Column("place", "float32", "", "stat.value", "Place", shape=(3,), level=2)
    method.catalog = Table("own", "Own", (score, place)).to_json()
    method.catalog_names |= {"place": "latents"}
    method.save()
    edition = published(threshold=0.0)
    assert latent_column(edition.version, edition.table) == place and "latents" not in edition.table
    assert ids(parse_lasso(candidate_listing(edition), {"lasso": LASSO}, edition)) == inside()


def test_a_polygon_takes_what_lies_in_it(edition):
    """On the plane of two latents, in either order, and on one whose axes are sums of all."""
    listing, expected = candidate_listing(edition), inside()
    assert 5 < len(expected) < edition.rows / 2
    assert ids(parse_lasso(listing, {"lasso": LASSO}, edition)) == expected
    turned = ",".join(f"{y},{x}" for x, y in HEAD)
    assert ids(parse_lasso(listing, {"lasso": turned, "latent_x": "2", "latent_y": "1"}, edition)) == expected
    weights = {"latent_x": "0.6,0.8,0", "latent_y": "-0.5,0.25,1e-1"}
    projected = inside(lambda p: (0.6 * p[0] + 0.8 * p[1], -0.5 * p[0] + 0.25 * p[1] + 0.1 * p[2]))
    assert ids(parse_lasso(listing, {"lasso": LASSO} | weights, edition)) == projected != expected


def test_ranges_take_what_lies_between_them(edition):
    places = list(zip(galaxies(), spiral(len(galaxies())), strict=True))[::-1]
    asked = {"latent_x": "3", "latent_x__min": "1.5", "latent_y__max": "0"}
    expected = [number for (number, _), p in places if p and p[2] >= 1.5 and p[1] <= 0]
    listing = parse_lasso(candidate_listing(edition), asked, edition)
    assert (
        ids(listing) == expected
        and expected
        and listing.shown == asked
        and count_rows(listing) == (len(expected), True)
    )
    assert ids(parse_lasso(listing, {"lasso": LASSO, "latent_x__min": ""}, edition)) == [
        k for k in expected if k in inside()
    ]


def test_the_lists_pages_counts_files_and_api_heed_it(edition, client):
    asked = f"lasso={LASSO}&latent_x=1&latent_y=2"
    expected = inside()
    page = markup(client.get(f"{PAGE}?{asked}&size=25"))
    assert page.count("<tr><td><a href=") == min(25, len(expected)) and f"<b>{len(expected)}</b> row" in page
    (file,) = set(re.findall(r'href="([^"]+format=csv)" hx-boost', page))
    assert [int(row["object_id"]) for row in csv_rows(client.get(f"{file}&columns=all").getvalue())] == expected
    found, address = [], f"{API}?{asked}&limit=7&columns=object_id"
    while address:
        answer = client.get(address).json()
        found, address = found + [row["object_id"] for row in answer["rows"]], answer["next"]
    assert found == expected
    assert [
        row["object_id"]
        for row in client.get(f"{API}?{asked}&vetted=false&p_s__min=0.5&columns=object_id").json()["rows"]
    ] == [
        row["object_id"]
        for row in client.get(f"{API}?p_s__min=0.5&limit=1000&columns=object_id").json()["rows"]
        if row["object_id"] in expected
    ]


def test_a_release_keeps_them_and_says_what_they_are(spacious, released, client):
    """Its run reads every file again; the page of columns says how many numbers there are."""
    released()
    files = client.get("/api/v1/releases/dwarfs/v1/files/").json()["rows"]
    models = [file["path"] for file in files if file["path"].startswith("datamodel/") and file["path"].endswith(".md")]
    assert len(models) >= 4
    for path in models:
        said = client.get(f"/releases/dwarfs/v1/files/{path}").getvalue().decode()
        assert "| `latents` | float32[3] |" in said and "Place on the spiral" in said


def test_rescored_candidates_lie_where_the_new_scores_say(spacious, begun, people):
    """What was replaced keeps its place in the revision before."""
    before = places(candidate_listing(begun))
    found = rescored(begun, owner=people.owner)
    after = places(candidate_listing(found.after))
    moved = {number for number in before.keys() & after.keys() if before[number] != after[number]}
    assert moved and all(after[number] == [0.0, 0.0, 0.0] for number in moved)
    earlier = Edition.objects.get(pk=begun.pk)
    assert places(candidate_listing(earlier)) == before
    assert set(ids(parse_lasso(candidate_listing(found.after), {"lasso": "-1,-1,1,-1,1,1,-1,1"}, found.after))) >= moved


HOSTILE = [
    ({"lasso": "1,2,3,4"}, "lasso has 4 numbers; it takes 3 to 200 corners"),
    ({"lasso": "1,2,3,4,5,6,7"}, "lasso has 7 numbers"),
    ({"lasso": ",".join(["1"] * (2 * MOST_CORNERS + 2))}, "lasso has 402 numbers"),
    ({"lasso": "1,2,3,4,5,nan"}, "lasso: 'nan' is not a finite number"),
    ({"lasso": "1,2,3,4,5,1e400"}, "lasso: '1e400' is not a finite number"),
    ({"lasso": "1,2,3,4,5,1e31"}, "lasso: 1e31 is not between -1e+30 and 1e+30"),
    ({"lasso": "1,2,3,4,5,(6)"}, "lasso: '(6)' is not a finite number"),
    ({"lasso": "1,2,3,4,5,6'); DROP TABLE objects; --"}, "is not a finite number"),
    ({"lasso": "1,2,3,4,,6"}, "lasso: '' is not a finite number"),
    ({"lasso": "1,2,3,4,5," + "6" * 5000}, "lasso: '666"),
    ({"lasso": LASSO, "latent_x": "0"}, "latent_x=0: latents are numbered from 1 to 3"),
    ({"lasso": LASSO, "latent_x": "4"}, "latent_x=4: latents are numbered from 1 to 3"),
    ({"lasso": LASSO, "latent_x": "²"}, "latent_x='²' is neither the number of one of the 3 latents nor 3 weights"),
    ({"lasso": LASSO, "latent_x": "9" * 5000}, "is neither the number of one of the 3 latents"),
    ({"lasso": LASSO, "latent_y": "1,2"}, "latent_y='1,2' is neither"),
    ({"lasso": LASSO, "latent_y": "1,2,inf"}, "latent_y: 'inf' is not a finite number"),
    ({"latent_x__min": "a"}, "latent_x__min: 'a' is not a finite number"),
    ({"latent_y__max": "-inf"}, "latent_y__max: '-inf' is not a finite number"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "told"), HOSTILE)
def test_what_makes_no_sense_is_refused_in_words(edition, asked, told):
    with pytest.raises(ListingError) as raised:
        parse_lasso(candidate_listing(edition), asked, edition)
    assert told in str(raised.value) and len(str(raised.value)) < 300


def test_refusals_are_answers_of_pages_and_of_the_api(edition):
    client = Client(raise_request_exception=False)
    assert "lasso has 4 numbers" in words(client.get(f"{PAGE}?lasso=1,2,3,4"), 400)
    assert "lasso has 4 numbers" in detail(client.get(f"{API}?lasso=1,2,3,4"))
    assert "valid number" in detail(client.get(f"{API}?latent_x__min=a"))
    assert client.get(f"{API}?lasso=%00,1,2,3,4,5").status_code == 400
    # The largest numbers that are taken are taken by the database too.
    most = ",".join(["1e30", "-1e30"] * MOST_CORNERS)
    assert client.get(f"{API}?lasso={most}&latent_x=1e30,1e30,1e30").json()["rows"] == []


def test_a_catalog_without_latents_says_so(published, client):
    published(threshold=0.0)
    assert "dwarfs have no places in a latent space" in words(client.get(f"{PAGE}?lasso={LASSO}"), 404)
    assert "dwarfs have no places in a latent space" in detail(client.get(f"{API}?lasso={LASSO}"), 404)
    assert client.get(f"{PAGE}?latent_x=2").status_code == 200
