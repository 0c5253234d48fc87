"""The life of a release: who may do what when, and that nothing but what was checked is ever visible."""

from functools import partial

import pytest

from almagest.accounts.errors import NotAllowed
from almagest.accounts.models import Visibility
from almagest.catalogs.models import Catalog, Edition
from almagest.core.files import stored_path
from almagest.releases.building import work_folders
from almagest.releases.content import MANIFEST
from almagest.releases.downloads import link_sign
from almagest.releases.errors import ReleaseError
from almagest.releases.models import Release
from almagest.releases.selectors import file_get, release_get, release_known
from almagest.releases.services import (
    release_build_start,
    release_discard,
    release_publish,
    release_retract,
    release_start,
)
from almagest.runs.models import Run
from almagest.runs.services import run_end
from almagest.sky.models import Survey
from tests.almagest.given.releases import work_on

from .lives import State, seen_by


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
