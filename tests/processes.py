"""Workers and web servers as real processes, of one test or of many."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from almagest.server.plan import answers, celery
from almagest.server.valkey import free_port

from .broker import Broker, running_broker
from .databases import clone_numbers, cloned, pointed_at
from .servers import NAME


class Background:
    """A process that a test has started, with its output in a file."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None):
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                start_new_session=True,
                env=os.environ | (environment or {}),
            )

    def wait_until(self, condition: Callable[[], bool], patience: float = 60) -> None:
        """Wait for a sign of it; fail with its output when it ends first."""
        deadline = time.monotonic() + patience
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail(f"{self.log.stem} is not ready:\n{self.log.read_text()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it and all its children at once, as kill -9 does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self, patience: float = 30) -> None:
        """Ask it to end, and wait; on a busy machine a worker that has done its last task may not get round to it."""
        self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def workers(folder: Path) -> Iterator[Callable[..., Background]]:
    """A function that starts a real worker for the queues it is given and waits until it is ready; they end with it all.

    ``worker("classical", "data", beat=True, ALMAGEST_LEASE_SECONDS="1")``: names in capitals go to its environment.
    """
    started = []

    def start(*queues: str, concurrency: int = 1, beat: bool = False, **environment: str) -> Background:
        name = f"worker-{len(started) + 1}"
        where = ["-Q", ",".join(queues), "-n", f"{name}@%h", "-c", str(concurrency), "--pool=prefork"]
        beats = ["-B", f"--schedule={folder / name}-beat", "--pidfile="] if beat else []
        quick = {"ALMAGEST_LEASE_SECONDS": "2", "ALMAGEST_REAP_SECONDS": "1"} | environment
        options = ["--without-gossip", "--without-mingle", "--loglevel=INFO"]
        process = Background(celery("worker", *where, *beats, *options), folder / f"{name}.log", quick)
        started.append(process)
        process.wait_until(lambda: " ready." in process.log.read_text())
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()


@pytest.fixture
def worker(cloned_database: str, broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Background]]:
    """A function that starts workers of this test's own, as `workers` says."""
    with workers(tmp_path) as start:
        yield start


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Address of a real web server; its static files must have been built."""
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        pytest.fail("the static files of the pages are missing: run 'make static'")
    address = f"http://localhost:{free_port()}"
    where = [
        f"--bind=127.0.0.1:{urlsplit(address).port}",
        "--threads=4",
        "--worker-class=gthread",
        "--no-control-socket",
    ]
    process = Background([sys.executable, "-m", "gunicorn", "almagest.wsgi", *where], folder / "web.log")
    process.wait_until(lambda: answers(address))
    try:
        yield address
    finally:
        process.kill()


@pytest.fixture
def web(cloned_database: str, tmp_path: Path) -> Iterator[str]:
    """Address of a real web server of this test's own, on the clone."""
    with web_server(tmp_path) as address:
        yield address


@pytest.fixture(scope="session")
def loaded(django_db_blocker, tmp_path_factory) -> Callable[..., AbstractContextManager[str]]:
    """A context for many tests: ``with loaded(template_database, load) as name`` is a database as ``load`` leaves it.

    ``load(folder, worker)`` fills it, with workers that it may start and that are gone afterwards.
    """

    @contextmanager
    def made(template: str, load: Callable[[Path, Callable[..., Background]], None]) -> Iterator[str]:
        folder, name = tmp_path_factory.mktemp("loaded"), f"{NAME}_{next(clone_numbers)}"
        with cloned(template, name):
            with django_db_blocker.unblock(), pointed_at(name), running_broker(), workers(folder) as worker:
                load(folder, worker)
            yield name

    return made


@pytest.fixture(scope="module")
def serve(loaded, template_database: str, django_db_blocker, tmp_path_factory) -> Iterator[Callable[..., str]]:
    """A function that loads a database for all tests of a module and serves it: ``serve(load)`` gives its address."""
    with ExitStack() as stack:

        def start(load: Callable) -> str:
            name = stack.enter_context(loaded(template_database, load))
            stack.enter_context(django_db_blocker.unblock())
            stack.enter_context(pointed_at(name))
            return stack.enter_context(web_server(tmp_path_factory.mktemp("web")))

        yield start
