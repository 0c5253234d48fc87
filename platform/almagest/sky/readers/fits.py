"""FITS binary tables, read row block by row block from a stream that may be gzipped; astropy reads the headers only."""

import io
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from astropy.io import fits

from almagest.sky.errors import IngestError
from almagest.sky.readers.base import FileColumn, Source, batch_rows, explained
from almagest.sky.readers.fits_values import DTYPES, FitsField, field_values

BLOCK = 2880
# 999 columns with ten cards each, and room for comments.
LONGEST_HEADER = 2000 * BLOCK
WIDEST_ROW = 8 * 2**20
FORM = re.compile(r"\s*(\d*)\s*([LXBIJKAEDCMPQ])(.*)")


@dataclass(frozen=True)
class _Layout:
    """Where the table is and how its rows are built."""

    row_bytes: int
    rows: int
    fields: list[FitsField]


class FitsReader:
    """The first binary table of a FITS file."""

    def __init__(self, path: Path):
        self.path = path
        self._source: Source | None = None
        with explained(path):
            source = Source(path)
            try:
                self._layout = _find_table(path, source.stream)
            finally:
                source.close()
        self.columns = [FileColumn(field.name, field.unit, field.problem) for field in self._layout.fields]

    def batches(self, wanted: list[int]) -> Iterator[pa.Table]:
        """See `Reader`."""
        self._source = source = Source(self.path)
        try:
            with explained(self.path):
                layout = _find_table(self.path, source.stream)
                yield from self._blocks(source.stream, layout, wanted)
        finally:
            source.close()

    def fraction(self) -> float:
        """See `Reader`."""
        return self._source.fraction() if self._source else 0.0

    def _blocks(self, stream, layout: _Layout, wanted: list[int]) -> Iterator[pa.Table]:
        step = batch_rows(layout.row_bytes)
        for first in range(0, layout.rows, step):
            count = min(step, layout.rows - first)
            data = _read_fully(stream, count * layout.row_bytes)
            if len(data) < count * layout.row_bytes:
                there = first + len(data) // layout.row_bytes
                raise IngestError(f"{self.path}: cut short: the header says {layout.rows:,} rows, {there:,} are there")
            table = np.frombuffer(data, np.uint8).reshape(count, layout.row_bytes)
            where = f"{self.path}: column"
            columns = [field_values(where, layout.fields[number], table, first) for number in wanted]
            yield pa.table(columns, names=[str(number) for number in wanted])


def _find_table(path: Path, stream) -> _Layout:
    """Read up to the first binary table's data."""
    while (header := _read_header(path, stream)) is not None:
        if header.get("XTENSION", "").strip() == "BINTABLE":
            return _layout(path, header)
        if header.get("XTENSION", "").strip() == "TABLE":
            raise IngestError(f"{path}: the table is an ASCII table; write it as a FITS binary table")
        _skip(path, stream, _data_bytes(path, header))
    raise IngestError(f"{path}: the FITS file has no binary table")


def _read_header(path: Path, stream) -> fits.Header | None:
    text = b""
    while len(text) < LONGEST_HEADER:
        block = _read_fully(stream, BLOCK)
        if not block.strip(b"\0 \n") and not text:
            return None
        if len(block) < BLOCK:
            raise IngestError(f"{path}: cut short within a header")
        text += block
        if any(block[i : i + 8] == b"END     " for i in range(0, BLOCK, 80)):
            return _parsed(path, text)
    raise IngestError(f"{path}: a header has no end")


def _parsed(path: Path, text: bytes) -> fits.Header:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = fits.Header.fromstring(text.decode("ascii"))
            dict(header)  # parses every card
            return header
    except (ValueError, KeyError, fits.VerifyError) as error:
        raise IngestError(f"{path}: a FITS header cannot be read: {error}") from None


def _whole(path: Path, header: fits.Header, key: str, default: int | None = None) -> int:
    value = header.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or (value < 0 and key != "BITPIX"):
        raise IngestError(f"{path}: the FITS header's {key} is {value!r}, not a whole number")
    return value


def _data_bytes(path: Path, header: fits.Header) -> int:
    axes = [_whole(path, header, f"NAXIS{n}") for n in range(1, min(_whole(path, header, "NAXIS"), 999) + 1)]
    if axes and axes[0] == 0 and header.get("GROUPS"):
        axes = axes[1:]
    values = math.prod(axes) if axes else 0
    groups, extra = _whole(path, header, "GCOUNT", 1), _whole(path, header, "PCOUNT", 0)
    return abs(_whole(path, header, "BITPIX")) // 8 * groups * (extra + values)


def _skip(path: Path, stream, size: int) -> None:
    left = -(-size // BLOCK) * BLOCK
    while left:
        data = stream.read(min(left, 2**20))
        if not data:
            raise IngestError(f"{path}: cut short within the data before the table")
        left -= len(data)


def _read_fully(stream, size: int) -> bytes:
    """Up to `size` bytes, fewer only at the end: a header that claims too much takes no more than there is."""
    parts = io.BytesIO()
    while (left := size - parts.tell()) and (data := stream.read(min(left, 2**20))):
        parts.write(data)
    return parts.getvalue()


def _layout(path: Path, header: fits.Header) -> _Layout:
    row_bytes, rows, count = (_whole(path, header, key) for key in ("NAXIS1", "NAXIS2", "TFIELDS"))
    if row_bytes > WIDEST_ROW or count > 999:
        raise IngestError(f"{path}: the header claims {count:,} columns in rows of {row_bytes:,} bytes: no real table")
    fields, offset = [], 0
    for number in range(1, count + 1):
        fields.append(field := _field(path, header, number, offset))
        offset += field.width
    if offset != row_bytes:
        raise IngestError(f"{path}: the columns take {offset:,} bytes, the header says {row_bytes:,} a row")
    return _Layout(row_bytes, rows, fields)


def _field(path: Path, header: fits.Header, number: int, offset: int) -> FitsField:
    name = str(header.get(f"TTYPE{number}", f"column {number}")).strip()
    found = FORM.fullmatch(str(header.get(f"TFORM{number}", "")))
    if found is None:
        raise IngestError(f"{path}: column {name}: its format {header.get(f'TFORM{number}')!r} is none of FITS")
    count, code = int(found[1] or 1), found[2]
    width = -(-count // 8) if code == "X" else count * {"C": 8, "M": 16, "P": 8, "Q": 16, "A": 1}.get(code, 0)
    width = width or count * (DTYPES[code].itemsize if code in DTYPES else 0)
    return FitsField(
        name=name, code=code, count=count, offset=offset, width=width,
        unit=str(header.get(f"TUNIT{number}", "")).strip(),
        null=header.get(f"TNULL{number}"), scale=header.get(f"TSCAL{number}", 1), zero=header.get(f"TZERO{number}", 0),
        is_array_of_text=code == "A" and f"TDIM{number}" in header,
    )  # fmt: skip
