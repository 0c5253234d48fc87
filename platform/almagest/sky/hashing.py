"""Row hashes: the same declared values give the same 64 bits, from whatever kind of file they came."""

from hashlib import blake2b

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column, Table


def row_hashes(table: Table, rows: pa.Table) -> np.ndarray:
    """Hash each row.

    A row's hash is the sum over its values of a mix of value and column name. So it does not depend on the order of the
    columns, and a null adds nothing: columns that are declared later change no hash until they have values.

    Returns
    -------
    Shape (rows,), int64.
    """
    total = np.zeros(rows.num_rows, np.uint64)
    for column in table.columns:
        total += _column_hashes(column, rows[column.name].combine_chunks())
    return total.view(np.int64)


def _column_hashes(column: Column, values: pa.Array) -> np.ndarray:
    salt = np.uint64(int.from_bytes(blake2b(column.name.encode(), digest_size=8).digest()))
    if column.shape:
        size = column.shape[0]
        hashes = np.zeros((len(values), size), np.uint64)
        is_valid = values.is_valid().to_numpy(zero_copy_only=False)
        flat = values.flatten()
        hashes[is_valid] = _mixed(_bits(flat), salt).reshape(-1, size)
        # Where in the array a value stands counts as well.
        return _mixed(hashes, np.arange(1, size + 1, dtype=np.uint64)).sum(axis=1, dtype=np.uint64) * is_valid
    hashes = _mixed(_bits(values), salt)
    return hashes if not values.null_count else hashes * values.is_valid().to_numpy(zero_copy_only=False)


def _bits(values: pa.Array) -> np.ndarray:
    """Each value as 64 bits; equal values give equal bits."""
    if pa.types.is_string(values.type):
        return pd.util.hash_array(values.fill_null("").to_numpy(zero_copy_only=False))
    if pa.types.is_floating(values.type):
        numbers = values.fill_null(0).to_numpy(zero_copy_only=False) + values.type.to_pandas_dtype()(0)  # no minus zero
        if np.isnan(numbers).any():
            numbers = np.where(np.isnan(numbers), np.array(np.nan, numbers.dtype), numbers)
        return numbers.view(f"u{numbers.itemsize}").astype(np.uint64)
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    return pc.fill_null(values.cast(pa.int64()), 0).to_numpy(zero_copy_only=False).view(np.uint64)


def _mixed(bits: np.ndarray, salt: np.ndarray | np.uint64) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea & Flood 2014): every bit of the input changes half of the output's."""
    x = bits + salt
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x
