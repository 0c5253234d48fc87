"""Reading releases."""

from django.db.models import F, Max, QuerySet, Sum

from almagest.releases.content import FileEntry, data_files
from almagest.releases.errors import ReleaseError
from almagest.releases.models import DownloadCount, Release

LATEST = "latest"


def release_list(*, user, catalog: str = "") -> QuerySet[Release]:
    """Releases that the user may see, newest first; of one catalog, or of all."""
    found = Release.objects.visible_to(user).select_related(
        "catalog", "edition__version__method__plugin", "owner", "run"
    )
    found = found.defer("edition__figures", "edition__version__figures")
    return found.filter(catalog__slug=catalog) if catalog else found


def release_get(*, user, catalog: str, label: str) -> Release:
    """A release by its catalog's slug and its version: ``v2``, or ``latest`` for the newest that is published.

    Raises
    ------
    ReleaseError
        When there is none that the user may see.
    """
    found = release_list(user=user, catalog=catalog)
    if label == LATEST:
        release = found.filter(state=Release.State.PUBLISHED).order_by("-number").first()
        if release is None:
            raise ReleaseError(f"no release of {catalog!r} has been published", absent=True)
        return release
    return _numbered(found, catalog, label)


def release_known(*, catalog: str, label: str) -> Release:
    """A release by its catalog and version, for whoever runs commands here: they see all."""
    found = Release.objects.exclude(state=Release.State.DISCARDED).filter(catalog__slug=catalog)
    return _numbered(found.select_related("catalog", "run"), catalog, label)


def _numbered(found: QuerySet[Release], catalog: str, label: str) -> Release:
    number = label.removeprefix("v")
    known = label.startswith("v") and number.isascii() and number.isdigit() and len(number) < 10
    release = found.filter(number=int(number)).first() if known else None
    if release is None:
        there = ", ".join(f"v{each.number}" for each in found.order_by("number")) or "none"
        raise ReleaseError(f"there is no release {label!r} of {catalog!r}; there is {there}", absent=True)
    return release


def latest_number(release: Release, *, user) -> int | None:
    """Number of the newest published release of its catalog."""
    found = release_list(user=user, catalog=release.catalog.slug).filter(state=Release.State.PUBLISHED)
    return found.order_by().aggregate(last=Max("number"))["last"]


def file_get(release: Release, path: str) -> FileEntry:
    """A file of a release, or `ReleaseError`."""
    entry = next((entry for entry in release.entries if entry.path == path), None)
    if entry is None:
        raise ReleaseError(f"{release} has no file {path!r}; {release.label}/MANIFEST.sha256 names all", absent=True)
    return entry


def data_paths(release: Release) -> set[str]:
    """Paths of the files, and of the HATS catalog's folder, that hold the rows."""
    return {file.path for file in data_files(release.told, release.formats)}


def download_totals(release: Release) -> dict[str, int]:
    """How often each file was fetched."""
    counts = DownloadCount.objects.filter(release=release).order_by()
    return dict(counts.values_list("path").annotate(total=Sum("count")))


def download_days(release: Release) -> list[tuple]:
    """How many files were fetched on each day on which there were any."""
    counts = DownloadCount.objects.filter(release=release).order_by("day")
    return list(counts.values_list("day").annotate(total=Sum(F("count"))))
