"""Real servers for the tests: PostgreSQL and Valkey embedded in a temporary home, or those that the environment names.

- `db`, `django_db` (pytest-django): one transaction per test, rolled back; for all that one connection can see.
- `cloned_database`: a database of its own, cloned from a template; for second connections and other processes.
- `broker`, `worker`, `web`: Valkey, Celery workers and the web server as real processes, on the clone.
- `loaded`, `serve`: a database and its web server, made once for many tests; `origin`: what the clone is a clone of.
- `shared_data`: the folder of real tables; tests that want it are skipped where there is none.
"""

import os
from pathlib import Path

import pytest

from .broker import broker
from .databases import cloned_database, django_db_setup, origin, template_database
from .processes import loaded, serve, web, worker
from .servers import pytest_xdist_setupnodes, stop_servers

__all__ = [
    "broker", "cloned_database", "django_db_setup", "loaded", "origin", "pytest_xdist_setupnodes", "serve", "stop_servers",
    "template_database", "web", "worker",
]  # fmt: skip
PROJECT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long to ask the API."""
    parser.addoption(
        "--api-examples", type=int, default=5, help="requests that are made up for each route of the API (default: 5)"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: where processes share the tests, the short ones at the end go to whoever is done."""
    items.sort(key=lambda item: "workers" not in item.path.parts)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real tables; without it the test is skipped."""
    folder = Path(os.environ.get("ALMAGEST_DATA") or PROJECT.parent / "shared" / "data")
    if not (folder / "photometry").is_dir():
        pytest.skip("no folder of real tables here: give ALMAGEST_DATA")
    return folder
