"""How the Simple Cone Search is asked, and what it says to what it cannot do."""

import re

import pytest

from .answers import BASE, Answer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "query",
    [
        "?RA=10&DEC=0&SR=1", "?ra=10&Dec=0&sR=1", "?&RA=10&DEC=0&SR=1&", "/?RA=10&DEC=0&SR=1", "?RA=+10.0&DEC=+0&SR=1e0",
        "?RA=10&ra=10&DEC=0&SR=1", "?RA=10&RA=&DEC=0&SR=1", "?RA=10&DEC=-0&SR=1&CATALOG=x&dsa_format=&=&x=%00",
        "?RA=1.0E1&DEC=.0&SR=1.", "?RA=10&DEC=0&SR=1&VERB=&MAXREC=&RESPONSEFORMAT=",
    ],
)  # fmt: skip
def test_spellings_of_one_question(client, line, query):
    found = Answer(client.get(f"{BASE}{query}"))
    assert found.values("source_id")[:2] == ["1", "2"] and len(found.rows) == 10


def test_forms_ask_too(client, line):
    form = {"ra": "10", "DEC": "0", "SR": "1", "MAXREC": "3"}
    posted = Answer(client.post(BASE, form))
    urlencoded = "RA=10&DEC=0&SR=1&MAXREC=3"
    kind = "application/x-www-form-urlencoded"
    assert len(posted.rows) == len(Answer(client.post(BASE, urlencoded, content_type=kind)).rows) == 3
    assert len(Answer(client.post(f"{BASE}?MAXREC=2", form | {"MAXREC": ""})).rows) == 2
    assert "MAXREC is given 2 times" in Answer(client.post(f"{BASE}?MAXREC=2", form)).error
    assert "ETag" not in posted.response.headers


BAD = [
    ("", "RA is missing"), ("RA=10", "DEC is missing"), ("RA=10&DEC=0", "SR is missing"), ("RA=&DEC=0&SR=1", "RA is missing"),
    ("RA=360.1&DEC=0&SR=1", "RA=360.1 is not between 0 and 360"), ("RA=-1&DEC=0&SR=1", "not between"),
    ("RA=10&DEC=90.01&SR=1", "DEC=90.01 is not between -90 and 90"), ("RA=10&DEC=-91&SR=1", "not between"),
    ("RA=10&DEC=0&SR=-1", "SR=-1 is not between 0 and 180"), ("RA=10&DEC=0&SR=180.5", "not between"),
    ("RA=nan&DEC=0&SR=1", "not a number"), ("RA=10&DEC=inf&SR=1", "not a number"), ("RA=10&DEC=0&SR=1e999", "not between"),
    ("RA=12:30:45&DEC=0&SR=1", "decimal degrees"), ("RA=1_0&DEC=0&SR=1", "not a number"), ("RA=1,5&DEC=0&SR=1", "not a number"),
    ("RA=%00&DEC=0&SR=1", "not a number"), ("RA=1%002&DEC=0&SR=1", "not a number"), ("RA=١٠&DEC=0&SR=1", "not a number"),
    ("RA=<b>&DEC=0&SR=1", "'<b>' is not a number"), ("RA=%FF&DEC=0&SR=1", "not a number"),
    ("RA=10&ra=11&DEC=0&SR=1", "RA is given 2 times"), ("RA=10&DEC=0&SR=1&VERB=2&verb=3", "VERB is given 2 times"),
    ("RA=" + "1" * 201 + "&DEC=0&SR=1", "RA is longer than 200"), ("&".join(f"a{n}=1" for n in range(1100)), "cannot be read"),
    ("RA=10&DEC=0&SR=1&VERB=4", "VERB='4'"), ("RA=10&DEC=0&SR=1&VERB=x", "VERB='x'"), ("RA=10&DEC=0&SR=1&MAXREC=-1", "MAXREC='-1'"),
    ("RA=10&DEC=0&SR=1&MAXREC=1.5", "MAXREC='1.5'"), ("RA=10&DEC=0&SR=1&MAXREC=a", "MAXREC='a'"),
    ("RA=10&DEC=0&SR=1&RESPONSEFORMAT=xls", "RESPONSEFORMAT='xls' is not given here; ask for application/x-votable+xml"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "message"), BAD, ids=[query[:40] or "nothing" for query, _ in BAD])
def test_errors_are_votables(client, line, query, message):
    found = Answer(client.get(f"{BASE}?{query}"))
    assert message in found.error
    assert b'<INFO ID="Error" name="Error" value="' in found.text
    assert ("QUERY_STATUS", "ERROR") in found.infos and not found.resource.tables
    assert not re.search(rb"Traceback|<html|File &quot;", found.text)


@pytest.mark.parametrize(
    "place", ["surveys/nowhere", "catalogs/nowhere", "nothing/sami-dr3", "surveys/b@d", "surveys/a%00b", "surveys/" + "a" * 999]
)  # fmt: skip
def test_what_is_not_here(client, line, place):
    assert re.search("there is no ", Answer(client.get(f"/vo/scs/{place}?RA=10&DEC=0&SR=1")).error)
    missing = client.get(f"/vo/scs/{place}/capabilities")
    assert missing.status_code == 404 and b'name="Error"' in missing.content


def test_bodies_that_cannot_be_read(client, line, settings):
    kinds = (
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=utf-16",
    )
    for kind in kinds:
        assert Answer(client.post(BASE, b"RA=10", content_type=kind)).error
    big = b"RA=" + b"1" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert "cannot be read" in Answer(client.post(BASE, big, content_type="application/x-www-form-urlencoded")).error


def test_what_breaks_is_said_without_its_insides(client, line, monkeypatch, caplog):
    def broken(listing, *, limit):
        raise RuntimeError("password=secret")
        yield

    monkeypatch.setattr("almagest.vo.scs.answer.read_batches", broken)
    found = Answer(client.get(BASE, {"RA": 10, "DEC": 0, "SR": 1}))
    assert "our fault" in found.error and b"secret" not in found.text
    assert "password=secret" in caplog.text, "the log has it"


def test_methods(client, line):
    asked = {"RA": 10, "DEC": 0, "SR": 1}
    got, head = client.get(BASE, asked), client.head(BASE, asked)
    assert got.getvalue()
    assert head.status_code == 200 and head.getvalue() == b""
    assert "Content-Length" not in head.headers, "nothing is searched for what nobody reads"
    for name in ("Content-Type", "ETag", "Access-Control-Allow-Origin"):
        assert head.headers[name] == got.headers[name]
    options = client.options(BASE)
    assert (options.status_code, options.content) == (200, b"") and "POST" in options.headers[
        "Access-Control-Allow-Methods"
    ]
    for method in ("put", "delete", "patch"):
        refused = getattr(client, method)(BASE)
        assert refused.status_code == 405 and b'name="Error"' in refused.content
