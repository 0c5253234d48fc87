"""Deleting what builds that failed, and releases that were discarded, have left behind."""

import shutil

from django.db import transaction
from django.db.models import Q, QuerySet

from almagest.core.files import delete_folder
from almagest.releases.building import release_of, work_folders
from almagest.releases.models import Release
from almagest.runs.models import Run

OPEN = (Run.State.QUEUED, Run.State.RUNNING)


def releases_sweep() -> list[str]:
    """Delete files that no release will ever show, and what workers that are gone have left half built.

    Returns
    -------
    Names of what was cleaned.
    """
    failed = Q(run=None) | Q(run__state__in=(Run.State.FAILED, Run.State.CANCELLED))
    drafts = Release.objects.filter(failed, state=Release.State.DRAFT).exclude(folder="")
    return [*_each(drafts, _clean), *_each(Release.objects.filter(state=Release.State.DISCARDED), _delete), *_work()]


def _each(found: QuerySet[Release], what) -> list[str]:
    swept = []
    for pk in found.values_list("pk", flat=True):
        with transaction.atomic():
            # Looked at again under its lock: somebody may have sent it to be built anew.
            release = found.filter(pk=pk).select_for_update(of=("self",), skip_locked=True).first()
            if release:
                what(release)
                swept.append(str(release))
    return swept


def _clean(release: Release) -> None:
    delete_folder(release.folder)
    Release.objects.filter(pk=release.pk).update(folder="", files=[], rows=None)


def _delete(release: Release) -> None:
    if release.folder:
        delete_folder(release.folder)
    release.delete()


def _work() -> list[str]:
    folders = work_folders()
    busy = set(
        Release.objects.filter(pk__in=map(release_of, folders), run__state__in=OPEN).values_list("pk", flat=True)
    )
    left = [folder for folder in folders if release_of(folder) not in busy]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return [folder.name for folder in left]
