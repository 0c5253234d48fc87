"""A file of the store over HTTP: its bytes and no others, however often the download is interrupted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from almagest.web.serving import is_first_part

from .files import CONTENT, ETAG, ask, asks, many


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
