"""Files of a data release: who gets them, what caches may keep, and how downloads are counted."""

import pytest

from almagest.registry.models import ModelVersion
from almagest.releases.downloads import count_download
from almagest.releases.models import DownloadCount, Release
from almagest.releases.selectors import download_totals
from tests.almagest.given.asking import login, markup

from .pages import LIST, V1, State, fetched

pytestmark = pytest.mark.django_db


def test_a_file_is_what_the_manifest_says(client, out):
    for entry in out.entries:
        answer = client.get(f"{V1}files/{entry.path}")
        assert answer.status_code == 200 and answer.headers["ETag"] == f'"{entry.sha256}"', entry.path
        assert len(answer.getvalue()) == entry.bytes and answer.headers["Content-Type"] == entry.media_type
        assert answer.headers["Cache-Control"].startswith("public")
    for path in ("nothing.fits", "../../secret_key", "hats/", "hats"):
        assert fetched(client, f"{V1}files/{path}").status_code == 404, path
    assert client.post(f"{V1}files/README.md").status_code == 405


def test_no_cache_keeps_what_not_everybody_may_see(out, people):
    address = f"{V1}files/README.md"
    Release.objects.update(visibility="private")
    assert fetched(login(None), address).status_code == 404
    assert fetched(login(people.owner), address).headers["Cache-Control"].startswith("private")
    Release.objects.update(visibility="public", state=State.CHECKED)
    assert fetched(login(people.owner), address).headers["Cache-Control"].startswith("private")
    Release.objects.update(state=State.RETRACTED)
    assert fetched(login(None), address).headers["Cache-Control"].startswith("public")
    ModelVersion.objects.update(visibility="private")
    assert fetched(login(None), address).status_code == 404


def test_downloads_are_counted_once_each(client, out, people):
    entry = next(entry for entry in out.entries if entry.path.endswith(".fits") and entry.path.startswith("dwarfs"))
    address = f"{V1}files/{entry.path}"

    def counted(times: int) -> None:
        assert download_totals(out).get(entry.path, 0) == times

    client.head(address)
    client.get(address, headers={"If-None-Match": f'"{entry.sha256}"'})
    fetched(client, address, headers={"Range": "bytes=100-"})
    client.get(address, headers={"Range": f"bytes={entry.bytes}-"})
    fetched(client, address, headers={"If-Match": '"other"'})
    fetched(client, f"{V1}files/nothing")
    counted(0)
    fetched(client, address)
    fetched(client, address, headers={"Range": "bytes=0-99"})
    client.get(f"{LIST}dwarfs/latest/files/{entry.path}", follow=True)
    counted(3)
    for part in (e.path for e in out.entries if e.path.startswith("hats/")):
        fetched(client, f"{V1}files/{part}")
    assert download_totals(out) == {entry.path: 3, "hats": 1}, "whoever opens a HATS catalog reads all its parts"
    text = markup(client.get(V1))
    assert "<b>4</b><span>downloads</span>" in text
    count_download(release=out, path="README.md")
    assert "<b>5</b><span>downloads</span>" in markup(client.get(V1))


def test_a_file_that_is_lost_is_not_counted(client, out):
    Release.objects.update(folder="releases/nowhere")
    assert "is not in the file store any more" in markup(fetched(client, f"{V1}files/README.md"), 404)
    assert not DownloadCount.objects.exists()
