"""What runs together: one worker per runtime, beat, and the web server."""

import socket
import sys
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from almagest.server.processes import ServerError

# A queue's worker is started where the libraries of its runtime are installed.
RUNTIMES = {
    "data": (),
    "classical": ("sklearn", "xgboost"),
    "torch": ("torch", "pytorch_tabnet"),
    "keras": ("tensorflow", "keras"),
}
# Loading tables may overlap with scoring; models use all cores by themselves.
CONCURRENCY = {"data": 2}
# Pages come first, at the start and while models train: work in the background leaves the processor to them.
BACKGROUND = ["nice", "-n", "10"]


@dataclass(frozen=True)
class Plan:
    """What to start, and where the web listens."""

    home: Path
    project: Path
    host: str = "127.0.0.1"
    port: int = 8000
    web: bool = True
    workers: tuple[str, ...] | None = None

    @property
    def address(self) -> str:
        """The address that people open."""
        return f"http://{'localhost' if self.host in ('127.0.0.1', '0.0.0.0') else self.host}:{self.port}/"

    @property
    def run_folder(self) -> Path:
        """Where all started processes work."""
        return self.home / "run"

    def manage(self, *arguments: str) -> list[str]:
        """A management command as a process."""
        return [sys.executable, str(self.project / "manage.py"), *arguments]

    def commands(self) -> dict[str, list[str]]:
        """All processes by name."""
        found = {}
        if self.web:
            how = ["--workers=2", "--threads=4", "--worker-class=gthread", "--preload", "--no-control-socket"]
            where = [f"--bind={self.host}:{self.port}", "--log-level=warning"]
            found["web"] = [sys.executable, "-m", "gunicorn", "almagest.wsgi", *how, *where]
        found |= {f"worker-{queue}": worker_command(queue) for queue in choose_queues(self.workers)}
        found["beat"] = BACKGROUND + celery("beat", "--pidfile=", "--loglevel=WARNING")
        return found

    def check(self) -> None:
        """Find what would stop the start, before anything starts.

        Raises
        ------
        ServerError
            When the port is taken, the static files are missing, or a worker's libraries are not installed.
        """
        choose_queues(self.workers)
        if not self.web:
            return
        if not (self.project / "static_root" / "staticfiles.json").exists():
            raise ServerError("the static files of the pages are missing: run 'make static'")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise ServerError(
                    f"cannot listen on {self.host}:{self.port} ({error.strerror}); choose another with --port"
                ) from None


def celery(*arguments: str) -> list[str]:
    """A command of the workers' Celery application."""
    # Root is warned of pickled messages, which are not accepted here: only JSON is.
    quiet = ["-W", "ignore:You're running the worker with superuser privileges"]
    return [sys.executable, *quiet, "-m", "celery", "--quiet", "-A", "almagest_workers.app", *arguments]


def worker_command(queue: str) -> list[str]:
    """The worker of one queue."""
    where = ["-Q", queue, "-n", f"{queue}@%h", "-c", str(CONCURRENCY.get(queue, 1)), "--pool=prefork"]
    return BACKGROUND + celery("worker", *where, "--without-gossip", "--without-mingle", "--loglevel=WARNING")


def choose_queues(wanted: tuple[str, ...] | None) -> list[str]:
    """The queues to work on: those asked for, or all whose libraries are installed; nothing is imported to find out."""
    installed = {queue for queue, modules in RUNTIMES.items() if all(find_spec(module) for module in modules)}
    if wanted is None:
        return [queue for queue in RUNTIMES if queue in installed]
    for queue in wanted:
        if queue not in RUNTIMES:
            raise ServerError(f"there is no queue '{queue}'; the queues are {', '.join(RUNTIMES)}")
        if queue not in installed:
            raise ServerError(f"queue '{queue}' needs {' and '.join(RUNTIMES[queue])}: install the extra '{queue}'")
    return list(wanted)


def answers(address: str) -> bool:
    """Whether a web server answers there; an error page is an answer."""
    place = urlsplit(address)
    with closing(HTTPConnection(place.hostname, place.port, timeout=5)) as web:
        try:
            web.request("GET", "/")
            return web.getresponse().status > 0
        except (OSError, HTTPException):
            return False
