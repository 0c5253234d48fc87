"""Lists that callers bring: ids and positions, answered in their order, with what is missing."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection

from almagest.sky.models import Survey
from almagest.sky.position_match import position_match

pytestmark = pytest.mark.django_db
LOOKUP = "/api/v1/surveys/sdss-dr14-simulated/measurements/lookup/"
MATCH = "/api/v1/cross-match/"


@pytest.fixture
def objects(published) -> list[tuple]:
    """Id, name and position of each object."""
    published(threshold=0.0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, source_id, ra, dec FROM objects ORDER BY id")
        return cursor.fetchall()


def asked(client, address: str, body: dict, query: str = ""):
    return client.post(f"{address}{query}", body, content_type="application/json")


def test_ids_come_back_in_the_callers_order_with_what_is_missing(client, objects):
    ids = [objects[5][0], 999_999_999, objects[1][0], objects[5][0], 888_888_888]
    answer = asked(client, LOOKUP, {"ids": ids}, "?columns=source_id,g").json()
    assert [row["requested"] for row in answer["rows"]] == ids
    assert [row["position"] for row in answer["rows"]] == [1, 2, 3, 4, 5]
    assert [row["is_found"] for row in answer["rows"]] == [True, False, True, True, False]
    assert answer["rows"][0]["source_id"] == objects[5][1]
    assert answer["rows"][1]["source_id"] is None
    assert answer["missing"] == [999_999_999, 888_888_888]


def test_names_are_looked_up_too_and_files_keep_the_order(client, objects):
    names = [objects[3][1], "no such name", objects[0][1]]
    answer = asked(client, LOOKUP, {"source_ids": names}, "?format=parquet&columns=all")
    table = pq.read_table(io.BytesIO(answer.getvalue()))
    assert table["requested"].to_pylist() == names
    assert table["is_found"].to_pylist() == [True, False, True]
    assert table["object_id"].to_pylist() == [objects[3][0], None, objects[0][0]]


@pytest.mark.parametrize("address", ["/api/v1/objects/lookup/", "/api/v1/catalogs/dwarfs/candidates/lookup/",
                                     "/api/v1/models/dwarf_galaxies/forest/1/predictions/lookup/", LOOKUP])  # fmt: skip
def test_every_lookup_takes_a_hundred_thousand(client, objects, address):
    ids = [objects[0][0], *range(10**9, 10**9 + 99_999)]
    answer = asked(client, address, {"ids": ids}, "?format=arrow")
    assert answer.status_code == 200
    refused = asked(client, address, {"ids": [*ids, 1]})
    assert (refused.status_code, "ids" in refused.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [({}, "give one of ids, source_ids"), ({"ids": [1], "source_ids": ["a"]}, "not ids and source_ids"), ({"ids": []}, "ids"),
     ({"ids": ["x"]}, "ids"), ({"ids": [2**63]}, "ids"), ({"names": [1]}, "there is no parameter names"),
     ([1, 2], "Expected a dictionary")],
)  # fmt: skip
def test_bodies_that_mean_nothing_are_refused(client, objects, body, words):
    answer = asked(client, LOOKUP, body)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def separations(ra, dec, objects) -> np.ndarray:
    """Haversine distances in arcsec of one position to all objects."""
    a, d = np.radians([o[2] for o in objects]), np.radians([o[3] for o in objects])
    half = (
        np.sin((d - np.radians(dec)) / 2) ** 2
        + np.cos(d) * np.cos(np.radians(dec)) * np.sin((a - np.radians(ra)) / 2) ** 2
    )
    return np.degrees(2 * np.arcsin(np.sqrt(half))) * 3600


@pytest.mark.parametrize("reads_all", [True, False])
def test_positions_are_matched_in_order_as_brute_force_matches_them(client, objects, monkeypatch, reads_all):
    monkeypatch.setattr("almagest.sky.position_match.LOOKUPS", 0 if reads_all else 10**6)
    random = np.random.default_rng(1)
    chosen = random.choice(len(objects), 60)
    ra = [objects[i][2] + random.normal(0, 2e-3) for i in chosen] + [12.5]
    dec = [objects[i][3] + random.normal(0, 2e-3) for i in chosen] + [-71.0]
    names = [f"mine {i}" for i in range(len(ra))]
    answer = asked(client, MATCH, {"ra": ra, "dec": dec, "id": names, "radius_arcsec": 30}).json()
    expected = []
    for place, (a, d) in enumerate(zip(ra, dec, strict=True), start=1):
        distance = separations(a, d, objects)
        near = sorted((distance[i], objects[i][0]) for i in np.flatnonzero(distance <= 30))
        expected += [(place, object_id, s) for s, object_id in near] or [(place, None, None)]
    found = [(row["position"], row["object_id"], row["separation_arcsec"]) for row in answer["rows"]]
    assert [f[:2] for f in found] == [e[:2] for e in expected]
    assert [f[2] for f in found if f[2] is not None] == pytest.approx(
        [e[2] for e in expected if e[2] is not None], abs=1e-6
    )
    assert [row["requested"] for row in answer["rows"]] == [names[e[0] - 1] for e in expected]
    assert len(answer["missing"]) == sum(e[1] is None for e in expected) > 0
    nearest = asked(client, MATCH, {"ra": ra, "dec": dec, "radius_arcsec": 600, "nearest": True}).json()["rows"]
    assert [row["position"] for row in nearest] == list(range(1, len(ra) + 1))


def test_the_poles_and_the_seam_of_right_ascension_are_no_edges(people):
    listing = position_match(
        user=None, ra=np.array([0.0, 359.9999]), dec=np.array([90.0, 0.0]), names=None, radius_arcsec=1.0
    )
    assert listing.total == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [({"ra": [1], "dec": [1, 2], "radius_arcsec": 1}, "not of one length"), ({"ra": [400], "dec": [1], "radius_arcsec": 1}, "ra.0"),
     ({"ra": [1], "dec": [1], "radius_arcsec": 0}, "not above 0"), ({"ra": [1], "dec": [1], "radius_arcsec": 1e9}, "radius_arcsec"),
     ({"ra": [1], "dec": [1], "radius_arcsec": 1, "surveys": ["nope"]}, "no survey nope"),
     ({"ra": [], "dec": [], "radius_arcsec": 1}, "ra")],
)  # fmt: skip
def test_positions_that_are_none_are_refused(client, objects, body, words):
    answer = asked(client, MATCH, body)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_a_hundred_thousand_positions_are_matched_in_one_call(client, objects):
    places = np.resize(np.arange(len(objects)), 100_000)
    ra, dec = ([round(objects[i][axis], 8) for i in places] for axis in (2, 3))
    body = {"ra": ra, "dec": dec, "id": [f"a name of usual length {i}" for i in range(100_000)], "radius_arcsec": 0.5}
    answer = asked(client, MATCH, body | {"nearest": True}, "?format=arrow&columns=position,separation_arcsec")
    assert answer.status_code == 200
    found = pa.ipc.open_stream(answer.getvalue()).read_all()
    assert found["position"].to_pylist() == list(range(1, 100_001))
    assert max(found["separation_arcsec"].to_pylist()) < 1e-3
    too_large = client.post(MATCH, "x" * 20_000_001, content_type="application/json")
    assert (too_large.status_code, too_large.headers["Content-Type"]) == (413, "application/problem+json")


def test_private_surveys_are_not_matched(client, objects, people):
    Survey.objects.update(visibility="private", owner=people.owner)
    body = {"ra": [objects[0][2]], "dec": [objects[0][3]], "radius_arcsec": 1}
    assert asked(client, MATCH, body).json()["missing"] == [1]
    client.force_login(people.owner)
    assert asked(client, MATCH, body).json()["missing"] == []
