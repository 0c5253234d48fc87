"""The rows of a release as files, each written by the format's own writer while the rows are read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from almagest.contract import Table
from almagest.formats import FORMATS, Document, Infos, Sizes, fits_checksum, fits_file
from almagest.releases.content.facts import ReleaseFacts
from almagest.releases.content.rows import Rows, even
from almagest.releases.errors import ReleaseError

HATS = "hats"
SINGLE = ("fits", "votable", "parquet", "csv")  # one file each
ALL = (*SINGLE, HATS)
CHANGES = "changes"


@dataclass(frozen=True)
class DataFile:
    """A file, or the folder of a HATS catalog, that holds all rows of one table."""

    path: str
    format: str
    title: str


def data_files(facts: ReleaseFacts, formats: Iterable[str]) -> tuple[DataFile, ...]:
    """Names of the files of these formats, in the order in which they are told of; `ReleaseError` for unknown ones."""
    if unknown := sorted(set(formats) - set(ALL)):
        raise ReleaseError(f"a release has no format {', '.join(unknown)}; choose among {', '.join(ALL)}")
    single = [
        DataFile(f"{facts.stem}.{FORMATS[name].extension}", name, FORMATS[name].title)
        for name in SINGLE
        if name in formats
    ]
    return (*single, *[DataFile(HATS, HATS, "HATS")] * (HATS in formats))


def write_single(
    folder: Path, file: DataFile, facts: ReleaseFacts, table: Table, batches: Iterable[pa.RecordBatch], sizes: Sizes
) -> None:
    """Write one file, from even batches."""
    document = Document(table, infos(facts), sizes=sizes)
    form: Callable[..., Iterator[bytes]] = FORMATS[file.format].write
    if file.format == "fits":
        form = partial(fits_file.write, time=facts.time)
    _write(folder / file.path, form(document, batches))
    if file.format == "fits":
        fits_checksum.seal(folder / file.path)


def write_changes(folder: Path, facts: ReleaseFacts, changes: Rows) -> None:
    """``changes.parquet`` and ``changes.csv``."""
    document = Document(changes.table, infos(facts))
    for name in ("parquet", "csv"):
        rows = even(changes.table, changes.batches())
        _write(folder / f"{CHANGES}.{FORMATS[name].extension}", FORMATS[name].write(document, rows))


def infos(facts: ReleaseFacts) -> Infos:
    """What every file says of where it is from."""
    simulated = (("SIMULATED", "true", "Simulated objects are among the rows"),) * facts.is_simulated
    return (
        ("RELEASE", facts.stem, facts.title),
        ("CATALOG", facts.slug, f"Revision {facts.catalog_revision}"),
        ("MODEL", str(facts.model), f"Weights with SHA-256 {facts.model.weights_sha256}"),
        ("CREATED", f"{facts.time}Z", ""),
        ("PUBLISHER", facts.publisher, ""),
        ("LICENCE", facts.licence, facts.licence_url),
        *((("DOI", facts.doi, ""),) if facts.doi else ()),
        *(("SURVEY", survey.slug, survey.citation) for survey in facts.surveys),
        *simulated,
    )


def _write(path: Path, blocks: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(blocks)
