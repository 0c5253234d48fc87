"""The tests' own PostgreSQL and Valkey in a temporary home, or those that the environment names; Django is told of them here."""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

GIVEN = dict(os.environ)
HOME = Path(tempfile.mkdtemp(prefix="almagest-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

# Django reads its settings when it is set up below, and not earlier: pyproject.toml does not name them to
# pytest-django. The addresses of the servers are known here; they start when a test first wants them.
if "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured:
    pytest.exit("DJANGO_SETTINGS_MODULE must not be set for the tests: they choose their servers first", returncode=2)
os.environ |= {"DJANGO_SETTINGS_MODULE": "almagest.settings", "ALMAGEST_HOME": str(HOME), "SECRET_KEY": "tests only"}

import django  # noqa: E402

from almagest.server.postgres import Postgres  # noqa: E402
from almagest.server.valkey import Valkey  # noqa: E402

NAME = f"almagest_test_{os.getpid()}"
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "128MB"}
POSTGRES = None if os.environ.get("DATABASE_URL") else Postgres(HOME / "postgres", FAST)
VALKEY = None if os.environ.get("REDIS_URL") else Valkey(HOME / "valkey")


def database_url(name: str) -> str:
    """Address of a database on the tests' server."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def broker_url(given: str) -> str:
    """Address of a broker that was named here; processes that share the tests have a numbered database of it each."""
    place, process = urlsplit(given), int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return place._replace(path=f"/{int(place.path.strip('/') or 0) + process}").geturl()


if POSTGRES:
    os.environ["DATABASE_URL"] = POSTGRES.url()
os.environ["DATABASE_URL"] = database_url(NAME)
os.environ["REDIS_URL"] = VALKEY.url() if VALKEY else broker_url(os.environ["REDIS_URL"])
django.setup()

from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402

# The same hashes as outside, made in no time: the rounds are there to slow down those who guess.
PBKDF2PasswordHasher.iterations = 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Processes that share the tests choose servers of their own: they begin with the environment that was given here."""
    os.environ.clear()
    os.environ.update(GIVEN)


@pytest.fixture(scope="session", autouse=True)
def stop_servers() -> Iterator[None]:
    """Nothing is left running when the tests end."""
    yield
    for server in (POSTGRES, VALKEY):
        if server:
            server.stop()
