"""What is written into a file: a declared table, and what is said around its rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from almagest.contract import Table

Infos = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Sizes:
    """What FITS must know before the first row.

    Parameters
    ----------
    rows
        Number of rows that will come.
    widths
        Longest value of each string column, in bytes of UTF-8; at least 1.
    """

    rows: int
    widths: Mapping[str, int]


@dataclass(frozen=True)
class Document:
    """A declared table, with exactly the columns of the batches in their order, and what is said around its rows.

    Parameters
    ----------
    table
        Its name is the table's name in the file.
    infos
        ``(name, value, text)``: INFO in VOTables, HISTORY in FITS, metadata of the schema in Parquet and Arrow; CSV and
        JSON have no place for them.
    after
        The same, placed after the table; only in VOTables, which are told there that rows were left out. It is read
        when the last row is written.
    sizes
        Needed by FITS alone.
    ascii
        Names of string columns that hold nothing but ASCII: in VOTables their type is ``char``, as old clients want it.
    """

    table: Table
    infos: Infos = ()
    after: Infos = ()
    sizes: Sizes | None = None
    ascii: frozenset[str] = frozenset()
