"""The life of a release: who may do what when, and that nothing but what was checked is ever visible."""

from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from almagest.accounts.errors import NotAllowed
from almagest.accounts.models import Visibility
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.selectors import edition_get
from almagest.catalogs.services import catalogs_sweep
from almagest.contract import AlmagestError, no_report
from almagest.core.files import opened_folder, stored_path
from almagest.core.listings import ListingError
from almagest.core.tables import drop_table, table_exists
from almagest.releases.building import release_build, release_check, work_folders, work_home
from almagest.releases.content import MANIFEST
from almagest.releases.downloads import link_sign
from almagest.releases.errors import ReleaseError
from almagest.releases.models import Release
from almagest.releases.selectors import file_get, release_get, release_known, release_list
from almagest.releases.services import (
    release_build_start,
    release_discard,
    release_publish,
    release_retract,
    release_start,
)
from almagest.releases.sweeping import releases_sweep
from almagest.releases.words import parse_creator, written
from almagest.runs.leases import LeaseLost, chunk_claim
from almagest.runs.models import Run
from almagest.runs.services import run_cancel, run_end
from almagest.sky.models import Survey

from .conftest import work_on

State = Release.State
PTOLEMY = parse_creator("Ptolemy, Claudius")


def claimed(release: Release):
    return chunk_claim(run_id=release.run_id, queue="data", worker="test")


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def seen_by(user) -> list[str]:
    return [str(release) for release in release_list(user=user)]


def test_a_release_goes_from_draft_to_checked_to_published_to_retracted(drafted):
    draft = drafted(title="Dwarfs", known_issues=["few"])
    assert (draft.state, str(draft), draft.run.kind) == (State.DRAFT, "dwarfs v1", "release")
    checked = work_on(draft)
    assert checked.state == State.CHECKED and checked.checked and not checked.published
    assert checked.run.state == Run.State.DONE and checked.run.outcome["files"] == len(checked.files)
    assert checked.rows == draft.edition.rows > 0
    published = release_publish(user=None, release=checked)
    assert published.state == State.PUBLISHED and published.published
    retracted = release_retract(user=None, release=published, reason=" The zero point was wrong. ")
    assert (retracted.state, retracted.reason) == (State.RETRACTED, "The zero point was wrong.")
    assert stored_path(f"{retracted.folder}/{MANIFEST}").exists()
    assert not work_folders()


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        (State.CHECKED, {"publish", "discard"}),
        (State.PUBLISHED, {"retract"}),
        (State.RETRACTED, set()),
        (State.DRAFT, set()),  # its run still goes on
    ],
)
def test_each_state_allows_only_its_own_steps(drafted, state, possible):
    release = drafted()
    if state != State.DRAFT:
        run_end(run_id=release.run_id, state=Run.State.DONE)
    steps = {
        "publish": lambda: release_publish(user=None, release=release),
        "retract": lambda: release_retract(user=None, release=release, reason="wrong"),
        "discard": lambda: release_discard(user=None, release=release),
        "build": lambda: release_build_start(user=None, release=release),
    }
    for name, step in steps.items():
        Release.objects.filter(pk=release.pk).update(state=state)
        if name in possible:
            step()
        else:
            with pytest.raises(ReleaseError, match=r"dwarfs v1 is (a draft whose run \d+ is queued|\w+)"):
                step()


def test_a_reason_is_needed_to_retract(released):
    with pytest.raises(ReleaseError, match="say why"):
        release_retract(user=None, release=released(), reason=" \n")


def test_only_the_owner_and_the_staff_change_a_release(drafted, people):
    release = work_on(drafted(owner=people.owner))
    for step in (release_publish, release_discard, release_build_start, partial(link_sign, hours=1)):
        for user in (people.anonymous, people.reader, people.member):
            with pytest.raises(NotAllowed):
                step(user=user, release=release)
    assert release_publish(user=people.owner, release=release).state == State.PUBLISHED
    with pytest.raises(NotAllowed):
        release_retract(user=people.other, release=release, reason="envy")
    assert release_retract(user=people.staff, release=release, reason="fault").state == State.RETRACTED


def test_only_the_catalogs_owner_and_the_staff_release_it(published, people):
    edition = published(owner=people.owner)
    with pytest.raises(NotAllowed, match="only the owner of dwarfs"):
        release_start(edition=edition, owner=people.other)
    assert release_start(edition=edition, owner=people.staff).told.creators[0].name == "staff"


def test_unpublished_ones_are_seen_by_the_owner_and_the_staff_alone(drafted, people):
    release = work_on(drafted(owner=people.owner))
    Release.objects.update(visibility=Visibility.PUBLIC)
    assert seen_by(people.owner) == seen_by(people.staff) == ["dwarfs v1"]
    assert seen_by(None) == seen_by(people.anonymous) == seen_by(people.reader) == []
    release_publish(user=people.owner, release=release)
    assert seen_by(None) == seen_by(people.reader) == ["dwarfs v1"]


@pytest.mark.parametrize("link", ["release", "catalog", "version", "survey"])
def test_a_release_is_seen_where_all_that_it_holds_is(released, people, link):
    release = released()
    things = {
        "release": release,
        "catalog": release.catalog,
        "version": release.edition.version,
        "survey": Survey.objects.get(slug="sdss-dr14-simulated"),
    }
    assert seen_by(people.reader) == ["dwarfs v1"]
    type(things[link]).objects.filter(pk=things[link].pk).update(visibility=Visibility.PRIVATE)
    assert seen_by(people.reader) == [] and seen_by(people.staff) == ["dwarfs v1"]


def test_what_is_made_of_private_things_is_private(published, people):
    edition = published(owner=people.owner)
    Catalog.objects.update(visibility=Visibility.PRIVATE)
    release = release_start(edition=Edition.objects.get(pk=edition.pk), owner=people.owner)
    assert (release.visibility, release.run.visibility) == (Visibility.PRIVATE, Visibility.PRIVATE)


def test_latest_is_the_newest_that_is_published_and_not_retracted(released, drafted):
    first, second = released(), None
    assert release_get(user=None, catalog="dwarfs", label="latest") == first
    Release.objects.filter(pk=first.pk).update(formats=["parquet"])
    second = drafted()
    assert release_get(user=None, catalog="dwarfs", label="latest") == first
    Release.objects.filter(pk=second.pk).update(state=State.PUBLISHED)
    assert release_get(user=None, catalog="dwarfs", label="latest") == second
    Release.objects.filter(pk=second.pk).update(state=State.RETRACTED)
    assert release_get(user=None, catalog="dwarfs", label="latest") == first
    assert release_get(user=None, catalog="dwarfs", label="v2") == second


@pytest.mark.parametrize("label", ["v0", "v2", "1", "v", "v٣", "v1.0", "v99999999999999999999", "LATEST", ""])
def test_what_is_not_there_is_said(released, label):
    released()
    for find in (
        lambda: release_get(user=None, catalog="dwarfs", label=label),
        lambda: release_known(catalog="dwarfs", label=label),
    ):
        with pytest.raises(ReleaseError, match="there is no release") as caught:
            find()
        assert caught.value.absent
    with pytest.raises(ReleaseError, match="has no file"):
        file_get(release_known(catalog="dwarfs", label="v1"), "../../secret_key")


def test_one_draft_at_a_time(drafted):
    drafted()
    with pytest.raises(ReleaseError, match="publish or discard it before the next"):
        drafted()


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


def test_a_release_holds_the_columns_and_rows_that_were_asked_for(drafted):
    release = work_on(drafted(columns="p_s,r", filters={"p_s__min": "0.9"}, formats=["csv"]))
    assert release.table.names == ["object_id", "survey", "source_id", "ra", "dec", "healpix", "p_s", "r"]
    assert release.formats == ["parquet", "csv"]
    lines = stored_path(f"{release.folder}/dwarfs-v1.csv").read_text().splitlines()
    assert len(lines) - 1 == release.rows < release.edition.rows
    assert min(float(line.split(",")[6]) for line in lines[1:]) >= 0.9
    assert "p_s__min = 0.9" in release.told.selection


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"columns": "mass"}, "there is no mass"),
        ({"filters": {"p_x__min": "0"}}, "cannot be filtered by p_x__min"),
        ({"filters": {"p_s__min": "high"}}, "not a number"),
        ({"formats": ["hdf5"]}, "no format hdf5"),
        ({"title": "two\nlines"}, "title"),
        ({"licence": ""}, "licence"),
        ({"doi": "https://doi.org/10.5281/zenodo.1"}, "without an address"),
        ({"doi": "zenodo.1"}, "DOI"),
        ({"description": "x" * 20_001}, "description"),
        ({"known_issues": ["\0"]}, "known issues"),
        ({"creators": [PTOLEMY] * 501}, "501 creators"),
    ],
)  # fmt: skip
def test_what_cannot_be_released_is_refused_before_anything_is_made(drafted, given, words):
    with pytest.raises((ReleaseError, ListingError), match=words):
        drafted(**given)
    assert not Release.objects.exists() and not Run.objects.filter(kind="release").exists()


def test_a_release_without_creators_is_refused(published):
    with pytest.raises(ReleaseError, match="without creators"):
        release_start(edition=published())


@pytest.mark.parametrize(
    ("text", "name", "person"),
    [
        ("Ptolemy, Claudius", "Claudius Ptolemy", True),
        ("Payne, Cecilia; 0000-0002-1825-0097; Harvard; Radcliffe", "Cecilia Payne", True),
        ("The Survey Team; ROE", "The Survey Team", False),
        ("Li, ; https://orcid.org/0000-0002-1694-233X", "Li", True),
    ],
)
def test_creators_are_read_and_written_alike(text, name, person):
    creator = parse_creator(text)
    assert (creator.name, creator.is_person) == (name, person)
    assert parse_creator(written(creator)).name == name
    assert parse_creator(written(creator)).orcid == creator.orcid


@pytest.mark.parametrize(("text", "words"), [(" ; x", "has no name"), ("A, B; 0000-0002-1825-0098", "is no ORCID")])
def test_creators_that_are_none_are_refused(text, words):
    with pytest.raises(ReleaseError, match=words):
        parse_creator(text)


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


def test_an_earlier_revision_can_be_released_while_its_rows_are_kept(published, drafted):
    first = published(threshold=0.5)
    assert published(threshold=0.9).rows < first.rows
    release = work_on(drafted(edition=edition_get(user=None, slug="dwarfs", revision=1)))
    assert (release.rows, release.told.catalog_revision) == (first.rows, 1)
    with pytest.raises(CatalogError, match="has no revision 3"):
        edition_get(user=None, slug="dwarfs", revision=3)
    drop_table(first.table_name)
    with pytest.raises(CatalogError, match="rows of dwarfs revision 1 are not kept any more"):
        edition_get(user=None, slug="dwarfs", revision=1)


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


def test_commands_say_what_is_wrong(released, capsys):
    released()
    for command, words in {
        ("publish_release", "dwarfs", "v1"): "only a checked release is published",
        ("publish_release", "dwarfs", "v7"): "there is v1",
        ("retract_release", "dwarfs", "latest", "--reason=x"): "there is no release 'latest'",
        ("retract_release", "dwarfs", "v1", "--reason= "): "say why",
        ("release", "dwarfs", "--creator=;"): "has no name",
        ("release", "sdss", "--creator=Ptolemy"): "no published catalog",
        ("release", "dwarfs", "--creator=Ptolemy", "--filter=p_s"): "cannot be filtered",
    }.items():
        with pytest.raises(AlmagestError, match=words):
            call_command(*command)
    call_command("retract_release", "dwarfs", "v1", "--reason=wrong")
    assert capsys.readouterr().out == "dwarfs v1 is retracted: wrong\n"
