"""Values as text, a whole column at once; what is missing stays null until the rows are joined."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

Spelling = Callable[[pa.Array], pa.Array]


def plain(values: pa.Array) -> pa.Array:
    """Text of scalars: the fewest digits that give the same number, ``true``, and times as ISO 8601 with Z."""
    if pa.types.is_timestamp(values.type):
        return pc.binary_join_element_wise(iso_time(values), "Z", "")
    return values.cast(pa.string())


def iso_time(values: pa.Array) -> pa.Array:
    """Times (UTC) as ``2025-01-31T12:00:00.000000``; without a zone, Arrow formats them twenty times faster."""
    naive = values.cast(pa.timestamp("us")).cast(pa.string())
    return pc.replace_substring(naive, " ", "T", max_replacements=1)


def without_nan(values: pa.Array, *, infinite: bool = True) -> pa.Array:
    """Null in place of what is not a number, and in place of infinities where these are not allowed either."""
    if not pa.types.is_floating(values.type):
        return values
    bad = pc.is_nan(values) if infinite else pc.invert(pc.is_finite(values))
    return pc.if_else(bad, pa.scalar(None, values.type), values)


def array_text(values: pa.ListArray, spelling: Spelling, separator: str, missing: str) -> pa.Array:
    """Text of arrays: their elements as `spelling` writes them, with `missing` for null."""
    offsets = values.offsets
    first, last = offsets[0].as_py(), offsets[-1].as_py()
    elements = pc.fill_null(spelling(values.values.slice(first, last - first)), missing)
    lists = pa.ListArray.from_arrays(pc.subtract(offsets, first), elements)
    return pc.if_else(values.is_valid(), pc.binary_join(lists, separator), pa.scalar(None, pa.string()))


def has_any(values: pa.Array, characters: bytes) -> bool:
    """Whether any of these bytes is in any of the strings: much faster than to ask string by string."""
    raw = text_bytes(values)
    return len(raw.translate(None, characters)) != len(raw)


def text_bytes(values: pa.Array) -> bytes:
    """All characters of an array of strings or binaries, one value after the other."""
    if not len(values) or values.buffers()[2] is None:
        return b""
    offsets = memoryview(values.buffers()[1]).cast("i")
    start, end = offsets[values.offset], offsets[values.offset + len(values)]
    return values.buffers()[2].slice(start, end - start).to_pybytes()


def join_rows(parts: list, null: str | bytes) -> bytes:
    """Bytes of all rows, each the parts one after the other: columns as text, and the same string in every row."""
    empty = b"" if isinstance(null, bytes) else ""
    joined = pc.binary_join_element_wise(*parts, empty, null_handling="replace", null_replacement=null)
    return text_bytes(joined)
