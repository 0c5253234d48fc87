"""What nobody should send: each of it is answered in words, and by none the server falls over."""

import json
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from almagest.accounts.services import token_create
from almagest.accounts.tokens import Scope
from almagest.api.throttling import Rate
from almagest.catalogs.models import Catalog
from almagest.runs.models import Run

pytestmark = pytest.mark.django_db
HUGE = "9" * 40
DIGITS = "9" * 5000  # more than Python itself turns into a number
LOOKUP, CANDIDATES = "/api/v1/objects/lookup/", "/api/v1/catalogs/dwarfs/candidates/"
MATCH, PUBLISH = "/api/v1/cross-match/", "/api/v1/runs/publish-catalog/"
MODEL = {"plugin": "dwarf_galaxies", "method": "forest"}
NEW = MODEL | {"slug": "new", "threshold": 0.5}


@pytest.fixture
def asker(published, people, settings):
    """A client that shows a token and does not raise what the server raises."""
    published(owner=people.owner, threshold=0.0)
    settings.API_RATES = {"anonymous": "1000000/s", "person": "1000000/s"}
    _, token = token_create(user=people.owner, name="test", scopes=Scope.values, days=1)
    return Client(raise_request_exception=False, headers={"Authorization": f"Token {token}"})


def is_problem(answer, status: int, words: str = "") -> bool:
    """Whether it is a problem with these words."""
    is_said = answer.headers["Content-Type"] == "application/problem+json" and words in answer.json()["detail"]
    return answer.status_code == status and is_said and answer.json()["status"] == status


def undone(ask: Callable, *args, **more):
    """The answer; what was changed is undone, and a transaction that broke is mended."""
    with transaction.atomic():
        answer = ask(*args, **more)
        transaction.set_rollback(True)
    return answer


# Addresses ---------------------------------------------------------------------------------------------------------------


PAGES = [
        ("/objects/evcc/%00/", 400), ("/objects/%00/a/", 400), ("/search/?q=%00", 400), ("/search/?q=sdss-dr14-simulated/%00", 400),
        ("/catalogs/dwarfs/?survey=%00", 400), ("/catalogs/dwarfs/?cursor=%00", 400), ("/catalogs/%00/", 400),
        ("/runs/?state=%00", 400), ("/plugins/%00/", 400), ("/account/?a=%00", 400), ("/login/?next=%00", 400),
        ("/search/?q=%2500", 400), ("/catalogs/dwarfs/?survey=%2500", 200), ("/search/?q=%ed%a0%80", 400),
        ("/objects/evcc/%ed%a0%80/", 404), ("/objects/sdss-dr14-simulated/%ff/", 404), ("/catalogs/dwarfs/?survey=%ff", 200),
        (f"/search/?q={HUGE}", 400), (f"/search/?q={DIGITS}", 400), (f"/runs/{HUGE}/", 404), (f"/runs/{DIGITS}/", 404),
        (f"/runs/?page={HUGE}", 200), (f"/catalogs/dwarfs/?size={HUGE}", 200), (f"/catalogs/dwarfs/?size={DIGITS}", 200),
        (f"/verifications/{HUGE}/", 404), (f"/models/dwarf_galaxies/forest/{HUGE}/", 404), (f"/comparisons/{HUGE}/", 404),
        (f"/visibility/run/{HUGE}/", 405), ("/catalogs/dwarfs/?p_s__min=1e400", 400), ("/catalogs/dwarfs/?p_s__min=nan", 400),
        ("/catalogs/dwarfs/?p_s__min=-1e300", 200), ("/search/?q=10+10&radius_arcsec=nan", 400), ("/search/?q=nan+nan", 400),
        ("/search/?q=10+10&radius_arcsec=1e-320", 200), ("/search/?q=²", 400),
        (f"/catalogs/dwarfs/?object_id={DIGITS}", 400), (f"/catalogs/dwarfs/?object_id={HUGE}", 200),
    ]  # fmt: skip


def test_pages_answer_hostile_addresses_in_words(everything, subtests):
    asker = Client(raise_request_exception=False)
    for address, status in [*PAGES, (f"/verifications/{everything.verification.pk}/?misses=²", 200)]:
        with subtests.test(address[:80]):
            answer = undone(asker.get, address)
            assert answer.status_code == status, answer.content.decode()[:2000]


PROBLEMS = [
        ("/api/v1/surveys/%00/", 400), ("/api/v1/objects/?columns=%00", 400), (f"{CANDIDATES}?survey=%00", 400),
        ("/api/v1/nowhere/", 404), ("/api/", 404), ("/api/v1/catalogs/a%2Fb/", 404), ("/api/v1/objects/one/", 404),
        (f"/api/v1/objects/{HUGE}/", 404), (f"/api/v1/objects/{DIGITS}/", 404), (f"/api/v1/runs/{HUGE}/", 404),
        (f"/api/v1/runs/{HUGE}/log/", 404), (f"/api/v1/verifications/{HUGE}/", 404), (f"/api/v1/verifications/{HUGE}/pairs/", 404),
        (f"/api/v1/models/dwarf_galaxies/forest/{HUGE}/", 404), ("/api/v1/surveys/%ed%a0%80/", 404),
        (f"{CANDIDATES}?limit={HUGE}", 400), (f"{CANDIDATES}?limit=-1", 400), (f"{CANDIDATES}?limit=", 400),
        (f"{CANDIDATES}?sort=", 400), (f"{CANDIDATES}?cursor={HUGE}", 400), (f"{CANDIDATES}?format=", 400),
        (f"{CANDIDATES}?format=xml", 400), (f"{CANDIDATES}?object_id={DIGITS}", 400), (f"{CANDIDATES}?p_s__min=nan", 400),
        (f"{CANDIDATES}?p_s__min=1e400", 400), (f"{CANDIDATES}?nothing=1", 400), (f"{CANDIDATES}?cone_ra=10", 400),
        (f"{CANDIDATES}?cone_ra=nan&cone_dec=0&radius_arcsec=1", 400), ("/api/v1/cone/?ra=inf&dec=0&radius_arcsec=1", 400),
        ("/api/v1/cone/?ra=0&dec=0&radius_arcsec=1&surveys=%ff", 400), (f"{CANDIDATES}?columns=p_s;drop", 400),
    ]  # fmt: skip


def test_the_api_answers_hostile_addresses_with_problems(asker, subtests):
    for address, status in PROBLEMS:
        with subtests.test(address[:80]):
            answer = undone(asker.get, address)
            assert is_problem(answer, status), (answer.status_code, answer.content.decode()[:500])


def test_numbers_beyond_all_that_are_kept_are_compared(asker):
    found = {
        query: len(asker.get(f"{CANDIDATES}?{query}&limit=3").json()["rows"])
        for query in (
            f"object_id={HUGE}",
            f"object_id__min={HUGE}",
            "p_s__min=-1e300",
            "p_s__max=1e300",
            "p_s__min=1e300",
        )
    }
    assert list(found.values()) == [0, 0, 3, 3, 0]


# Methods and headers -----------------------------------------------------------------------------------------------------


def test_every_method_is_answered(asker, subtests):
    for address in (CANDIDATES, "/api/v1/", LOOKUP, PUBLISH, "/api/v1/runs/", f"{CANDIDATES}?format=fits"):
        for who in (asker, Client(raise_request_exception=False)):
            options = who.options(address)
            assert (options.status_code, options.content) == (204, b"")
            allowed = {word.strip() for word in options.headers["Allow"].split(",")}
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - allowed:
                with subtests.test(f"{method} {address}"):
                    answer = who.generic(method, address)
                    assert is_problem(answer, 405) and answer.headers["Allow"] == options.headers["Allow"]


def test_head_is_get_without_a_body(asker):
    for address in (CANDIDATES, f"{CANDIDATES}?format=fits", f"{CANDIDATES}?format=csv", "/api/v1/"):
        head, got = asker.head(address), asker.get(address)
        assert (head.status_code, head.headers["Content-Type"]) == (200, got.headers["Content-Type"])
        assert not (b"".join(head.streaming_content) if head.streaming else head.content)


HEADERS = [
        ({"Accept": "application/xml"}, 406), ({"Accept": "\xff\x00"}, 406), ({"Accept": "*/*;q=x"}, 200), ({"Accept": ","}, 406),
        ({"Accept": "text/csv;q=0.1,application/json;q=1"}, 200), ({"If-None-Match": "\x00"}, 200), ({"If-None-Match": 'W/"'}, 200),
        ({"If-Modified-Since": "yesterday"}, 200), ({"If-Modified-Since": "Mon, 01 Jan 99999 00:00:00 GMT"}, 200),
        ({"Authorization": "Token"}, 401), ({"Authorization": "Token \x00"}, 401), ({"Authorization": "Token \xff"}, 401),
        ({"Authorization": "Bearer " + "a" * 100_000}, 401), ({"Authorization": "Basic \xff"}, 200), ({"Cookie": "sessionid=a"}, 200),
        ({"Cookie": 'sessionid="abcdefgh\\000"'}, 400), ({"CONTENT_LENGTH": "abc"}, 413), ({"CONTENT_LENGTH": HUGE}, 413),
        ({"Range": "bytes=5-1"}, 200),
    ]  # fmt: skip


def test_hostile_headers_are_answered(asker, subtests):
    for headers, status in HEADERS:
        with subtests.test(str(headers)[:80]):
            given = {
                name if name.isupper() else f"HTTP_{name.upper().replace('-', '_')}": it for name, it in headers.items()
            }
            answer = undone(Client(raise_request_exception=False).get, CANDIDATES, **given)
            assert answer.status_code == status, answer.content.decode()[:500]
            assert status == 200 or is_problem(answer, status)


def test_nobody_gets_another_count_of_requests_by_a_header(rf):
    given = [rf.get("/", HTTP_X_FORWARDED_FOR=word) for word in ("10.0.0.1", "10.0.0.2", "")]
    assert {Rate().get_ident(request) for request in given} == {"127.0.0.1"}


def test_a_cookie_that_is_no_text_is_refused_by_pages_too(db):
    for address in ("/", "/nowhere/", "/admin/", "/account/"):
        answer = Client(raise_request_exception=False).get(address, HTTP_COOKIE='sessionid="abcdefgh\\000"')
        assert (answer.status_code, "the number 0" in answer.content.decode()) == (400, True), address


# Bodies ------------------------------------------------------------------------------------------------------------------


BODIES = [
        (LOOKUP, "", 400), (LOOKUP, "null", 400), (LOOKUP, "[]", 400), (LOOKUP, "1", 400), (LOOKUP, '"ids"', 400), (LOOKUP, "{", 400),
        (LOOKUP, "{}", 400), (LOOKUP, '{"ids": {}}', 400), (LOOKUP, '{"ids": [NaN]}', 400), (LOOKUP, '{"ids": [1e400]}', 400),
        (LOOKUP, f'{{"ids": [{HUGE}]}}', 400), (LOOKUP, f'{{"ids": [{DIGITS}]}}', 400), (LOOKUP, '{"ids": [true]}', 400),
        (LOOKUP, '{"ids": ["\\u0000"]}', 400), (LOOKUP, '{"ids": [1], "\\u0000": 1}', 400), (LOOKUP, "[" * 100_000, 400),
        (LOOKUP, '{"ids": ' + "[" * 5000 + "]" * 5000 + "}", 400), (LOOKUP, '{"ids": ' + '{"a": ' * 900 + "1" + "}" * 901, 400),
        (LOOKUP, b"\xff\xfe", 400), (LOOKUP, b'{"ids": ["\xed\xa0\x80"]}', 400), (LOOKUP, '{"ids": [1], "ids": []}', 400),
        (MATCH, '{"ra": [NaN], "dec": [0], "radius_arcsec": 1}', 400), (MATCH, '{"ra": ["nan"], "dec": [0], "radius_arcsec": 1}', 400),
        (MATCH, '{"ra": [1], "dec": [0, 1], "radius_arcsec": 1}', 400), (MATCH, '{"ra": [1], "dec": [0], "radius_arcsec": 0}', 400),
        (MATCH, '{"ra": [1], "dec": [0], "radius_arcsec": 1, "id": ["\\ud800"]}', 400),
        (MATCH, '{"ra": [1], "dec": [0], "radius_arcsec": 1, "surveys": ["\\udfff"]}', 400),
        (PUBLISH, json.dumps(NEW | {"title": "a\0b"}), 400), (PUBLISH, json.dumps(NEW | {"description": "\ud800"}), 400),
        (PUBLISH, json.dumps(NEW | {"number": 2**31}), 400), (PUBLISH, json.dumps(NEW | {"threshold": "nan"}), 400),
        (PUBLISH, json.dumps(NEW | {"slug": "a b"}), 400), (PUBLISH, json.dumps(NEW | {"plugin": "nothing"}), 404),
        ("/api/v1/runs/train/", json.dumps(MODEL | {"sample": "tiny", "parameters": {"\0": 1}}), 400),
        ("/api/v1/runs/train/", json.dumps(MODEL | {"sample": "tiny", "parameters": {"trees": 10**40}}), 400),
        ("/api/v1/runs/train/", json.dumps(MODEL | {"sample": "tiny", "parameters": {"trees": {"a": [1]}}}), 400),
        ("/api/v1/runs/train/", json.dumps(MODEL | {"sample": "tiny", "parameters": {"trees": "1" * 5000}}), 400),
    ]  # fmt: skip


def test_hostile_bodies_are_refused(asker, subtests):
    before = Run.objects.count()
    for address, body, status in BODIES:
        with subtests.test(f"{address} {body[:80]}"):
            answer = undone(asker.post, address, body, content_type="application/json")
            assert is_problem(answer, status), (answer.status_code, answer.content.decode()[:500])
    assert Run.objects.count() == before


def test_bodies_of_other_kinds_are_refused(asker, subtests):
    for kind in ("text/plain", "application/xml", "multipart/form-data"):
        with subtests.test(kind):
            answer = asker.generic("POST", LOOKUP, b'{"ids": [1]}', content_type=kind)
            assert is_problem(answer, 415), (answer.status_code, answer.content)


def test_what_another_encoding_hides_is_found(asker):
    body = '{"ids": [1], "\\u0000": 1}'.encode("utf-16")
    assert is_problem(
        asker.generic("POST", LOOKUP, body, content_type="application/json; charset=utf-16"), 400, "no text has"
    )


def test_pairs_of_halves_and_words_like_them_are_texts(asker):
    body = NEW | {"title": "a galaxy \U0001f30c", "description": "what is written \\u0000 and \\ud800 is text"}
    assert asker.post(PUBLISH, json.dumps(body), content_type="application/json").status_code == 202
    assert Catalog.objects.get(slug="new").title == "a galaxy \U0001f30c"


def test_a_title_as_long_as_may_be_names_its_run(asker):
    answer = asker.post(PUBLISH, json.dumps(NEW | {"title": "T" * 200}), content_type="application/json")
    assert (answer.status_code, len(answer.json()["title"])) == (202, 200)


def test_forms_of_pages_with_a_nul_are_refused(everything, people):
    asker = Client(raise_request_exception=False)
    asker.force_login(people.owner)
    forms = {
        "/models/dwarf_galaxies/forest/1/verify/": {"survey": "\0", "radius_arcsec": "2"},
        "/plugins/toys/compare/": {"sample": "\0", "study": "duel"},
        "/account/": {"name": "a\0", "scopes": ["read"], "days": "3"},
        f"/visibility/run/{everything.run.pk}/": {"visibility": "group:\0"},
        "/login/": {"username": "\0", "password": "\0"},
    }
    for address, form in forms.items():
        answer = asker.post(address, form)
        assert (answer.status_code, "the number 0" in answer.content.decode()) == (400, True), address
