"""Pages of vetting: the panel of an object, the catalog's filters and column, the list of verdicts, choices and label sets."""

import csv
import io
import re
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from almagest.catalogs.models import Catalog
from almagest.core.tables import quote
from almagest.vetting.models import Choice, Consensus, LabelSet, Verdict
from almagest.vetting.services import verdict_give

from .given.asking import login, markup

pytestmark = pytest.mark.django_db
CATALOG, ALL = "/catalogs/dwarfs/", "/catalogs/dwarfs/verdicts/"
HOSTILE = "<script>alert(1)</script>\n& more"


@pytest.fixture
def vetted(published, people) -> SimpleNamespace:
    """The owner's catalog, with the numbers, names and pages of its candidates, best first."""
    edition = published(threshold=0.5, owner=people.owner)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT object_id, survey, source_id FROM {quote(edition.table_name)} ORDER BY p_s DESC, object_id DESC"
        )
        rows = cursor.fetchall()
    return SimpleNamespace(edition=edition, ids=[row[0] for row in rows], names=[row[2] for row in rows],
                           pages=[reverse("object", args=row[1:]) for row in rows])  # fmt: skip


def posted(client: Client, at: int, **form):
    return client.post(f"{ALL}{at}/", {"choice": "s", "confidence": "3", "tags": "", "comment": ""} | form)


def test_a_verdict_is_given_on_the_objects_page(vetted, people):
    client, page = login(people.reader), vetted.pages[0]
    assert "Nobody has vetted it yet" in markup(client.get(page))
    answer = posted(client, vetted.ids[0], tags="LSB ringed", comment=HOSTILE)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{page}#verdicts-dwarfs")
    raw = client.get(page).content.decode()
    assert "Your verdict is kept: S." in raw and "1 of 1" in raw and "revision 1 at 1.000" in raw
    assert "<script>alert" not in raw and "&lt;script&gt;alert(1)&lt;/script&gt;<br>&amp; more" in raw
    assert re.search(r'value="s" required checked', raw) and re.search(r'name="confidence" value="3" checked', raw)
    assert 'value="lsb ringed"' in raw and "History" not in raw
    posted(client, vetted.ids[0], choice="artifact")
    assert "History, 2 entries" in markup(client.get(page))


def test_a_verdict_is_withdrawn(vetted, people):
    client = login(people.reader)
    posted(client, vetted.ids[0])
    answer = client.post(f"{ALL}{vetted.ids[0]}/withdraw/")
    assert answer.headers["Location"] == f"{vetted.pages[0]}#verdicts-dwarfs"
    text = markup(client.get(vetted.pages[0]))
    assert "Nobody has vetted it yet" in text and "History, 2 entries" in text and "Withdraw my verdict" not in text
    assert "no verdict on object" in markup(client.post(f"{ALL}{vetted.ids[0]}/withdraw/"), 404)


@pytest.mark.parametrize(
    ("form", "said"),
    [({"choice": ""}, "no choice ''"), ({"choice": "x"}, "no choice 'x'"), ({"confidence": "9"}, "confidence 9"),
     ({"confidence": "a"}, "confidence = 'a' is no whole number"), ({"tags": "a/b"}, "tag 'a/b'"),
     ({"comment": "a\0"}, "character with the number 0")],
)  # fmt: skip
def test_what_a_form_must_not_say(vetted, people, form, said):
    assert said in markup(posted(login(people.reader), vetted.ids[0], **form), 400)
    assert not Verdict.objects.exists()


def test_what_was_refused_stays_in_the_form_on_the_objects_page(vetted, people):
    client = login(people.reader)
    posted(client, vetted.ids[0], choice="nm", comment="before")
    answer = posted(client, vetted.ids[0], confidence="1", tags="lsb a/b", comment=HOSTILE)
    text, raw = markup(answer, 400), answer.content.decode()
    assert f"<h1>{vetted.names[0]}" in text and 'class="note bad" role="alert"' in raw and "tag 'a/b'" in text
    assert re.search(r'value="s" required checked', raw) and re.search(r'name="confidence" value="1" checked', raw)
    assert 'value="lsb a/b"' in raw and "&lt;script&gt;alert(1)&lt;/script&gt;" in raw and "<script>alert" not in raw
    assert raw.count(" checked") == 2 and Verdict.objects.count() == 1
    again = client.get(vetted.pages[0]).content.decode()
    assert (
        re.search(r'value="nm" required checked', again)
        and 'role="alert"' not in again
        and ">before</textarea>" in again
    )
    assert "no candidate of dwarfs" in markup(posted(client, 10**9), 404)


def test_forms_need_a_login_and_a_token_against_forgery(vetted, people):
    assert posted(Client(), vetted.ids[0]).headers["Location"].startswith("/login/?next=")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.reader)
    for address in (
        f"{ALL}{vetted.ids[0]}/",
        f"{ALL}{vetted.ids[0]}/withdraw/",
        f"{CATALOG}choices/",
        f"{CATALOG}labels/",
    ):
        assert strict.post(address, {"choice": "s"}).status_code == 403
    page = markup(strict.get(vetted.pages[0]))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page[page.index('class="give"') :])[1]
    assert strict.post(f"{ALL}{vetted.ids[0]}/", {"choice": "s", "csrfmiddlewaretoken": token}).status_code == 302


def test_strangers_read_choices_and_no_names(vetted, people):
    posted(login(people.reader), vetted.ids[0], tags="lsb", comment="Leavitt was here")
    for page in (vetted.pages[0], ALL):
        text, known = markup(Client().get(page)), markup(login(people.other).get(page))
        assert "Leavitt" in known and "reader" in known and "lsb" in text
        assert "Leavitt" not in text and "reader" not in re.sub(r"readers?\b(?=[^<]*log)", "", text)
    assert 'class="give"' not in markup(Client().get(vetted.pages[0]))
    assert 'name="mine"' not in markup(Client().get(CATALOG)) and 'name="mine"' in markup(
        login(people.other).get(CATALOG)
    )


def names_on(text: str) -> list[str]:
    return re.findall(r'<tr><td><a href="[^"]+">([^<]+)</a>', text)


def test_the_catalog_shows_and_filters_verdicts(vetted, people):
    client = login(people.reader)
    assert '<th title="What most verdicts say' not in markup(client.get(CATALOG))
    posted(client, vetted.ids[0])
    posted(client, vetted.ids[1], choice="artifact")
    posted(login(people.other), vetted.ids[1])
    text = markup(client.get(CATALOG))
    assert "<b>2</b> vetted, mean agreement 75.0 %" in text
    assert f'{vetted.pages[0]}#verdicts-dwarfs">S</a> <span class="soft small">1 of 1</span>' in text
    assert '#verdicts-dwarfs">split</a> <span class="soft small">1 of 2</span>' in text
    for query, seen in (("vetted=true", vetted.names[:2]), ("verdict=s", vetted.names[:1]), ("mine=true", vetted.names[:2]),
                        ("vetted=true&verdict=artifact", [])):  # fmt: skip
        assert names_on(markup(client.get(f"{CATALOG}?{query}"))) == seen, query
    partial = client.get(f"{CATALOG}?vetted=false", headers={"HX-Target": "rows"})
    assert names_on(markup(partial)) == vetted.names[2:52]
    assert 'option value="false" selected' in markup(client.get(f"{CATALOG}?vetted=false"))
    assert "vetted='x' is neither" in markup(client.get(f"{CATALOG}?vetted=x"), 400)
    assert "no choice spiral" in markup(client.get(f"{CATALOG}?verdict=spiral"), 400)
    assert "mine: log in first" in markup(Client().get(f"{CATALOG}?mine=true"), 400)


def test_files_of_filtered_candidates_follow_the_verdicts(vetted, people):
    client, address = login(people.reader), f"{CATALOG}?format=csv&vetted=true"
    posted(client, vetted.ids[0])
    first = client.get(address)
    assert [row["source_id"] for row in csv.DictReader(io.StringIO(first.getvalue().decode()))] == vetted.names[:1]
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    posted(client, vetted.ids[1])
    later = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert len(later.getvalue().splitlines()) == 3


def test_all_verdicts_are_listed_filtered_and_fetched(vetted, people):
    client = login(people.reader)
    posted(client, vetted.ids[0], tags="lsb")
    posted(client, vetted.ids[0], choice="nm", confidence="1")
    posted(login(people.other), vetted.ids[1], comment="two\nlines")
    text = markup(client.get(ALL))
    assert "two<br>lines" in text and "followed" in text and "<b>3</b> verdicts" in text and ">50.0 %" not in text
    for query, seen in (("choice=nm", 1), ("person=other", 1), ("person=reader", 2), ("tag=lsb", 1), ("is_current=true", 2),
                        ("confidence__min=2", 2), ("choice=s&person=reader", 1)):  # fmt: skip
        assert f"<b>{seen}</b> verdict" in markup(client.get(f"{ALL}?{query}")), query
    assert "is neither true nor false" in markup(client.get(f"{ALL}?is_current=x"), 400)
    for form in ("csv", "json", "votable", "fits", "parquet", "arrow"):
        answer = client.get(f"{ALL}?format={form}")
        assert answer.status_code == 200 and len(answer.getvalue()) > 100
    rows = list(csv.DictReader(io.StringIO(client.get(f"{ALL}?format=csv").getvalue().decode())))
    assert [(row["choice"], row["person"], row["is_current"]) for row in rows] == [
        ("s", "other", "true"), ("nm", "reader", "true"), ("s", "reader", "false"),
    ]  # fmt: skip


def form_of(names: list[str], titles: list[str]) -> dict:
    return {
        "name": names,
        "title": titles,
        "sample_class": ["S"] + [""] * (len(names) - 1),
        "description": [""] * len(names),
    }


def test_the_owner_changes_the_choices(vetted, people):
    posted(login(people.reader), vetted.ids[0], choice="nm")
    owner = login(people.owner)
    assert 'action="/catalogs/dwarfs/choices/"' in markup(owner.get(ALL))
    assert 'action="/catalogs/dwarfs/choices/"' not in markup(login(people.reader).get(ALL))
    answer = owner.post(f"{CATALOG}choices/", form_of(["dwarf", "ring", ""], ["Dwarf", "<b>Ring</b>", ""]))
    assert answer.headers["Location"] == f"{ALL}#choices"
    assert list(Choice.objects.filter(retired=False).values_list("name", "sample_class")) == [
        ("dwarf", "S"),
        ("ring", ""),
    ]
    page = owner.get(ALL).content.decode()
    assert "retired" in page and "<b>Ring</b>" not in page and "&lt;b&gt;Ring" in page
    assert "give name, title" in markup(owner.post(f"{CATALOG}choices/", {"name": ["a", "b"], "title": ["A"]}), 400)
    assert "only the owner" in markup(login(people.reader).post(f"{CATALOG}choices/", form_of(["a"], ["A"])), 403)


def test_labels_are_frozen_and_shown(vetted, people, file_store):
    posted(login(people.reader), vetted.ids[0])
    posted(login(people.other), vetted.ids[1], choice="unsure")
    client = login(people.reader)
    made = client.post(f"{CATALOG}labels/", {"name": "first", "minimum_verdicts": "1", "minimum_agreement": "0.5"})
    assert made.headers["Location"] == "/labels/first/"
    text = markup(Client().get("/labels/first/"))
    assert "--labels first --plugin dwarf_galaxies --method forest --surveys sdss-dr14-simulated" in text
    rows = list(csv.DictReader(io.StringIO(Client().get("/labels/first/?format=csv").getvalue().decode())))
    assert rows == [{"object_id": str(vetted.ids[0]), "label": "S", "verdicts": "1", "agreement": "1"}]
    for form, said in (({"name": "first"}, "exists"), ({"name": "b", "minimum_verdicts": "x"}, "no whole number"),
                       ({"name": "b", "minimum_agreement": "nan"}, "not between"), ({"name": "B b"}, "a word of")):  # fmt: skip
        assert said in markup(client.post(f"{CATALOG}labels/", form), 400)
    assert LabelSet.objects.get().owner == people.reader
    Catalog.objects.update(visibility="private")
    assert Client().get("/labels/first/").status_code == 404
    assert login(people.owner).get("/labels/first/").status_code == 200


def test_pages_ask_no_more_for_more_verdicts(vetted, people):
    client = login(people.reader)

    def asked() -> list[int]:
        counts = []
        for address in (ALL, CATALOG, vetted.pages[0]):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    def vet(n: int, *users) -> None:
        for user in users:
            verdict_give(user=user, catalog="dwarfs", object_id=vetted.ids[n], choice="s", tags=f"t{n}")

    vet(0, people.reader, people.reader)
    before = asked()
    for n in range(8):
        vet(n, people.reader, people.other, people.member)
    assert Consensus.objects.count() == 8 and asked() == before


def test_a_release_says_that_it_is_not_limited_by_verdicts(vetted, people):
    text = markup(login(people.owner).get(f"{CATALOG}release/?vetted=true"))
    assert "A release is limited neither to a cone nor by verdicts" in text


def test_a_sample_tells_of_given_labels_and_links_those_who_see_them(vetted, people, file_store):
    posted(login(people.reader), vetted.ids[0])
    login(people.reader).post(f"{CATALOG}labels/", {"name": "first"})
    sample = vetted.edition.version.sample
    assert "Given labels" not in markup(Client().get("/samples/tiny/"))
    sample.definition |= {"given_labels": LabelSet.objects.get().for_sample["given_labels"]}
    sample.given_counts = {"given": 1200, "taken": 1100, "new": 30, "other": 20, "not_here": 100}
    sample.save()
    text = markup(Client().get("/samples/tiny/"))
    assert '<a href="/labels/first/">label set first, verdicts of 1 person</a>' in text
    assert (
        "1,100 of 1,200 are in this sample" in text
        and "30 where that says nothing and 20 where it says something else" in text
    )
    Catalog.objects.update(visibility="private")
    text = markup(Client().get("/samples/tiny/"))
    assert "label set first, verdicts of 1 person" in text and "/labels/first/" not in text
