"""The work ledger without any worker: claims, leases, fencing, phases, cancelling, reaping."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from almagest.contract import Cancelled
from almagest.runs import queue
from almagest.runs.leases import (
    MOST_CLAIMS,
    LeaseLost,
    chunk_claim,
    claim_abandon,
    claim_complete,
    claim_memory,
    claim_progress,
    claim_renew,
)
from almagest.runs.models import Chunk, Run
from almagest.runs.reaper import reap
from almagest.runs.services import ChunkSpec, RunError, run_cancel, run_start

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch, django_capture_on_commit_callbacks):
    """What was sent to the broker, as (run, queue)."""
    sent = []
    monkeypatch.setattr("almagest.runs.services.wake", lambda *, run_id, queue: sent.append((run_id, queue)))
    return sent


def start(chunks: int = 2, finish: bool = False) -> Run:
    specs = [ChunkSpec("classical", {"block": i}) for i in range(chunks)] + [ChunkSpec("data", phase=1)] * finish
    return run_start(kind="test", title="a test", chunks=specs)


def claim(run: Run, queue_name: str = "classical", worker: str = "w1"):
    return chunk_claim(run_id=run.pk, queue=queue_name, worker=worker)


def expire(run: Run) -> None:
    run.chunks.filter(state=Chunk.State.HELD).update(lease_until=Now() - timedelta(seconds=1))


def state(run: Run) -> str:
    run.refresh_from_db()
    return run.state


def test_chunks_are_claimed_once_each_and_the_run_ends():
    run = start(2)
    first, second = claim(run), claim(run, worker="w2")
    assert (first.payload, second.payload) == ({"block": 0}, {"block": 1})
    assert claim(run) is None
    assert state(run) == "running"
    claim_complete(first)
    assert (state(run), run.progress) == ("running", 0.5)
    claim_complete(second, outcome={"rows": 7})
    assert (state(run), run.progress, run.outcome) == ("done", 1.0, {"rows": 7})
    assert run.seconds >= 0


def test_a_later_phase_waits_for_the_one_before():
    run = start(1, finish=True)
    assert claim(run, "data") is None
    claim_complete(claim(run))
    last = claim(run, "data")
    assert last is not None
    claim_complete(last)
    assert state(run) == "done"


def test_an_expired_lease_goes_to_another_and_the_first_can_write_nothing():
    run = start(1)
    first = claim(run)
    expire(run)
    second = claim(run, worker="w2")
    assert second.token == first.token + 1
    with pytest.raises(LeaseLost), transaction.atomic():
        claim_complete(first)
    with pytest.raises(LeaseLost):
        claim_renew(first)
    claim_abandon(first, error="too late to fail it")
    assert state(run) == "running"
    claim_complete(second)
    assert state(run) == "done"
    with pytest.raises(LeaseLost), transaction.atomic():
        claim_complete(second)


def test_a_chunk_that_kills_its_workers_fails_the_run():
    run = start(1)
    for i in range(MOST_CLAIMS):
        assert claim(run, worker=f"w{i}") is not None
        expire(run)
    assert claim(run) is None
    assert state(run) == "failed"
    assert f"lost its worker {MOST_CLAIMS} times" in run.error


def test_an_error_fails_the_run_and_frees_nothing_else():
    run = start(2)
    claim_abandon(claim(run), error="the model gave 3 rows for 4 objects")
    assert (state(run), run.error) == ("failed", "the model gave 3 rows for 4 objects")
    assert claim(run) is None


def test_cancelling_a_queued_run_is_immediate_and_a_running_one_is_told():
    queued = start(1)
    run_cancel(run_id=queued.pk)
    assert state(queued) == "cancelled"
    running = start(1)
    held = claim(running)
    run_cancel(run_id=running.pk)
    assert state(running) == "running"
    with pytest.raises(Cancelled):
        claim_renew(held)
    claim_abandon(held, cancelled=True)
    assert state(running) == "cancelled"
    with pytest.raises(RunError, match="cancelled already"):
        run_cancel(run_id=running.pk)


def test_the_reaper_closes_a_cancelled_run_whose_worker_died():
    run = start(1)
    claim(run)
    run_cancel(run_id=run.pk)
    assert reap() == []
    expire(run)
    reap()
    assert state(run) == "cancelled"


def test_workers_are_woken_on_commit_and_again_when_nothing_has_happened(
    woken, django_capture_on_commit_callbacks, settings
):
    with django_capture_on_commit_callbacks(execute=True):
        run = start(6)
        assert woken == []
    assert woken == [(run.pk, "classical")] * 4
    assert reap() == []
    Run.objects.update(woken=Now() - timedelta(seconds=3 * settings.REAP_SECONDS))
    woken.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert reap() == [run.pk]
    assert set(woken) == {(run.pk, "classical")}


def test_each_finished_chunk_wakes_one_worker_and_a_new_phase_wakes_its_own(woken, django_capture_on_commit_callbacks):
    run = start(3, finish=True)
    for expected in ([(run.pk, "classical")], [(run.pk, "classical")], [(run.pk, "data")], []):
        woken.clear()
        with django_capture_on_commit_callbacks(execute=True):
            claim_complete(claim(run) or claim(run, "data"))
        assert woken == expected


def compare(*queues: str) -> Run:
    """A run of one phase whose chunks are for different workers, each with a contender's name."""
    specs = [ChunkSpec(queue_name, {"contender": f"{queue_name} {i}"}) for i, queue_name in enumerate(queues)]
    return run_start(kind="test", title="several queues", chunks=specs)


def test_every_queue_of_the_phase_is_woken_at_the_start(woken, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        run = compare(*["classical"] * 5, "keras", "torch")
    assert woken == [(run.pk, name) for name in (*["classical"] * 4, "keras", "torch")]


def test_a_finished_chunk_wakes_its_own_queue_while_that_has_work(woken, django_capture_on_commit_callbacks):
    run = compare("classical", "keras", "keras")
    for mine, expected in (("keras", ["keras"]), ("classical", []), ("keras", [])):
        woken.clear()
        with django_capture_on_commit_callbacks(execute=True):
            claim_complete(claim(run, mine))
        assert [name for _, name in woken] == expected
    assert state(run) == "done"


def test_held_chunks_wake_nobody_until_their_lease_is_over(woken, django_capture_on_commit_callbacks, settings):
    run = compare("keras", "classical", "torch")
    held = claim(run, "keras")
    claim_complete(claim(run, "torch"))
    for expected in (["classical"], ["keras", "classical"]):
        Run.objects.update(woken=Now() - timedelta(seconds=3 * settings.REAP_SECONDS))
        woken.clear()
        with django_capture_on_commit_callbacks(execute=True):
            assert reap() == [run.pk]
        assert [name for _, name in woken] == expected
        expire(run)
    assert claim(run, "keras").token == held.token + 1


def test_a_run_is_as_far_as_its_chunks_are_on_average():
    run = compare("classical", "keras", "torch", "torch")
    first, second = claim(run, "classical"), claim(run, "keras")
    claim_progress(first, fraction=0.4, message="160 of 400 trees")
    claim_progress(second, fraction=0.8)
    run.refresh_from_db()
    assert run.progress == pytest.approx(0.3)
    claim_complete(first)
    run.refresh_from_db()
    assert run.progress == pytest.approx(0.45)
    claim_progress(second, fraction=7.0, message="epoch 9")
    run.refresh_from_db()
    assert (run.progress, run.message) == (pytest.approx(0.5), "keras 1: epoch 9")


def test_who_takes_over_begins_anew_and_a_lost_claim_shows_nothing():
    run = compare("classical", "keras")
    first = claim(run, "keras")
    claim_progress(first, fraction=0.9, message="nearly")
    expire(run)
    second = claim(run, "keras", worker="w2")
    assert run.chunks.get(pk=second.chunk_id).progress == 0
    claim_progress(first, fraction=1.0, message="a ghost")
    claim_progress(second, fraction=0.2, message="again")
    run.refresh_from_db()
    assert (run.progress, run.message) == (pytest.approx(0.1), "keras 1: again")
    assert "keras 1: chunk 1: w1 is gone, w2 takes over" in run.log.values_list("text", flat=True)


def test_an_error_names_its_contender_and_what_the_others_do_then_counts_for_nothing():
    run = compare("classical", "keras")
    first, second = claim(run, "classical"), claim(run, "keras")
    claim_abandon(first, error="no rows of class S")
    assert (state(run), run.error) == ("failed", "classical 0: no rows of class S")
    claim_progress(second, fraction=0.5)
    with pytest.raises(LeaseLost):
        claim_renew(second)
    with pytest.raises(LeaseLost), transaction.atomic():
        claim_complete(second)
    assert (state(run), run.progress) == ("failed", 0)


def test_scoring_pays_for_no_progress(django_assert_num_queries):
    """What a finished chunk costs does not grow with the run."""
    for size in (3, 300):
        held = claim(start(size))
        with django_assert_num_queries(8):
            claim_complete(held)


def test_a_lost_broker_loses_no_run(monkeypatch, caplog):
    monkeypatch.setattr(queue.client.conf, "broker_url", "redis://127.0.0.1:9/0")
    assert queue.wake(run_id=1, queue="data") is False
    assert "woken later" in caplog.text


def test_a_broker_that_was_restarted_is_reached_at_once(broker):
    assert queue.wake(run_id=1, queue="data")
    broker.stop()
    assert not queue.wake(run_id=1, queue="data")
    broker.start()
    assert queue.wake(run_id=1, queue="data")


def test_memory_keeps_the_largest():
    run = start(2)
    held = claim(run)
    for megabytes in (100.0, 300.0, 200.0):
        claim_memory(held, peak_memory_mb=megabytes)
    run.refresh_from_db()
    assert run.peak_memory_mb == 300.0


def test_unknown_queues_and_empty_runs_are_refused():
    with pytest.raises(RunError, match="no queue is named gpu"):
        run_start(kind="test", title="t", chunks=[ChunkSpec("gpu")])
    with pytest.raises(RunError, match="nothing to do"):
        run_start(kind="test", title="t", chunks=[])
