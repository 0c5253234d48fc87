"""What a worker does for a release: freeze the rows, write the files, give them to the store, and check them there."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from almagest.catalogs.history import is_kept
from almagest.contract import Report
from almagest.core.files import fetch_file, folder_checksum, local_copy, move_folder, opened_folder, stored_path
from almagest.formats import Sizes
from almagest.releases.changes import find_changes
from almagest.releases.content import FileEntry, ReleaseFacts, Rows, build, check, data_files
from almagest.releases.content.room import room_needed, told_when_full
from almagest.releases.errors import ReleaseError
from almagest.releases.freezing import freeze, read_rows, released_listing
from almagest.releases.models import Release
from almagest.runs.leases import Claim, claim_complete

# Of the whole report: rows are read, compared, written.
FROZEN, COMPARED = 0.1, 0.2


def work_home() -> Path:
    """Where releases are built, beside the store, so that they can be moved into it."""
    return settings.ALMAGEST_HOME / "work"


def release_build(*, claim: Claim, release: Release, report: Report) -> None:
    """Build all files of a draft and keep them; the run's next chunk checks them.

    Raises
    ------
    ReleaseError
        When the edition's rows are gone, or the disk is full: nothing is left behind.
    """
    if not is_kept(release.edition):
        raise ReleaseError(
            f"{release.edition} is no longer there: another revision has taken its place; release that one"
        )
    with _work_folder(claim, release) as work:
        facts, rows, found = _files(release, work, report)
        key = f"releases/{folder_checksum(work / 'files')}"
        store = stored_path(".") or work
        # Written down before it is there: whatever stops us, the sweep knows what to delete.
        Release.objects.filter(pk=release.pk).update(folder=key)
        with transaction.atomic(), told_when_full(store, sum(entry.bytes for entry in found)):
            Release.objects.select_for_update().get(pk=release.pk)
            claim_complete(claim)
            Release.objects.filter(pk=release.pk).update(
                folder=key, rows=rows, facts=facts.to_json(), files=[asdict(entry) for entry in found]
            )
            move_folder(work / "files", key)
            os.sync()


def _files(release: Release, work: Path, report: Report) -> tuple[ReleaseFacts, int, tuple[FileEntry, ...]]:
    report(0.0, "Freezing the rows")
    sizes = _frozen(release, work)
    report(FROZEN, "Comparing with the previous release")
    changes, facts = _changes(release, work)
    weights = local_copy(release.edition.version.folder) if release.with_weights else None
    try:
        found = build(
            work / "files", facts, release.table, partial(read_rows, work / "rows"), sizes, formats=release.formats,
            weights=Path(weights.name) if weights else None, changes=changes,
            report=lambda fraction, message="": report(COMPARED + (1 - COMPARED) * fraction, message),
        )  # fmt: skip
    finally:
        if weights:
            weights.cleanup()
    return facts, sizes.rows, found


def _frozen(release: Release, work: Path) -> Sizes:
    guess = Sizes(release.edition.rows or 0, {})
    with told_when_full(work, room_needed(release.table, guess, release.formats, None)):
        return freeze(release, work / "rows")


def _changes(release: Release, work: Path) -> tuple[Rows | None, ReleaseFacts]:
    """The rows that differ from the release before, and the facts with their numbers."""
    previous, facts = release.previous, release.told
    if previous is None:
        return None, facts
    listing = released_listing(release.edition, columns=",".join(release.table.names), filters=release.filters)
    (file,) = data_files(previous.told, ["parquet"])
    before = fetch_file(f"{previous.folder}/{file.path}", work / "previous.parquet")
    with told_when_full(work, before.stat().st_size):
        table, found = find_changes(listing, previous.table, before, release.edition.rank_by, work / "changes")
    return Rows(table, partial(read_rows, work / "changes")), replace(facts, changes=found)


def release_check(*, claim: Claim, release: Release, report: Report) -> None:
    """Reopen every file as it is stored, and let the release be published.

    Raises
    ------
    ReleaseError
        Naming the file that is not as it was made.
    """
    with opened_folder(release.folder) as folder:
        check(folder, release.told, release.table, release.rows, report=report)
    with transaction.atomic():
        Release.objects.filter(pk=release.pk, state=Release.State.DRAFT).update(
            state=Release.State.CHECKED, checked=Now()
        )
        claim_complete(claim, outcome={"release": str(release), "rows": release.rows, "files": len(release.files)})


@contextmanager
def _work_folder(claim: Claim, release: Release) -> Iterator[Path]:
    """A folder of this claim's own; those of workers before it, which are gone, are deleted."""
    for old in work_folders(release.pk):
        shutil.rmtree(old, ignore_errors=True)
    folder = work_home() / f"release-{release.pk}-{claim.run_id}-{claim.token}"
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def work_folders(pk: int | None = None) -> list[Path]:
    """Folders in which a release, or any, is or was being built."""
    return sorted(work_home().glob(f"release-{pk or '*'}-*"))


def release_of(folder: Path) -> int:
    """Number of the release that is built in a work folder."""
    return int(re.fullmatch(r"release-(\d+)-.*", folder.name)[1])
