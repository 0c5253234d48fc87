"""Verdicts by the API: given, withdrawn, listed with their history, candidates chosen by them, choices and labels."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client

from almagest.core.tables import quote
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.vetting.models import Choice, LabelSet, Verdict

from .given.asking import program

pytestmark = pytest.mark.django_db
AT = "/api/v1/catalogs/dwarfs/"
JSON = "application/json"


@pytest.fixture
def vetted(published, people) -> SimpleNamespace:
    """The owner's catalog, its candidates best first, and the program of a reader who may read and vet."""
    edition = published(threshold=0.5, owner=people.owner)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT object_id FROM {quote(edition.table_name)} ORDER BY p_s DESC, object_id DESC")
        ids = [row[0] for row in cursor.fetchall()]
    return SimpleNamespace(edition=edition, ids=ids, client=program(people.reader, "read", "vet"))


def give(client: Client, object_id: int, choice: str = "s", **more):
    return client.post(f"{AT}verdicts/{object_id}/", {"choice": choice} | more, content_type=JSON)


def test_a_verdict_is_given_read_and_withdrawn(vetted, people):
    client, here = vetted.client, f"{AT}verdicts/{vetted.ids[0]}/"
    nothing = client.get(here).json()
    assert nothing == {
        "object_id": vetted.ids[0],
        "is_candidate": True,
        "choice": None,
        "verdicts": 0,
        "agreement": None,
        "rows": [],
    }
    made = give(client, vetted.ids[0], confidence=3, tags=["LSB"], comment="a tail")
    assert made.status_code == 201
    row = made.json()
    assert {name: row[name] for name in ("choice", "sample_class", "confidence", "person", "tags", "comment", "revision", "score")} == {
        "choice": "s", "sample_class": "S", "confidence": 3, "person": "reader", "tags": "lsb", "comment": "a tail", "revision": 1,
        "score": 1.0,
    }  # fmt: skip
    assert give(client, vetted.ids[0], "nm").json()["confidence"] == 2
    told = client.get(here).json()
    assert (told["choice"], told["verdicts"], told["agreement"]) == ("nm", 1, 1.0)
    assert [(r["choice"], r["is_current"]) for r in told["rows"]] == [("nm", True), ("s", False)]
    assert client.delete(here).status_code == 204
    row = client.get(here).json()["rows"][0]
    assert (row["choice"], row["is_current"]) == (None, False)
    assert client.delete(here).status_code == 404


def test_writing_needs_the_scope_to_vet(vetted, people):
    here = f"{AT}verdicts/{vetted.ids[0]}/"
    for client, status in ((Client(), 401), (program(people.reader, "read", "runs", "manage"), 403)):
        assert give(client, vetted.ids[0]).status_code == client.delete(here).status_code == status
    assert not Verdict.objects.exists()
    assert give(program(people.reader, "vet"), vetted.ids[0]).status_code == 201


@pytest.mark.parametrize(
    ("body", "said"),
    [({}, "choice: This field is required"), ({"choice": "spiral"}, "no choice 'spiral'"), ({"choice": "s", "confidence": 0}, "confidence"),
     ({"choice": "s", "tags": ["a b"]}, "tag 'a b'"), ({"choice": "s", "sure": 1}, "there is no parameter sure"),
     ({"choice": 1}, "choice")],
)  # fmt: skip
def test_what_a_body_must_not_say(vetted, body, said):
    answer = vetted.client.post(f"{AT}verdicts/{vetted.ids[0]}/", body, content_type=JSON)
    assert answer.status_code == 400 and said in answer.json()["detail"]


def test_objects_that_were_never_candidates_are_not_there(vetted):
    for answer in (
        give(vetted.client, 10**9),
        vetted.client.get(f"{AT}verdicts/{10**9}/"),
        vetted.client.delete(f"{AT}verdicts/{10**9}/"),
    ):
        assert answer.status_code == 404 and "is no candidate of dwarfs" in answer.json()["detail"]


def test_lists_of_verdicts_and_of_vetted_objects(vetted, people):
    other = program(people.other, "read", "vet")
    give(vetted.client, vetted.ids[0], tags=["lsb"], comment="a tail")
    give(vetted.client, vetted.ids[1], "unsure")
    give(other, vetted.ids[1], "nm")
    rows = vetted.client.get(f"{AT}verdicts/").json()["rows"]
    assert [(row["choice"], row["person"], row["comment"]) for row in rows] == [
        ("nm", "other", ""), ("unsure", "reader", ""), ("s", "reader", "a tail"),
    ]  # fmt: skip
    told = [(row["person"], row["comment"]) for row in Client().get(f"{AT}verdicts/").json()["rows"]]
    # A token that may not read is a stranger.
    assert told == [(None, None)] * 3
    assert {row["person"] for row in program(people.reader, "vet").get(f"{AT}verdicts/").json()["rows"]} == {None}
    for query, seen in (("tag=lsb", 1), ("choice=nm,s", 2), ("person=reader", 2), (f"object_id={vetted.ids[1]}", 2)):
        assert len(vetted.client.get(f"{AT}verdicts/?{query}").json()["rows"]) == seen, query
    found = (
        vetted.client.get(f"{AT}vetted/?sort=object_id&columns=object_id,choice,verdicts,agreement&format=csv")
        .getvalue()
        .decode()
    )
    lines = {f"{vetted.ids[0]},s,1,1", f"{vetted.ids[1]},,2,0.5"}
    assert set(found.splitlines()[1:]) == lines
    assert vetted.client.get(f"{AT}verdicts/?tag=a/b").status_code == 400


def test_how_far_a_catalog_is_vetted(vetted, people):
    give(vetted.client, vetted.ids[0], tags=["lsb"])
    give(vetted.client, vetted.ids[1], "unsure")
    give(program(people.other, "vet"), vetted.ids[1], "nm")
    told = vetted.client.get(f"{AT}vetting/").json()
    assert (told["vetted"], told["agreement"], told["alpha"], told["alpha_objects"], told["split"]) == (
        2,
        0.75,
        0.0,
        1,
        1,
    )
    assert (told["choices"]["s"], told["choices"]["nm"], told["people"], told["tags"]) == (
        1,
        0,
        {"reader": 2, "other": 1},
        {"lsb": 1},
    )
    assert Client().get(f"{AT}vetting/").json()["people"] == {}


def ids(client: Client, query: str) -> list[int]:
    return [row["object_id"] for row in client.get(f"{AT}candidates/?columns=object_id&{query}").json()["rows"]]


def test_candidates_are_chosen_by_verdicts(vetted, people):
    give(vetted.client, vetted.ids[0])
    give(program(people.other, "vet"), vetted.ids[2], "nm")
    assert ids(vetted.client, "vetted=true") == [vetted.ids[0], vetted.ids[2]]
    assert ids(vetted.client, "verdict=nm,unsure") == [vetted.ids[2]] and ids(vetted.client, "mine=true") == [
        vetted.ids[0]
    ]
    page = vetted.client.get(f"{AT}candidates/?columns=object_id&vetted=false&limit=5&count=true").json()
    assert page["count"] == vetted.edition.rows - 2
    give(vetted.client, page["rows"][-1]["object_id"])
    following = vetted.client.get(page["next"]).json()["rows"]
    assert [row["object_id"] for row in following] == vetted.ids[7:12]
    for query, said in (
        ("vetted=yes", "is not a valid choice"),
        ("verdict=x", "no choice x"),
        ("veted=true", "no parameter veted"),
    ):
        answer = vetted.client.get(f"{AT}candidates/?{query}")
        assert answer.status_code == 400 and said in answer.json()["detail"]
    assert "mine: log in first" in Client().get(f"{AT}candidates/?mine=true").json()["detail"]


def test_an_unchanged_list_is_not_sent_again_and_a_changed_one_is(vetted):
    address = f"{AT}candidates/?vetted=true"
    first = vetted.client.get(address)
    tagged = {"headers": {"If-None-Match": first.headers["ETag"]}}
    assert vetted.client.get(address, **tagged).status_code == 304
    give(vetted.client, vetted.ids[0])
    again = vetted.client.get(address, **tagged)
    assert again.status_code == 200 and len(again.json()["rows"]) == 1 and "Last-Modified" not in again.headers
    vetted.client.delete(f"{AT}verdicts/{vetted.ids[0]}/")
    assert vetted.client.get(address, headers={"If-None-Match": again.headers["ETag"]}).json()["rows"] == []


def test_choices_are_the_owners_to_change(vetted, people):
    give(vetted.client, vetted.ids[0], "nm")
    body = {"choices": [{"name": "ring", "title": "Ring", "sample_class": "S"}, {"name": "unsure", "title": "?"}]}
    owner = program(people.owner, "read", "manage")
    for client, status in (
        (program(people.reader, "manage"), 403),
        (program(people.owner, "vet"), 403),
        (Client(), 401),
    ):
        assert client.put(f"{AT}choices/", body, content_type=JSON).status_code == status
    told = owner.put(f"{AT}choices/", body, content_type=JSON).json()["choices"]
    assert [(each["name"], each["sample_class"], each["retired"]) for each in told] == [
        ("ring", "S", False),
        ("unsure", "", False),
    ]
    every = Client().get(f"{AT}choices/").json()["choices"]
    assert [each["name"] for each in every[:2]] == ["ring", "unsure"] and all(each["retired"] for each in every[2:])
    assert Choice.objects.filter(name="nm", retired=True).exists()
    wrong = owner.put(
        f"{AT}choices/", {"choices": [{"name": "a", "title": "A", "sample_class": "X"}]}, content_type=JSON
    )
    assert wrong.status_code == 400 and "no class 'X'" in wrong.json()["detail"]


def test_labels_are_frozen_read_and_given_to_a_sample(vetted, people, file_store):
    give(vetted.client, vetted.ids[0])
    client = program(people.reader, "read", "runs")
    made = client.post(f"{AT}labels/", {"name": "first", "minimum_agreement": 1}, content_type=JSON)
    assert made.status_code == 201 and made.json()["counts"] == {"S": 1} and made.json()["owner_name"] == "reader"
    assert Client().get("/api/v1/labels/first/").json()["owner_name"] is None
    assert [row["name"] for row in Client().get("/api/v1/labels/").json()["rows"]] == ["first"]
    (row,) = Client().get("/api/v1/labels/first/rows/").json()["rows"]
    assert (row["object_id"], row["label"]) == (vetted.ids[0], "S")
    asked = {"name": "new", "plugin": "dwarf_galaxies", "method": "forest", "surveys": ["sdss-dr14-simulated"]}
    run = client.post("/api/v1/runs/freeze-sample/", asked | {"labels": "first"}, content_type=JSON)
    assert run.status_code == 202 and Run.objects.get(pk=run.json()["id"]).parameters["given_labels"]["name"] == "first"
    assert Sample.objects.get(name="new").definition["given_labels"]["checksum"] == LabelSet.objects.get().checksum
    told = client.get("/api/v1/samples/new/").json()
    assert (
        told["definition"]["given_labels"]["from"] == "label set first, verdicts of 1 person"
        and told["given_counts"] == {}
    )
    LabelSet.objects.update(visibility="private", owner=people.owner)
    hidden = client.post("/api/v1/runs/freeze-sample/", asked | {"name": "newer", "labels": "first"}, content_type=JSON)
    assert hidden.status_code == 404
    assert (
        client.get("/api/v1/labels/first/rows/").status_code == 404
        and client.get("/api/v1/labels/").json()["rows"] == []
    )
