"""What is shown of a catalog that changes in place is always of one revision."""

import html
import re

import pytest

from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.core.listings import read_batches
from almagest.predictions.models import PredictionSet
from tests.almagest.given.asking import words
from tests.almagest.rescoring_passes import rescored

from .pages import HOME, rows

pytestmark = pytest.mark.django_db


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
