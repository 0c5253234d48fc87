"""The gallery of a catalog: the list's candidates as small spectra, and verdicts that are given on their cards."""

import csv
import io
import re

import numpy as np
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from almagest.accounts.models import Visibility
from almagest.catalogs.models import Catalog
from almagest.catalogs.selectors import candidate_ranks
from almagest.registry.models import Method
from almagest.spectra.services import ingest_spectra
from almagest.vetting.models import Choice, Verdict
from almagest.vetting.services import verdict_give

from .given.asking import login, markup, words
from .odd_spectra import COUNT, SURVEY, TAGS, odd, toy, version
from .reconstructing import made
from .spectra_files import WAVELENGTH, write_table

# Fixtures that are taken from beside.
__all__ = ["odd", "toy", "version"]
LIST, PAGE = "/catalogs/odd/", "/catalogs/odd/gallery/"
SCRIPTED = {"HX-Request": "true"}


def cards(text: str) -> dict[str, str]:
    """Names on the page in their order, and each card."""
    found = re.findall(r'<article class="card candidate".*?</article>', text, re.S)
    return {re.search(r'<a href="[^"]*">([^<]+)</a>', card)[1]: card for card in found}


def rows(text: str) -> list[str]:
    """Names in the list."""
    return re.findall(r'<tr><td><a href="[^"]+">([^<]+)</a>', text)


def test_it_has_the_lists_candidates_and_each_leads_to_the_other(odd):
    verdict_give(user=odd.reader, catalog="odd", object_id=odd.ids[1], choice="s")
    client = login(odd.reader)
    deep = re.search(r'rel="next" href="[^"?]*(\?[^"]*)"', markup(client.get(f"{LIST}?size=25&sort=p_a")))[1]
    for query, count in (("", 30), ("?sort=p_a&size=25", 25), ("?p_a__min=0.8", 21), ("?vetted=false&p_a__min=0.98", 2), (deep, 5),
                         ("?mine=true", 1), ("?p_a__min=x", None)):  # fmt: skip
        answers = [client.get(f"{page}{query}") for page in (LIST, PAGE)]
        if count is None:
            assert [answer.status_code for answer in answers] == [400, 400]
            continue
        as_list, as_cards = (markup(answer) for answer in answers)
        assert list(cards(as_cards)) == rows(as_list) and len(rows(as_list)) == count
        there, back = (re.findall(rf'class="button" href="([^"]*)">As a {kind}<', text)
                       for kind, text in (("gallery", as_list), ("list", as_cards)))  # fmt: skip
        assert len(there) == len(back) == 2
        assert rows(markup(client.get(back[0]))) == list(cards(markup(client.get(there[0])))) == rows(as_list)
    assert not rows(markup(client.get(f"{LIST}?p_a__min=2"))) and "No candidate passes" in markup(
        client.get(f"{PAGE}?p_a__min=2")
    )


def test_a_card_shows_the_spectrum_its_scores_and_the_way_to_the_object(odd):
    text = cards(markup(login().get(PAGE)))["n04"]
    assert '<svg class="thumbnail"' in text and "<title>Spectrum of n04, redshift 0.1000</title>" in text
    assert f'href="/objects/{SURVEY}/n04/"' in text and "z\u202f=\u202f0.1000" in text
    assert "p_a <b>0.960</b>" in text and 'title="Place among all 30 candidates by p_a">5<' in text
    assert 'class="model"' not in text and "not vetted" in text and "<form" not in text


def test_equals_share_a_rank_that_no_filter_changes(odd, monkeypatch):
    def ranks(query: str) -> dict[str, str]:
        found = cards(markup(login().get(f"{PAGE}{query}")))
        return {name: "".join(re.findall(r'class="rank"[^>]*>([\d,]+)<', card)) for name, card in found.items()}

    everything = ranks("")
    assert list(everything.values())[9:13] == ["10", "11", "11", "13"] and everything["n29"] == "30"
    for query in ("?sort=p_a", "?p_a__max=0.8", "?size=25"):
        some = ranks(query)
        assert some == {name: everything[name] for name in some} and some
    assert candidate_ranks(edition=odd.edition, scores=[]) == {}
    monkeypatch.setattr("almagest.catalogs.selectors.MOST_RANKED", 20)
    assert set(ranks("").values()) == {""} and set(ranks("?p_a__min=0.9").values()) == set(map(str, range(1, 12)))


def test_the_model_is_drawn_where_it_has_said_something_of_the_spectrum_as_it_is(odd, tmp_path):
    made(odd.version, *odd.ids[:2])
    found = cards(markup(login().get(PAGE)))
    assert [name for name, card in found.items() if 'class="model"' in card] == ["n00", "n01"]
    assert ">model</span>" in found["n00"] and ">model</span>" not in found["n02"]
    ingest_spectra(survey=SURVEY, paths=[write_table(tmp_path, name="n00", flux=2 + np.cos(WAVELENGTH))])
    found = cards(markup(login().get(PAGE)))
    assert [name for name, card in found.items() if 'class="model"' in card] == ["n01"]


def test_only_catalogs_of_methods_that_take_spectra_have_one(odd):
    assert "As a gallery" in markup(login().get(LIST))
    Method.objects.update(spectra=None)
    assert "odd has no gallery: dwarf_galaxies/half v1 takes no spectra" in words(login().get(PAGE), 404)
    assert "As a gallery" not in markup(login().get(LIST))
    assert (
        login(odd.reader).post(f"{PAGE}{odd.ids[0]}/", {"choice": "s"}).status_code == 404
        and not Verdict.objects.exists()
    )


def test_a_verdict_with_tags_is_given_without_a_script(odd):
    client, query = login(odd.reader), "?sort=p_a&size=25"
    text = cards(markup(client.get(f"{PAGE}{query}")))["n29"]
    (action,) = re.findall(r'action="([^"]*)"', text)
    assert re.findall(r'type="checkbox"[^>]* value="([^"]*)"', text) == TAGS
    answer = client.post(action, {"choice": "artifact", "tags": ["blend", "star"]})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{PAGE}{query}#o{odd.ids[-1]}")
    verdict = Verdict.objects.get()
    assert (verdict.user, verdict.choice.name, verdict.tags, verdict.confidence) == (
        odd.reader,
        "artifact",
        ["blend", "star"],
        2,
    )
    text = cards(markup(client.get(answer.headers["Location"])))["n29"]
    assert (
        '<span class="tag verdict">Artifact</span> 1 of 1 <span class="tag">blend</span> <span class="tag">star</span>'
        in text
    )
    assert len(re.findall(" checked>", text)) == 2 and re.search(r'value="artifact" aria-pressed="true"', text)
    client.post(action, {"withdraw": "1"})
    text = cards(markup(client.get(PAGE)))["n29"]
    assert "not vetted" in text and "Withdraw" not in text and " checked>" not in text


def test_what_the_card_does_not_ask_stays_as_it_was_said(odd):
    said = {"user": odd.reader, "catalog": "odd", "object_id": odd.ids[0]}
    verdict_give(**said, choice="s", confidence=3, comment="Two humps.", tags="tidal merger")
    client = login(odd.reader)
    text = cards(markup(client.get(PAGE)))["n00"]
    ticked = re.findall(r'name="tags" value="([^"]*)"( checked)?', text)
    assert ticked == [("merger", " checked"), ("blend", ""), ("star", ""), ("tidal", " checked")]
    client.post(f"{PAGE}{odd.ids[0]}/", {"choice": "nm", "tags": ["merger", "tidal", "star"]})
    newest = Verdict.objects.get(is_current=True)
    assert (newest.choice.name, newest.confidence, newest.comment) == ("nm", 3, "Two humps.")
    assert newest.tags == ["merger", "tidal", "star"]
    other = cards(markup(login(odd.owner).get(PAGE)))["n00"]
    assert " checked>" not in other and '<span class="tag">tidal</span>' in other and 'aria-pressed="true"' not in other


def test_a_script_gets_the_part_of_the_card_that_has_changed(odd):
    client, at = login(odd.reader), f"{PAGE}{odd.ids[0]}/"
    text = markup(client.post(f"{at}?size=25", {"choice": "s", "tags": ["merger"]}, headers=SCRIPTED))
    assert text.startswith(f'<div class="said-of" id="said-{odd.ids[0]}">') and "<html" not in text
    assert f'hx-post="{at}?size=25"' in text and '<span class="tag">merger</span>' in text
    for form, status, said in (
        ({"choice": "x"}, 400, "no choice 'x'"),
        ({"choice": "s", "tags": "a/b"}, 400, "tag 'a/b'"),
    ):
        text = markup(client.post(at, form, headers=SCRIPTED), status)
        assert text.startswith('<div class="said-of"') and said in text and 'role="alert"' in text
    assert "no choice 'x'" in words(client.post(at, {"choice": "x"}), 400)
    assert markup(client.post(f"{PAGE}{10**9}/", {"choice": "s"}, headers=SCRIPTED), 404).startswith("<div class")
    assert "you have no verdict" in words(client.post(f"{PAGE}{odd.ids[1]}/", {"withdraw": "1"}, headers=SCRIPTED), 404)
    part = client.get(PAGE, headers={"HX-Target": "rows"})
    assert markup(part).startswith('<div id="rows"') and len(cards(markup(part))) == COUNT


def test_verdicts_are_for_those_who_log_in_and_come_back(odd):
    at, back = f"{PAGE}{odd.ids[0]}/?size=25", f"next=%2Fcatalogs%2Fodd%2Fgallery%2F%3Fsize%3D25%23o{odd.ids[0]}"
    assert login().post(at, {"choice": "s"}).headers["Location"] == f"/login/?{back}"
    answer = login().post(at, {"choice": "s"}, headers=SCRIPTED)
    assert (answer.content, answer.headers["HX-Redirect"]) == (b"", f"/login/?{back}")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(odd.reader)
    assert strict.post(at, {"choice": "s"}).status_code == 403 and not Verdict.objects.exists()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', cards(markup(strict.get(PAGE)))["n00"])[1]
    assert strict.post(at, {"choice": "s", "csrfmiddlewaretoken": token}).status_code == 302
    assert login(odd.reader).get(at).status_code == 405
    Catalog.objects.update(visibility=Visibility.PRIVATE)
    for who in (None, odd.reader):
        assert login(who).get(PAGE).status_code == 404
    assert login(odd.reader).post(at, {"choice": "nm"}).status_code == 404
    assert len(cards(markup(login(odd.owner).get(PAGE)))) == COUNT and Verdict.objects.count() == 1


def test_retired_choices_are_not_offered_and_those_of_before_are_told(odd):
    verdict_give(user=odd.reader, catalog="odd", object_id=odd.ids[0], choice="artifact")
    Choice.objects.filter(name="artifact").update(retired=True)
    text = cards(markup(login(odd.reader).get(PAGE)))["n00"]
    assert '<span class="tag verdict">Artifact</span>' in text and 'value="artifact"' not in text


def test_files_and_orders_are_those_of_the_list(odd):
    for query in ("?format=csv", "?format=csv&p_a__min=0.9&sort=p_a"):
        one, other = (login().get(f"{page}{query}").getvalue() for page in (LIST, PAGE))
        assert one == other and list(csv.DictReader(io.StringIO(one.decode())))
    text = markup(login().get(f"{PAGE}?sort=p_a"))
    assert '<option value="p_a" selected>p_a, smallest first</option>' in text
    assert '<option value="-p_a" selected>' in markup(login().get(PAGE))


def test_it_asks_no_more_for_more_candidates(odd):
    client, counts = login(odd.reader), []
    for n, query in enumerate(("?p_a__min=0.975", "?p_a__min=0.5")):
        for k in range(3 + 5 * n):
            verdict_give(user=odd.owner, catalog="odd", object_id=odd.ids[k], choice="s", tags="merger")
        client.get(f"{PAGE}{query}")
        with CaptureQueriesContext(connection) as captured:
            assert len(cards(markup(client.get(f"{PAGE}{query}")))) == (3, COUNT)[n]
        counts.append(len(captured))
    assert counts[0] == counts[1]
