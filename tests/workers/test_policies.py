"""Policies with a real beat, broker, database and workers, each of which is away for a while: nothing is lost, nothing done twice."""

import pytest
from django.db import connection, connections

from almagest.catalogs.models import Edition
from almagest.predictions.models import PredictionSet
from almagest.rescoring.models import Pass, Policy
from almagest.rescoring.policies import policy_create
from almagest.sky.models import Survey

from .catalogs import SURVEY, current, galaxies, ingest, until


@pytest.fixture
def origin(catalog_database) -> str:
    """All tests begin with a catalog."""
    return catalog_database


@pytest.fixture
def catalog(cloned_database, broker):
    """A published catalog of a forest's candidates, and a broker; nobody works."""
    return current().catalog


@pytest.fixture
def more(simulated_files, tmp_path):
    """A function that ingests 30 galaxies that nobody has seen before."""
    numbers = iter(range(9001, 9100))

    def ingested() -> None:
        plate = str(next(numbers))
        ingest(tmp_path / "more.csv", [row | {"plate": plate} for row in galaxies(simulated_files)[:30]])

    return ingested


def knows_everything() -> bool:
    """Whether every galaxy of the survey has one score, of its newest revision."""
    scores = PredictionSet.objects.get(state=PredictionSet.State.CURRENT)
    survey = Survey.objects.get(slug=SURVEY)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {survey.table_name} m LEFT JOIN {scores.table_name} p USING (object_id) "
            "WHERE m.spec_class = 'GALAXY' AND p.revision IS DISTINCT FROM m.revision"
        )
        missing = cursor.fetchone()[0]
        cursor.execute(f"SELECT count(*), count(DISTINCT object_id) FROM {scores.table_name}")
        rows, objects = cursor.fetchone()
    return missing == 0 and rows == objects == scores.rows


def passes() -> list[str]:
    return list(Pass.objects.order_by("pk").values_list("run__state", flat=True))


def test_beat_rescores_when_objects_arrive_also_after_it_was_away(catalog, more, worker):
    policy_create(user=None, catalog=catalog, schedule="every 10 seconds", reasons=["new"])
    hand = worker("data", "classical", beat=True)
    more()
    until(lambda: passes() == ["done"])
    assert knows_everything() and current().revision == 2
    hand.stop()
    more()  # while nobody ticks
    assert not knows_everything()
    worker("data", "classical", beat=True)
    until(lambda: passes() == ["done", "done"])
    assert knows_everything()


def test_two_beats_and_two_policies_make_one_pass_of_one_change(catalog, more, worker):
    for schedule in ("every 10 seconds", "*/1 * * * * Europe/Berlin"):
        policy_create(user=None, catalog=catalog, schedule=schedule)
    more()
    worker("data", "classical", beat=True, concurrency=2)
    worker("data", beat=True)
    until(lambda: passes() == ["done"])
    until(lambda: "nothing to do" in Policy.objects.earliest("pk").note)
    assert passes() == ["done"] and knows_everything()
    assert list(
        Edition.objects.filter(published__isnull=False).order_by("revision").values_list("revision", flat=True)
    ) == [1, 2]


def test_a_broker_and_a_database_that_are_away_for_a_while(catalog, more, worker, broker, cloned_database):
    policy_create(user=None, catalog=catalog, schedule="every 10 seconds")
    worker("data", "classical", beat=True)
    until(lambda: Policy.objects.get().checked)
    broker.lose()
    more()
    broker.start()
    until(lambda: passes() == ["done"])
    more()
    with connection.cursor() as cursor:  # as a restart of the database does: every connection but this one is gone
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connections.close_all()
    until(lambda: passes() == ["done", "done"])
    assert knows_everything()
