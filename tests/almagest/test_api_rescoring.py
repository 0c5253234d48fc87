"""A catalog's history by the API: revisions, passes, differences; rescoring and going back; and pages of one revision always."""

import csv
import io

import pyarrow.parquet as pq
import pytest
from django.test import Client

from almagest.rescoring.models import Pass
from almagest.runs.models import Run
from almagest.sky.models import Survey

from .given.asking import detail, program
from .rescoring_passes import SURVEY, rescored, rolled_back

pytestmark = pytest.mark.django_db
HOME = "/api/v1/catalogs/dwarfs/"


@pytest.fixture(autouse=True)
def unhurried(settings):
    """As many requests as a test needs."""
    settings.API_RATES = {"anonymous": "1000000/s", "person": "1000000/s"}


@pytest.fixture
def found(begun) -> Pass:
    """The pass that brought it up to date."""
    return rescored(begun)


def sent(client: Client, address: str, body: dict | None = None):
    return client.post(HOME + address, body or {}, content_type="application/json")


def test_a_catalog_is_rescored_and_rolled_back(begun, people):
    owner = program(people.owner, "read", "runs")
    plan = owner.get(f"{HOME}rescoring/").json()
    assert (plan["revision"], plan["objects"], plan["is_needed"], plan["is_another_version"]) == (1, 17, True, False)
    assert plan["stale"] == [{"survey": SURVEY, "new": 5, "changed": 12, "unscored": 0}]
    assert (plan["plugin_name"], plan["method_name"], plan["version_number"]) == ("dwarf_galaxies", "forest", 1)
    started = sent(owner, "rescoring/")
    assert started.status_code == 202, started.content
    made, run = Pass.objects.get(), started.json()
    assert (run["id"], run["state"], run["report"]) == (
        made.run_id,
        "queued",
        f"http://testserver{HOME}passes/{made.pk}/",
    )
    assert started.headers["Location"] == f"/api/v1/runs/{made.run_id}/"
    told = owner.get(run["report"]).json()
    assert (told["state"], told["after_revision"], told["added"], told["drift"]) == ("queued", None, None, [])
    assert "is at it already" in detail(sent(owner, "rescoring/"))
    Run.objects.filter(pk=made.run_id).update(state="cancelled")
    rescored(begun)
    assert "nothing is stale" in detail(sent(owner, "rescoring/"))
    assert owner.get(f"{HOME}rescoring/").json()["is_needed"] is False
    started = sent(owner, "roll-back/", {"revision": 1})
    assert started.status_code == 202 and Pass.objects.get(kind="restore").wanted == begun
    Run.objects.filter(pk=started.json()["id"]).update(state="cancelled")
    assert "no earlier revision 7" in detail(sent(owner, "roll-back/", {"revision": 7}))
    assert "revision" in detail(sent(owner, "roll-back/")) and "revision" in detail(
        sent(owner, "roll-back/", {"revision": "x"})
    )


def test_revisions_and_passes_are_listed(client, found):
    back = rolled_back(found.after, 1)
    rows = client.get(f"{HOME}revisions/?columns=all").json()["rows"]
    assert [(row["revision"], row["kind"], row["pass_id"], row["is_current"]) for row in rows] == [
        (3, "restore", back.pk, True), (2, "rescore", found.pk, False), (1, "publish", None, False),
    ]  # fmt: skip
    assert [row["added"] for row in rows] == [back.report["added"], found.report["added"], None]
    assert [row["base"] for row in rows] == [1, 1, 1] and all(row["is_kept"] for row in rows)
    passes = client.get(f"{HOME}passes/?limit=1&count=true").json()
    assert (passes["count"], passes["rows"][0]["id"]) == (2, back.pk)
    assert client.get(passes["next"]).json()["rows"][0]["id"] == found.pk
    assert [row["id"] for row in client.get(f"{HOME}passes/?kind=rescore").json()["rows"]] == [found.pk]
    table = pq.read_table(io.BytesIO(client.get(f"{HOME}revisions/?format=parquet").getvalue()))
    assert table["revision"].to_pylist() == [3, 2, 1]


def test_a_pass_tells_its_numbers_and_its_drift(client, found):
    told, report = client.get(f"{HOME}passes/{found.pk}/").json(), found.report
    for name in (
        "scored",
        "added",
        "removed",
        "changed",
        "new",
        "entered",
        "left",
        "has_drifted",
        "drift",
        "drift_threshold",
    ):
        assert told[name] == report[name], name
    assert (told["id"], told["kind"], told["state"]) == (found.pk, "rescore", "done")
    assert (told["before_revision"], told["after_revision"], told["run_id"]) == (1, 2, found.run_id)
    assert told["stale"] == [{"survey": SURVEY, "new": 5, "changed": 12, "unscored": 0}] and told["has_drifted"]
    assert "there is no pass 0" in detail(client.get(f"{HOME}passes/0/"), 404)


def test_a_difference_is_filtered_paged_and_fetched(client, found):
    address, report = f"{HOME}differences/1/2/", found.report
    rows, link = [], f"{address}?limit=4&columns=all"
    while link:
        page = client.get(link).json()
        rows += page["rows"]
        link = page["next"]
    assert (
        len(rows) == len({row["object_id"] for row in rows}) == report["added"] + report["removed"] + report["changed"]
    )
    assert client.get(f"{address}?change=removed&count=true&limit=1").json()["count"] == report["removed"]
    best = client.get(f"{address}?p_s_after__min=0.95").json()["rows"]
    assert best and {round(row["p_s_after"], 4) for row in best} == {0.95}
    fetched = list(csv.DictReader(io.StringIO(client.get(f"{address}?format=csv").getvalue().decode())))
    assert [row["source_id"] for row in fetched] == [row["source_id"] for row in rows]
    assert client.get(address, headers={"If-None-Match": client.get(address).headers["ETag"]}).status_code == 304
    assert "has no revision 9" in detail(client.get(f"{HOME}differences/1/9/"), 404)
    assert "there is no parameter chance" in detail(client.get(f"{address}?chance=added"))


def test_only_the_owner_and_the_staff_rescore_it_with_the_scope_runs(begun, people):
    for address, body in (("rescoring/", {}), ("roll-back/", {"revision": 1})):
        detail(sent(Client(), address, body), 401)
        assert "only the owner of dwarfs" in detail(sent(program(people.other, "read", "runs"), address, body), 403)
        assert "scope 'runs'" in detail(sent(program(people.owner, "read", "manage"), address, body), 403)
    assert Client().get(f"{HOME}rescoring/").json()["objects"] == 17, "how far it is up to date everybody may know"
    assert not Pass.objects.exists()


def test_who_may_not_see_the_survey_sees_none_of_it(found, people):
    Survey.objects.filter(slug=SURVEY).update(visibility="private", owner=people.owner)
    for address in ("revisions/", "passes/", f"passes/{found.pk}/", "differences/1/2/", "rescoring/"):
        for user, status in ((people.reader, 404), (people.owner, 200)):
            assert program(user, "read").get(HOME + address).status_code == status, address
        assert program(people.owner, "runs").get(HOME + address).status_code == 404, "without the scope to read"


def test_pages_lookups_and_etags_are_of_one_revision(client, begun):
    address = f"{HOME}candidates/"
    first = client.get(f"{address}?limit=30")
    lost = {row["object_id"] for row in client.get(f"{address}?limit=1000&columns=all").json()["rows"]}
    found = rescored(begun)
    assert "have changed since this page was linked" in detail(client.get(first.json()["next"]))
    answer = client.get(f"{address}?limit=30", headers={"If-None-Match": first.headers["ETag"]})
    assert answer.status_code == 200 and answer.headers["ETag"] != first.headers["ETag"]
    here = {row["object_id"] for row in client.get(f"{address}?limit=1000&columns=all").json()["rows"]}
    gone = sorted(lost - here)
    assert len(gone) == found.report["removed"] > 0
    looked = sent(client, "candidates/lookup/", {"ids": gone}).json()
    assert looked["missing"] == gone
    assert client.get(HOME).json()["revision"] == 2 and client.get(HOME).json()["rows"] == found.after.rows


def test_predictions_that_were_merged_are_others_at_once(client, begun):
    address = "/api/v1/models/dwarf_galaxies/forest/1/predictions/"
    first = client.get(f"{address}?limit=10")
    rescored(begun)
    assert "have changed since this page was linked" in detail(client.get(first.json()["next"]))
    assert client.get(f"{address}?limit=10", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
