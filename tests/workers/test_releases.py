"""Releases made by real workers: killed in the middle, out of room, and twice with new data in between."""

import subprocess
from pathlib import Path

import lsdb
import numpy as np
import pandas
import pytest
from astropy.table import Table
from django.conf import settings
from django.core.management import call_command

from almagest.core.files import stored_path
from almagest.releases.building import work_folders, work_home
from almagest.releases.models import Release
from almagest.releases.services import release_build_start, release_discard, release_publish, release_start
from almagest.releases.words import parse_creator
from almagest.runs.models import Chunk
from almagest.runs.services import run_cancel

from .catalogs import MODEL, current, galaxies, ingest, named, publish, until

CREATORS = [parse_creator("Ptolemy, Claudius")]
State = Release.State
FIELDS = [field.name for field in Release._meta.concrete_fields]
# A step is caught in the middle by looking often.
OFTEN_S = 0.005


def is_over(release: Release) -> bool:
    release.run.refresh_from_db()
    release.refresh_from_db(fields=[name for name in FIELDS if name != "run"])
    return release.run.is_over


def draft(**given) -> Release:
    return release_start(edition=current(), creators=CREATORS, **given)


@pytest.fixture
def origin(catalog_database) -> str:
    """All tests begin with a catalog."""
    return catalog_database


@pytest.fixture
def catalog(cloned_database, broker) -> None:
    """A published catalog of a forest's candidates, and a broker; nobody works."""


def stored() -> set[Path]:
    """Folders of releases in the store, which is all tests' own."""
    home = stored_path("releases")
    return set(home.iterdir()) if home.exists() else set()


def assert_nothing_is_left(release: Release, before: set[Path]) -> None:
    """No file, whole or half, of a release that was not made."""
    until(lambda: not work_folders() and not Release.objects.get(pk=release.pk).folder)
    assert stored() == before


def assert_finished(release: Release, step: int) -> None:
    """Whole, whoever did it, after another worker had begun the step."""
    until(lambda: is_over(release))
    assert release.state == State.CHECKED, release.run.error
    assert release.run.chunks.get(phase=step).token == 2
    assert any("is gone" in line.text for line in release.run.log.all())
    done = subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST.sha256"], cwd=stored_path(release.folder))
    assert done.returncode == 0 and not work_folders()


def test_a_release_whose_worker_is_killed_is_finished_or_cleaned(catalog, worker):
    before = stored()
    for step in (0, 1):
        release, victim = draft(), worker("data")
        built = release.run.chunks.filter(phase=0, state=Chunk.State.DONE)
        held = release.run.chunks.filter(phase=step, state=Chunk.State.HELD)
        until(lambda: work_folders() if step == 0 else built.exists() and held.exists(), pause_s=OFTEN_S)  # noqa: B023
        victim.kill()
        assert not is_over(release) and release.state == State.DRAFT
        next_worker = worker("data", beat=True)
        assert_finished(release, step)
        release_discard(user=None, release=release)
        until(lambda: stored() == before)
        next_worker.kill()
    release, victim = draft(), worker("data")
    until(work_folders, pause_s=OFTEN_S)
    victim.kill()
    run_cancel(run_id=release.run_id)
    worker("data", beat=True)
    until(lambda: is_over(release))
    assert release.state == State.DRAFT
    assert_nothing_is_left(release, before)


@pytest.fixture
def small_disk():
    """A disk of 200 kB where releases are built; given back by calling it."""
    work_home().mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", work_home()], capture_output=True)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here: " + mounted.stderr.decode().strip())
    is_there = True

    def give_back():
        nonlocal is_there
        if is_there:
            subprocess.run(["umount", work_home()], check=True)
        is_there = False

    yield give_back
    give_back()


def test_a_full_disk_is_said_and_nothing_is_left(catalog, worker, small_disk):
    before = stored()
    worker("data", beat=True)
    release = draft(with_weights=True)
    until(lambda: is_over(release))
    assert release.state == State.DRAFT
    assert "the disk is full: the release needs about" in release.run.error
    assert_nothing_is_left(release, before)
    small_disk()
    again = release_build_start(user=None, release=release)
    until(lambda: is_over(again))
    assert again.state == State.CHECKED, again.run.error
    (new,) = stored() - before
    found = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
    assert found == {entry.path for entry in again.entries} and any(path.startswith("weights/") for path in found)
    assert new == settings.ALMAGEST_HOME / "files" / again.folder


def measured_anew(folder: Path, candidates: set[str]) -> list[dict[str, str]]:
    """Rows of the survey's candidates and of some others, fainter or brighter, and of 25 galaxies that are new."""
    rows = galaxies(folder)
    chosen = [row for n, row in enumerate(rows) if n < 30 or named(row) in candidates]
    changed = [row | {"r": str(float(row["r"]) + (-1) ** n)} for n, row in enumerate(chosen)]
    return changed + [row | {"plate": "9001", "ra": str(float(row["ra"]) + 0.01)} for row in rows[60:85]]


def rows_of(release: Release) -> pandas.DataFrame:
    rows = Table.read(stored_path(f"{release.folder}/{release.told.stem}.fits")).to_pandas()
    return rows.set_index("object_id")


def differing(one: pandas.DataFrame, other: pandas.DataFrame) -> dict[int, set[str]]:
    """Columns by object in which two releases' rows are not the same, as FITS files read by astropy say."""
    both = one.index.intersection(other.index)
    found: dict[int, set[str]] = {}
    for column in one.columns:
        a, b = one.loc[both, column], other.loc[both, column]
        for object_id in both[(a != b) & ~(a.isna() & b.isna())]:
            found.setdefault(object_id, set()).add(column)
    return found


def test_two_releases_with_new_data_in_between_list_their_changes_to_the_row(
    catalog, worker, simulated_files, tmp_path
):
    worker("data", "classical", beat=True)
    first = draft()
    until(lambda: is_over(first))
    release_publish(user=None, release=first)
    candidates = set(rows_of(first).source_id.str.decode("ascii"))
    ingest(tmp_path / "second.csv", measured_anew(simulated_files, candidates))
    call_command("score", *MODEL)
    publish()
    second = draft()
    until(lambda: is_over(second))
    assert second.state == State.CHECKED, second.run.error
    before, after = rows_of(first), rows_of(second)
    listed = pandas.read_parquet(stored_path(f"{second.folder}/changes.parquet")).set_index("object_id")
    kinds = {kind: set(listed.index[listed.change == kind]) for kind in ("added", "removed", "changed")}
    assert kinds["added"] == set(after.index) - set(before.index) and len(kinds["added"]) > 0
    assert kinds["removed"] == set(before.index) - set(after.index) and len(kinds["removed"]) > 0
    expected = differing(before, after)
    assert kinds["changed"] == set(expected) and len(expected) > 10
    told = {i: set(names.split(", ")) for i, names in listed.changed_columns[listed.change == "changed"].items()}
    assert told == expected and {"r", "revision"} <= set().union(*told.values())
    changed = sorted(expected)
    assert np.allclose(listed.p_s_before[changed], before.p_s[changed]) and np.allclose(
        listed.p_s_after[changed], after.p_s[changed]
    )
    words = stored_path(f"{second.folder}/CHANGELOG.md").read_text()
    assert all(f"| {kind} | {len(ids)} |" in words for kind, ids in kinds.items()), words
    facts = second.told
    assert (facts.changes.added, facts.changes.removed, facts.changes.changed) == tuple(map(len, kinds.values()))
    assert facts.previous.version == 1 and "The columns are the same." in words
    assert len(lsdb.open_catalog(stored_path(f"{second.folder}/hats"), columns="all").compute()) == len(after)
