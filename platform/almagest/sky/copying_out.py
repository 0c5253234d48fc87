"""Rows of numbers out of PostgreSQL by binary COPY on Django's own connection, so that uncommitted rows are seen."""

import numpy as np
from django.db import connection

# Signature, flags and extension before the rows; the mark of the end after them.
HEADER, TRAILER = 19, 2


def copy_out(sql: str, dtype: np.dtype) -> np.ndarray:
    """Run a query and give its rows as a structured array.

    Parameters
    ----------
    sql
        A query whose columns have no nulls, and exactly the types of `dtype` in its order.
    """
    copying = f"COPY ({sql}) TO STDOUT (FORMAT BINARY)"
    with connection.wrap_database_errors, connection.connection.cursor() as cursor, cursor.copy(copying) as copy:
        data = b"".join(copy)
    wire = _wire(dtype)
    found = np.frombuffer(data, wire, count=(len(data) - HEADER - TRAILER) // wire.itemsize, offset=HEADER)
    rows = np.empty(len(found), dtype)
    for name in dtype.names:
        rows[name] = found[name]
    return rows


def _wire(dtype: np.dtype) -> np.dtype:
    """A row of binary COPY: the number of its fields, then each field's length and value, big-endian."""
    fields = [(f"{name} length", ">i4", name, dtype[name].newbyteorder(">")) for name in dtype.names]
    return np.dtype([("fields", ">i2"), *(part for field in fields for part in (field[:2], field[2:]))])
