"""Files through real servers: in constant memory, closed behind readers who go away, never short without a sign of it.

With nginx on the PATH also through it, as `docker/nginx.conf` says.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest
from django.utils.http import parse_http_date

from almagest.server.plan import answers
from almagest.server.valkey import free_port

NGINX = Path(__file__).resolve().parents[3] / "docker" / "nginx.conf"
NAME, SIZE, MIB = "releases/dr 1/dwärfs%2F?.parquet", 192 << 20, 1 << 20
PIECE = hashlib.shake_128(b"a").digest(MIB)
SHA = hashlib.sha256(PIECE * (SIZE // MIB)).hexdigest()
ETAG, STAMP, STORED = f'"{SHA}"', "Sun, 01 Mar 2026 12:00:00 GMT", "Sun, 01 Mar 2026 10:00:00 GMT"
# Django's settings of the server, with its addresses: one gives the file.
SETTINGS = f"""
    from datetime import UTC, datetime
    from django.urls import path
    from almagest.settings import *

    STORAGES["default"]["OPTIONS"] = {{"location": BASE_DIR_OF_TEST / "store"}}
    ROOT_URLCONF = "served"

    def give(request):
        from almagest.web.serving import send_file

        return send_file(request, name={NAME!r}, size={SIZE}, sha256={SHA!r}, media_type="application/vnd.apache.parquet",
                         modified=datetime(2026, 3, 1, 12, tzinfo=UTC), filename="dwarfs.parquet", is_public=True)

    urlpatterns = [path("f", give)]
"""


@contextmanager
def running(command: list[str], log: Path, address: str, **environment: str) -> Iterator[subprocess.Popen]:
    """A server, once it answers, until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=log.parent, start_new_session=True, env=os.environ | environment
        )
    try:
        deadline = time.monotonic() + 60
        while not answers(address):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file store, the file in it, and what the server is to be."""
    file = tmp_path / "store" / NAME
    file.parent.mkdir(parents=True)
    with file.open("wb") as out:
        for _ in range(SIZE // MIB):
            out.write(PIECE)
    # It came into the store before the time that its release names.
    os.utime(file, (parse_http_date(STORED),) * 2)
    text = dedent(SETTINGS).replace("BASE_DIR_OF_TEST", f"Path({str(tmp_path)!r})")
    (tmp_path / "served.py").write_text(text)
    return tmp_path


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[..., SimpleNamespace]]:
    """A function that starts the web server with one process; gives its port, its process' number and its log."""
    with ExitStack() as stack:

        def start(**environment: str) -> SimpleNamespace:
            port, log = free_port(), folder / "web.log"
            command = [sys.executable, "-m", "gunicorn", "almagest.wsgi", f"--bind=127.0.0.1:{port}", "--threads=4"]
            command += ["--worker-class=gthread", "--no-control-socket", "--pid=pid", "--log-level=info"]
            given = {"DJANGO_SETTINGS_MODULE": "served", "PYTHONPATH": str(folder)} | environment
            process = stack.enter_context(running(command, log, f"http://localhost:{port}/f", **given))
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            return SimpleNamespace(port=port, worker=int(children[0]), log=log)

        yield start


@contextmanager
def asked(port: int, method: str = "GET", **headers: str):
    """The answer of the server on this port; the connection breaks at the end of the block."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, "/f", headers={"Host": "localhost", **headers})
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def peak_memory(process: int) -> int:
    """The most bytes that a process has held so far."""
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def has_open(process: int, file: str) -> bool:
    """Whether a process has the file open."""
    links = Path(f"/proc/{process}/fd").iterdir()
    return any(os.path.lexists(link) and file in os.path.realpath(link) for link in links)


def check_resumes(port: int) -> None:
    """A download that breaks off twice comes together to the file."""
    digest, have = hashlib.sha256(), 0
    for until in (5 * MIB + 17, 100 * MIB, SIZE):
        headers = {"Range": f"bytes={have}-", "If-Range": ETAG} if have else {}
        with asked(port, **headers) as answer:
            assert answer.status == (206 if have else 200)
            assert answer.headers["Content-Range"] == (f"bytes {have}-{SIZE - 1}/{SIZE}" if have else None)
            while have < until:
                piece = answer.read(min(MIB, until - have))
                assert piece
                digest.update(piece)
                have += len(piece)
    assert digest.hexdigest() == SHA


def check_answers(port: int) -> None:
    """Statuses and headers are those of one server, whichever sends."""
    for headers, status in (
        ({}, 200), ({"Range": "bytes=10-19"}, 206), ({"Range": f"bytes={SIZE}-"}, 416), ({"Range": "lines=1-2"}, 200),
        ({"Range": "bytes=0-1,5-8"}, 200),
        ({"If-None-Match": ETAG}, 304), ({"If-None-Match": '"other"'}, 200), ({"If-Modified-Since": STAMP}, 304),
        ({"If-Modified-Since": STORED}, 200), ({"If-Unmodified-Since": STORED}, 412),
        ({"If-Match": ETAG}, 200), ({"If-Match": '"other"'}, 412), ({"If-Unmodified-Since": STAMP}, 200),
        ({"If-Range": '"other"', "Range": "bytes=10-19"}, 200), ({"If-Range": STAMP, "Range": "bytes=10-19"}, 206),
        ({"If-Range": ETAG, "Range": "bytes=-10"}, 206), ({"If-Match": ETAG, "Range": "bytes=10-19"}, 206),
    ):  # fmt: skip
        for method in ("GET", "HEAD"):
            with asked(port, method, **headers) as answer:
                # HEAD is told of the whole: it has no ranges.
                ranged = method == "HEAD" and status in (206, 416)
                assert answer.status == (200 if ranged else status), (method, headers)
                if answer.status in (200, 206, 304):
                    told = [answer.headers[name] for name in ("ETag", "Last-Modified", "Cache-Control")]
                    assert told == [ETAG, STAMP, "public, max-age=31536000, immutable"], (method, headers)
                if answer.status in (412, 416):
                    assert answer.headers["Cache-Control"] == "no-store", (method, headers)
                if answer.status in (200, 206):
                    assert answer.headers["Content-Length"] == str(10 if answer.status == 206 else SIZE)
                    assert answer.headers["Content-Disposition"] == 'attachment; filename="dwarfs.parquet"'
                    assert answer.headers["Content-Type"] == "application/vnd.apache.parquet"
                    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Repr-Digest"]
                    assert answer.headers["Accept-Ranges"] == "bytes"
    with asked(port, Range="bytes=10-19") as answer:
        assert answer.read() == PIECE[10:20]


def test_the_web_server_sends_a_large_file_in_little_memory(serve):
    web = serve()
    check_answers(web.port)
    before = peak_memory(web.worker)
    check_resumes(web.port)
    assert peak_memory(web.worker) - before < 24 * MIB
    deadline = time.monotonic() + 30
    while has_open(web.worker, "/store/releases/") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not has_open(web.worker, "/store/releases/")


def test_a_file_that_shrinks_while_it_is_sent_breaks_the_connection(serve, folder):
    web = serve()
    with asked(web.port) as answer:
        assert answer.read(MIB) == PIECE
        assert has_open(web.worker, "/store/releases/")
        os.truncate(folder / "store" / NAME, SIZE // 2)
        with pytest.raises((HTTPException, OSError)):
            answer.read()
    assert "became shorter while it was sent" in web.log.read_text()


@pytest.mark.skipif(not shutil.which("nginx"), reason="no nginx on the PATH")
def test_nginx_sends_the_files_as_this_project_tells_it_to(serve, folder):
    web, port = serve(ALMAGEST_SEND_FILES="/protected/"), free_port()
    server = NGINX.read_text().replace("listen 80;", f"listen 127.0.0.1:{port};")
    server = server.replace("http://web:8000", f"http://127.0.0.1:{web.port}").replace(
        "/data/files/", f"{folder}/store/"
    )
    paths = "".join(
        f"{name}_temp_path {folder}/nginx-{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/nginx.pid; error_log stderr; events {{}} "
        f"http {{ access_log off; {paths}\n{server}\n}}"
    )  # fmt: skip
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with running(command, folder / "nginx.log", f"http://localhost:{port}/f"):
        check_answers(port)
        check_resumes(port)
        assert not has_open(web.worker, "/store/releases/")
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/protected/releases/", headers={"Host": "localhost"})
        assert connection.getresponse().status == 404


def test_nginx_finds_the_files_where_the_web_image_keeps_them():
    text = NGINX.read_text()
    assert "location /protected/ {\n        internal;\n        alias /data/files/;" in text
    assert "ALMAGEST_HOME=/data" in (NGINX.parent / "Dockerfile.web").read_text()
    assert text.count("{") == text.count("}")
