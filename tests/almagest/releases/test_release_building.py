"""Releases that are built twice, fail, are damaged or abandoned: what is kept is whole, and all else is swept."""

import pytest
from django.utils import timezone

from almagest.catalogs.models import Edition
from almagest.catalogs.services import catalogs_sweep
from almagest.contract import no_report
from almagest.core.files import opened_folder, stored_path
from almagest.core.tables import drop_table, table_exists
from almagest.releases.building import release_build, release_check, work_folders, work_home
from almagest.releases.errors import ReleaseError
from almagest.releases.models import Release
from almagest.releases.services import release_build_start, release_discard, release_publish
from almagest.releases.sweeping import releases_sweep
from almagest.runs.leases import LeaseLost
from almagest.runs.models import Run
from almagest.runs.services import run_cancel, run_end
from tests.almagest.given.releases import work_on

from .lives import State, claimed, files_below, seen_by


def test_the_same_rows_and_facts_give_the_same_bytes(drafted):
    release = work_on(drafted())
    with opened_folder(release.folder) as folder:
        first = files_below(folder)
    Release.objects.filter(pk=release.pk).update(state=State.DRAFT)
    Run.objects.filter(pk=release.run_id).update(state=Run.State.FAILED)
    releases_sweep()
    assert not stored_path(release.folder).exists()
    again = work_on(release_build_start(user=None, release=release))
    assert again.folder == release.folder and again.run_id != release.run_id
    with opened_folder(again.folder) as folder:
        assert files_below(folder) == first


def test_a_build_that_fails_leaves_nothing_and_may_be_tried_again(drafted, monkeypatch):
    release = drafted()
    claim = claimed(release)
    monkeypatch.setattr("almagest.releases.content.building.write_manifest", lambda folder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        release_build(claim=claim, release=release, report=no_report)
    assert not work_folders() and not stored_path("releases").exists()
    monkeypatch.undo()
    run_end(run_id=release.run_id, state=Run.State.FAILED, error="division by zero")
    assert work_on(release_build_start(user=None, release=release)).state == State.CHECKED


def test_damage_between_building_and_checking_is_found_and_cleaned(drafted):
    release = drafted()
    release_build(claim=claimed(release), release=release, report=no_report)
    release.refresh_from_db()
    path = stored_path(f"{release.folder}/dwarfs-v1.csv")
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(ReleaseError, match=r"dwarfs-v1.csv is damaged"):
        release_check(claim=claimed(release), release=release, report=no_report)
    run_end(run_id=release.run_id, state=Run.State.FAILED, error="damaged")
    assert releases_sweep() == ["dwarfs v1"]
    release.refresh_from_db()
    assert (release.state, release.folder, release.files) == (State.DRAFT, "", []) and not path.exists()


def test_a_worker_that_has_lost_its_lease_keeps_nothing(drafted):
    release = drafted()
    claim = claimed(release)
    run_cancel(run_id=release.run_id)
    run_end(run_id=release.run_id, state=Run.State.CANCELLED)
    with pytest.raises(LeaseLost):
        release_build(claim=claim, release=release, report=no_report)
    release.refresh_from_db()
    assert release.rows is None and not work_folders()
    releases_sweep()
    release.refresh_from_db()
    assert release.folder == "" and not stored_path("releases").exists()


def test_files_that_were_stored_before_a_commit_that_never_came_are_swept(drafted, monkeypatch):
    release = drafted()

    def die():
        raise KeyboardInterrupt

    monkeypatch.setattr("almagest.releases.building.os.sync", die)
    with pytest.raises(KeyboardInterrupt):
        release_build(claim=claimed(release), release=release, report=no_report)
    release.refresh_from_db()
    assert release.rows is None and stored_path(release.folder).exists()
    assert (
        releases_sweep() == [] and stored_path(release.folder).exists()
    )  # the run goes on: the next worker finds them
    run_end(run_id=release.run_id, state=Run.State.FAILED, error="killed")
    assert releases_sweep() == ["dwarfs v1"] and list(stored_path("releases").iterdir()) == []


def test_the_sweep_spares_what_is_being_built_and_what_is_kept(drafted):
    release = drafted()
    work = work_home() / f"release-{release.pk}-{release.run_id}-1"
    lost = work_home() / "release-999999-1-1"
    for folder in (work, lost):
        folder.mkdir(parents=True)
    assert releases_sweep() == [lost.name] and work.exists()
    work.rmdir()
    published = release_publish(user=None, release=work_on(release))
    assert releases_sweep() == [] and stored_path(published.folder).exists()


def test_a_discarded_release_is_gone_with_its_files_and_its_number_is_free(drafted):
    release = work_on(drafted())
    release_discard(user=None, release=release)
    assert seen_by(None) == [] and not Release.objects.visible_to(None).exists()
    assert releases_sweep() == ["dwarfs v1"]
    assert not Release.objects.exists() and not stored_path(release.folder).exists()
    assert drafted().number == 1


def test_a_draft_that_is_being_built_is_not_discarded(drafted):
    with pytest.raises(ReleaseError, match="cancel its run first"):
        release_discard(user=None, release=drafted())


def test_the_table_of_an_edition_stays_while_it_is_released(drafted, monkeypatch):
    monkeypatch.setattr("almagest.catalogs.services._is_to_go_back_to", lambda edition: False)
    release = drafted()
    Edition.objects.update(
        is_current=False, retired=timezone.datetime(2020, 1, 1, tzinfo=timezone.get_current_timezone())
    )
    assert catalogs_sweep() == [] and table_exists(release.edition.table_name)
    work_on(release)
    assert catalogs_sweep() == [release.edition.table_name]


def test_an_edition_that_is_gone_is_named(drafted):
    release = drafted()
    drop_table(release.edition.table_name)
    with pytest.raises(ReleaseError, match="is no longer there"):
        release_build(claim=claimed(release), release=release, report=no_report)
