"""Processes that live in a folder: how they are started, found again and ended.

Every process that Almagest starts works in a folder of its home (its current directory). So whatever a killed
supervisor has left behind can be found by that folder, with no list of process ids that could be out of date.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from almagest.contract.errors import AlmagestError
from almagest.server import stopping

LOG_BYTES = 10_000_000


class ServerError(AlmagestError):
    """A server or worker cannot be started or has stopped."""


def living_in(folder: Path) -> list[psutil.Process]:
    """All running processes whose current directory is this folder, without this one; zombies do not count."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.pid != os.getpid()
                and Path(process.cwd()) == folder
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end_all(processes: Iterable[psutil.Process], first: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask processes to stop, wait, kill those that stay, and wait for these too."""
    remaining = _signal_and_wait(processes, first, patience)
    if remaining := _signal_and_wait(remaining, signal.SIGKILL, 10.0):
        raise ServerError(
            f"processes {[process.pid for process in remaining]} cannot be killed; see what they wait for"
        )


def _signal_and_wait(processes: Iterable[psutil.Process], number: int, patience: float) -> list[psutil.Process]:
    """Those that still live; a zombie is dead, whoever may have to reap it."""
    remaining = list(processes)
    for process in remaining:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    deadline = time.monotonic() + patience
    while (remaining := [process for process in remaining if _lives(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return remaining


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def open_log(path: Path):
    """A log file to append to; one that has grown large makes room first and is kept once as ``.old``."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.old"))
    return path.open("ab")


class ServerProcess:
    """One embedded server: a child process with a folder and a log of its own.

    Parameters
    ----------
    folder
        Where its data live and where it works; its log is ``../logs/<folder>.log``.
    """

    title: str
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path):
        self.folder = folder
        self.log = folder.parent / "logs" / f"{folder.name}.log"
        self.process: subprocess.Popen | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the server runs."""
        return self.process is not None and self.process.poll() is None

    def spawn(self, command: list, **how) -> None:
        """Start it in a session of its own: Ctrl-C in the terminal reaches the supervisor alone."""
        with open_log(self.log) as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **how
            )

    def wait_until(self, is_ready: Callable[[], bool], patience: float) -> None:
        """Wait for the first answer; a server that dies or stays silent is an error with the end of its log."""
        deadline = time.monotonic() + patience
        while not is_ready():
            if not self.is_alive or time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"{self.title} did not start; its log {self.log} ends with:\n{self.last_words()}")
            stopping.check()
            time.sleep(0.05)

    def last_words(self, lines: int = 8) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, patience: float = 60.0) -> None:
        """Stop it and wait until it is gone; a server that does not run is left alone."""
        if self.process is None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
