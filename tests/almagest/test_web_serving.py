"""A file of the store over HTTP: its bytes and no others, however often the download is interrupted, whoever sends it."""

import hashlib
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import path
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from almagest.core.files import FileStoreError
from almagest.urls import urlpatterns
from almagest.web import serving
from almagest.web.serving import is_first_part, send_file

MODIFIED = datetime(2026, 3, 1, 12, 0, 0, 987654, UTC)
STAMP, EARLIER, LATER = (f"Sun, 01 Mar 2026 {clock} GMT" for clock in ("12:00:00", "11:59:59", "12:00:01"))
CONTENT = bytes(range(256)) * 4
SHA = hashlib.sha256(CONTENT).hexdigest()
ETAG, OTHER = f'"{SHA}"', f'"{"0" * 64}"'
FROM_10 = {"Range": "bytes=10-"}
many = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def put(file_store: Path) -> Callable[..., dict]:
    """A function that puts a file into the store; gives what `send_file` is told of it."""

    def put(content: bytes = CONTENT, name: str = "releases/dr1/dwarfs.parquet", **given) -> dict:
        (file_store / name).parent.mkdir(parents=True, exist_ok=True)
        (file_store / name).write_bytes(content)
        told = {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "modified": MODIFIED}
        return told | {"media_type": "application/vnd.apache.parquet", "filename": "dwarfs.parquet"} | given

    return put


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks so small that a test's file has many."""
    monkeypatch.setattr(serving, "BLOCK", 7)


def asks(method: str = "GET", **headers: str) -> HttpRequest:
    """A request for a file."""
    return RequestFactory().generic(method, "/f", headers=headers)


def ask(told: dict, method: str = "GET", **headers: str) -> HttpResponseBase:
    """The answer to a request, its content read to `body` and its file closed, as a server does."""
    answer = send_file(asks(method, **headers), **told)
    answer.body = b"".join(answer)
    answer.close()
    return answer


def test_the_headers_of_a_whole_file(put):
    answer = ask(put())
    assert answer.status_code == 200 and answer.body == CONTENT
    headers = dict(answer.items())
    assert b64decode(re.fullmatch("sha-256=:(.+):", headers.pop("Repr-Digest"))[1]).hex() == SHA
    assert headers == {
        "Content-Type": "application/vnd.apache.parquet",
        "Content-Length": "1024",
        "Content-Disposition": 'attachment; filename="dwarfs.parquet"',
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": ETAG,
        "Last-Modified": STAMP,
        "Cache-Control": "private, no-cache",
    }


def test_what_everybody_may_have_is_kept_for_ever(put):
    assert ask(put(is_public=True)).headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_head_has_the_headers_and_no_content(put):
    told = put()
    head, get = ask(told, "HEAD", **FROM_10), ask(told)
    assert (head.status_code, head.body, dict(head.items())) == (200, b"", dict(get.items()))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_files_are_only_read(put, method):
    answer = ask(put(), method)
    assert (answer.status_code, answer.headers["Allow"], answer.body) == (405, "GET, HEAD", b"")


@pytest.mark.parametrize(
    ("media_type", "size", "told", "how"),
    [
        ("text/plain", 9, "text/plain; charset=utf-8", "inline"),
        ("text/markdown; charset=utf-8", 9, "text/markdown; charset=utf-8", "inline"),
        ("application/json", 9, "application/json", "inline"),
        ("application/json", (1 << 20) + 1, "application/json", "attachment"),
        ("text/csv", 9, "text/csv; charset=utf-8", "attachment"),
        ("text/html", 9, "text/html; charset=utf-8", "attachment"),
        ("image/svg+xml", 9, "image/svg+xml", "attachment"),
        ("application/fits", 9, "application/fits", "attachment"),
    ],
)
def test_short_words_are_read_in_the_browser_and_all_else_is_saved(put, media_type, size, told, how):
    answer = ask(put(b"x" * size, media_type=media_type))
    assert answer.headers["Content-Type"] == told
    assert answer.headers["Content-Disposition"].split(";")[0] == how


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": ETAG}, 304),
        ({"If-None-Match": f"W/{ETAG}"}, 304),
        ({"If-None-Match": f'{OTHER}, "odd, one", {ETAG}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": OTHER}, 200),
        ({"If-None-Match": OTHER, "If-Modified-Since": LATER}, 200),
        ({"If-None-Match": ETAG, **FROM_10}, 304),
        ({"If-None-Match": OTHER, **FROM_10}, 206),
        ({"If-Modified-Since": STAMP}, 304),
        ({"If-Modified-Since": LATER}, 304),
        ({"If-Modified-Since": EARLIER}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Match": ETAG}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": OTHER}, 412),
        ({"If-Match": f"W/{ETAG}"}, 412),
        ({"If-Match": OTHER, **FROM_10}, 412),
        ({"If-Match": ETAG, "If-None-Match": ETAG}, 304),
        ({"If-Match": ETAG, "If-Unmodified-Since": EARLIER}, 200),
        ({"If-Unmodified-Since": STAMP}, 200),
        ({"If-Unmodified-Since": EARLIER}, 412),
        ({"If-Unmodified-Since": EARLIER, **FROM_10}, 412),
        ({"If-Range": ETAG, **FROM_10}, 206),
        ({"If-Range": STAMP, **FROM_10}, 206),
        ({"If-Range": OTHER, **FROM_10}, 200),
        ({"If-Range": f"W/{ETAG}", **FROM_10}, 200),
        ({"If-Range": LATER, **FROM_10}, 200),
        ({"If-Range": EARLIER, **FROM_10}, 200),
        ({"If-Range": "nonsense", **FROM_10}, 200),
        ({"If-Range": OTHER, "Range": "bytes=5000-"}, 200),
        ({"If-Range": ETAG}, 200),
    ],
)  # fmt: skip
def test_conditions(put, headers, status):
    answer = ask(put(), **headers)
    assert answer.status_code == status
    assert (answer.headers["ETag"], answer.headers["Last-Modified"]) == (ETAG, STAMP)
    assert answer.body == {200: CONTENT, 206: CONTENT[10:]}.get(status, b"")
    if status == 304:
        assert answer.headers["Cache-Control"] == "private, no-cache" and not answer.has_header("Content-Length")
    if status == 412:
        assert answer.headers["Cache-Control"] == "no-store"
    # HEAD is told the same, of the whole.
    assert ask(put(), "HEAD", **headers).status_code == (200 if status == 206 else status)


@pytest.mark.parametrize(
    ("wanted", "span"),
    [
        ("bytes=0-0", (0, 1)), ("bytes=0-", (0, 1024)), ("bytes=1000-", (1000, 1024)), ("bytes=5-8", (5, 9)),
        ("bytes=1023-1023", (1023, 1024)), ("bytes=10-99999999", (10, 1024)), ("bytes=-1", (1023, 1024)),
        ("bytes=-1024", (0, 1024)), ("bytes=-5000", (0, 1024)), ("Bytes=5-8", (5, 9)), (" bytes=5-8 ", (5, 9)),
        ("bytes=00005-00008", (5, 9)),
        # There is nothing there:
        ("bytes=1024-", ()), ("bytes=1024-2000", ()), ("bytes=-0", ()), ("bytes=999999999999999999-", ()),
        # It says nothing that is answered in part:
        ("", None), ("bytes=", None), ("bytes=-", None), ("bytes=8-5", None), ("bytes=a-b", None), ("bytes=--5", None),
        ("bytes=0-1,5-8", None), ("bytes=5-8,", None), ("items=0-5", None), ("bytes 0-5", None), ("0-5", None),
        ("bytes=+1-5", None), ("bytes=1.0-5", None), ("bytes=0x1-5", None), ("bytes=1_0-20", None), ("bytes=5 - 8", None),
        ("bytes=1-5;q=1", None), ("bytes=٣-٨", None), ("bytes=²-", None), ("byteſ=1-5", None), ("bytes=1-5\n", (1, 6)),
        ("bytes=0-" + "9" * 5000, None), ("bytes=" + "9" * 5000 + "-", None), ("bytes=-" + "9" * 100_000, None),
        ("bytes=" + "0-0," * 20_000, None), ("bytes=0\0-5", None),
    ],
)  # fmt: skip
def test_ranges(put, wanted, span):
    answer = ask(put(), Range=wanted)
    if span is None:
        assert (answer.status_code, answer.body) == (200, CONTENT) and not answer.has_header("Content-Range")
    elif not span:
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */1024")
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (ETAG, "no-store")
    else:
        assert (answer.status_code, answer.body) == (206, CONTENT[slice(*span)])
        assert answer.headers["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/1024"
        assert answer.headers["Content-Length"] == str(span[1] - span[0])
        assert answer.headers["ETag"] == ETAG and "Repr-Digest" in answer.headers
    assert is_first_part(asks(Range=wanted), 1024) == (span is None or (span != () and span[0] == 0))


@pytest.mark.parametrize(("wanted", "status"), [("", 200), ("bytes=0-", 416), ("bytes=-1", 200), ("bytes=-0", 416)])
def test_ranges_of_an_empty_file(put, wanted, status):
    answer = ask(put(b""), Range=wanted)
    assert answer.status_code == status
    assert answer.body == b"" or status == 416
    assert is_first_part(asks(Range=wanted), 0) == (status == 200)


def test_only_what_begins_a_download_is_counted():
    assert is_first_part(asks(), 1024)
    assert not is_first_part(asks("HEAD"), 1024)
    assert not is_first_part(asks("POST"), 1024)


numbers = st.integers(0, 60) | st.integers(0, 10**30)


@many
@given(content=st.binary(max_size=40), first=st.none() | numbers, last=st.none() | numbers)
def test_a_range_is_the_slice_that_it_says(put, small_blocks, content, first, last):
    words = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    answer, size = ask(put(content), Range=words), len(content)
    if first is None:
        expected = content[max(0, size - last) :] if last is not None else None
    else:
        expected = content[first : None if last is None else last + 1] if last is None or first <= last else None
    if (
        max(len(str(number)) for number in (first, last)) > 18
        or expected is None
        or (first is None and last and not size)
    ):
        assert (answer.status_code, answer.body) == (200, content)
    elif not expected:
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{size}")
    else:
        assert (answer.status_code, answer.body) == (206, expected)
        assert answer.headers["Content-Length"] == str(len(expected))


@many
@given(wanted=st.text() | st.from_regex(r"bytes=[\d, -]*", fullmatch=True), content=st.binary(max_size=40))
def test_whatever_the_range_says_no_other_bytes_come(put, small_blocks, wanted, content):
    answer = ask(put(content), Range=wanted)
    assert answer.status_code in (200, 206, 416)
    if answer.status_code == 206:
        first, last, size = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers["Content-Range"]).groups())
        assert (answer.body, size) == (content[first : last + 1], len(content))
    elif answer.status_code == 200:
        assert answer.body == content
    if answer.status_code != 416:
        assert int(answer.headers["Content-Length"]) == len(answer.body)


@many
@given(content=st.binary(min_size=1, max_size=80), cuts=st.lists(st.integers(0, 30)))
def test_interrupted_downloads_come_together_to_the_file(put, small_blocks, content, cuts):
    told, have = put(content), b""
    for cut in [*cuts, None]:
        resume = {"Range": f"bytes={len(have)}-", "If-Range": f'"{told["sha256"]}"'} if have else {}
        answer = ask(told, **resume)
        assert is_first_part(asks(**resume), len(content)) == (not have)
        have += answer.body[:cut]
        if len(have) == len(content):
            break
    assert have == content


@many
@given(filename=st.text(min_size=1))
@example("a\r\nSet-Cookie: a=b")
@example('"; filename="evil.exe')
@example("../../etc/passwd")
@example("étoiles ☆.fits")
@example("\ud800\u202egpj.exe\0")
@example("back\\slash\x85\u2028.txt")
def test_no_file_name_gets_out_of_its_header(put, filename):
    value = ask(put(filename=filename)).headers["Content-Disposition"]
    assert re.fullmatch(r"attachment; (filename=\"([^\"\\]|\\.)*\"|filename\*=utf-8''[\w.~%/-]*)", value, re.ASCII)
    read = Message()
    read["Content-Disposition"] = value
    read = read.get_filename()
    assert "/" not in read and read.isprintable()
    if filename.isprintable() and not set(filename) & set('/\\"% '):
        assert read == filename


def test_a_file_that_is_gone_or_of_another_size_is_told_in_words(put, file_store, client, settings, db):
    told = put()
    settings.ROOT_URLCONF = urls(told)
    assert client.get("/f").status_code == 200
    (file_store / told["name"]).write_bytes(CONTENT[:-1])
    for method in (client.get, client.head):
        answer = method("/f", headers={"If-None-Match": ETAG})
        assert answer.status_code == 404
    assert "has 1023 bytes of it and not 1024" in client.get("/f").content.decode()
    (file_store / told["name"]).unlink()
    answer = client.get("/f")
    assert answer.status_code == 404 and "is not in the file store any more" in answer.content.decode()
    with pytest.raises(FileStoreError, match=told["name"]) as caught:
        ask(told)
    assert caught.value.absent


def test_a_folder_is_no_file(put, file_store):
    told = put()
    (file_store / told["name"]).unlink()
    (file_store / told["name"]).mkdir()
    told["size"] = (file_store / told["name"]).stat().st_size
    with pytest.raises(FileStoreError, match="not in the file store"):
        ask(told)


def urls(told: dict) -> ModuleType:
    """All addresses that there are, and one that gives a file."""
    module = ModuleType("urls")
    module.urlpatterns = [path("f", lambda request: send_file(request, **told)), *urlpatterns]
    return module


def test_what_stands_around_every_page_leaves_files_as_they_are(put, client, settings):
    settings.ROOT_URLCONF = urls(put())
    for headers, status, body in (
        ({}, 200, CONTENT),
        (FROM_10, 206, CONTENT[10:]),
        ({"If-None-Match": OTHER, **FROM_10}, 206, CONTENT[10:]),
        ({"If-None-Match": ETAG}, 304, b""),
        ({"Accept-Encoding": "gzip, br"}, 200, CONTENT),
    ):
        answer = client.get("/f", headers=headers)
        assert (answer.status_code, answer.getvalue() if answer.streaming else answer.content) == (status, body)
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (ETAG, "private, no-cache")
        assert not answer.has_header("Content-Encoding") and not answer.has_header("Vary") and not answer.cookies
        if status != 304:
            assert answer.headers["Content-Length"] == str(len(body))
    head = client.head("/f")
    assert (head.headers["Content-Length"], head.content) == ("1024", b"")
    assert client.get("/f", headers={"Range": "bytes=4000-"}).status_code == 416
    assert client.get("/f", headers={"If-Match": OTHER}).headers["ETag"] == ETAG
    assert client.post("/f").status_code == 405


def test_the_file_is_closed_also_when_nobody_reads_it(put):
    for reads in (0, 1):
        answer = send_file(asks(), **put())
        file = answer._resource_closers[0].__self__.file
        for _ in range(reads):
            next(iter(answer))
        assert not file.closed
        answer.close()
        assert file.closed


def test_nginx_is_told_where_the_file_is(put, settings):
    settings.SEND_FILES = "/protected/"
    name = "releases/dr 1/é?x%2F&#.parquet"
    told = put(name=name)
    answer, head = ask(told, **FROM_10), ask(told, "HEAD")
    assert (answer.status_code, answer.body) == (200, b"")
    address = answer.headers["X-Accel-Redirect"]
    assert address.isascii() and "?" not in address and unquote(address) == f"/protected/{name}"
    assert set(answer.items()) ^ set(head.items()) == {("X-Accel-Redirect", address), ("Content-Length", "1024")}
    assert ask(told, Range="bytes=1024-").status_code == 416
    assert ask(told, **{"If-None-Match": ETAG}).status_code == 304
    assert ask(told, **{"If-Match": OTHER}).status_code == 412
    # What nginx would judge otherwise does not reach it.
    assert ask(told, **{"If-Match": ETAG, **FROM_10}).body == CONTENT[10:]
    assert ask(told, **{"If-Unmodified-Since": STAMP}).body == CONTENT
    with pytest.raises(FileStoreError, match="not in the file store"):
        ask(told | {"name": "releases/none"})


def test_an_object_store_sends_its_files_itself(put, settings, tmp_path):
    given = {"location": tmp_path / "store", "base_url": "https://store.example/bucket"}
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": given}
    told = put(is_public=True)
    settings.STORAGES = settings.STORAGES | {"default": backend}
    settings.SEND_FILES = "redirect"
    answer = ask(told)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"https://store.example/bucket/{told['name']}")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert web_errors() == []
    with pytest.raises(FileStoreError, match="damaged"):
        ask(told | {"size": 5})


def web_errors() -> list[str]:
    return [error.id for error in run_checks() if (error.id or "").startswith("almagest.web")]


@pytest.mark.parametrize(
    ("how", "errors"),
    [
        ("", []),
        ("/protected/", []),
        ("redirect", ["almagest.web.E002"]),
        ("Redirect", ["almagest.web.E001"]),
        ("/protected", ["almagest.web.E001"]),
        ("/", ["almagest.web.E001"]),
        ("//elsewhere/", ["almagest.web.E001"]),
        ("https://elsewhere/", ["almagest.web.E001"]),
    ],
)
def test_a_setting_that_cannot_be_is_told_when_a_command_starts(file_store, settings, how, errors):
    settings.SEND_FILES = how
    assert web_errors() == errors
