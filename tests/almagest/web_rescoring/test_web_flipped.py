"""Objects that people have judged, and that a pass has brought into the catalog or out of it: from its report to the list of them."""

import html
import re

import pytest

from almagest.catalogs.history import edition_source
from almagest.core.listings.paging import fetch
from almagest.rescoring.models import Pass
from almagest.vetting.models import Verdict
from almagest.vetting.services import verdict_give, verdict_withdraw
from tests.almagest.rescoring_passes import rescored

from .pages import HOME, rows

pytestmark = pytest.mark.django_db
DIFFERENCES = "/api/v1/catalogs/dwarfs/differences/1/2/"
LINK = r'<td>([^<]+)</td><td>(added|removed)</td><td class="n"><a href="(\?[^"#]+)#rows">(\d+)</a>'


@pytest.fixture
def judged(begun, people) -> Pass:
    """A pass over a catalog of whose candidates, in turn, two people say S, artifact, one this and one that, and nothing."""
    said = {people.reader: ("s", "artifact", "s"), people.other: ("s", "artifact", "artifact")}
    for n, row in enumerate(fetch(f"SELECT object_id FROM {edition_source(begun)} ORDER BY object_id", [])):
        for user, choices in said.items() if n % 4 < 3 else ():
            verdict_give(user=user, catalog="dwarfs", object_id=row["object_id"], choice=choices[n % 4])
    return rescored(begun)


def test_each_count_leads_to_the_objects(client, judged):
    page = f"{HOME}passes/{judged.pk}/"
    text = html.unescape(client.get(page).content.decode())
    told = judged.report["flipped"]
    assert {each["verdict"] for each in told} >= {"s", "artifact", "no majority"}
    links = re.findall(LINK, text)
    assert [(verdict, change, int(count)) for verdict, change, _, count in links] == [
        (each["verdict"], each["change"], each["count"]) for each in told
    ]
    listed = []
    for _, change, query, count in links:
        found = rows(client, f"{page}{query}&format=csv")
        assert len(found) == int(count) and {row["change"] for row in found} == {change}
        assert f"<b>{count}</b> row" in client.get(page + query).content.decode()
        assert found == rows(client, f"{HOME}differences/1/2/{query}&format=csv")
        listed += [row["source_id"] for row in found]
    everything = rows(client, f"{page}?vetted=true&change=added,removed&format=csv")
    assert sorted(row["source_id"] for row in everything) == sorted(listed)
    assert "?vetted=true&change=added,removed#rows" in text


def test_rows_say_what_people_say_of_them_now(client, judged, people):
    page = f"{HOME}differences/1/2/"
    listed = rows(client, f"{page}?change=removed&verdict__null=true&format=csv&columns=all")
    split = [row["object_id"] for row in listed]
    text = client.get(f"{page}?change=removed&verdict__null=true").content.decode()
    assert text.count('#verdicts-dwarfs">split</a>') == len(split) > 0
    assert 'name="verdict__null"' in text and '<option value="true" selected>split' in text
    for object_id in split:
        verdict_withdraw(user=people.reader, catalog="dwarfs", object_id=int(object_id))
    assert rows(client, f"{page}?change=removed&verdict__null=true&format=csv") == []
    artifacts = rows(client, f"{page}?change=removed&verdict=artifact&format=csv&columns=all")
    assert set(split) <= {row["object_id"] for row in artifacts}


def test_a_catalog_that_nobody_has_vetted_has_no_such_column(client, begun):
    rescored(begun)
    assert not Verdict.objects.exists()
    assert "What most verdicts say" not in client.get(f"{HOME}differences/1/2/").content.decode()


def test_programs_ask_for_them_too(client, judged):
    for each in judged.report["flipped"]:
        verdict = {"verdict__null": "true"} if each["verdict"] == "no majority" else {"verdict": each["verdict"]}
        answer = client.get(DIFFERENCES, {"change": each["change"], "count": "true"} | verdict)
        assert answer.json()["count"] == len(answer.json()["rows"]) == each["count"]
    assert "no choice spiral" in client.get(f"{DIFFERENCES}?verdict=spiral").json()["detail"]
