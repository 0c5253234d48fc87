"""Scoring with real workers and a real broker that die, vanish and repeat themselves: one prediction for each object."""

import pytest
from django.core.management import call_command
from django.db import connection

from almagest.predictions.models import PredictionSet
from almagest.predictions.services import scoring_start
from almagest.registry.selectors import version_get
from almagest.runs import queue
from almagest.runs.models import Chunk, Run
from almagest.runs.services import run_cancel
from almagest.samples.models import Sample

from .catalogs import MODEL, until


def is_over(run: Run) -> bool:
    run.refresh_from_db()
    return run.is_over


@pytest.fixture
def origin(trained_database) -> str:
    """All tests begin with a trained forest."""
    return trained_database


@pytest.fixture
def version(cloned_database, broker):
    """The forest, and a broker that hears of what is to do with it."""
    return version_get(user=None, plugin=MODEL[0], method=MODEL[1])


@pytest.fixture
def scoring(version, settings):
    """A scoring of many small blocks that nobody has begun."""
    settings.BLOCK_SIZE = 40
    return scoring_start(version=version)


def scores_of(run: Run) -> PredictionSet:
    return PredictionSet.objects.get(run=run)


def assert_each_object_once(run: Run) -> None:
    """Every object that passes the cuts has one row, no other object has any, and the set is current."""
    scores = scores_of(run)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), count(DISTINCT object_id), count(p_s) FROM {scores.table_name}")
        assert cursor.fetchone() == (scores.rows, scores.rows, scores.rows)
        cursor.execute(
            "SELECT count(*) FROM (SELECT object_id FROM survey_evcc_simulated WHERE r50 > 1 UNION ALL "
            "SELECT object_id FROM survey_sdss_dr14_simulated WHERE spec_class = 'GALAXY') seen "
            f"FULL JOIN {scores.table_name} p USING (object_id) WHERE p.object_id IS NULL OR seen.object_id IS NULL"
        )
        assert cursor.fetchone() == (0,)
    assert scores.state == PredictionSet.State.CURRENT
    assert scores.objects_read == scores.rows + sum(cut["count"] for cut in scores.left_out)
    assert run.chunks.filter(state=Chunk.State.DONE).count() == run.chunks.count()


def some_are_done(run: Run):
    return run.chunks.filter(state=Chunk.State.DONE).count() >= 5


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(scoring, worker):
    victim = worker("classical")
    until(lambda: some_are_done(scoring))
    victim.kill()
    assert not is_over(scoring)
    assert scores_of(scoring).state == PredictionSet.State.BUILDING
    worker("data", "classical", beat=True)
    until(lambda: is_over(scoring))
    assert scoring.state == Run.State.DONE, scoring.error
    assert_each_object_once(scoring)


def test_a_broker_lost_after_the_commit_delays_the_work_only(version, settings, worker, broker):
    settings.BLOCK_SIZE = 200
    broker.lose()
    run = scoring_start(version=version)
    assert not is_over(run)
    broker.start()
    worker("data", "classical", beat=True)
    until(lambda: is_over(run))
    assert run.state == Run.State.DONE, run.error
    assert_each_object_once(run)


def test_a_broker_that_forgets_everything_in_the_middle(scoring, worker, broker):
    worker("data", "classical", beat=True)
    until(lambda: some_are_done(scoring))
    broker.lose()
    broker.start()
    until(lambda: is_over(scoring))
    assert scoring.state == Run.State.DONE, scoring.error
    assert_each_object_once(scoring)


def test_messages_delivered_many_times_change_nothing(scoring, worker):
    for _ in range(30):
        assert queue.wake(run_id=scoring.pk, queue="classical")
    worker("data", "classical", concurrency=2, beat=True)
    until(lambda: is_over(scoring))
    for name in ("classical", "data"):
        queue.wake(run_id=scoring.pk, queue=name)
    assert scoring.state == Run.State.DONE, scoring.error
    assert_each_object_once(scoring)


def test_a_cancelled_scoring_is_never_visible(scoring, worker):
    worker("classical", "data", beat=True)
    until(lambda: some_are_done(scoring))
    run_cancel(run_id=scoring.pk)
    until(lambda: is_over(scoring))
    assert scoring.state == Run.State.CANCELLED
    assert not PredictionSet.objects.filter(state=PredictionSet.State.CURRENT).exists()


def test_the_same_definition_and_snapshot_give_the_same_checksum(version, worker):
    worker("data")
    call_command(
        "freeze_sample",
        "again",
        plugin="dwarf_galaxies",
        method="forest",
        surveys=["sdss-dr14-simulated", "evcc-simulated"],
    )
    first, again = Sample.objects.get(name="dwarfs"), Sample.objects.get(name="again")
    assert (first.ingest_id, first.cross_match_id) == (again.ingest_id, again.cross_match_id)
    assert first.checksum == again.checksum
