"""Everything that lies in a release's folder, written; or nothing at all."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from almagest.contract import Report, Table, no_report
from almagest.formats import FORMATS, Sizes
from almagest.releases.content import hats
from almagest.releases.content.citing import bibtex, citation_cff
from almagest.releases.content.data import ALL, CHANGES, HATS, DataFile, data_files, write_changes, write_single
from almagest.releases.content.datacite import datacite
from almagest.releases.content.datamodel import pages
from almagest.releases.content.facts import ReleaseFacts
from almagest.releases.content.manifest import FileEntry, entries, write_manifest
from almagest.releases.content.partitions import cells, coverage, places, write_coverage
from almagest.releases.content.provenance import provenance, release
from almagest.releases.content.room import room_needed, told_when_full
from almagest.releases.content.rows import Batches, Rows, check_columns, counted
from almagest.releases.content.text import json_text
from almagest.releases.content.words import changelog, known_issues, licence, readme
from almagest.releases.errors import ReleaseError


def build(
    folder: Path,
    facts: ReleaseFacts,
    table: Table,
    batches: Batches,
    sizes: Sizes,
    *,
    formats: Sequence[str] = ALL,
    weights: Path | None = None,
    changes: Rows | None = None,
    max_rows: int = hats.MAX_ROWS,
    report: Report = no_report,
) -> tuple[FileEntry, ...]:
    """Write a release into an empty folder. The same rows and facts give the same bytes.

    Memory does not grow with the rows. Whatever stops it, a report that raises included, leaves the folder empty.

    Parameters
    ----------
    batches
        Gives all rows, sorted by (healpix, object_id); called once for each format, and once before.
    weights
        Folder of the model's files, copied below ``weights/``.
    changes
        Rows that differ from the previous release.
    max_rows
        Of a file of the HATS catalog.

    Raises
    ------
    ReleaseError
        When the folder is not empty, the rows are not as they should be, or the disk is full.
    FormatError, TableError
        When a format cannot hold the table, or the rows do not fit it.
    """
    check_columns(table)
    files = data_files(facts, formats)
    copied = _files_below(weights) if weights else []
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ReleaseError(f"release folder {folder} is not empty; empty it, or take another")
    with _all_or_nothing(folder, room_needed(table, sizes, formats, weights)):
        steps = _Steps(report, len(files) + 1)
        sky_fraction = _write_rows(folder, facts, table, batches, sizes, files, max_rows, steps)
        if changes:
            write_changes(folder, facts, changes)
        for path in copied:
            _copy(weights / path, folder / "weights" / path)
        _write_words(folder, facts, table, sizes.rows, files, changes, weights is not None, sky_fraction)
        write_manifest(folder)
        found = entries(folder)
        report(1.0, f"{len(found)} files written")
    return found


class _Steps:
    """Shares one report among passes over the rows."""

    def __init__(self, report: Report, number: int):
        self._report, self._number, self._done = report, number, -1

    def next(self) -> Report:
        """The report of the next pass."""
        self._done += 1
        before = self._done
        return lambda fraction, message="": self._report((before + fraction) / self._number, message)


def _write_rows(
    folder: Path, facts: ReleaseFacts, table: Table, batches: Batches, sizes: Sizes, files: Sequence[DataFile],
    max_rows: int, steps: _Steps,
) -> float:  # fmt: skip
    """All data files and the coverage; gives the part of the sky that is covered."""

    def rows(message: str):
        return counted(table, batches(), sizes.rows, report=steps.next(), message=message)

    with places(folder, rows("Finding places")) as numbers:
        found = cells(numbers, max_rows)
        moc = coverage(numbers)
    write_coverage(folder, moc)
    for file in files:
        message = f"Writing {file.title}"
        if file.format == HATS:
            more = {"max_rows": max_rows, "sky_fraction": moc.sky_fraction}
            hats.write(folder / file.path, facts, table, rows(message), found, **more)
        else:
            write_single(folder, file, facts, table, rows(message), sizes)
    return moc.sky_fraction


def _write_words(
    folder: Path, facts: ReleaseFacts, table: Table, rows: int, files: Sequence[DataFile], changes: Rows | None,
    has_weights: bool, sky_fraction: float,
) -> None:  # fmt: skip
    tables = dict.fromkeys(files, (table, rows))
    if changes:
        number = sum(batch.num_rows for batch in changes.batches())
        for name in ("parquet", "csv"):
            file = DataFile(f"{CHANGES}.{FORMATS[name].extension}", name, FORMATS[name].title)
            tables[file] = (changes.table, number)
    counts = {file: number for file, (_, number) in tables.items()}
    texts = {
        "README.md": readme(facts, table, rows, files, weights=has_weights, changes=changes is not None),
        "LICENSE.md": licence(facts),
        "CHANGELOG.md": changelog(facts),
        "known_issues.md": known_issues(facts),
        "CITATION.cff": citation_cff(facts),
        "citation.bib": bibtex(facts),
        "datacite.json": json_text(datacite(facts, rows=rows, data_paths=[file.path for file in files])),
        "release.json": json_text(release(facts, table, rows, counts, sky_fraction=sky_fraction)),
        "provenance.json": json_text(provenance(facts, rows)),
    }
    for file, (declared, number) in tables.items():
        texts |= pages(file, declared, number)
    for path, text in texts.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _files_below(weights: Path) -> list[Path]:
    found = [path.relative_to(weights) for path in sorted(weights.rglob("*")) if path.is_file()]
    if not found:
        raise ReleaseError(f"weights folder {weights} holds no files; release without weights, or find them")
    return found


def _copy(source: Path, target: Path) -> None:
    """Contents alone: a link becomes the file that it names, because links do not survive every transfer."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


@contextmanager
def _all_or_nothing(folder: Path, needed: int) -> Iterator[None]:
    try:
        with told_when_full(folder, needed):
            yield
    except BaseException:
        empty(folder)
        raise


def empty(folder: Path) -> None:
    """Delete all that is in a folder."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
