"""Declared tables: the one description from which database tables, file headers, pages and checks are made."""

import re
from dataclasses import asdict, dataclass
from typing import Literal

import pyarrow as pa

from almagest.contract.errors import TableError
from almagest.contract.units import parse_unit

Dtype = Literal["bool", "int16", "int32", "int64", "float32", "float64", "string", "timestamp", "binary"]

ARROW_TYPES: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
# Packed arrays stay in the database: no file and no page shows them.
DATABASE_TYPES = ARROW_TYPES | {"binary": pa.binary()}
NAME = re.compile(r"[a-z][a-z0-9_]{0,58}")


@dataclass(frozen=True)
class Column:
    """One column of a declared table.

    Parameters
    ----------
    name
        Lower case, letters, digits and underscores: the same in the database, in files and on pages.
    dtype
        One of `ARROW_TYPES`; ``binary`` in tables that only the database sees.
    unit
        VOUnit string; empty for a number without unit.
    ucd
        UCD1+ words, e.g. ``phot.mag;em.opt.R``.
    shape
        ``()`` for a scalar, ``(8,)`` for an array of eight.
    nullable
        Whether a value may be missing.
    level
        1: always shown; 2: shown by default in full views; 3: only on demand (the Simple Cone Search's VERB).
    indexed
        Whether people filter and sort by it, so that the database keeps an index.
    """

    name: str
    dtype: Dtype
    unit: str = ""
    ucd: str = ""
    description: str = ""
    shape: tuple[int, ...] = ()
    nullable: bool = True
    level: int = 2
    indexed: bool = False

    def __post_init__(self):
        if not NAME.fullmatch(self.name):
            raise TableError(
                f"column name {self.name!r}: use lower case letters, digits and underscores, a letter first"
            )
        if self.dtype not in DATABASE_TYPES:
            raise TableError(f"column {self.name}: dtype {self.dtype!r} is not one of {', '.join(DATABASE_TYPES)}")
        if len(self.shape) > 1:
            raise TableError(f"column {self.name}: shape {self.shape} has more than one axis; flatten it")
        parse_unit(self.unit)

    @property
    def arrow_type(self) -> pa.DataType:
        """Arrow type of one value; arrays are lists, because PostgreSQL's arrays have no fixed length."""
        return pa.list_(DATABASE_TYPES[self.dtype]) if self.shape else DATABASE_TYPES[self.dtype]

    @property
    def is_number(self) -> bool:
        """Whether the values are scalars that can be compared and counted into a histogram."""
        return not self.shape and self.dtype.startswith(("int", "float"))


@dataclass(frozen=True)
class Table:
    """A declared table: a name, what it holds, and its columns in order."""

    name: str
    description: str
    columns: tuple[Column, ...]

    def __post_init__(self):
        if not NAME.fullmatch(self.name):
            raise TableError(
                f"table name {self.name!r}: use lower case letters, digits and underscores, a letter first"
            )
        names = [column.name for column in self.columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise TableError(f"table {self.name}: declared twice: {', '.join(twice)}")

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise TableError(f"table {self.name} has no column {name!r}; it has {', '.join(self.names)}")

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def names(self) -> list[str]:
        """Column names in their declared order."""
        return [column.name for column in self.columns]

    @property
    def arrow_schema(self) -> pa.Schema:
        """Arrow schema with exactly the declared names, order and types."""
        return pa.schema([pa.field(c.name, c.arrow_type, nullable=c.nullable) for c in self.columns])

    def with_columns(self, *columns: Column, name: str | None = None, first: bool = False) -> "Table":
        """Give a copy with more columns, at the end or at the front."""
        both = (*columns, *self.columns) if first else (*self.columns, *columns)
        return Table(name or self.name, self.description, both)

    def to_json(self) -> dict:
        """Plain dictionary that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> "Table":
        """Read what `to_json` wrote."""
        columns = tuple(Column(**{**column, "shape": tuple(column["shape"])}) for column in data["columns"])
        return cls(data["name"], data["description"], columns)
