"""How much room a release takes on disk, guessed from its declaration before it is written."""

from collections.abc import Sequence
from pathlib import Path

from almagest.contract import Column, Table
from almagest.formats import Sizes

WIDTHS = {"bool": 1, "int16": 2, "int32": 4, "int64": 8, "float32": 4, "float64": 8, "timestamp": 26}
# Of the width of a row in FITS: base64 of UTF-16 strings, digits of numbers; noisy numbers are hardly compressed.
SHARES = {"fits": 1.0, "votable": 1.6, "parquet": 0.9, "csv": 2.0, "hats": 1.0}
WORDS = 1_000_000


def room_needed(table: Table, sizes: Sizes, formats: Sequence[str], weights: Path | None) -> int:
    """Bytes, rather more than fewer."""
    row = sum(_width(column, sizes) for column in table.columns)
    copied = sum(path.stat().st_size for path in weights.rglob("*") if path.is_file()) if weights else 0
    return WORDS + copied + int(sizes.rows * (8 + row * sum(SHARES[name] for name in formats)))


def megabytes(size: int) -> str:
    """For people."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:.1f} MB"


def _width(column: Column, sizes: Sizes) -> int:
    width = sizes.widths.get(column.name, 1) if column.dtype == "string" else WIDTHS[column.dtype]
    return width * (column.shape or (1,))[0]
