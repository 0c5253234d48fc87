"""Making Arrow data fit a declared table exactly, or saying why they do not."""

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract.columns import Column, Table
from almagest.contract.errors import TableError


def cast_to(table: Table, data: pa.Table) -> pa.Table:
    """Cast to the declared schema: exactly its names, in its order, with its types.

    Widening and exact conversions are made, and float64 is rounded to a declared float32; whatever else would change a
    number is refused. PostgreSQL's binary COPY checks widths, not types: it would store the rest as other numbers without
    a word.

    Raises
    ------
    TableError
        Naming the column, when one is missing, undeclared or out of order, has another kind of type, or holds a value
        that the declared type cannot hold.
    """
    if data.column_names != table.names:
        raise TableError(_difference_of_names(table, data.column_names))
    columns = [cast_column(table.name, column, data.column(column.name)) for column in table.columns]
    return pa.Table.from_arrays(columns, schema=table.arrow_schema)


def cast_column(table_name: str, column: Column, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cast one column's values to its declared type, or raise `TableError`."""
    where = f"{table_name}.{column.name}"
    if column.shape and pa.types.is_fixed_size_list(values.type):
        values = values.cast(pa.list_(values.type.value_type))
    if _kind(values.type) not in (_kind(column.arrow_type), "null") and not _is_integer_for_float(column, values):
        raise TableError(f"{where} is declared {column.arrow_type}, the data are {values.type}")
    try:
        result = values.cast(column.arrow_type, safe=True)
    except pa.ArrowInvalid as error:
        raise TableError(f"{where}: {error}") from None
    _check_values(where, column, values, result)
    return result


def _difference_of_names(table: Table, found: list[str]) -> str:
    missing = [name for name in table.names if name not in found]
    extra = [name for name in found if name not in table.names]
    parts = [f"missing {', '.join(missing)}"] * bool(missing) + [f"not declared {', '.join(extra)}"] * bool(extra)
    return f"table {table.name}: columns {'; '.join(parts) or 'in another order than declared: ' + ', '.join(found)}"


def _kind(dtype: pa.DataType) -> str:
    """Kinds between which no cast is ever meant."""
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        return f"list of {_kind(dtype.value_type)}"
    kinds = {
        "bool": pa.types.is_boolean,
        "integer": pa.types.is_integer,
        "float": pa.types.is_floating,
        "string": lambda t: pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t),
        "timestamp": pa.types.is_timestamp,
        "null": pa.types.is_null,
    }
    return next((name for name, test in kinds.items() if test(dtype)), str(dtype))


def _is_integer_for_float(column: Column, values: pa.ChunkedArray) -> bool:
    return pa.types.is_integer(values.type) and column.dtype.startswith("float") and not column.shape


def _check_values(where: str, column: Column, before: pa.ChunkedArray, after: pa.ChunkedArray) -> None:
    if not column.nullable and after.null_count:
        raise TableError(f"{where} must not be null; {after.null_count} of {len(after)} values are")
    if column.dtype == "string" and not column.shape and pc.any(pc.match_substring(after, "\0")).as_py():
        raise TableError(f"{where}: a string holds a NUL byte, which PostgreSQL cannot store")
    if column.shape and len(after):
        lengths = pc.unique(pc.list_value_length(after.drop_null())).to_pylist()
        if any(length != column.shape[0] for length in lengths):
            raise TableError(f"{where} is declared with {column.shape[0]} values a row, the data have {lengths}")
    elif column.dtype == "float32" and pa.types.is_float64(before.type):
        _check_overflow(where, before, after)


def _check_overflow(where: str, before: pa.ChunkedArray, after: pa.ChunkedArray) -> None:
    lost = pc.and_(pc.is_finite(before), pc.invert(pc.is_finite(after)))
    if pc.any(lost).as_py():
        raise TableError(f"{where}: {pc.sum(lost).as_py()} values are too large for float32")
