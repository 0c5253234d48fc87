"""Starting, publishing, retracting and discarding releases."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone

from almagest.accounts.models import Owned
from almagest.accounts.selectors import owner_check
from almagest.accounts.sharing import narrowest
from almagest.catalogs.models import Catalog, Edition
from almagest.releases.chain import release_facts
from almagest.releases.content import ALL, Creator, data_files
from almagest.releases.errors import ReleaseError
from almagest.releases.freezing import released_listing
from almagest.releases.models import Release
from almagest.releases.words import check_words
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.sky.models import Survey

KIND = "release"
# Whatever else is chosen: the next release is compared with this file.
NEEDED = "parquet"


@transaction.atomic
def release_start(
    *,
    edition: Edition,
    owner=None,
    title: str = "",
    description: str = "",
    creators: Sequence[Creator] = (),
    licence: str = "CC-BY-4.0",
    doi: str = "",
    known_issues: Sequence[str] = (),
    columns: str = "",
    filters: Mapping[str, str] | None = None,
    formats: Sequence[str] = ALL,
    with_weights: bool = False,
) -> Release:
    """Draft the next release of a catalog from one of its editions, and send it to be built and checked.

    Parameters
    ----------
    columns, filters
        Which columns and rows; all of them without. See `released_listing`.
    formats
        Among `ALL`; Parquet is always made.
    with_weights
        Whether the model's files go with it.

    Raises
    ------
    NotAllowed
        When the catalog is somebody else's, and `owner` is not of the staff.
    ReleaseError
        When a release of the catalog is still a draft, or a format or a word about it is not as it should be.
    ListingError
        When a column or a filter is none of the catalog's.
    """
    catalog = Catalog.objects.select_for_update(no_key=True).get(pk=edition.catalog_id)
    owner_check(user=owner, thing=catalog, name=catalog.slug, what="release it")
    _check_no_draft(catalog)
    creators = tuple(creators) or (_creator(owner),)
    words = {"title": title or catalog.title, "description": description or catalog.description, "licence": licence,
             "doi": doi, "known_issues": tuple(known_issues)}  # fmt: skip
    check_words(creators=creators, **words)
    listing = released_listing(edition, columns=columns, filters=filters or {})
    number = (catalog.releases.aggregate(last=Max("number"))["last"] or 0) + 1
    previous = catalog.releases.filter(state=Release.State.PUBLISHED).order_by("-number").first()
    created = timezone.now().replace(microsecond=0)
    facts = release_facts(
        edition=edition, number=number, created=created, creators=creators, previous=previous, filters=listing.shown, **words
    )  # fmt: skip
    chosen = [name for name in ALL if name in {*formats, NEEDED}]
    data_files(facts, [*chosen, *formats])  # refuses what is no format
    release = Release.objects.create(
        catalog=catalog, number=number, edition=edition, previous=previous, facts=facts.to_json(),
        columns=listing.given.to_json(), filters=listing.shown, formats=chosen, with_weights=with_weights,
        created=created, owner=owner, **narrowest(_sources(edition)),
    )  # fmt: skip
    return release_build_start(user=None, release=release)


@transaction.atomic
def release_build_start(*, user, release: Release) -> Release:
    """Send a draft to be built: the first time, or again after a run that failed or was cancelled.

    Raises
    ------
    NotAllowed, ReleaseError
        When it is somebody else's, or no draft, or its run has not failed.
    """
    release = _changing(user, release, "build it")
    if release.state != Release.State.DRAFT or (release.run and not _has_failed(release.run)):
        raise ReleaseError(f"{release} is {_standing(release)}; only a draft whose run has failed is built again")
    chunks = [
        ChunkSpec("data", {"release_id": release.pk, "step": step}, n) for n, step in enumerate(("build", "check"))
    ]
    release.run = run_start(
        kind=KIND, title=f"Release {release}", chunks=chunks, owner=release.owner,
        parameters={"release": str(release), "catalog": release.catalog.slug, "edition": release.edition_id,
                    "version": str(release.edition.version), "surveys": release.edition.prediction_set.surveys},
        **narrowest([release, *_sources(release.edition)]),
    )  # fmt: skip
    release.save(update_fields=["run"])
    return release


@transaction.atomic
def release_publish(*, user, release: Release) -> Release:
    """Show a checked release to everybody who may see it; from now on it only can be retracted.

    Raises
    ------
    NotAllowed, ReleaseError
        When it is somebody else's, or not checked.
    """
    release = _changing(user, release, "publish it")
    if release.state != Release.State.CHECKED:
        raise ReleaseError(f"{release} is {_standing(release)}; only a checked release is published")
    return _moved(release, Release.State.PUBLISHED, published=Now())


@transaction.atomic
def release_retract(*, user, release: Release, reason: str) -> Release:
    """Mark a published release as one not to be used, and say why; its page and its files stay."""
    release = _changing(user, release, "retract it")
    if release.state != Release.State.PUBLISHED:
        raise ReleaseError(f"{release} is {_standing(release)}; only a published release is retracted")
    if not reason.strip():
        raise ReleaseError(f"{release}: say why it is retracted; people who have used it will read it")
    return _moved(release, Release.State.RETRACTED, retracted=Now(), reason=reason.strip())


@transaction.atomic
def release_discard(*, user, release: Release) -> None:
    """Take away a release that was never published; the sweep deletes its files.

    Raises
    ------
    NotAllowed, ReleaseError
        When it is somebody else's, was published, or is being built.
    """
    release = _changing(user, release, "discard it")
    if release.is_out or (release.run and not release.run.is_over):
        raise ReleaseError(
            f"{release} is {_standing(release)}; "
            + ("retract it instead: what was published stays" if release.is_out else "cancel its run first")
        )
    _moved(release, Release.State.DISCARDED)


def _changing(user, release: Release, what: str) -> Release:
    """The release's row, locked; `user` None is whoever runs commands."""
    release = Release.objects.select_for_update(of=("self",)).select_related("run", "catalog").get(pk=release.pk)
    owner_check(user=user, thing=release, name=release, what=what)
    return release


def _moved(release: Release, state: str, **values) -> Release:
    Release.objects.filter(pk=release.pk).update(state=state, **values)
    release.refresh_from_db()
    return release


def _check_no_draft(catalog: Catalog) -> None:
    waiting = catalog.releases.filter(state__in=(Release.State.DRAFT, Release.State.CHECKED)).first()
    if waiting:
        raise ReleaseError(f"{waiting} is {_standing(waiting)}; publish or discard it before the next is made")


def _standing(release: Release) -> str:
    if release.state == Release.State.DRAFT and release.run:
        return f"a draft whose run {release.run_id} is {release.run.state}"
    return release.state


def _has_failed(run: Run) -> bool:
    return run.state in (Run.State.FAILED, Run.State.CANCELLED)


def _creator(owner) -> Creator:
    if owner is None:
        raise ReleaseError("a release without creators cannot be cited; name them")
    return Creator(owner.get_full_name() or owner.username, owner.first_name, owner.last_name)


def _sources(edition: Edition) -> list[Owned]:
    surveys = Survey.objects.filter(slug__in=edition.prediction_set.surveys)
    return [edition.catalog, edition.version, *surveys]
