"""Pages of a catalog's revisions: what they tell, and who may rescore and go back."""

import pytest

from almagest.rescoring.models import Pass
from almagest.runs.models import Run
from tests.almagest.given.asking import login, words
from tests.almagest.rescoring_passes import SURVEY, rescored, rolled_back

from .pages import HOME, MOST_QUERIES, rows

pytestmark = pytest.mark.django_db


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
    assert "Nothing: the scores know every measurement" in words(owner.get(f"{HOME}rescore/"))
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
