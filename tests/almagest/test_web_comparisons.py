"""Pages of comparisons: the table, its CSV, how a run is followed, and who may start one."""

import csv
import io
import re

import pytest
from django.test import Client

from almagest.accounts.models import User
from almagest.registry.comparisons import comparison_start
from almagest.registry.models import Comparison
from almagest.runs.leases import claim_abandon, claim_progress
from almagest.sky.models import Survey

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


@pytest.fixture
def vera():
    return User.objects.create_user("vera", password="rubin-1928")


@pytest.fixture
def started(toys) -> Comparison:
    """A comparison that nobody has begun to work on."""
    for slug in ("evcc", "sdss-dr14"):
        Survey.objects.get_or_create(slug=slug, defaults={"name": slug, "observed": True})
    return comparison_start(plugin=toys.row, study="duel", sample=toys.sample, given={})


@pytest.fixture
def done(toys, started) -> Comparison:
    """A comparison with both of its versions."""
    for queue in ("classical", "keras"):
        toys.train(toys.claimed(started.run, queue))
    return started


def text_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response.content.decode())
    return response.content.decode()


def test_the_page_has_a_table_for_each_survey_with_the_headline_first(client, done, django_assert_max_num_queries):
    with django_assert_max_num_queries(MOST_QUERIES):
        text = text_of(client, f"/comparisons/{done.pk}/")
    places = [text.index(f"<h2>{title} ") for title in ("sdss-dr14", "evcc", "Pooled")]
    assert places == sorted(places)
    assert "173 objects held back, 12 of them S" in text
    first = text[places[0] : places[1]]
    assert re.search(
        r"<b>0\.750</b><span class=\"under\">0\.60 to 0\.86</span><span class=\"under\">30/40</span>", first
    )
    assert re.search(r"<b>0\.650</b><span class=\"under\">± 0\.010</span>", first)
    assert '<th colspan="3" scope="colgroup" class="first">Precision</th>' in first
    assert "depth=4" in text and "best of 3" in text and "hx-trigger" not in text
    assert "{{" not in text and "{%" not in text


def test_its_links_lead_somewhere(client, done, toys):
    seen = set()
    for address in (f"/comparisons/{done.pk}/", "/plugins/toys/", f"/runs/{done.run_id}/", "/models/toys/tree/1/"):
        links = re.findall(r'href="(/[^"#]*)"', text_of(client, address))
        seen |= {link.replace("&amp;", "&") for link in links if not link.startswith("/static/")}
    assert {"/models/toys/net/1/", f"/comparisons/{done.pk}/", "/samples/toybox/", f"/runs/{done.run_id}/"} <= seen
    assert {link for link in seen if client.get(link).status_code not in (200, 302)} == set()


def test_the_csv_has_every_number(client, done):
    response = client.get(f"/comparisons/{done.pk}/?format=csv")
    assert f'filename="comparison-{done.pk}.csv"' in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert len(rows) == 2 * 3 * 12  # contenders, groups, columns
    row = next(
        r for r in rows
        if (r["contender"], r["group"], r["score"], r["split"], r["of"]) == ("tree", "evcc", "recall", "test", "signal")
    )  # fmt: skip
    assert (row["value"], row["numerator"], row["denominator"], row["is_best"]) == ("0.75", "30", "40", "true")
    assert row["method"] == "tree" and float(row["seconds"]) > 0


def test_a_run_that_goes_on_is_followed(client, started, toys):
    claim_progress(toys.claimed(started.run, "keras"), fraction=0.4, message="epoch 4")
    text = text_of(client, f"/comparisons/{started.pk}/")
    assert "0 of 2 contenders are trained" in text and "20.0 %: net: epoch 4" in text
    assert "waits for a classical worker" in text and "training, 40 %" in text
    assert 'hx-trigger="every 3s"' in text and 'hx-select="#live"' in text
    assert client.get(f"/comparisons/{started.pk}/?format=csv").status_code == 200


def test_a_run_that_failed_says_why_and_shows_what_was_made(client, started, toys):
    toys.train(toys.claimed(started.run, "keras"))
    claim_abandon(toys.claimed(started.run, "classical"), error="no rows of <class> S")
    text = text_of(client, f"/comparisons/{started.pk}/")
    assert "ended with 1 of 2 contenders trained. tree: no rows of &lt;class&gt; S" in text
    assert "tree: not trained" in text and "0.500" in text and "hx-trigger" not in text


def test_parameters_in_place_of_the_contenders_own_are_named(client, toys):
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample, given={"skill": "0.25"})
    assert "skill=0.25" in text_of(client, f"/comparisons/{comparison.pk}/")


def test_variants_stand_on_their_comparison_alone(client, done, toys):
    ablation = comparison_start(plugin=toys.row, study="balance", sample=toys.sample, given={})
    for _ in range(2):
        toys.train(toys.claimed(ablation.run, "keras"))
    assert "/models/toys/net/3/" in text_of(client, f"/comparisons/{ablation.pk}/")
    for address in ("/plugins/toys/", "/samples/toybox/"):
        text = text_of(client, address)
        assert "/models/toys/net/1/" in text and "/models/toys/net/2/" not in text
    assert "<b>2</b><span>model versions</span>" in text_of(client, "/")
    assert ">variant<" in text_of(client, "/models/toys/net/3/")


def test_the_plugin_page_lists_studies_and_lets_people_start_them(client, done, vera):
    text = text_of(client, "/plugins/toys/")
    assert "Comparison of toys" in text and "Treatments of imbalance" in text and f"Comparison {done.pk}</a>" in text
    assert "a search draws from 2, 4, 8" in text
    assert '<select name="sample">' not in text and "Log in</a> to make it" in text
    client.force_login(vera)
    assert '<option value="toybox">toybox, 1,951 objects</option>' in text_of(client, "/plugins/toys/")


def test_who_is_logged_in_starts_a_comparison(client, toys, vera):
    address, form = "/plugins/toys/compare/", {"study": "duel", "sample": "toybox"}
    assert client.get(address).status_code == 405
    assert client.post(address, form).headers["Location"].startswith("/login/")
    assert not Comparison.objects.exists()
    client.force_login(vera)
    comparison_page = client.post(address, form).headers["Location"]
    comparison = Comparison.objects.get()
    assert (comparison_page, comparison.owner, comparison.run.owner) == (f"/comparisons/{comparison.pk}/", vera, vera)
    again = client.post(address, form)
    assert again.status_code == 400 and "already; wait for it" in again.content.decode()


def test_a_form_from_another_site_starts_nothing(toys, vera):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(vera)
    assert careful.post("/plugins/toys/compare/", {"study": "duel", "sample": "toybox"}).status_code == 403
    assert not Comparison.objects.exists()


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"study": "all", "sample": "toybox"}, 400, "has no study"),
        ({"study": "duel", "sample": "nothing"}, 404, "there is no sample"),
        ({}, 404, "there is no sample"),
    ],
)
def test_a_bad_form_is_answered_in_words(client, toys, vera, form, status, words):
    client.force_login(vera)
    response = client.post("/plugins/toys/compare/", form)
    assert (response.status_code, words in response.content.decode()) == (status, True)


def test_a_private_comparison_is_seen_by_its_owner_and_the_staff_alone(client, done, vera):
    for thing in (done, done.run, *done.versions.all()):
        thing.owner, thing.visibility = vera, "private"
        thing.save()
    address = f"/comparisons/{done.pk}/"
    for request in (address, f"{address}?format=csv"):
        assert client.get(request).status_code == 404
    assert f"/comparisons/{done.pk}/" not in text_of(client, "/plugins/toys/")
    for person in (vera, User.objects.create_user("cecilia", is_staff=True)):
        client.force_login(person)
        assert "0.750" in text_of(client, address)
