"""One foreground supervisor: servers, workers, beat and web start together and stop together."""

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Process

from almagest.server import stopping
from almagest.server.embedded import EmbeddedServers
from almagest.server.jobs import LOOK_SECONDS, end_job, prepare_database
from almagest.server.plan import Plan, answers
from almagest.server.processes import ServerError, end_all, living_in


class Runner(Process):
    """Honcho's child that runs one process, working where that does: the next start finds it too, and ends it."""

    def run(self, *arguments, **given) -> None:
        """Run the process to its end."""
        os.chdir(self.cwd)
        super().run(*arguments, **given)


class Supervisor(Manager):
    """Honcho's manager, with a companion thread that watches and, once all is up, runs one foreground job.

    Parameters
    ----------
    plan
        What to start.
    servers
        The embedded servers, already running; when one of them stops, everything stops.
    output
        Where the processes' lines go.
    job
        A management command that gets the terminal to itself, such as the demo's steps; None for none.
    stay
        Whether to keep serving when the job has ended well.
    say
        Tells people what they want to know: the address, and why everything stops.
    """

    def __init__(
        self,
        plan: Plan,
        servers: EmbeddedServers,
        output: TextIO,
        job: list[str] | None = None,
        stay: bool = True,
        say: Callable[[str], None] = print,
    ):
        super().__init__(Lines(output))
        self._process_ctor = Runner
        self.plan, self.servers, self.job, self.stay, self.say = plan, servers, job, stay, say
        self.failure: str | None = None
        self.stop_asked = threading.Event()
        for name, command in plan.commands().items():
            # `exec`: the process is the one that gets the signals, no shell stands before it.
            self.add_process(name, "exec " + shlex.join(command), cwd=str(plan.run_folder))

    def run(self) -> None:
        """Run until somebody stops it or something fails.

        Raises
        ------
        ServerError
            Naming what stopped by itself.
        """
        companion = threading.Thread(target=self._accompany, daemon=True)
        companion.start()
        # Honcho listens to SIGINT and SIGTERM; a terminal that closes shall stop everything too.
        signal.signal(signal.SIGHUP, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
        try:
            self.loop()
        finally:
            self.stop_asked.set()
            companion.join(timeout=10)
        if self.failure:
            raise ServerError(self.failure)

    def terminate(self) -> None:
        """Stop all processes; called on a signal, and when one of them has ended by itself."""
        if not self.stop_asked.is_set():
            ended = [name for name, state in self._processes.items() if state.get("returncode") is not None]
            if self.returncode not in (130, 143) and ended:
                self.failure = self.failure or f"{ended[0]} has stopped (exit code {self.returncode})"
        self.stop_asked.set()
        super().terminate()

    def _accompany(self) -> None:
        try:
            self._wait_until(self._all_started)
            if self.job and not self.stop_asked.is_set():
                self._run_job()
            self._wait_until(lambda: not self.plan.web or answers(self.plan.address))
            if self.stay and not self.stop_asked.is_set():
                where = f"Almagest is ready at {self.plan.address}" if self.plan.web else "The workers are running"
                self.say(f"{where} - Ctrl-C stops it")
            while self.stay and not self.stop_asked.wait(LOOK_SECONDS):
                self.servers.check()
        except stopping.StopAsked:
            pass
        except ServerError as error:
            self.failure = str(error)
        finally:
            if not self.stop_asked.is_set():
                os.kill(os.getpid(), signal.SIGTERM)

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            # A signal that came just before honcho began to listen.
            stopping.check()
            if self.stop_asked.wait(LOOK_SECONDS):
                return
            self.servers.check()

    def _run_job(self) -> None:
        job = subprocess.Popen(self.job, cwd=self.plan.run_folder, start_new_session=True)
        try:
            while job.poll() is None and not self.stop_asked.wait(LOOK_SECONDS):
                self.servers.check()
        finally:
            end_job(job)
        if self.stop_asked.is_set() and not self.stay:
            raise ServerError("stopped before all steps were done")
        if job.returncode and not self.stop_asked.is_set():
            raise ServerError(f"a step failed (exit code {job.returncode})")


class Lines(Printer):
    """Honcho's printer without empty lines; a terminal that is gone is no reason to leave processes behind."""

    def write(self, message: Message) -> None:
        """Print one line of a process."""
        if message.data.strip():
            with suppress(OSError):
                super().write(message)


@contextmanager
def emptied(folder: Path) -> Iterator[None]:
    """A folder in which no process works before, left over from a killed supervisor, and none after."""
    folder.mkdir(mode=0o700, exist_ok=True)
    end_all(living_in(folder))
    try:
        yield
    finally:
        end_all(living_in(folder))


def run_all(plan: Plan, output: TextIO, job: list[str] | None = None, stay: bool = True) -> None:
    """Start everything, run until somebody stops it, stop everything.

    Parameters
    ----------
    plan, output, job, stay
        As for `Supervisor`.

    Raises
    ------
    ServerError
        When something cannot start, or stops by itself.
    """
    os.environ["ALMAGEST_HOME"] = str(plan.home)
    plan.check()
    with stopping.stoppable(), EmbeddedServers(plan.home) as servers, emptied(plan.run_folder):
        prepare_database(plan)
        stopping.check()
        Supervisor(plan, servers, output, job, stay).run()
