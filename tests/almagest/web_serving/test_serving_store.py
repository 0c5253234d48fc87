"""A file of the store over HTTP, whoever sends it: the platform with all that stands around its pages, nginx, or an object store."""

from types import ModuleType
from urllib.parse import unquote

import pytest
from django.core.checks import run_checks
from django.urls import path

from almagest.core.files import FileStoreError
from almagest.urls import urlpatterns
from almagest.web.serving import send_file

from .files import CONTENT, ETAG, FROM_10, OTHER, STAMP, ask, asks


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
