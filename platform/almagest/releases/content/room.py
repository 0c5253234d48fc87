"""How much room a release takes on disk, guessed from its declaration, and what is said when there is not so much."""

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from almagest.contract import Column, Table
from almagest.formats import Sizes
from almagest.releases.errors import ReleaseError

WIDTHS = {"bool": 1, "int16": 2, "int32": 4, "int64": 8, "float32": 4, "float64": 8, "timestamp": 26}
# Of the width of a row in FITS: base64 of UTF-16 strings, digits of numbers; noisy numbers are hardly compressed.
SHARES = {"fits": 1.0, "votable": 1.6, "parquet": 0.9, "csv": 2.0, "hats": 1.0}
WORDS = 1_000_000
FULL = (errno.ENOSPC, errno.EDQUOT)


def room_needed(table: Table, sizes: Sizes, formats: Sequence[str], weights: Path | None) -> int:
    """Bytes, rather more than fewer."""
    row = sum(_width(column, sizes) for column in table.columns)
    copied = sum(path.stat().st_size for path in weights.rglob("*") if path.is_file()) if weights else 0
    return WORDS + copied + int(sizes.rows * (8 + row * sum(SHARES[name] for name in formats)))


def megabytes(size: int) -> str:
    """For people."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:.1f} MB"


@contextmanager
def told_when_full(folder: Path, needed: int) -> Iterator[None]:
    """Turn the error of a full disk into a `ReleaseError` that says how many bytes are needed, and how many are free."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise ReleaseError(
            f"the disk is full: the release needs about {megabytes(needed)}, and {folder} has "
            f"{megabytes(shutil.disk_usage(folder).free)} free; make room there, and build it again"
        ) from error


def _width(column: Column, sizes: Sizes) -> int:
    width = sizes.widths.get(column.name, 1) if column.dtype == "string" else WIDTHS[column.dtype]
    return width * (column.shape or (1,))[0]
