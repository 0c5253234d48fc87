"""What the API tells of data releases, against what is stored."""

import csv
import hashlib
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits, votable

from almagest.formats import FORMATS
from almagest.releases.downloads import count_download
from almagest.releases.models import Release
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from tests.almagest.given.asking import detail, login, program

from .addresses import V1, stored

pytestmark = pytest.mark.django_db


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
