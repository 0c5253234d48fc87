"""The API's lists: pages, columns, filters, formats, states; each against what the database holds."""

import base64
import csv
import io
import json
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits, votable
from django.db import connection

from almagest.core.tables import quote
from almagest.registry.models import ModelVersion
from almagest.runs.models import Run
from almagest.sky.models import Survey

pytestmark = pytest.mark.django_db
CANDIDATES = "/api/v1/catalogs/dwarfs/candidates/"
PREDICTIONS = "/api/v1/models/dwarf_galaxies/forest/1/predictions/"
SURVEY = "/api/v1/surveys/sdss-dr14-simulated/"
LISTS = ("surveys", "objects", "catalogs", "methods", "models", "samples", "comparisons", "verifications", "runs")


@pytest.fixture
def edition(published):
    """A catalog with everything in it."""
    return published(threshold=0.0)


@pytest.fixture(autouse=True)
def unhurried(settings):
    """As many requests as a test needs."""
    settings.API_RATES = {"anonymous": "1000000/s", "person": "1000000/s"}


def walked(client, address: str) -> list[dict]:
    """All rows, page after page."""
    rows = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.content
        rows += answer.json()["rows"]
        address = answer.json()["next"]
    return rows


def content(answer) -> bytes:
    assert answer.status_code == 200, answer.content
    return answer.getvalue()


def in_database(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.mark.parametrize("name", LISTS)
def test_every_list_has_pages_and_all_formats(client, edition, name):
    address = f"/api/v1/{name}/"
    rows = walked(client, f"{address}?limit=3")
    assert client.get(f"{address}?count=true").json()["count"] == len(rows)
    assert len(json.loads(content(client.get(f"{address}?limit=all")))["rows"]) == len(rows)
    assert len(list(csv.DictReader(io.StringIO(content(client.get(f"{address}?format=csv")).decode())))) == len(rows)
    table = pq.read_table(io.BytesIO(content(client.get(f"{address}?format=parquet"))))
    assert (table.num_rows, table.column_names) == (len(rows), list(rows[0]) if rows else table.column_names)
    assert pa.ipc.open_stream(content(client.get(f"{address}?format=arrow"))).read_all().equals(table)
    vot = votable.parse_single_table(io.BytesIO(content(client.get(f"{address}?format=votable"))))
    assert len(vot.array) == len(rows)
    with fits.open(io.BytesIO(content(client.get(f"{address}?format=fits")))) as hdus:
        assert len(hdus[1].data) == len(rows)


@pytest.mark.parametrize(
    ("address", "table"), [(CANDIDATES, "catalog"), (PREDICTIONS, "scores"), (f"{SURVEY}measurements/", "survey")]
)
def test_every_format_holds_what_the_database_holds(client, edition, table, address):
    names = {
        "catalog": edition.table_name,
        "scores": edition.prediction_set.table_name,
        "survey": "survey_sdss_dr14_simulated",
    }
    column = "g" if table != "scores" else "p_s"
    expected = dict(in_database(f"SELECT object_id, {column} FROM {quote(names[table])}"))
    asked = f"{address}?columns=object_id,{column}"
    assert {row["object_id"]: row[column] for row in walked(client, f"{asked}&limit=37")} == expected
    parquet = pq.read_table(io.BytesIO(content(client.get(f"{asked}&format=parquet"))))
    assert dict(zip(*(parquet[name].to_pylist() for name in ("object_id", column)), strict=True)) == pytest.approx(
        expected
    )
    with fits.open(io.BytesIO(content(client.get(f"{asked}&format=fits")))) as hdus:
        values = hdus[1].data[column]
        assert np.array_equal(np.sort(values), np.sort(np.array(list(expected.values()), np.float32)))


def test_columns_are_chosen_and_level_3_comes_on_demand(client, edition):
    row = client.get(f"{CANDIDATES}?limit=1").json()["rows"][0]
    assert list(row) == [c.name for c in edition.table.columns if c.level < 3]
    assert list(client.get(f"{CANDIDATES}?limit=1&columns=all").json()["rows"][0]) == edition.table.names
    assert list(client.get(f"{CANDIDATES}?limit=1&columns=dec,ra").json()["rows"][0]) == ["dec", "ra"]
    refused = client.get(f"{CANDIDATES}?columns=ra,nonsense")
    assert refused.status_code == 400
    assert "there is no nonsense" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("query", "condition"),
    [("p_s__min=0.5&g__max=17", "p_s >= 0.5::real AND g <= 17::real"), ("sample_label__null=true", "sample_label IS NULL"),
     ("sample_label=S,NM", "sample_label IN ('S', 'NM')"), ("object_id=7", "object_id = 7"), ("p_s__min=0.1", "p_s >= 0.1::real"),
     ("survey=nowhere", "false"), ("log_mass__null=false", "log_mass IS NOT NULL")],
)  # fmt: skip
def test_filters_are_the_conditions_they_say(client, edition, query, condition):
    expected = {row[0] for row in in_database(f"SELECT object_id FROM {quote(edition.table_name)} WHERE {condition}")}
    assert {row["object_id"] for row in walked(client, f"{CANDIDATES}?columns=object_id&limit=50&{query}")} == expected
    assert client.get(f"{CANDIDATES}?count=true&{query}").json()["count"] == len(expected)


@pytest.mark.parametrize(
    ("query", "words"),
    [("p_s_min=0.5", "there is no parameter p_s_min"), ("p_s__min=high", "is not a number"), ("p_s__min=nan", "finite"),
     ("sort=source_id", "cannot sort by"), ("limit=0", "limit"), ("limit=100000", "limit"), ("cursor=x", "damaged"),
     ("cone_ra=1&cone_dec=2", "a cone needs all of"), ("cone_ra=400&cone_dec=2&radius_arcsec=1", "cone_ra"),
     ("format=xml", "choose json, csv, votable, fits, parquet, arrow"), ("format=csv&cursor=x", "a cursor is for pages"),
     ("sample_label__null=maybe", "neither true nor false"), ("object_id=1.5", "is not a whole number")],
)  # fmt: skip
def test_what_means_nothing_is_refused_in_words(client, edition, query, words):
    answer = client.get(f"{CANDIDATES}?{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert words in answer.json()["detail"]


def test_the_format_follows_the_accept_header(client, edition):
    for accept, kind in {
        "text/csv": "text/csv; charset=utf-8", "application/fits": "application/fits", "*/*": "application/json",
        "application/x-votable+xml;serialization=binary2": "application/x-votable+xml",
        "application/parquet": "application/vnd.apache.parquet", "text/html;q=0.9,application/json;q=0.1": "application/json",
    }.items():  # fmt: skip
        assert client.get(CANDIDATES, headers={"Accept": accept}).headers["Content-Type"] == kind
    refused = client.get(CANDIDATES, headers={"Accept": "image/png"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (406, "application/problem+json")
    assert client.get(f"{CANDIDATES}?format=csv", headers={"Accept": "image/png"}).status_code == 200


@pytest.mark.parametrize(
    "address", [CANDIDATES, PREDICTIONS, f"{SURVEY}measurements/", "/api/v1/objects/", f"{CANDIDATES}?format=csv"]
)
def test_what_a_reader_has_already_is_not_sent_again(client, edition, address):
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
    assert client.get(address, headers={"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}).status_code == 200
    other = f"{address}{'&' if '?' in address else '?'}columns=all"
    assert client.get(other, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_new_revision_is_another_state_and_ends_the_walk(client, published):
    published(threshold=0.0)
    first = client.get(f"{CANDIDATES}?limit=5")
    published(threshold=0.2)
    assert client.get(f"{CANDIDATES}?limit=5", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    stale = client.get(first.json()["next"])
    assert (stale.status_code, "changed since this page" in stale.json()["detail"]) == (400, True)


def test_links_lead_through_all_pages_both_ways(client, edition):
    first = client.get(f"{CANDIDATES}?limit=20")
    assert first.headers["Link"] == f'<{first.json()["next"]}>; rel="next"'
    second = client.get(first.json()["next"])
    assert client.get(second.json()["previous"]).json()["rows"] == first.json()["rows"]
    assert first.json()["previous"] is None


def test_a_cone_is_sorted_by_distance_and_holds_what_lies_within(client, edition):
    objects = in_database("SELECT id, ra, dec FROM objects")
    _, ra, dec = objects[0]
    found = walked(client, f"/api/v1/cone/?ra={ra}&dec={dec}&radius_arcsec=20000&limit=7")

    def separation(o) -> float:
        a, b = np.radians(o[1:]), np.radians([ra, dec])
        half = np.sin((a[1] - b[1]) / 2) ** 2 + np.cos(a[1]) * np.cos(b[1]) * np.sin((a[0] - b[0]) / 2) ** 2
        return np.degrees(2 * np.arcsin(np.sqrt(half))) * 3600

    expected = {o[0]: separation(o) for o in objects if separation(o) <= 20000}
    assert {row["object_id"]: row["separation_arcsec"] for row in found} == pytest.approx(expected, abs=1e-6)
    assert [row["separation_arcsec"] for row in found] == sorted(row["separation_arcsec"] for row in found)
    assert 1 < len(found) < len(objects)
    refused = client.get(f"/api/v1/cone/?ra={ra}&dec={dec}&radius_arcsec=1&surveys=nope")
    assert (refused.status_code, "no survey nope is here" in refused.json()["detail"]) == (400, True)


def test_files_say_what_is_simulated_and_which_model_it_is(client, edition):
    table = votable.parse(io.BytesIO(content(client.get(f"{CANDIDATES}?format=votable"))))
    infos = {info.name: info.value for info in [*table.infos, *table.resources[0].infos]}
    assert infos["SIMULATED"] == "true"
    assert infos["MODEL"] == "dwarf_galaxies/forest v1"
    fields = {field.name: field for field in table.get_first_table().fields}
    assert (str(fields["ra"].unit), fields["ra"].ucd, fields["p_s"].ucd) == (
        "deg",
        "pos.eq.ra;meta.main",
        edition.table["p_s"].ucd,
    )


def test_the_front_door_leads_everywhere(client, edition):
    root = client.get("/api/v1/").json()
    for name, address in root["lists"].items():
        asked = f"{address}?ra=1&dec=1&radius_arcsec=1" if name == "cone" else address
        assert client.get(asked).status_code == 200
    assert client.get(root["schema"]).json()["openapi"].startswith("3.")
    assert client.get(root["documentation"]).status_code == 200


def test_a_survey_tells_its_columns_with_their_filters(client, edition):
    told = client.get(SURVEY).json()
    assert told["observed"] is False
    columns = {column["name"]: column for column in told["columns"]}
    assert columns["g"]["filters"] == ["g__min", "g__max", "g__null"]
    assert (columns["g"]["unit"], columns["ra"]["ucd"]) == ("mag", "pos.eq.ra;meta.main")


def test_an_object_tells_all(client, edition):
    object_id = in_database(f"SELECT object_id FROM {quote(edition.table_name)} LIMIT 1")[0][0]
    told = client.get(f"/api/v1/objects/{object_id}/").json()
    assert told["predictions"][0]["method_name"] == "forest"
    assert told["predictions"][0]["is_stale"] is False
    assert (
        told["measurements"]["g"]
        == in_database(f"SELECT g FROM survey_sdss_dr14_simulated WHERE object_id = {object_id}")[0][0]
    )
    missing = client.get("/api/v1/objects/999999999/")
    assert (missing.status_code, missing.json()["detail"]) == (404, "there is no object 999999999")


def test_times_are_in_utc_and_filtered_by(client, edition):
    newest = client.get("/api/v1/catalogs/").json()["rows"][0]["published"]
    assert newest.endswith("Z")
    assert client.get("/api/v1/catalogs/?published__min=2100-01-01").json()["rows"] == []
    assert len(client.get("/api/v1/catalogs/?published__min=2000-01-01T00:00:00Z").json()["rows"]) == 1


@pytest.mark.parametrize(
    "address", ["/api/v1/surveys/", "/api/v1/runs/?limit=2", "/api/v1/models/dwarf_galaxies/forest/1/"]
)
def test_what_has_no_revision_is_named_by_its_content(client, edition, address):
    first = client.get(address)
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    ModelVersion.objects.update(notes=["something new"])
    Survey.objects.update(licence="another")
    Run.objects.update(message="moved on")
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_an_address_that_a_reader_writes_himself_is_not_believed(client, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "proxies"}}
    settings.API_RATES = {"anonymous": "2/min", "person": "2/min"}
    codes = [client.get("/api/v1/", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(3)]
    assert codes == [200, 200, 429]


def test_a_cursor_does_not_tell_of_hidden_surveys(client, edition, people):
    edition.prediction_set.surveys = ["sdss-dr14-simulated", "secret-survey"]
    edition.prediction_set.save()
    Survey.objects.create(slug="secret-survey", name="Secret", observed=True, visibility="private", owner=people.owner)
    cursor = parse_qs(urlsplit(client.get(f"{PREDICTIONS}?limit=1").json()["next"]).query)["cursor"][0]
    told = base64.urlsafe_b64decode(cursor.partition(":")[0] + "==")
    assert b"sdss-dr14-simulated" in told
    assert b"secret" not in told
