"""Catalogs brought up to date by real workers: what a full rescoring would give, for the stale objects alone."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from almagest.accounts.models import User
from almagest.catalogs.differences import difference_listing
from almagest.catalogs.history import edition_source
from almagest.catalogs.models import Edition
from almagest.core.files import stored_path
from almagest.core.listings.streaming import read_batches
from almagest.core.tables import table_exists
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import delta_table
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.models import Pass
from almagest.rescoring.plans import pass_plan
from almagest.rescoring.services import pass_start
from almagest.runs.leases import chunk_claim
from almagest.runs.models import Run
from almagest.sky.models import Ingest
from almagest.vetting.choices import choice_list, choices_make
from almagest.vetting.models import Verdict
from almagest.vetting.services import verdict_give
from almagest_workers.perform import perform

from .catalogs import MODEL, SURVEY, current, galaxies, ingest, named, publish, until

STATISTICS = ("rows", "survey_counts", "ranges", "histogram", "thresholds", "words", "figures")


@pytest.fixture
def origin(catalog_database) -> str:
    """All tests begin with a catalog."""
    return catalog_database


@pytest.fixture
def workers(worker):
    """Workers for everything, with beat."""
    return worker("data", "classical", beat=True)


@pytest.fixture
def catalog(workers):
    """A published catalog of a forest's candidates."""
    return current()


def new_data(folder: Path, simulated_files: Path, *, shift: float, plate: int) -> dict[str, int]:
    """Ingest the survey's table again: some galaxies brighter or fainter, one turned into a star, 25 new ones, a new star."""
    rows, candidates = galaxies(simulated_files), {row[2] for row in rows_of(edition_source(current())).values()}
    chosen = [row for n, row in enumerate(rows) if n < 60 or named(row) in candidates]
    changed = [row | {"r": str(float(row["r"]) + shift * (-1) ** n)} for n, row in enumerate(chosen)]
    changed[5] |= {"class": "STAR"}
    new = [row | {"plate": str(plate), "ra": str(float(row["ra"]) + 0.01)} for row in rows[120:145]]
    new.append(rows[150] | {"plate": str(plate), "class": "STAR"})
    ingest(folder / f"table-{plate}.csv", [*changed, *new])
    return {"new": len(new), "changed": len(changed)}


def objects_of(ingest: Ingest) -> set[int]:
    """Objects that an ingest has brought."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM objects WHERE ingest_id = %s", [ingest.pk])
        return {row[0] for row in cursor.fetchall()}


def rows_of(relation: str) -> dict[int, tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {relation}")
        names = [column.name for column in cursor.description]
        return {row[names.index("object_id")]: row for row in cursor.fetchall()}


def state_of(edition: Edition) -> tuple:
    """All that a rescoring changes: scores, candidates, counts."""
    scores = PredictionSet.objects.get(pk=edition.prediction_set_id)
    told = {name: getattr(edition, name) for name in STATISTICS}
    counts = (scores.rows, scores.objects_read, scores.left_out, scores.candidates_left_out, scores.figures)
    return rows_of(scores.table_name), rows_of(edition_source(edition)), told, counts


def test_a_pass_gives_what_a_full_rescoring_gives_and_every_revision_can_be_read_again(
    catalog, simulated_files, tmp_path, capsys
):
    first = rows_of(edition_source(catalog, is_frozen=True))
    given = new_data(tmp_path, simulated_files, shift=1.5, plate=9001)
    plan = pass_plan(edition=catalog)
    assert {(s.survey, s.new, s.changed) for s in plan.stale} == {
        ("evcc-simulated", 0, 0), (SURVEY, given["new"], given["changed"]),
    }  # fmt: skip
    call_command("rescore", "dwarfs", "--dry-run")
    assert f"{sum(given.values())} objects to score, about" in capsys.readouterr().out
    assert current() == catalog

    person = User.objects.create_user("payne")
    choices_make(catalog)
    verdict = choice_list(catalog)[0].name
    for object_id in first:
        verdict_give(user=person, catalog="dwarfs", object_id=object_id, choice=verdict)

    call_command("rescore", "dwarfs")
    second = current()
    assert (second.revision, second.base, second.table_name) == (2, 1, catalog.table_name)
    found = Pass.objects.get()
    after = rows_of(edition_source(second))
    added, removed = set(after) - set(first), set(first) - set(after)
    changed = {i for i in set(first) & set(after) if first[i] != after[i]}
    told = found.report
    assert added and removed and changed
    assert (told["added"], told["removed"], told["changed"]) == (len(added), len(removed), len(changed))
    newcomers = {object_id for object_id in added if object_id in objects_of(Ingest.objects.latest("pk"))}
    assert (told["new"], told["entered"], told["left"]) == (len(newcomers), len(added - newcomers), len(removed))
    assert told["flipped"] == [{"change": "removed", "verdict": verdict, "count": len(removed)}]
    assert Verdict.objects.filter(is_current=True).count() == len(first)
    assert told["scored"] == sum(given.values()) and {each["column"] for each in told["drift"]} == {*"ugriz", "p_s"}
    assert rows_of(edition_source(catalog, is_frozen=True)) == first

    listed = {
        row["object_id"]: row
        for batch in read_batches(difference_listing(catalog, second).choosing("all"))
        for row in batch.to_pylist()
    }
    kinds = {
        kind: {i for i, row in listed.items() if row["change"] == kind} for kind in ("added", "removed", "changed")
    }
    assert kinds == {"added": added, "removed": removed, "changed": changed}

    with pytest.raises(RescoringError, match="nothing is stale"):
        pass_start(edition=second)

    rescored = state_of(second)
    call_command("score", *MODEL)
    publish()
    full = state_of(current())
    for one, other in zip(rescored, full, strict=True):
        assert one == other


def test_two_passes_and_a_way_back(catalog, simulated_files, tmp_path):
    states = [rows_of(edition_source(catalog, is_frozen=True))]
    for n, shift in enumerate((1.5, -0.7)):
        new_data(tmp_path, simulated_files, shift=shift, plate=9001 + n)
        call_command("rescore", "dwarfs")
        states.append(rows_of(edition_source(current())))
    editions = list(Edition.objects.order_by("revision"))
    assert [rows_of(edition_source(edition, is_frozen=True)) for edition in editions] == states
    call_command("roll_back", "dwarfs", "1")
    assert current().revision == 4 and rows_of(edition_source(current())) == states[0]
    assert [rows_of(edition_source(edition, is_frozen=True)) for edition in editions] == states
    for name in STATISTICS:
        assert getattr(current(), name) == getattr(editions[0], name), name
    call_command("roll_back", "dwarfs", "3")
    assert rows_of(edition_source(current())) == states[2]
    with pytest.raises(RescoringError, match="no earlier revision 9"):
        call_command("roll_back", "dwarfs", "9")


def test_one_pass_at_a_time(catalog, simulated_files, tmp_path, workers):
    new_data(tmp_path, simulated_files, shift=1, plate=9001)
    workers.stop()
    found = pass_start(edition=catalog)
    with pytest.raises(RescoringError, match=f"run {found.run_id} is at it already"):
        pass_start(edition=catalog)
    assert current() == catalog and Run.objects.get(pk=found.run_id).state == Run.State.QUEUED


def assert_untouched(found: Pass, before: tuple) -> None:
    """The run has failed, and the catalog and its scores are what they were; nothing of the pass is left."""
    found.run.refresh_from_db()
    assert found.run.state == Run.State.FAILED and current().pk == found.before_id
    assert state_of(current()) == before
    until(lambda: not Pass.objects.filter(is_open=True).exists())
    assert not table_exists(delta_table(found.prediction_set, found.run_id).name)


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    catalog, simulated_files, tmp_path, workers, worker, settings
):
    new_data(tmp_path, simulated_files, shift=1.5, plate=9001)
    settings.BLOCK_SIZE = 10
    workers.stop()
    found = pass_start(edition=catalog)
    victim = worker("classical")
    until(lambda: found.run.chunks.filter(state="done").count() >= 2)
    victim.kill()
    assert current() == catalog
    worker("data", "classical", beat=True)
    until(lambda: not Pass.objects.filter(is_open=True).exists())
    second = current()
    rescored = state_of(second)
    call_command("score", *MODEL)
    publish()
    assert state_of(current()) == rescored and second.revision == 2


def test_a_model_that_is_gone_is_said_and_the_next_pass_makes_good(catalog, simulated_files, tmp_path, workers, worker):
    new_data(tmp_path, simulated_files, shift=1.5, plate=9001)
    workers.stop()
    before, model = state_of(catalog), stored_path(catalog.version.folder)
    model.rename(tmp_path / "elsewhere")
    worker("data", "classical", beat=True)
    found = pass_start(edition=catalog)
    until(lambda: Run.objects.get(pk=found.run_id).is_over)
    assert_untouched(found, before)
    assert "missing or damaged; restore it" in found.run.error
    (tmp_path / "elsewhere").rename(model)
    call_command("rescore", "dwarfs")
    assert current().revision == 2


def test_scores_that_were_made_anew_meanwhile_stop_a_pass(catalog, simulated_files, tmp_path, workers, worker):
    new_data(tmp_path, simulated_files, shift=1.5, plate=9001)
    workers.stop()
    found = pass_start(edition=catalog)
    scores = PredictionSet.objects.get(pk=catalog.prediction_set_id)
    PredictionSet.objects.filter(pk=scores.pk).update(revision=2)
    before = state_of(catalog)
    worker("data", "classical", beat=True)
    until(lambda: Run.objects.get(pk=found.run_id).is_over)
    assert_untouched(found, before)
    assert "while this run went on" in found.run.error


def test_a_catalog_follows_the_version_in_production(catalog, simulated_files, tmp_path, capsys):
    old = rows_of(edition_source(catalog, is_frozen=True))
    call_command("train", *MODEL, sample="dwarfs", set=["trees=60"])
    with pytest.raises(RescoringError, match="nothing is stale"):
        pass_start(edition=catalog)
    call_command("promote", *MODEL)
    call_command("rescore", "dwarfs", "--dry-run")
    assert (
        "not scored by this version" in (said := capsys.readouterr().out)
        and "it will follow dwarf_galaxies/forest v2" in said
    )
    call_command("rescore", "dwarfs")
    second = current()
    new, told = rows_of(edition_source(second)), Pass.objects.get().report
    assert (second.version.number, second.revision, second.base) == (2, 2, 2)
    assert (told["added"], told["removed"]) == (len(set(new) - set(old)), len(set(old) - set(new)))
    assert (told["new"], told["entered"], told["left"]) == (0, told["added"], told["removed"])
    assert told["scored"] == second.prediction_set.rows and told["drift"]
    assert rows_of(edition_source(catalog, is_frozen=True)) == old
    rescored = state_of(second)
    call_command("score", *MODEL)
    publish()
    assert state_of(current()) == rescored

    # Its scores are brought up to date where there are some already, and the catalog filled anew from them.
    call_command("promote", *MODEL, "--number=1")
    new_data(tmp_path, simulated_files, shift=1.5, plate=9001)
    call_command("rescore", "dwarfs")
    back = current()
    assert back.version.number == 1 and back.prediction_set_id == catalog.prediction_set_id and back.set_revision == 2
    rescored = state_of(back)
    call_command("score", *MODEL, "--number=1")
    publish(number=1)
    assert state_of(current()) == rescored


def test_a_plugin_that_raises_is_said_and_nothing_is_merged(
    catalog, simulated_files, tmp_path, workers, worker, monkeypatch
):
    def fail(*_):
        raise ZeroDivisionError("no such galaxy")

    new_data(tmp_path, simulated_files, shift=1.5, plate=9001)
    workers.stop()
    before, found = state_of(catalog), pass_start(edition=catalog)
    monkeypatch.setattr("almagest_workers.handlers.load_model", lambda pk: object())
    monkeypatch.setattr("almagest.predictions.deltas.score_rows", fail)
    perform(chunk_claim(run_id=found.run_id, queue="classical", worker="test"))
    worker("data", beat=True)  # sweeps
    assert_untouched(found, before)
    assert "ZeroDivisionError: no such galaxy" in found.run.error
