"""Data releases by the API: from a start to a retraction, who may do what, and what is told of them against what is stored."""

import csv
import hashlib
import io
import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits, votable
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from almagest.accounts.services import token_create
from almagest.catalogs.models import Catalog
from almagest.formats import FORMATS
from almagest.releases.content.data import ALL
from almagest.releases.downloads import count_download, link_release
from almagest.releases.models import Release
from almagest.runs.models import Run
from almagest.runs.services import run_cancel
from almagest.samples.models import Sample
from almagest.sky.models import Survey

from .conftest import work_on

pytestmark = pytest.mark.django_db
START, V1 = "/api/v1/catalogs/dwarfs/releases/", "/api/v1/releases/dwarfs/v1/"
BODY = {
    "title": "Dwarfs",
    "creators": ["Ptolemy, Claudius; 0000-0002-1825-0097; Alexandria", "Mouseion"],
    "formats": ["csv"],
}
ACTIONS = {"publish": {}, "retract": {"reason": "wrong"}, "discard": {}, "build": {}, "links": {"hours": 2},
           "visibility": {"visibility": "private"}}  # fmt: skip


@pytest.fixture(autouse=True)
def unhurried(settings):
    """As many requests as a test needs."""
    settings.API_RATES = {"anonymous": "1000000/s", "person": "1000000/s"}


@pytest.fixture
def catalog(published, people, settings, tmp_path) -> Catalog:
    """A catalog of the owner's, not released yet."""
    settings.ALMAGEST_HOME = tmp_path
    return published(owner=people.owner, threshold=0.5).catalog


def login(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def program(user, *scopes: str) -> Client:
    """A program with a token of that person."""
    _, text = token_create(user=user, name="test", scopes=scopes, days=1)
    return Client(headers={"Authorization": f"Token {text}"})


def sent(client: Client, address: str, body: dict | None = None, method: str = "post"):
    return getattr(client, method)(address, body or {}, content_type="application/json")


def detail(answer, status: int = 400) -> str:
    """What a problem says."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.content
    return answer.json()["detail"]


def stored(release: Release, path: str) -> bytes:
    with default_storage.open(f"{release.folder}/{path}") as file:
        return file.read()


def test_a_release_is_started_followed_published_and_retracted(client, catalog, people):
    owner = program(people.owner, "read", "runs", "manage")
    started = sent(owner, START, BODY | {"columns": ["p_s"], "filters": {"p_s__min": "0.7"}, "known_issues": ["Few."]})
    assert started.status_code == 202, started.content
    run, draft = started.json(), Release.objects.get()
    assert (started.headers["Location"], run["release"]) == (f"/api/v1/runs/{draft.run_id}/", f"http://testserver{V1}")
    assert (run["id"], run["state"], run["owner_name"]) == (draft.run_id, "queued", "owner")
    told = owner.get(V1).json()
    assert (told["state"], told["rows"], told["files"], told["latest"]) == ("draft", None, [], None)
    assert "a draft whose run" in detail(sent(owner, f"{V1}publish/"))
    release = work_on(draft)
    assert (owner.get(started.headers["Location"]).json()["state"], owner.get(V1).json()["state"]) == (
        "done",
        "checked",
    )
    assert client.get(V1).status_code == 404
    published = sent(owner, f"{V1}publish/").json()
    assert (published["state"], published["latest"], published["run"]) == ("published", "v1", run["id"])
    rows = list(csv.DictReader(io.StringIO(stored(release, "dwarfs-v1.csv").decode())))
    assert len(rows) == published["rows"] and min(float(row["p_s"]) for row in rows) >= 0.7
    assert "g" not in rows[0] and [column["name"] for column in published["columns"]] == list(rows[0])
    assert "only a checked release" in detail(sent(owner, f"{V1}publish/"))
    assert sent(owner, f"{V1}retract/", {"reason": "Not to be used."}).json()["state"] == "retracted"
    told = client.get(V1).json()
    assert (told["state"], told["reason"], told["latest"]) == ("retracted", "Not to be used.", None)
    assert "has been published" in detail(client.get("/api/v1/releases/dwarfs/latest/"), 404)


def test_all_that_is_told_is_what_is_stored(client, released, people, settings):
    settings.SITE_URL = "https://almagest.example"
    release = released(
        owner=people.owner, title="Dwarfs", formats=["csv", "hats"], doi="10.5281/zenodo.7", known_issues=["Few."]
    )
    count_download(release=release, path="hats/properties")
    count_download(release=release, path="README.md")
    told = client.get(V1).json()
    assert client.get("/api/v1/releases/dwarfs/latest/").json() == told
    written = json.loads(stored(release, "release.json"))
    assert told["facts"]["creators"] == [{"name": "Claudius Ptolemy", "given": "Claudius", "family": "Ptolemy", "orcid": "",
                                          "affiliation": "", "ror": "", "is_person": True}]  # fmt: skip
    assert (told["title"], told["doi"], told["licence"]) == ("Dwarfs", "10.5281/zenodo.7", "CC-BY-4.0")
    assert told["facts"] == Release.objects.get().facts and told["facts"]["known_issues"] == ["Few."]
    assert (told["rows"], told["owner_name"], told["visibility"]) == (release.rows, "owner", "public")
    assert told["bibtex"].encode() == stored(release, "citation.bib")
    assert told["citation"] in stored(release, "README.md").decode()
    assert [c["name"] for c in told["columns"]] == release.table.names and written["rows"] == told["rows"]
    assert told["downloads"] == {"hats": 1, "README.md": 1}
    manifest = stored(release, "MANIFEST.sha256")
    digests = {path: digest for digest, path in (line.split("  ") for line in manifest.decode().splitlines())}
    assert {f["path"]: f["sha256"] for f in told["files"]} == digests | {
        "MANIFEST.sha256": hashlib.sha256(manifest).hexdigest()
    }
    for file in told["files"]:
        assert file["bytes"] == len(stored(release, file["path"]))
        assert file["url"] == f"http://testserver/releases/dwarfs/v1/files/{file['path']}"
        expected = None if file["path"].startswith("hats/") else int(file["path"] == "README.md")
        assert file["downloads"] == expected, file["path"]
    assert told["bytes"] == sum(file["bytes"] for file in told["files"])


def test_it_is_cited_by_its_page_where_the_site_has_no_name(client, released):
    released()
    told = client.get(V1).json()
    assert (told["facts"]["url"], told["url"]) == ("", "http://testserver/releases/dwarfs/v1/")
    assert told["citation"].endswith(told["url"]) and told["url"] in told["bibtex"]


def test_what_it_is_from_is_told_to_those_who_may_see_it(client, released, people):
    release = released(owner=people.owner)
    facts = client.get(V1).json()["facts"]
    assert (facts["sample"]["name"], [s["slug"] for s in facts["surveys"]]) == ("tiny", ["sdss-dr14-simulated"])
    Sample.objects.update(visibility="private", owner=people.owner)
    hidden = Survey.objects.create(
        slug="secret", name="Secret", observed=True, visibility="private", owner=people.owner
    )
    release.facts["surveys"].append(release.facts["surveys"][0] | {"slug": hidden.slug})
    release.save()
    facts = client.get(V1).json()["facts"]
    assert (facts["sample"], [s["slug"] for s in facts["surveys"]]) == (None, ["sdss-dr14-simulated"])
    assert login(people.owner).get(V1).json()["facts"] == release.facts


def test_what_a_reader_has_already_is_not_sent_again(client, released):
    release = released()
    for address in (V1, f"{V1}files/", "/api/v1/releases/"):
        tag = client.get(address).headers["ETag"]
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    count_download(release=release, path="README.md")
    assert client.get(V1, headers={"If-None-Match": client.get("/api/v1/").headers["ETag"]}).status_code == 200
    assert client.get(f"{V1}files/?path=README.md&columns=path,downloads").json()["rows"] == [
        {"path": "README.md", "downloads": 1}
    ]


def test_the_files_come_in_pages_and_in_every_format(client, released):
    release = released(formats=["csv"])
    address, paths = f"{V1}files/", [entry.path for entry in release.entries]
    rows, page = [], f"{address}?limit=5&count=true"
    while page:
        answer = client.get(page).json()
        rows, page = rows + answer["rows"], answer["next"]
        assert answer["count"] == len(paths)
    assert [row["path"] for row in rows] == paths
    tables = {
        form: client.get(f"{address}?format={form}").getvalue()
        for form in ("csv", "votable", "fits", "parquet", "arrow")
    }
    table = pq.read_table(io.BytesIO(tables["parquet"]))
    assert table.to_pylist() == rows and pa.ipc.open_stream(tables["arrow"]).read_all().equals(table)
    assert [row["sha256"] for row in csv.DictReader(io.StringIO(tables["csv"].decode()))] == [
        row["sha256"] for row in rows
    ]
    assert len(votable.parse_single_table(io.BytesIO(tables["votable"])).array) == len(rows)
    with fits.open(io.BytesIO(tables["fits"])) as hdus:
        assert list(hdus[1].data["bytes"]) == [row["bytes"] for row in rows]
    with_rows = client.get(f"{address}?rows__min=1").json()["rows"]
    assert {row["path"] for row in with_rows} == {"dwarfs-v1.csv", "dwarfs-v1.parquet"}
    assert "there is no parameter size" in detail(client.get(f"{address}?size=3"))


def test_the_list_is_filtered_and_holds_no_drafts_of_others(client, released, drafted, people):
    released(owner=people.owner, title="First")
    second = drafted(owner=people.owner, title="Second")
    mine = login(people.owner).get("/api/v1/releases/").json()["rows"]
    assert [(row["label"], row["state"], row["title"]) for row in mine] == [
        ("v2", "draft", "Second"),
        ("v1", "published", "First"),
    ]
    for reader in (client, login(people.other), program(people.owner, "runs")):
        assert [row["label"] for row in reader.get("/api/v1/releases/").json()["rows"]] == ["v1"]
        assert "there is v1" in detail(reader.get("/api/v1/releases/dwarfs/v2/"), 404)
        assert reader.get("/api/v1/releases/dwarfs/v2/files/").status_code == 404
    for reader in (login(people.staff), program(people.owner, "read")):
        assert reader.get("/api/v1/releases/dwarfs/v2/").json()["id"] == second.pk
        assert reader.get("/api/v1/releases/dwarfs/latest/").json()["label"] == "v1"
    filters = {"catalog_slug=dwarfs&state=draft": ["v2"], "title=First": ["v1"], "catalog_slug=others": [],
               "published__null=false": ["v1"], "number__min=2": ["v2"], "sort=number": ["v1", "v2"]}  # fmt: skip
    for query, labels in filters.items():
        found = login(people.owner).get(f"/api/v1/releases/?{query}").json()["rows"]
        assert [row["label"] for row in found] == labels, query
    for form in set(FORMATS) - {"json"}:
        answer = login(people.owner).get(f"/api/v1/releases/?format={form}")
        assert answer.headers["Content-Type"] == FORMATS[form].media_type and len(answer.getvalue()) > 100, form


@pytest.mark.parametrize(
    ("given", "words"),
    [({"title": "x" * 201}, "title: "), ({"title": "two\nlines"}, "title 'two"), ({"description": "x" * 20_001}, "description: "),
     ({"creators": "Ptolemy"}, "creators: "), ({"creators": ["Ptolemy, C; 0000-0002-1825-0098"]}, "creators: creator Ptolemy, C: "),
     ({"creators": ["Mouseion", "; Alexandria"]}, "creators: creator '; Alexandria' has no name"), ({"creators": [{}]}, "creators.0: "),
     ({"licence": ""}, "licence: "), ({"doi": "https://doi.org/10.5281/zenodo.7"}, "DOI "), ({"doi": 7}, "doi: "),
     ({"known_issues": [0]}, "known_issues.0: "), ({"filters": {"p_s__min": 1}}, "filters.p_s__min: "),
     ({"known_issues": "Few."}, "known_issues: "), ({"known_issues": ["x" * 20_000] * 2}, "known issues: "),
     ({"columns": ["nonsense"]}, "columns: there is no nonsense"), ({"columns": "p_s"}, "columns: "),
     ({"filters": {"nonsense__min": "1"}}, "nonsense__min"), ({"filters": {"p_s__min": "high"}}, "p_s__min"),
     ({"filters": ["p_s"]}, "filters: "), ({"formats": ["xlsx"]}, "formats.0: "), ({"with_weights": "perhaps"}, "with_weights: "),
     ({"nonsense": 1}, "there is no parameter nonsense")],
)  # fmt: skip
def test_what_means_nothing_is_refused_by_its_name(catalog, people, given, words):
    assert words in detail(sent(login(people.owner), START, BODY | given))
    assert not Release.objects.exists() and not Run.objects.filter(kind="release").exists()


def test_what_is_left_out_is_the_catalogs_and_the_persons(catalog, people):
    people.owner.first_name, people.owner.last_name = "Cecilia", "Payne"
    people.owner.save()
    assert sent(login(people.owner), START).status_code == 202
    release = Release.objects.get()
    assert (release.told.title, release.told.creators[0].family, release.formats) == ("Dwarfs", "Payne", list(ALL))
    assert "is a draft whose run" in detail(sent(login(people.owner), START))


def test_who_may_start_one(client, catalog, people):
    assert "log in" in detail(sent(client, START, BODY), 401)
    assert "'runs'" in detail(sent(program(people.owner, "read", "manage"), START, BODY), 403)
    assert "only the owner" in detail(sent(login(people.other), START, BODY), 403)
    assert "no published catalog" in detail(sent(login(people.owner), "/api/v1/catalogs/nope/releases/", BODY), 404)
    Catalog.objects.update(visibility="private")
    assert sent(login(people.other), START, BODY).status_code == 404
    assert not Release.objects.exists()
    assert sent(login(people.staff), START, BODY).status_code == 202


def asked(client: Client, action: str):
    return sent(client, f"{V1}{action}/", ACTIONS[action], "put" if action == "visibility" else "post")


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


def test_a_link_opens_the_release_for_its_hours(client, drafted, people):
    owner, release = login(people.owner), drafted(owner=people.owner)
    given = sent(owner, f"{V1}links/", {"hours": 24}).json()
    assert link_release(parse_qs(urlsplit(given["url"]).query)["link"][0]) == release
    assert client.get(V1).status_code == client.get("/releases/dwarfs/v1/").status_code == 404
    assert client.get(given["url"]).status_code == 200
    left = datetime.fromisoformat(given["expires"]) - timezone.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    for hours in (0, 2161, "many", None):
        assert "hours: " in detail(sent(owner, f"{V1}links/", {"hours": hours}))


def test_it_is_shown_to_a_group_by_its_owner(client, released, people):
    released(owner=people.owner)
    people.owner.groups.add(people.group)
    owner = program(people.owner, "manage")
    done = sent(owner, f"{V1}visibility/", {"visibility": "group", "group": "dwarfs"}, "put")
    assert (done.status_code, done.json()) == (200, {"visibility": "group", "group": "dwarfs"})
    found = {who: login(getattr(people, who)).get(V1).status_code for who in ("owner", "member", "staff", "other")}
    assert found == {"owner": 200, "member": 200, "staff": 200, "other": 404} and client.get(V1).status_code == 404
    assert "visibility: " in detail(sent(owner, f"{V1}visibility/", {"visibility": "all"}, "put"))


@pytest.mark.parametrize(
    "at", ["nope/v1", "dwarfs/v2", "dwarfs/1", "dwarfs/newest", "dwarfs/v0", "dwarfs/v99999999999"]
)
def test_what_is_not_there_is_a_problem_in_words(client, released, at):
    released()
    for end in ("", "files/"):
        assert "release" in detail(client.get(f"/api/v1/releases/{at}/{end}"), 404)
    assert client.delete(f"/api/v1/releases/{at}/").status_code == 405
