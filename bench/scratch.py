"""A scratch database on the configured server: made for one benchmark, dropped after it.

The server is the one that `DATABASE_URL` names, or else the embedded one that `manage.py up` has started.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almagest.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402


@contextmanager
def scratch_database() -> Iterator[None]:
    """Point Django at a fresh database with all tables, as long as the `with` block lasts."""
    settings = connection.settings_dict
    configured, scratch = settings["NAME"], f"almagest_bench_{os.getpid()}"
    keys = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    address = {keys[key]: value for key, value in settings.items() if key in keys and value}
    with psycopg.connect(**address, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{scratch}"')
        try:
            connections.close_all()
            settings["NAME"] = scratch
            call_command("migrate", verbosity=0, interactive=False)
            call_command("sync_tables", verbosity=0)
            yield
        finally:
            connections.close_all()
            settings["NAME"] = configured
            server.execute(f'DROP DATABASE "{scratch}" WITH (FORCE)')
