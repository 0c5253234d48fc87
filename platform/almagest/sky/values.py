"""Values of one column of a file, made to fit its declaration; a value that does not fit is named with its row."""

from collections.abc import Callable
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.contract.columns import ARROW_TYPES
from almagest.sky.errors import IngestError

# What people write into text files where a number is not known.
MISSING = pa.array(["", "nan", "null", "none", "na", "n/a", "--"])
TRUE, FALSE = pa.array(["true", "t", "yes", "y", "1"]), pa.array(["false", "f", "no", "n", "0"])
EXACT_IN_FLOAT64 = 2.0**53


class _Misfit(ValueError):
    """Some value cannot become what is declared."""


def to_declared(
    where: str, column: Column, values: pa.Array, *, first_row: int, factor: float = 1.0, null_values: tuple = ()
) -> pa.Array:
    """Convert without changing what a value means.

    Parameters
    ----------
    where
        File and column, for messages.
    first_row
        Number of rows of the file before these.
    factor
        From the file's unit to the declared one.
    null_values
        Values that mean "not known", beside NaN and, in text, `MISSING`.

    Raises
    ------
    IngestError
        When a value is of another kind than declared, or out of the declared type's range.
    """
    if column.shape:
        return _arrays(where, column, values, first_row, factor)
    result = _located(where, column, values, first_row, partial(_scalars, column.dtype, factor))
    if column.dtype.startswith("float") and pc.any(pc.is_nan(result)).as_py():
        result = pc.if_else(pc.is_nan(result), pa.scalar(None, result.type), result)
    for value in null_values:
        result = pc.if_else(pc.equal(result, pa.scalar(value, result.type)), pa.scalar(None, result.type), result)
    return result


def _scalars(dtype: str, factor: float, values: pa.Array) -> pa.Array:
    target = ARROW_TYPES[dtype]
    if dtype == "string":
        return _strings(values)
    if pa.types.is_string(values.type):
        values = _from_text(dtype, values)
    if dtype == "bool":
        return _booleans(values)
    if factor != 1.0:
        values = pc.multiply(values.cast(pa.float64()), factor)
    if pa.types.is_floating(values.type) and pa.types.is_integer(target):
        values = _exact(pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values))
    result = values.cast(target)
    if dtype == "float32" and pc.any(pc.and_(pc.is_finite(values), pc.is_inf(result))).as_py():
        raise _Misfit  # too large
    return result


def _strings(values: pa.Array) -> pa.Array:
    if not any(test(values.type) for test in (pa.types.is_string, pa.types.is_binary, pa.types.is_null)):
        raise _Misfit
    text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    if pc.any(pc.match_substring(text, "\0")).as_py():
        raise _Misfit
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _from_text(dtype: str, text: pa.Array) -> pa.Array:
    text = pc.utf8_ltrim(pc.utf8_trim_whitespace(text), "+")
    text = pc.if_else(pc.is_in(pc.utf8_lower(text), MISSING), pa.scalar(None, pa.string()), text)
    if dtype == "bool":
        lower = pc.utf8_lower(text)
        is_true, is_false = pc.is_in(lower, TRUE), pc.is_in(lower, FALSE)
        if not pc.all(pc.or_(pc.or_(is_true, is_false), pc.is_null(text))).as_py():
            raise _Misfit
        return pc.if_else(pc.is_null(text), pa.scalar(None, pa.bool_()), is_true)
    if dtype.startswith("int"):
        try:
            return text.cast(pa.int64())
        except pa.ArrowInvalid:
            return text.cast(pa.float64())  # "17.0" is whole, too
    return text.cast(ARROW_TYPES["float64" if dtype == "float32" else dtype])


def _booleans(values: pa.Array) -> pa.Array:
    if pa.types.is_integer(values.type) and pc.all(pc.is_in(values, pa.array([0, 1], values.type))).as_py() is False:
        raise _Misfit
    if not (pa.types.is_integer(values.type) or pa.types.is_boolean(values.type) or pa.types.is_null(values.type)):
        raise _Misfit
    return values.cast(pa.bool_())


def _exact(values: pa.Array) -> pa.Array:
    """Floats that are to be whole numbers: beyond 2^53 they have lost digits already."""
    if pc.any(pc.greater(pc.abs(values), EXACT_IN_FLOAT64)).as_py():
        raise _Misfit
    return values


def _arrays(where: str, column: Column, values: pa.Array, first_row: int, factor: float) -> pa.Array:
    size = column.shape[0]
    if pa.types.is_string(values.type):
        values = _split(values)
    if pa.types.is_null(values.type):
        return values.cast(column.arrow_type)
    if not pa.types.is_list(values.type) and not pa.types.is_fixed_size_list(values.type):
        raise IngestError(f"{where} holds {values.type}, declared are arrays of {size}")
    values = values.cast(pa.list_(values.type.value_type))
    wrong = pc.not_equal(pc.list_value_length(values), size)
    if pc.any(wrong).as_py():
        row = pc.index(wrong, True).as_py()
        raise IngestError(
            f"{where}, row {first_row + row + 1}: an array of {len(values[row].as_py())} values; declared are {size}"
        )
    flat = values.flatten()
    step = partial(_scalars, column.dtype, factor)
    flat = _located(where, column, flat, first_row, step, values_per_row=size)
    lengths = pc.if_else(values.is_valid(), size, 0).cast(pa.int32())
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths)])
    return pa.ListArray.from_arrays(offsets, flat, mask=values.is_null() if values.null_count else None)


def _split(text: pa.Array) -> pa.Array:
    """Arrays in text files: ``[1.5, 2, nan]`` or ``1.5 2 nan``."""
    text = pc.utf8_trim_whitespace(pc.utf8_trim(text, "[](){} "))
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    return pc.split_pattern_regex(text, r"\s*[,;\s]\s*")


def _located(
    where: str, column: Column, values: pa.Array, first_row: int, step: Callable, values_per_row: int = 1
) -> pa.Array:
    """Apply the step; where it fails, look for the first value that makes it fail."""
    if _works(step, values):
        return step(values)
    if not _works(step, values[:0]):
        raise IngestError(f"{where} holds {values.type}, declared is {column.dtype}: that is another kind of value")
    good, bad = 0, len(values)  # the first `good` values work, the first `bad` do not
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if _works(step, values[:middle]) else (good, middle)
    row = first_row + good // values_per_row + 1
    shown = repr(values[good].as_py())
    shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
    raise IngestError(f"{where}, row {row}: {shown} is no value of the declared type {column.dtype}")


def _works(step: Callable, values: pa.Array) -> bool:
    try:
        step(values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, _Misfit):
        return False
    return True
