"""A file of the store over HTTP: what is said of it, to whom it is sent again, and that no file name gets out of its header."""

import re
from base64 import b64decode
from email.message import Message

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from .files import CONTENT, EARLIER, ETAG, FROM_10, LATER, OTHER, SHA, STAMP, ask, many


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
