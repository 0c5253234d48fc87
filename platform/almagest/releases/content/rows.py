"""The rows of a release on their way into files: in batches of one size, in order, counted."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from almagest.contract import Report, Table, no_report
from almagest.formats.batches import conform
from almagest.releases.errors import ReleaseError

# Files are cut where batches end, in row groups and in lines: batches of one size make the same bytes however the rows
# were read. Ten of them are a row group.
BATCH = 10_000
HEALPIX, OBJECT, RA, DEC = "healpix", "object_id", "ra", "dec"

Batches = Callable[[], Iterable[pa.RecordBatch]]


@dataclass(frozen=True)
class Rows:
    """A table with its rows: `batches` gives them all, as often as it is called."""

    table: Table
    batches: Batches


def even(table: Table, batches: Iterable[pa.RecordBatch], size: int = BATCH) -> Iterator[pa.RecordBatch]:
    """The same rows, of the declared types, in batches of `size` rows, the last excepted, each in memory of its own."""
    waiting, rows = [], 0
    for batch in batches:
        fitting = conform(table, batch)
        while rows + fitting.num_rows >= size:
            taken = fitting.slice(0, size - rows)
            yield _joined([*waiting, taken])
            fitting, waiting, rows = fitting.slice(taken.num_rows), [], 0
        if fitting.num_rows:
            waiting.append(fitting)
            rows += fitting.num_rows
    if rows:
        yield _joined(waiting)


def counted(
    table: Table, batches: Iterable[pa.RecordBatch], rows: int, *, report: Report = no_report, message: str = ""
) -> Iterator[pa.RecordBatch]:
    """Even batches of a release's rows, refused where they are out of order or not as many as was said."""
    done, last = 0, None
    for batch in even(table, batches):
        last = _checked_order(table, batch, last)
        done += batch.num_rows
        report(done / max(rows, done), f"{message}: {done:,} of {rows:,} rows")
        yield batch
    if done != rows:
        raise ReleaseError(
            f"table {table.name}: {rows} rows were counted and {done} came; count and read in one snapshot"
        )


def check_columns(table: Table) -> None:
    """Refuse a table without the columns that say where a row is and in which order it comes."""
    if missing := [name for name in (OBJECT, RA, DEC, HEALPIX) if name not in table]:
        raise ReleaseError(
            f"table {table.name} has no {', '.join(missing)}: a release needs the position, the HEALPix number and the "
            "object's number of every row; release these columns too"
        )


def _joined(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    # Concatenated even where there is one: a slice would carry where it was cut into the bytes of a file.
    return pa.concat_batches([*parts, parts[0].slice(0, 0)])


def _checked_order(table: Table, batch: pa.RecordBatch, last: tuple[int, int] | None) -> tuple[int, int]:
    places, numbers = (np.asarray(batch.column(name)) for name in (HEALPIX, OBJECT))
    if last:
        places, numbers = np.insert(places, 0, last[0]), np.insert(numbers, 0, last[1])
    step = np.diff(places)
    if ((step < 0) | ((step == 0) & (np.diff(numbers) <= 0))).any():
        raise ReleaseError(f"table {table.name}: the rows do not come in the order of ({HEALPIX}, {OBJECT}); sort them")
    return int(places[-1]), int(numbers[-1])
