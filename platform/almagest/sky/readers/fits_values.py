"""The values of a FITS binary table's columns as Arrow arrays."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from almagest.sky.errors import IngestError

DTYPES = {
    "L": np.dtype("u1"), "B": np.dtype("u1"), "I": np.dtype(">i2"), "J": np.dtype(">i4"), "K": np.dtype(">i8"),
    "E": np.dtype(">f4"), "D": np.dtype(">f8"),
}  # fmt: skip
# FITS has no unsigned integers (and no signed byte): an offset of half the range stands for them.
UNSIGNED = {"I": (2**15, np.uint16), "J": (2**31, np.uint32), "K": (2**63, np.uint64)}
NOT_READ = {
    "P": "arrays of variable length", "Q": "arrays of variable length", "X": "bits", "C": "complex numbers",
    "M": "complex numbers",
}  # fmt: skip


@dataclass(frozen=True)
class FitsField:
    """A column as its header cards describe it; `offset` and `width` in bytes within a row."""

    name: str
    code: str
    count: int
    offset: int
    width: int
    unit: str = ""
    null: int | None = None
    scale: float = 1
    zero: float = 0
    is_array_of_text: bool = False

    @property
    def problem(self) -> str:
        """Why the column cannot be read; empty where it can."""
        if self.code in NOT_READ:
            return f"holds {NOT_READ[self.code]}, which cannot be read"
        if self.is_array_of_text or self.count == 0:
            return "holds arrays of text or nothing at all, which cannot be read"
        are_numbers = all(isinstance(value, int | float) for value in (self.scale, self.zero, self.null or 0))
        return "" if are_numbers else "has a TNULL, TSCAL or TZERO that is no number"


def field_values(where: str, field: FitsField, rows: np.ndarray, first: int) -> pa.Array:
    """One column of a block of rows.

    Parameters
    ----------
    rows
        Shape (rows, bytes of a row), uint8.
    first
        Number of the block's first row, for messages.
    """
    raw = np.ascontiguousarray(rows[:, field.offset : field.offset + field.width])
    if field.code == "A":
        return _text(f"{where} {field.name}", raw, first)
    values = raw.view(DTYPES[field.code])
    is_null = np.zeros(values.shape, bool)
    if field.code == "L":
        values, is_null = _logical(f"{where} {field.name}", values, first)
    elif field.code not in "ED":
        is_null = values == field.null if field.null is not None else is_null
        values = _scaled(field, values)
    else:
        values = _scaled(field, values)
    if field.count == 1:
        return pa.array(values[:, 0], mask=is_null[:, 0] if is_null.any() else None)
    flat = pa.array(values.ravel(), mask=is_null.ravel() if is_null.any() else None)
    return pa.ListArray.from_arrays(np.arange(0, flat.__len__() + 1, field.count, dtype=np.int32), flat)


def _scaled(field: FitsField, values: np.ndarray) -> np.ndarray:
    native = values.astype(values.dtype.newbyteorder("="))
    if field.scale == 1 and field.zero == 0:
        return native
    offset, unsigned = UNSIGNED.get(field.code, (None, None))
    if field.scale == 1 and field.zero == offset:
        return native.view(unsigned) ^ unsigned(offset)
    if field.code == "B" and field.scale == 1 and field.zero == -128:
        return (native ^ np.uint8(128)).view(np.int8)
    return native * float(field.scale) + float(field.zero)


def _logical(where: str, values: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
    is_true, is_null = values == ord("T"), (values == 0) | (values == ord(" "))
    wrong = ~(is_true | is_null | (values == ord("F")))
    if wrong.any():
        row = int(np.flatnonzero(wrong.any(axis=1))[0])
        raise IngestError(f"{where}, row {first + row + 1}: a logical value is neither T nor F")
    return is_true, is_null


def _text(where: str, raw: np.ndarray, first: int) -> pa.Array:
    """Text ends at the first NUL byte; blanks at its end mean nothing."""
    # numpy drops NULs at the end only: what follows the first NUL is blanked before.
    raw = np.where(np.logical_or.accumulate(raw == 0, axis=1), np.uint8(0), raw)
    data = np.char.rstrip(np.ascontiguousarray(raw).view(f"S{raw.shape[1]}")[:, 0])
    try:
        return pa.array(data, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        row = next(i for i, value in enumerate(data.tolist()) if not _is_utf8(value))
        raise IngestError(f"{where}, row {first + row + 1}: the text is neither ASCII nor UTF-8") from None


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
