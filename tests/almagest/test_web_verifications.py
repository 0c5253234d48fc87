"""Pages of verifications: what they show and link to, the CSV, the form, and what they keep to themselves."""

import csv
import html
import io
import re
from dataclasses import asdict

import pyarrow as pa
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from almagest.accounts.models import User
from almagest.contract import Labelling, Scatter, Table, View
from almagest.core.copy import copy_in
from almagest.predictions.models import Verification
from almagest.predictions.tables import VERIFICATION_PAIRS
from almagest.predictions.verification import selectors
from almagest.predictions.verification.measuring import measured
from almagest.predictions.verification.pairs import SurveyPairs
from almagest.predictions.verification.selectors import PAIRS
from almagest.runs.models import Run
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file

pytestmark = pytest.mark.django_db
MODEL = "/models/dwarf_galaxies/forest/1/"
SCORED, CATALOG = "sdss-dr14-simulated", "evcc-simulated"
LABELLING = Labelling(("S", "NM"), "S", Table("none", "", ()), "nowhere:nothing")
MOST_QUERIES = 20
# (label, predicted class, score, learned from): 2 hits, 1 miss, 3 false alarms, 1 right other, 1 in no class.
SAID = [
    ("S", "S", 0.9, False), ("S", "S", 0.8, True), ("S", "NM", 0.2, False), ("NM", "S", 0.7, False), ("NM", "S", 0.95, True),
    ("NM", "S", 0.75, False), ("NM", "NM", 0.1, False), (None, "S", 0.6, False),
]  # fmt: skip


@pytest.fixture
def verification(published, simulated_files) -> Verification:
    """A finished verification of the published version, its pairs as in `SAID`."""
    edition = published()
    ingest_file(survey=CATALOG, path=simulated_files / "evcc.fits")
    found = Verification.objects.create(
        version=edition.version, prediction_set=edition.prediction_set, survey=Survey.objects.get(slug=CATALOG),
        surveys=[SCORED], radius_arcsec=1.5, ingest_id=7, cross_match_id=5, published=timezone.now(),
        run=Run.objects.create(kind="verify", title="Verify", state="done"),
    )  # fmt: skip
    catalog, scored = objects(CATALOG), objects(SCORED)
    label, predicted, score, learned = zip(*SAID, strict=True)
    n = len(SAID)
    values = {
        "verification_id": [found.pk] * n, "label_object_id": catalog[:n], "scored_object_id": scored[:n], "survey": [SCORED] * n,
        "separation_arcsec": [0.25] * n, "label": label, "reason": [None if word else "no <b>redshift</b>" for word in label],
        "predicted_class": predicted, "score": score, "trained_on": learned,
    }  # fmt: skip
    table = VERIFICATION_PAIRS.table
    rows = pa.table({c.name: pa.array(values[c.name], c.arrow_type) for c in table.columns})
    copy_in(table, rows)
    pairs = SurveyPairs(SCORED, rows, 11, ["<script>alert(1)</script>"], pa.table({}))
    Verification.objects.filter(pk=found.pk).update(
        **measured([pairs], LABELLING, catalog_objects=150, radius_arcsec=1.5)
    )
    return found


def objects(survey: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id FROM objects o JOIN sky_survey s ON s.id = o.survey_id WHERE slug = %s ORDER BY o.id", [survey]
        )
        return [row[0] for row in cursor.fetchall()]


def shown(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def section(text: str, name: str) -> str:
    """One list of pairs."""
    return text.split(f'<h2 id="{name}">')[1].split("<h2")[0]


def test_the_page_tells_counts_scores_and_where_it_comes_from(client, verification, django_assert_max_num_queries):
    with django_assert_max_num_queries(MOST_QUERIES):
        text = shown(client, f"/verifications/{verification.pk}/")
    counts = [
        int(n.replace(",", "")) for n in re.findall(r'<td class="wrap">[^<]*</td><td class="n">([\d,]+)</td>', text)
    ]
    assert counts[:5] == [150, 11, 8, 7, 5]
    assert "1/3" in text and "1/2" in text and "2/5" in text  # not learned from: precision, recall, prevalence
    assert "2/3" in text and "3/7" in text  # all: recall, prevalence
    assert text.index("has not learned from</h2>") < text.index("<h2>All objects</h2>")
    for word in ("1.5 arcsec", "up to ingest 7", "simulated by Almagest", MODEL):
        assert word in text, word
    assert f'href="/surveys/{CATALOG}/"' in text and f'href="/runs/{verification.run_id}/"' in text


def test_misses_and_false_alarms_link_both_objects_the_surest_first(client, verification):
    text = shown(client, f"/verifications/{verification.pk}/")
    misses, alarms, hits = (section(text, name) for name in ("misses", "false_alarms", "hits"))
    assert [len(re.findall(r"<tr><td>", part)) for part in (misses, alarms, hits)] == [1, 3, 2]
    assert re.findall(r'<td class="n">(0\.\d{3})</td><td>(yes|no)</td>', alarms) == [
        ("0.750", "no"), ("0.700", "no"), ("0.950", "yes"),
    ]  # fmt: skip
    links = re.findall(r'href="(/objects/[^"]+)"', misses + alarms + hits)
    assert len(links) == 12
    assert {link.split("/")[2] for link in links} == {SCORED, CATALOG}
    for link in links:
        assert client.get(link).status_code == 200, link


def test_long_lists_have_pages(client, verification, monkeypatch):
    monkeypatch.setattr(selectors, "PAGE_SIZE", 2)
    address = f"/verifications/{verification.pk}/"
    first = section(shown(client, address), "false_alarms")
    further = re.search(r'rel="next" href="([^"]+)"', first)[1]
    assert further == "?false_alarms=2#false_alarms"
    second = section(shown(client, address + further.split("#")[0]), "false_alarms")
    assert 'rel="next"' not in second and 'rel="prev"' in second
    both = [re.findall(r'href="(/objects/[^"]+)"', part) for part in (first, second)]
    assert [len(links) for links in both] == [4, 2] and not set(both[0]) & set(both[1])
    for odd in ("-1", "x", "0", "9" * 30, "99"):
        assert 'rel="prev"' in shown(client, f"{address}?false_alarms=2&misses={odd}")


def test_csv_has_every_pair_with_the_documented_columns(client, verification):
    address = f"/verifications/{verification.pk}/"
    response = client.get(f"{address}?format=csv")
    assert response.headers["Content-Disposition"] == f'attachment; filename="verification-{verification.pk}.csv"'
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert list(rows[0]) == PAIRS.names
    told = [
        (row["label"] or None, row["predicted_class"], float(row["score"]), row["trained_on"] == "true") for row in rows
    ]
    assert told == SAID
    assert {row["label_survey"] for row in rows} == {CATALOG} and rows[7]["reason"] == "no <b>redshift</b>"
    text = shown(client, address)
    assert all(f'<td class="mono">{name}</td>' in text for name in PAIRS.names)


def test_what_others_wrote_is_text(client, verification):
    Survey.objects.filter(slug=CATALOG).update(name="<img src=x onerror=alert(2)>", citation="<script>3</script>")
    for address in (f"/verifications/{verification.pk}/", MODEL, f"/runs/{verification.run_id}/"):
        text = shown(client, address)
        assert "<script>alert(1)" not in text and "<script>3" not in text and "<img" not in text, address
    text = shown(client, f"/verifications/{verification.pk}/")
    assert "no &lt;b&gt;redshift" in text and "&lt;script&gt;alert(1)" in text


def test_relations_are_drawn_below_the_lists_and_nothing_in_them_can_run(client, verification):
    address, hostile = f"/verifications/{verification.pk}/", "</script><img src=x onerror=alert(4)>"
    assert "Relations of the" not in (text := shown(client, address)) and "plotly" not in text
    figure = Scatter(
        f"Mass and size {hostile}", f"By hand {hostile}.", {"m": (8.0, 9.5), "r": (0.1, 0.6)}, ("dwarf", hostile),
        ("dwarf", hostile), (View("m", "r", "mass", "size"),), (SCORED, SCORED), ("300-51602-1", hostile), (0, 5),
    )  # fmt: skip
    Verification.objects.update(figures=verification_figures(verification, relations=[asdict(figure)]))
    text = shown(client, address)
    assert text.index('id="hits"') < text.index('id="relations">Relations of the confirmed objects</h2>')
    assert text.index('id="relations"') < text.index("<h2>All pairs</h2>")
    found = re.search(r'data-figure="scatter-0" data-source="([^"]+)"', text)[1]
    data = client.get(address + html.unescape(found)).json()
    assert (data["columns"], data["colours"]) == ({"m": [8.0, 9.5], "r": [0.1, 0.6]}, [0, 5])
    assert (data["source_id"], data["address"]) == (["300-51602-1", hostile], "/objects/survey/source_id/")
    assert '<option value="0">size against mass</option>' in text and re.search(r"plotly\.min[.\w]*\.js", text)
    assert "<img" not in text and text.count(html.escape(hostile)) == 3
    Survey.objects.filter(slug=CATALOG).update(visibility="private")
    assert client.get(f"{address}figures/scatter-0.json").status_code == 404


def test_the_page_stays_small_whatever_the_relations_hold(client, verification):
    address, many = f"/verifications/{verification.pk}/", 50_000
    before = len(shown(client, address))
    figure = Scatter(
        "Mass and size", "", {"m": (8.123456,) * many, "r": (0.123456,) * many}, ("dwarf",) * many, ("dwarf",),
        (View("m", "r", "mass", "size"),), (SCORED,) * many, ("300-51602-1",) * many,
    )  # fmt: skip
    Verification.objects.update(figures=verification_figures(verification, relations=[asdict(figure)]))
    assert before < len(shown(client, address)) < before + 5000


def verification_figures(verification: Verification, **more) -> dict:
    """Those that it has, and more."""
    return Verification.objects.get(pk=verification.pk).figures | more


def test_the_model_page_lists_it_with_its_headline_and_the_run_page_links_it(client, verification):
    text = section(shown(client, MODEL), "verifications")
    assert f'href="/verifications/{verification.pk}/"' in text
    assert re.findall(r"· (\d+/\d+)", text) == ["1/3", "1/2", "2/5"]
    assert f'href="/verifications/{verification.pk}/"' in shown(client, f"/runs/{verification.run_id}/")
    Verification.objects.update(published=None)
    for address in (MODEL, f"/runs/{verification.run_id}/"):
        assert "/verifications/" not in shown(client, address), "nothing half made is shown"


def test_a_private_survey_hides_the_page_the_csv_and_the_row(client, verification):
    owner = User.objects.create_user("vera")
    address = f"/verifications/{verification.pk}/"
    for slug in (CATALOG, SCORED):
        Survey.objects.filter(slug=slug).update(visibility="private", owner=owner)
        client.logout()
        for hidden in (address, f"{address}?format=csv", "/verifications/999999/"):
            assert client.get(hidden).status_code == 404, hidden
        assert address not in shown(client, MODEL)
        client.force_login(owner)
        assert client.get(address).status_code == 200
        assert address in shown(client, MODEL)
        Survey.objects.filter(slug=slug).update(visibility="public")


def test_the_form_is_for_those_who_are_logged_in_and_starts_a_run(client, verification):
    asked = {"survey": CATALOG, "radius_arcsec": "2.5"}
    assert "<form" not in section(shown(client, MODEL), "verifications")
    assert client.post(f"{MODEL}verify/", asked).headers["Location"].startswith("/login/")
    owner = User.objects.create_user("vera")
    client.force_login(owner)
    form = section(shown(client, MODEL), "verifications")
    assert "csrfmiddlewaretoken" in form and f'value="{CATALOG}"' in form
    assert client.get(f"{MODEL}verify/").status_code == 405
    before = Run.objects.count()
    response = client.post(f"{MODEL}verify/", asked)
    run = Run.objects.get(kind="verify", state="queued")
    assert response.headers["Location"] == f"/runs/{run.pk}/"
    assert (run.owner, run.parameters["against"], run.parameters["radius_arcsec"]) == (owner, CATALOG, 2.5)
    assert Run.objects.count() == before + 1


@pytest.mark.parametrize(
    ("survey", "radius", "status", "words"),
    [
        (CATALOG, "0", 400, "is not between"), (CATALOG, "61", 400, "is not between 0 and 60"), (CATALOG, "wide", 400, "is not a number"),
        (CATALOG, "", 400, "is not a number"), (SCORED, "2", 400, "no other simulated survey"),
        ("<b>", "2", 404, "there is no survey '&lt;b&gt;'"), ("", "2", 404, "there is no survey"),
    ],
)  # fmt: skip
def test_what_cannot_be_started_is_answered_in_words(client, verification, survey, radius, status, words):
    client.force_login(User.objects.create_user("vera"))
    response = client.post(f"{MODEL}verify/", {"survey": survey, "radius_arcsec": radius})
    text = response.content.decode().replace("&#x27;", "'")
    assert (response.status_code, words in text, "Traceback" in text) == (status, True, False), text
    assert not Run.objects.filter(kind="verify", state="queued").exists()


def test_a_form_from_elsewhere_starts_nothing(verification):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("vera"))
    assert client.post(f"{MODEL}verify/", {"survey": CATALOG, "radius_arcsec": "2"}).status_code == 403
