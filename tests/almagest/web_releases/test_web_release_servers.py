"""A release over HTTP as astronomers fetch it, from a real server: the commands and the Python of its page, as they stand there."""

import hashlib
import html
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from django.core.management import call_command

from almagest.accounts.models import User
from almagest.core.files import stored_path
from almagest.releases.downloads import link_sign
from almagest.releases.models import DownloadCount, Release
from almagest.releases.selectors import download_totals

SURVEY, TABLE = "sdss-dr14-simulated", "sdss_dr14_skyserver_10k.csv"
CREATOR = "Ptolemy, Claudius"

# Everything has been read and compared by then; how pyarrow's and dask's threads end with the interpreter is their own affair, and
# sometimes ends in C++'s "terminate called".
LEAVE = "\nimport os, sys\nsys.stdout.flush()\nos._exit(0)"


@pytest.fixture(scope="module")
def site(serve) -> str:
    """Address of a server with two releases of a catalog, the second with other rows."""
    return serve(load)


def load(folder: Path, worker: Callable) -> None:
    """From a simulated table to the releases, by commands on a real worker."""
    worker("data", "classical", beat=True)
    command = [sys.executable, "-m", "dwarf_galaxies.simulate", str(folder), "--size", "800"]
    subprocess.run(command, check=True, capture_output=True)
    call_command("ingest", SURVEY, str(folder / TABLE))
    what = {"plugin": "dwarf_galaxies", "method": "forest"}
    call_command("freeze_sample", "dwarfs", surveys=[SURVEY], **what)
    call_command("train", "dwarf_galaxies", "forest", sample="dwarfs", set=["trees=20"])
    call_command("score", "dwarf_galaxies", "forest")
    for threshold in (0.1, 0.05):
        call_command("publish_catalog", "dwarfs", threshold=threshold, title="Dwarfs", **what)
        call_command("release", "dwarfs", creator=[CREATOR], publish=True, with_weights=True)


@pytest.fixture
def release(site) -> Release:
    """The newest release, not fetched yet."""
    DownloadCount.objects.all().delete()
    return Release.objects.get(number=2)


def page(address: str) -> str:
    with urlopen(address) as answer:
        return html.unescape(answer.read().decode())


def box(text: str, label: str) -> str:
    """What stands in a box to be copied."""
    return re.search(rf'aria-label="{label}">(.*?)</pre>', text, re.DOTALL)[1]


def shell(command: str, folder: Path) -> str:
    """Run what the page says; what it prints."""
    done = subprocess.run(["bash", "-e", "-c", command], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_commands_of_the_page_fetch_one_file_and_all(site, release, tmp_path):
    text = page(f"{site}/releases/dwarfs/v2/")
    one, every = (box(text, f"Command{ending}") for ending in (" for one file", "s for all files"))
    assert one.startswith("curl -L -C - -O ")
    shell(one, tmp_path)
    entries = {entry.path: entry for entry in release.entries}
    (name,) = [path.name for path in tmp_path.iterdir()]
    assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == entries[name].sha256
    whole = tmp_path / "whole"
    whole.mkdir()
    for _ in range(2):
        # The second time everything is there, and nothing is harmed.
        said = shell(every, whole)
        assert said.count(": OK") == len(entries) - 1
    found = {path.relative_to(whole).as_posix(): path.stat().st_size for path in whole.rglob("*") if path.is_file()}
    assert found == {path: entry.bytes for path, entry in entries.items()}
    totals = download_totals(release)
    assert totals.pop(name) == 2 and set(totals.values()) == {1} and totals["hats"] == 1


def test_a_download_that_was_cut_goes_on_where_it_stopped(site, release, tmp_path):
    """The reader's machine is gone after some bytes; the page's command fetches the rest, and it counts once."""
    entry = max((e for e in release.entries if e.path.startswith("dwarfs-v2")), key=lambda e: e.bytes)
    address, kept = f"{site}/releases/dwarfs/v2/files/{entry.path}", 20_000
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=60) as line:
        line.sendall(f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < kept:
            got += line.recv(4096)
    (tmp_path / entry.path).write_bytes(got.partition(b"\r\n\r\n")[2][:kept])
    shell(f'curl -L -C - -O "{address}"', tmp_path)
    assert hashlib.sha256((tmp_path / entry.path).read_bytes()).hexdigest() == entry.sha256
    assert download_totals(release) == {entry.path: 1}


@pytest.mark.parametrize("label", ["v2", "latest"])
def test_the_python_of_the_page_reads_the_rows(site, release, tmp_path, label):
    code = box(page(f"{site}/releases/dwarfs/{label}/"), "Python").replace("/dwarfs/v2/", f"/dwarfs/{label}/")
    assert all(word in code for word in ("astropy", "pandas", "lsdb"))
    # The page gives what pandas reads and what lsdb reads one name: one reads either.
    code = code.replace("frame = catalog", "whole = catalog")
    code += "\nassert len(table) == len(frame) == len(whole)\nprint(len(table))" + LEAVE
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) == release.rows
    assert download_totals(release)["hats"] == 1


def test_with_a_link_everything_can_be_fetched_too(site, release, tmp_path):
    owner = User.objects.create_user("ptolemy")
    Release.objects.filter(number=2).update(visibility="private", owner=owner)
    release.refresh_from_db()
    try:
        address = f"{site}/releases/dwarfs/v2/?link={link_sign(user=owner, release=release, hours=1)}"
        text = page(address)
        said = shell(box(text, "Commands for all files"), tmp_path)
        assert said.count(": OK") == len(release.files) - 1
        code = box(text, "Python") + "\nassert len(table) == len(frame)\nprint(len(table))" + LEAVE
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout.split()[-1]) == release.rows
    finally:
        Release.objects.filter(number=2).update(visibility="public", owner=None)
        owner.delete()


def test_a_release_that_was_really_built_tells_its_changes(site, release):
    text = page(f"{site}/releases/dwarfs/v2/")
    changes = release.told.changes
    first = Release.objects.get(number=1)
    assert changes.added - changes.removed == release.rows - first.rows > 0
    for name in ("added", "removed", "changed"):
        assert f"<b>{getattr(changes, name):,}</b><span>rows {name}</span>" in text
    assert "the model’s weights" in text and "weights/" in text
    with urlopen(f"{site}/releases/dwarfs/v2/files/changes.csv") as answer:
        assert answer.read() == stored_path(f"{release.folder}/changes.csv").read_bytes()
