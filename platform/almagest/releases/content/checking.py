"""A release's folder looked at with other eyes than those that wrote it."""

import json
import math
import struct
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import numpy as np
import pyarrow as pa
from mocpy import MOC

from almagest.contract import AlmagestError, Column, Report, Table, no_report
from almagest.formats.binary import smallest
from almagest.releases.content.data import CHANGES, DataFile, data_files
from almagest.releases.content.facts import ReleaseFacts
from almagest.releases.content.manifest import RELEASE, paths, verify
from almagest.releases.content.readers import READERS, Seen, declared, read_parquet
from almagest.releases.errors import ReleaseError

# What readers raise at files that are not whole, warnings that are made errors among them.
BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    struct.error,
    ExpatError,
    pa.ArrowException,
    Warning,
    AlmagestError,
)

ENDS = ("first", "last")  # rows; none where there are no rows


def check(folder: Path, facts: ReleaseFacts, table: Table, rows: int, *, report: Report = no_report) -> None:
    """Reopen every file of a release: whole, counted, with the declared columns, and all formats of one mind.

    Raises
    ------
    ReleaseError
        Naming the file, and what is wrong with it.
    """
    report(0.0, "Verifying checksums")
    verify(folder)
    told = _told(folder, facts, rows)
    files = [file for file in data_files(facts, READERS) if file.path in told]
    first: Seen | None = None
    for n, file in enumerate(files, 1):
        report(n / (len(files) + 1), f"Checking {file.title}")
        seen = _read(folder, file, table)
        _compare(file.path, seen, table, rows, first)
        first = first or seen
    _check_changes(folder, told)
    _check_words(folder)


def _told(folder: Path, facts: ReleaseFacts, rows: int) -> dict[str, dict]:
    """The data files that the release says it has."""
    try:
        about = json.loads((folder / RELEASE).read_text())
        if about["facts"] != json.loads(json.dumps(facts.to_json())):
            raise ValueError("it tells of another release")
        if about["rows"] != rows:
            raise ValueError(f"it says {about['rows']} rows, where {rows} were released")
        if not about["data"]:
            raise ValueError("it names no data file")
        return about["data"]
    except (OSError, ValueError, KeyError) as error:
        raise ReleaseError(f"{RELEASE}: {error}; build the release anew") from None


def _read(folder: Path, file: DataFile, table: Table) -> Seen:
    try:
        return READERS[file.format](folder / file.path, table)
    except BROKEN as error:
        raise ReleaseError(f"{file.path} cannot be read back: {error}; build the release anew") from error


def _compare(path: str, seen: Seen, table: Table, rows: int, first: Seen | None) -> None:
    if seen.rows != rows:
        raise ReleaseError(f"{path} holds {seen.rows} rows, where {rows} were released; build the release anew")
    wanted = declared(table, seen.spelling)
    if list(seen.columns) != list(wanted):
        raise ReleaseError(f"{path} has the columns {', '.join(seen.columns)}, not {', '.join(wanted)}")
    for name, found in seen.columns.items():
        if found not in ((None, None), wanted[name]):
            raise ReleaseError(f"{path}, column {name}: unit and UCD are {found}, where {wanted[name]} are declared")
    for place, row, other in zip(ENDS, seen.ends, (first or seen).ends, strict=False):
        for column in table.columns:
            ours, theirs = (comparable(column, each[column.name]) for each in (row, other))
            if ours != theirs:
                raise ReleaseError(
                    f"{path}, {place} row, column {column.name}: {ours!r}, where other files have {theirs!r}"
                )


def comparable(column: Column, value: Any) -> Any:
    """A value as all formats can say it: None for null, NaN, an empty string, and an array of nothing else."""
    if value is np.ma.masked or value is None:
        return None
    if column.shape:
        values = value.tolist() if isinstance(value, np.ndarray) else value
        # JSON in CSV has no infinities.
        plain = [_scalar(column, each) for each in values]
        plain = [None if isinstance(each, float) and math.isinf(each) else each for each in plain]
        return None if plain == [None] * len(plain) else plain
    return _scalar(column, value)


def _scalar(column: Column, value: Any) -> Any:
    if value is None or value is np.ma.masked or (isinstance(value, str) and not value):
        return None
    if column.dtype == "timestamp":
        text = value.isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)
        return text.removesuffix("+00:00").removesuffix("Z")
    if column.dtype.startswith("float"):
        number = float(np.float32(value) if column.dtype == "float32" else value)
        return None if math.isnan(number) else number
    if column.dtype.startswith("int"):
        return None if (column.nullable or column.shape) and int(value) == smallest(column) else int(value)
    return bool(value) if column.dtype == "bool" else str(value)


def _check_changes(folder: Path, told: dict[str, dict]) -> None:
    counts = {path: each["rows"] for path, each in told.items() if path.startswith(f"{CHANGES}.")}
    if path := next((path for path in counts if path.endswith(".parquet")), None):
        file = DataFile(path, "parquet", "Parquet")
        try:
            rows = read_parquet(folder / path, Table(CHANGES, "", ())).rows
        except BROKEN as error:
            raise ReleaseError(f"{file.path} cannot be read back: {error}; build the release anew") from error
        if {*counts.values()} != {rows}:
            raise ReleaseError(f"{path} holds {rows} rows, where {RELEASE} says {counts[path]}; build the release anew")


def _check_words(folder: Path) -> None:
    for path in paths(folder):
        _check_word(folder, path)


def _check_word(folder: Path, path: str) -> None:
    if path.startswith(("weights/", "hats/")):
        return
    try:
        if path.endswith(".json"):
            json.loads((folder / path).read_text())
        elif path == "moc.fits" and MOC.from_fits(folder / path) != MOC.load(folder / "moc.json", "json"):
            raise ValueError("it covers another part of the sky than moc.json")
        elif path.endswith((".md", ".cff", ".bib")) and not (folder / path).read_text().strip():
            raise ValueError("it is empty")
    except BROKEN as error:
        raise ReleaseError(f"{path} cannot be read back: {error}; build the release anew") from error
