"""Databases of the tests: one for all tests in a transaction, and clones of templates for those that want one of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections

from .servers import NAME, POSTGRES, database_url

clone_numbers = count(1)


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
