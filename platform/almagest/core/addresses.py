"""Where data live and which servers to talk to: from the environment, or from the embedded servers' own note.

`manage.py up` starts the embedded servers and writes their addresses to ``services.json`` in the home folder; every
other command reads it there. This module is read by settings, so it knows no Django.
"""

import contextlib
import json
import os
import secrets
from pathlib import Path

import dj_database_url

NOTE = "services.json"
# Nothing listens here: a command that needs the database says so instead of failing at import.
NO_DATABASE = "postgresql://almagest@127.0.0.1:9/almagest"
NO_BROKER = "redis://127.0.0.1:9/0"


def home() -> Path:
    """``ALMAGEST_HOME``, or ``.almagest`` beside manage.py; for root, ``/var/lib/almagest``."""
    if given := os.environ.get("ALMAGEST_HOME"):
        return Path(given).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/almagest")
    return Path(__file__).resolve().parents[3] / ".almagest"


def read_note(folder: Path) -> dict[str, str]:
    """Addresses of the embedded servers, empty where none run."""
    try:
        return json.loads((folder / NOTE).read_text())
    except (OSError, ValueError):
        return {}


def write_note(folder: Path, addresses: dict[str, str]) -> None:
    """Note addresses of embedded servers, whole or not at all; they hold a password, so only the owner reads them."""
    new = folder / f"{NOTE}.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(addresses, file)
    new.replace(folder / NOTE)


def remove_note(folder: Path) -> None:
    """Forget the addresses: the servers stop."""
    (folder / NOTE).unlink(missing_ok=True)


def database_url(folder: Path) -> str:
    """``DATABASE_URL``, or the embedded PostgreSQL's address."""
    return os.environ.get("DATABASE_URL") or read_note(folder).get("database_url", NO_DATABASE)


def database_settings(folder: Path) -> dict:
    """Django's settings of the one database."""
    settings = dj_database_url.parse(database_url(folder), conn_max_age=60, conn_health_checks=True)
    settings["DISABLE_SERVER_SIDE_CURSORS"] = False
    return settings


def broker_url(folder: Path) -> str:
    """``REDIS_URL``, or the embedded Valkey's address."""
    return os.environ.get("REDIS_URL") or read_note(folder).get("redis_url", NO_BROKER)


def secret_key(folder: Path) -> str:
    """``SECRET_KEY``, or one made on first use and kept in the home folder, readable by its owner only."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    path = folder / "secret_key"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        own = folder / f"secret_key.{os.getpid()}"
        with os.fdopen(os.open(own, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        # Of several processes that start at once, the first one's key is kept, and all read that one whole.
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    return path.read_text().strip()
