"""Rows of a VOTable's BINARY2: flags of what is null, then numbers, and strings behind their lengths."""

from binascii import b2a_base64
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Table
from almagest.formats.binary import TYPES, numbers, records
from almagest.formats.text import join_rows, plain, text_bytes


def binary2_rows(table: Table, batch: pa.RecordBatch, ascii: frozenset[str] = frozenset()) -> bytes:
    """All rows of one batch of the declared schema; strings of the columns named in `ascii` are bytes.

    A row alternates between stretches of fixed width (flags, numbers, the next string's length) and strings; stretches
    and strings are made for all rows at once, and Arrow puts them together row by row.
    """
    parts, stretch = [], [_null_flags(batch)]
    for column, values in zip(table.columns, batch.columns, strict=True):
        if column.dtype in TYPES:
            stretch.append(numbers(column, values, unknown=ord("?"), reserved=bool(column.shape)))
            continue
        strings, lengths = _strings(values, column.dtype == "timestamp" or column.name in ascii)
        parts += [_fixed([*stretch, lengths]), strings]
        stretch = []
    return join_rows([*parts, *([_fixed(stretch)] if stretch else [])], b"")


def base64_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Base64 of the chunks as if they were one, a line for each; only the last may end with padding."""
    rest = b""
    for chunk in chunks:
        data = memoryview(rest + chunk)
        end = len(data) - len(data) % 3
        yield b2a_base64(data[:end])
        rest = bytes(data[end:])
    yield b2a_base64(rest)


def _null_flags(batch: pa.RecordBatch) -> np.ndarray:
    """One bit a column, the first column's in the highest bit of the first byte."""
    missing = np.zeros((batch.num_rows, batch.num_columns), bool)
    for number, values in enumerate(batch.columns):
        if values.null_count:
            missing[:, number] = values.is_null().to_numpy(zero_copy_only=False)
    return np.packbits(missing, axis=1)


def _fixed(fields: list[np.ndarray]) -> pa.Array:
    data = records(fields)
    offsets = np.arange(len(data) + 1, dtype=np.int32) * data.itemsize
    return pa.Array.from_buffers(pa.binary(), len(data), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _strings(values: pa.Array, is_ascii: bool) -> tuple[pa.Array, np.ndarray]:
    """Encoded strings, and the number of characters that stands before each."""
    if is_ascii:
        encoded = pc.fill_null(plain(values), "").cast(pa.binary())
        return encoded, pc.binary_length(encoded).to_numpy()
    offsets, data = _utf16(pc.fill_null(values, ""))
    encoded = pa.Array.from_buffers(pa.binary(), len(values), [None, pa.py_buffer(offsets * 2), pa.py_buffer(data)])
    return encoded, np.diff(offsets)


def _utf16(values: pa.Array) -> tuple[np.ndarray, bytes]:
    """UTF-16, most significant byte first, with the offsets of the strings counted in its units."""
    raw = text_bytes(values)
    offsets = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]
    offsets = offsets - offsets[0]
    if not raw.isascii():
        units = np.frombuffer(raw, np.uint8)
        # A byte that does not continue a character begins one; those of four bytes are two units in UTF-16.
        units = ((units & 0xC0) != 0x80).astype(np.int8) + (units >= 0xF0)
        offsets = np.concatenate([[0], np.cumsum(units, dtype=np.int32)]).astype(np.int32)[offsets]
    return offsets, raw.decode().encode("utf-16-be")
