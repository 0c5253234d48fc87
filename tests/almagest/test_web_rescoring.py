"""Pages of a catalog's history: revisions, reports of passes, differences; who may rescore and roll back; and that what is shown
of a catalog that changes in place is always of one revision."""

import csv
import html
import io
import re
from types import SimpleNamespace

import pytest
from django.test import Client

from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.core.listings import read_batches
from almagest.core.tables import drop_table
from almagest.formats import FORMATS
from almagest.predictions.models import PredictionSet
from almagest.rescoring.models import Pass
from almagest.runs.models import Run
from almagest.sky.models import Survey

from .rescoring_passes import SURVEY, measure_anew, rescored, rolled_back

pytestmark = pytest.mark.django_db
HOME = "/catalogs/dwarfs/"
MOST_QUERIES = 25


def login(user) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def words(response, status: int = 200) -> str:
    """What the page says, without its tags."""
    assert response.status_code == status, response.content[:500]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def rows(client: Client, address: str) -> list[dict]:
    """A list as CSV."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


@pytest.fixture
def begun(published, people, simulated_files, tmp_path) -> Edition:
    """A catalog of the owner's; some of its survey's galaxies were measured anew since."""
    edition = published(owner=people.owner, threshold=0.5)
    measure_anew(tmp_path, simulated_files)
    return edition


@pytest.fixture
def history(begun) -> SimpleNamespace:
    """The same, brought up to date by `one`."""
    return SimpleNamespace(first=begun, one=rescored(begun))


# Revisions ---------------------------------------------------------------------------------------------------------------


def test_the_catalog_leads_to_its_revisions(client, begun):
    text = client.get(HOME).content.decode()
    assert f'href="{HOME}revisions/"' in text and "never rescored" in text
    told = rescored(begun).report
    text = words(client.get(HOME))
    assert "Revision 2 last rescored" in text
    assert f"{told['added']} added, {told['removed']} removed, {told['changed']} changed drift" in text


def test_the_list_tells_every_revision(client, history, django_assert_max_num_queries):
    rolled_back(history.one.after, 1)
    with django_assert_max_num_queries(MOST_QUERIES):
        answer = client.get(f"{HOME}revisions/")
    text, raw = words(answer), answer.content.decode()
    told = history.one.report
    for said in ("3 revisions", "published by run", "rescored by run", "rolled back by run", "drift"):
        assert said in text, said
    numbers = f"dwarf_galaxies/forest v1 {history.one.after.rows} {told['added']} {told['removed']} {told['changed']} report · since 1 yes"
    assert numbers in text
    for link in (f"passes/{history.one.pk}/", "differences/1/2/", "differences/2/3/"):
        assert f'href="{HOME}{link}"' in raw
    assert "Roll back" not in text.replace("rolled back", "") and "rescoring would do" not in text
    assert [row["revision"] for row in rows(client, f"{HOME}revisions/?format=csv")] == ["3", "2", "1"]
    assert [row["kind"] for row in rows(client, f"{HOME}revisions/?format=csv&is_current=false")] == [
        "rescore",
        "publish",
    ]


def test_who_may_change_it_sees_what_a_rescoring_would_do_and_starts_it(begun, people):
    owner = login(people.owner)
    assert "What a rescoring would do now" in words(owner.get(f"{HOME}revisions/"))
    text = words(owner.get(f"{HOME}rescore/"))
    assert "17 objects to score" in text and f"{SURVEY} 5 12 0" in text
    answer = owner.post(f"{HOME}rescore/")
    found = Pass.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/runs/{found.run_id}/")
    text = words(owner.get(f"{HOME}revisions/"))
    assert (
        "It is being rescored, 17 objects" in text
        and f"Run {found.run_id}" in text
        and "can be cancelled there" in text
    )
    assert "is at it already" in words(owner.post(f"{HOME}rescore/"), 400)
    assert "It is under way" in words(owner.get(f"{HOME}passes/{found.pk}/"))
    moving = {"headers": {"HX-Target": "under-way"}}
    assert "under-way" in owner.get(f"{HOME}revisions/", **moving).content.decode()
    Run.objects.filter(pk=found.run_id).update(state="failed")
    assert owner.get(f"{HOME}revisions/", **moving).headers["HX-Refresh"] == "true"
    assert "It failed, and has changed nothing" in words(owner.get(f"{HOME}passes/{found.pk}/"))
    assert "failed" in words(owner.get(f"{HOME}passes/"))
    assert owner.post(f"{HOME}rescore/").status_code == 302, "what failed does not stand in the way"


def test_nothing_stale_is_said(history, people):
    owner = login(people.owner)
    assert "Nothing: revision 2 knows every measurement" in words(owner.get(f"{HOME}rescore/"))
    assert "nothing is stale" in words(owner.post(f"{HOME}rescore/"), 400)


def test_going_back_is_shown_first_and_then_done(history, people):
    owner, told = login(people.owner), history.one.report
    assert 'href="/catalogs/dwarfs/roll-back/1/"' in owner.get(f"{HOME}revisions/").content.decode()
    text = words(owner.get(f"{HOME}roll-back/1/"))
    assert f"{told['removed']} rows added {told['added']} rows removed {told['changed']} rows changed" in text
    assert Pass.objects.count() == 1, "looking changes nothing"
    answer = owner.post(f"{HOME}roll-back/1/")
    found = Pass.objects.get(kind="restore")
    assert answer.headers["Location"] == f"/runs/{found.run_id}/" and found.wanted == history.first
    assert "is at it already" in words(owner.post(f"{HOME}roll-back/1/"), 400)
    Run.objects.filter(pk=found.run_id).update(state="cancelled")
    assert "no earlier revision 9" in words(owner.post(f"{HOME}roll-back/9/"), 400)
    assert "was cancelled, and has changed nothing" in words(owner.get(f"{HOME}passes/{found.pk}/"))
    assert "has no revision 9" in words(owner.get(f"{HOME}roll-back/9/"), 404)


def test_another_publishings_revision_is_not_offered_to_go_back_to(history, published, people):
    published(owner=people.owner, threshold=0.9)
    owner = login(people.owner)
    assert "roll-back" not in owner.get(f"{HOME}revisions/").content.decode()
    page = owner.get(f"{HOME}roll-back/2/")
    assert "This cannot be done: revision 2 is of another table than revision 3" in words(page)
    assert f'action="{HOME}' not in page.content.decode() and "Leave it as it is" not in words(page)
    assert "is of another table" in words(owner.post(f"{HOME}roll-back/2/"), 400)


@pytest.mark.parametrize("address", ["rescore/", "roll-back/1/"])
def test_only_the_owner_and_the_staff_change_it(history, people, address):
    assert login(None).post(HOME + address).headers["Location"].startswith("/login/")
    for method in ("get", "post"):
        assert "only the owner of dwarfs" in words(getattr(login(people.reader), method)(HOME + address), 403)
    assert login(people.staff).get(HOME + address).status_code == 200
    assert Pass.objects.count() == 1


# Reports and differences -------------------------------------------------------------------------------------------------


def test_a_report_has_the_numbers_and_warns_of_drift(client, history, django_assert_max_num_queries):
    with django_assert_max_num_queries(MOST_QUERIES):
        answer = client.get(f"{HOME}passes/{history.one.pk}/")
    text, raw, told = words(answer), answer.content.decode(), history.one.report
    assert (
        f"17 objects scored {told['added']} candidates added: {told['new']} new objects, {told['entered']} entered"
        in text
    )
    assert f"{SURVEY} 5 12 0 17" in text and "objects/s" in text
    assert (
        "What was scored is not like what the model has learned from. r (7.70), p_s" in text and 'role="alert"' in raw
    )
    assert "g (0." not in text, "what chance may do is no drift"
    drift = next(each for each in told["drift"] if each["column"] == "r")
    assert (
        "below 16 10 33.3 % 0 0.0 % 16 to 17 10 33.3 % 0 0.0 % 17 and more 10 33.3 % 3 75.0 % no value 0 0.0 % 1 25.0 %"
        in text
    )
    assert f"Stability index {drift['index']:.2f} , by chance {drift['of_chance']:.2f}" in text
    assert raw.count('class="chart"') == len(told["drift"]) == 3
    listed = rows(client, f"{HOME}passes/{history.one.pk}/?format=csv")
    assert len(listed) == told["added"] + told["removed"] + told["changed"]
    for row in listed:
        assert f'href="/objects/{row["survey"]}/{row["source_id"]}/"' in raw
    assert words(client.get(f"{HOME}passes/{history.one.pk}/?change=removed")).count("removed") > 3


def test_a_roll_backs_report_says_what_was_restored(client, history):
    back = rolled_back(history.one.after, 1)
    text = words(client.get(f"{HOME}passes/{back.pk}/"))
    assert (
        "rolled back revision 2 → 3" in text
        and "the rows of revision 1 were given back" in text
        and "Drift against" not in text
    )


def test_a_difference_is_filtered_sorted_and_paged(client, history, django_assert_max_num_queries):
    address, told = f"{HOME}differences/1/2/", history.one.report
    with django_assert_max_num_queries(MOST_QUERIES):
        text = words(client.get(address))
    assert f"{told['added']} rows added {told['removed']} rows removed {told['changed']} rows changed" in text
    assert "Moves across thresholds of p_s" in text and "0.95" in text
    everything = rows(client, f"{address}?format=csv")
    for kind in ("added", "removed", "changed"):
        chosen = rows(client, f"{address}?format=csv&change={kind}")
        assert chosen == [row for row in everything if row["change"] == kind] and len(chosen) == told[kind]
    assert "p_s" in next(row for row in everything if row["change"] == "changed")["changed_columns"]
    best = rows(client, f"{address}?format=csv&p_s_after__min=0.95&sort=-p_s_before")
    assert best and {float(row["p_s_after"]) for row in best} == {0.95}
    before = [float(row["p_s_before"]) for row in best if row["p_s_before"]]
    assert before == sorted(before, reverse=True)
    part = client.get(f"{address}?size=25&sort=ra", headers={"HX-Target": "rows"}).content.decode()
    assert "<html" not in part and part.count("<tr>") == len(everything) + 1
    assert "cannot sort by" in words(client.get(f"{address}?sort=survey"), 400)
    assert "is not a number" in words(client.get(f"{address}?p_s_after__min=high"), 400)


def test_a_difference_is_had_in_every_format(client, history):
    for name, form in FORMATS.items():
        for address in ("differences/1/2/", f"passes/{history.one.pk}/", "revisions/", "passes/"):
            answer = client.get(f"{HOME}{address}?format={name}")
            assert answer.status_code == 200 and answer.getvalue(), address
            assert answer.headers["Content-Type"].startswith(form.media_type.partition(";")[0])
    assert (
        'filename="dwarfs-r1-r2.csv"' in client.get(f"{HOME}differences/1/2/?format=csv").headers["Content-Disposition"]
    )


def test_any_two_are_compared_also_of_two_publishings(client, history, published, people):
    published(owner=people.owner, threshold=0.9)
    answer = client.get(f"{HOME}differences/?from=1&to=3")
    assert answer.headers["Location"] == f"{HOME}differences/1/3/"
    text = words(client.get(f"{HOME}differences/1/3/"))
    assert "rows removed" in text and "0.9" in text
    assert "This is the way back" in words(client.get(f"{HOME}differences/3/1/"))
    assert client.get(f"{HOME}differences/").headers["Location"] == f"{HOME}revisions/"
    assert "is no revision" in words(client.get(f"{HOME}differences/?from=1&to=<b>"), 400)


def test_what_is_not_kept_any_more_is_said(client, history, published, people):
    published(owner=people.owner, threshold=0.9)
    for name in (history.first.history_name, history.first.table_name):
        drop_table(name)
    assert "are not kept any more" in words(client.get(f"{HOME}differences/1/3/"), 404)
    assert "are not kept any more" in words(client.get(f"{HOME}differences/1/3/?format=csv"), 404)
    text = words(client.get(f"{HOME}passes/{history.one.pk}/"))
    assert "The rows before and after are not kept any more" in text and "17 objects scored" in text
    assert "has no list of rows" in words(client.get(f"{HOME}passes/{history.one.pk}/?format=csv"), 404)
    raw = client.get(f"{HOME}revisions/").content.decode()
    assert "/differences/1/2/" not in raw and "/differences/2/3/" not in raw


def test_who_may_not_see_the_survey_sees_none_of_it(history, people):
    Survey.objects.filter(slug=SURVEY).update(visibility="private", owner=people.owner)
    for address in (
        "revisions/",
        "passes/",
        f"passes/{history.one.pk}/",
        "differences/1/2/",
        "differences/?from=1&to=2",
    ):
        for user, status in ((None, 404), (people.reader, 404), (people.owner, 200), (people.staff, 200)):
            answer = login(user).get(HOME + address)
            assert answer.status_code in (status, 302 if status == 200 else status), (address, user)


def test_links_lead_somewhere(people, history):
    owner, seen = login(people.owner), set()
    for address in (HOME, f"{HOME}revisions/", f"{HOME}passes/", f"{HOME}passes/{history.one.pk}/", f"{HOME}differences/1/2/",
                    f"{HOME}roll-back/1/", f"{HOME}rescore/", f"/runs/{history.one.run_id}/"):  # fmt: skip
        text = html.unescape(owner.get(address).content.decode())
        seen |= {link for link in re.findall(r'href="(/[^"#]*)"', text) if not link.startswith("/static/")}
    broken = {link for link in seen if owner.get(link).status_code not in (200, 302)}
    assert len(seen) > 40 and broken == set()


# Of one revision always --------------------------------------------------------------------------------------------------


def test_a_page_linked_before_the_merge_is_not_continued_after_it(client, begun):
    link = re.search(r'rel="next" href="([^"]+)"', client.get(f"{HOME}?size=25").content.decode())[1]
    assert client.get(html.unescape(link)).status_code == 200
    rescored(begun)
    text = words(client.get(html.unescape(link)), 400)
    assert "the rows or their order have changed since this page was linked" in text


def test_files_pages_and_figures_are_of_the_new_revision_at_once(client, begun):
    address = f"{HOME}?format=csv&columns=all"
    first = client.get(address)
    etag, before = first.headers["ETag"], first.getvalue()
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    after = rescored(begun).after
    answer = client.get(address, headers={"If-None-Match": etag})
    assert answer.status_code == 200 and answer.headers["ETag"] != etag
    content = answer.getvalue()
    assert content != before and content.count(b"\n") == after.rows + 1
    assert f'filename="dwarfs-r{after.revision}.csv"' in answer.headers["Content-Disposition"]
    assert f"{after.rows} candidates" in words(client.get(HOME))


def test_a_figure_asked_for_by_an_old_page_is_refused(client, begun):
    source = html.unescape(re.search(r'data-source="([^"]+)"', client.get(HOME).content.decode())[1])
    assert client.get(HOME + source).status_code == 200
    rescored(begun)
    assert client.get(HOME + source).status_code == 404


def test_figures_of_a_model_follow_scores_that_were_merged(client, begun):
    page = "/models/dwarf_galaxies/forest/1/"
    rescored(begun)
    scores = PredictionSet.objects.get(pk=begun.prediction_set_id)
    source = html.unescape(re.search(r'data-source="([^"]+sky[^"]+)"', client.get(page).content.decode())[1])
    etag = client.get(page + source).headers["ETag"]
    PredictionSet.objects.filter(pk=scores.pk).update(revision=scores.revision + 1)
    assert client.get(page + source).status_code == 404
    assert client.get(page + source.split("?")[0]).headers["ETag"] != etag


def test_an_earlier_revision_is_released_as_it_was(client, begun):
    kept = rows(client, f"{HOME}?format=csv&columns=all")
    rescored(begun)
    listing = candidate_listing(Edition.objects.get(pk=begun.pk)).choosing("all")
    again = [row for batch in read_batches(listing) for row in batch.to_pylist()]
    assert [str(row["object_id"]) for row in again] == [row["object_id"] for row in kept]
    assert [round(row["p_s"], 4) for row in again] == [round(float(row["p_s"]), 4) for row in kept]


def test_a_cone_search_gives_the_new_revision(client, begun):
    def found() -> bytes:
        return client.get("/vo/scs/catalogs/dwarfs?RA=166.9&DEC=12.48&SR=180&VERB=3").getvalue()

    before = found()
    assert before.count(b"<TR>") == begun.rows
    after = rescored(begun).after
    assert found() != before and found().count(b"<TR>") == after.rows != begun.rows
