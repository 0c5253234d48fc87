"""Real servers for the tests: PostgreSQL and Valkey embedded in a temporary home, or those that the environment names.

- `db`, `django_db` (pytest-django): one transaction per test, rolled back; for all that one connection can see.
- `cloned_database`: a database of its own, cloned from a template; for second connections and other processes.
- `broker`, `worker`, `web`: Valkey, Celery workers and the web server as real processes, on the clone.
- `loaded`, `serve`: a database and its web server, made once for many tests; `origin`: what the clone is a clone of.
- `shared_data`: the folder of real tables; tests that want it are skipped where there is none.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

PROJECT = Path(__file__).resolve().parents[1]
HOME = Path(tempfile.mkdtemp(prefix="almagest-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

# Django reads its settings at the end of this block and not earlier: pyproject.toml does not name them to
# pytest-django. The addresses of the servers are known here; they start when a test first wants them.
if "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured:
    pytest.exit("DJANGO_SETTINGS_MODULE must not be set for the tests: they choose their servers first", returncode=2)
os.environ |= {"DJANGO_SETTINGS_MODULE": "almagest.settings", "ALMAGEST_HOME": str(HOME), "SECRET_KEY": "tests only"}

import django  # noqa: E402

from almagest.server.plan import answers, celery  # noqa: E402
from almagest.server.postgres import Postgres  # noqa: E402
from almagest.server.valkey import Valkey, free_port  # noqa: E402

NAME = f"almagest_test_{os.getpid()}"
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "128MB"}
POSTGRES = None if os.environ.get("DATABASE_URL") else Postgres(HOME / "postgres", FAST)
VALKEY = None if os.environ.get("REDIS_URL") else Valkey(HOME / "valkey")


def database_url(name: str) -> str:
    """Address of a database on the tests' server."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


if POSTGRES:
    os.environ["DATABASE_URL"] = POSTGRES.url()
os.environ["DATABASE_URL"] = database_url(NAME)
os.environ.setdefault("REDIS_URL", VALKEY.url() if VALKEY else "")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

# The same hashes as outside, made in no time: the rounds are there to slow down those who guess.
PBKDF2PasswordHasher.iterations = 1
clone_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long to ask the API."""
    parser.addoption(
        "--api-examples", type=int, default=5, help="requests that are made up for each route of the API (default: 5)"
    )


def administer(statement: str) -> None:
    """Run a statement that concerns whole databases."""
    with psycopg.connect(database_url("postgres"), autocommit=True) as server:
        server.execute(statement)


@contextmanager
def cloned(template: str, name: str) -> Iterator[None]:
    """A database for a while, as its template is; connections that others have left open do not keep it alive."""
    administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    try:
        yield
    finally:
        connections.close_all()
        administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Django's connection and the environment of new processes lead to this database for a while."""
    before = connection.settings_dict["NAME"]
    connections.close_all()
    connection.settings_dict["NAME"] = name
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("DATABASE_URL", database_url(name))
            yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = before


@pytest.fixture(scope="session")
def template_database(django_test_environment: None, django_db_blocker) -> Iterator[str]:
    """Name of a database with all migrations and declared tables, to which nobody connects any more."""
    if POSTGRES:
        POSTGRES.start()
    name = f"{NAME}_template"
    with django_db_blocker.unblock(), cloned("template1", name):
        with pointed_at(name):
            call_command("migrate", verbosity=0, interactive=False)
            call_command("sync_tables", verbosity=0)
        yield name
    if POSTGRES:
        POSTGRES.stop()


@pytest.fixture(scope="session")
def django_db_setup(template_database: str, django_db_blocker) -> Iterator[None]:
    """pytest-django's database for tests in a transaction: one clone for the session."""
    with django_db_blocker.unblock(), cloned(template_database, NAME):
        yield


@pytest.fixture
def origin(template_database: str) -> str:
    """Name of what `cloned_database` is cloned from; modules whose tests all begin with the same things name a fuller one."""
    return template_database


@pytest.fixture
def cloned_database(request: pytest.FixtureRequest, origin: str, django_db_blocker) -> Iterator[str]:
    """Address of a fresh database of this test's own; Django and new processes use it until the test ends."""
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        raise pytest.UsageError(f"{request.node.nodeid}: take cloned_database or django_db, they cannot be combined")
    name = f"{NAME}_{next(clone_numbers)}"
    with django_db_blocker.unblock(), cloned(origin, name), pointed_at(name):
        yield database_url(name)


class Broker:
    """The broker of a test, which may stop and start it to see what is lost."""

    url = os.environ["REDIS_URL"]

    def start(self) -> None:
        """Start it, at the same address and with what it held; nothing when it runs."""
        if VALKEY and not VALKEY.is_alive:
            VALKEY.start()

    def stop(self) -> None:
        """Stop it; what it held is kept."""
        if VALKEY is None:
            pytest.skip("REDIS_URL names a server that is not this test's to stop")
        VALKEY.stop()

    def lose(self) -> None:
        """Stop it and lose everything it held."""
        self.stop()
        shutil.rmtree(VALKEY.folder)


@contextmanager
def running_broker() -> Iterator[Broker]:
    """A broker that is empty at first, where it is the tests' own."""
    found = Broker()
    found.start()
    try:
        yield found
    finally:
        if VALKEY:
            found.lose()


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker of this test's own."""
    with running_broker() as found:
        yield found


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


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real tables; without it the test is skipped."""
    folder = Path(os.environ.get("ALMAGEST_DATA") or PROJECT.parent / "shared" / "data")
    if not (folder / "photometry").is_dir():
        pytest.skip("no folder of real tables here: give ALMAGEST_DATA")
    return folder


@pytest.fixture(scope="session", autouse=True)
def stop_servers() -> Iterator[None]:
    """Nothing is left running when the tests end."""
    yield
    for server in (POSTGRES, VALKEY):
        if server:
            server.stop()
