"""Reports of passes, and differences of revisions: their numbers, rows and links, and who sees them."""

import html
import re

import pytest

from almagest.core.tables import drop_table
from almagest.formats import FORMATS
from almagest.sky.models import Survey
from tests.almagest.given.asking import login, words
from tests.almagest.rescoring_passes import SURVEY, rolled_back

from .pages import HOME, MOST_QUERIES, rows

pytestmark = pytest.mark.django_db


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
