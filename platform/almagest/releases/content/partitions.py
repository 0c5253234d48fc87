"""Where the rows are: their HEALPix numbers on disk, cut into cells with few enough rows, and as a map of the sky."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pyarrow as pa
from mocpy import MOC

from almagest.releases.content.rows import HEALPIX

ORDER = 29  # of the numbers
MOC_ORDER = 9  # cells of 6.9 arcmin
BASE_CELLS = 12
BLOCK = 100_000


@dataclass(frozen=True)
class Cell:
    """A HEALPix cell, NESTED, with the first of its rows and the one after its last."""

    order: int
    pixel: int
    start: int
    stop: int

    @property
    def path(self) -> str:
        """Of its file in a HATS catalog."""
        return f"Norder={self.order}/Dir={self.pixel // 10_000 * 10_000}/Npix={self.pixel}.parquet"

    @property
    def rows(self) -> int:
        """How many."""
        return self.stop - self.start


@contextmanager
def places(folder: Path, batches: Iterable[pa.RecordBatch]) -> Iterator[np.ndarray]:
    """The HEALPix numbers of all rows, in order, in a file that is mapped and not held; gone afterwards."""
    with TemporaryFile(dir=folder) as file:
        for batch in batches:
            file.write(np.ascontiguousarray(batch.column(HEALPIX), np.int64).tobytes())
        file.flush()
        yield np.memmap(file, np.int64, "r") if file.tell() else np.empty(0, np.int64)


def cells(numbers: np.ndarray, max_rows: int) -> list[Cell]:
    """Cells that hold all the rows, none more than `max_rows`, as large as that allows, in the order of the numbers.

    A cell of order 29 is not split, however many rows are in it.
    """
    return [cell for pixel in range(BASE_CELLS) for cell in _split(numbers, 0, pixel, max_rows)]


def _split(numbers: np.ndarray, order: int, pixel: int, max_rows: int) -> Iterator[Cell]:
    first = pixel << 2 * (ORDER - order)
    start, stop = np.searchsorted(numbers, [first, first + (1 << 2 * (ORDER - order))]).tolist()
    if stop - start > max_rows and order < ORDER:
        for child in range(4 * pixel, 4 * pixel + 4):
            yield from _split(numbers, order + 1, child, max_rows)
    elif stop > start:
        yield Cell(order, pixel, start, stop)


def coverage(numbers: np.ndarray, order: int = MOC_ORDER) -> MOC:
    """The cells of an order that hold rows."""
    found, last = [np.empty(0, np.int64)], -1
    for start in range(0, len(numbers), BLOCK):
        block = numbers[start : start + BLOCK] >> 2 * (ORDER - order)
        found.append(block[np.diff(block, prepend=last) > 0])  # they are sorted, and sets would take more memory
        last = block[-1]
    pixels = np.concatenate(found).astype(np.uint64)
    return MOC.from_healpix_cells(pixels, np.full(len(pixels), order, np.uint8), order)


def write_coverage(folder: Path, moc: MOC) -> None:
    """``moc.fits`` and ``moc.json``, without a word of when or by whom they were written."""
    for form in ("fits", "json"):
        moc.save(folder / f"moc.{form}", form)
