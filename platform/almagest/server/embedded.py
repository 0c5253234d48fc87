"""The embedded servers of one home folder: started together, their addresses noted, stopped together."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from almagest.core.addresses import remove_note, write_note
from almagest.server.postgres import Postgres
from almagest.server.processes import ServerError, ServerProcess
from almagest.server.valkey import Valkey

PATIENCE_SECONDS = 1.0


class EmbeddedServers:
    """A context in which PostgreSQL and Valkey run, except those for which the environment names a server.

    Parameters
    ----------
    folder
        The home folder; their data live below it, their addresses in its ``services.json``.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.addresses: dict[str, str] = {}
        self.servers: list[ServerProcess] = []
        self._stack = ExitStack()

    def __enter__(self) -> "EmbeddedServers":
        with ExitStack() as stack:
            stack.enter_context(home_lock(self.folder))
            remove_note(self.folder)
            if not os.environ.get("DATABASE_URL"):
                self._start(stack, "database_url", Postgres(self.folder / "postgres"))
            if not os.environ.get("REDIS_URL"):
                self._start(stack, "redis_url", Valkey(self.folder / "valkey"))
            write_note(self.folder, self.addresses)
            stack.callback(remove_note, self.folder)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack, key: str, server: Postgres | Valkey) -> None:
        # Registered before the start: one that is interrupted while it comes up is stopped too.
        stack.callback(server.stop)
        self.addresses[key] = server.start()
        self.servers.append(server)

    def check(self) -> None:
        """Raise `ServerError` when one of them has stopped by itself."""
        for server in self.servers:
            if not server.is_alive:
                raise ServerError(f"{server.title} has stopped; its log {server.log} ends with:\n{server.last_words()}")


@contextmanager
def home_lock(folder: Path) -> Iterator[None]:
    """Hold this home: one supervisor at a time. The lock goes with the process, however that ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(descriptor):
            holder = json.loads(os.pread(descriptor, 200, 0) or "{}")
            raise ServerError(
                f"Almagest already runs in {folder} (process {holder.get('pid', 'unknown')}); "
                "stop it first, or choose another ALMAGEST_HOME"
            )
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid()}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Take the lock; one whose holder was killed a moment ago may take a moment to be free."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            # A record lock, not flock: children that are forked do not inherit it.
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
