"""A table of every type with hostile values, and how the tests of the formats write it."""

import shutil
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from almagest.contract import Column, Table
from almagest.contract.columns import ARROW_TYPES
from almagest.formats import FORMATS, Document, Sizes, votable_file

NASTY = [
    "",
    "plain",
    "Grüße, Ω",
    'he said "no"',
    "a,b\nc\r\nd",
    "]]><&amp;\t'",
    "back\\slash",
    "😀 beyond",
    " spaces ",
    "\x01\x1f",
]
SCALARS = tuple(
    Column(f"{dtype}_{kind}", dtype, nullable=kind == "null", ucd="meta.code", description=f"{dtype}: a “b” <c> & d")
    for dtype in ARROW_TYPES
    for kind in ("null", "full")
)
NUMBERS = [dtype for dtype in ARROW_TYPES if dtype not in ("string", "timestamp")]
ARRAYS = tuple(Column(f"{dtype}_array", dtype, "nmgy", "phot.flux", f"Each {dtype}", shape=(3,)) for dtype in NUMBERS)
UNITS = {"int16_null": "pix", "int32_full": "d", "float64_full": "deg", "float64_null": "deg", "float32_null": "km/s"}
POSITION = {
    "string_full": "meta.id;meta.main",
    "float64_full": "pos.eq.ra;meta.main",
    "float64_null": "pos.eq.dec;meta.main",
}
LONG = "It's a long story: " + "'quotes' & more, " * 20


def _told(column: Column) -> Column:
    ucd, text = POSITION.get(column.name, column.ucd), LONG if column.name == "bool_full" else column.description
    return Column(**{**vars(column), "unit": UNITS.get(column.name, column.unit), "ucd": ucd, "description": text})


TABLE = Table("everything", "All types – « & »", tuple(map(_told, SCALARS + ARRAYS)))
INFOS = (("PROVENANCE", 'dwarf_galaxies/network "v2"', "Model <version>"), ("PROVENANCE", "Ω/v3", ""))
needs_stilts = pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")


def document(table: Table, data: pa.Table, **more) -> Document:
    strings = [column.name for column in table.columns if column.dtype == "string"]
    widths = {name: max([len((text or "").encode()) for text in data[name].to_pylist()] or [0]) for name in strings}
    return Document(table, sizes=Sizes(data.num_rows, widths), **more)


def nasty() -> pa.Table:
    """Each nasty string once; numbers at the ends of their ranges; every second value of what may be null is."""
    first = {"bool": True, "timestamp": datetime(2025, 1, 31, 12, 0, 0, 250000, UTC), "float32": 0.9, "float64": 1 / 3}
    columns = []
    for column in TABLE.columns:
        values = [first.get(column.dtype, np.iinfo(column.dtype).max if "int" in column.dtype else "")] * len(NASTY)
        values = (
            NASTY if column.dtype == "string" else [[value, None, value] if column.shape else value for value in values]
        )
        if column.nullable:
            values = [value if n % 2 else None for n, value in enumerate(values)]
        columns.append(pa.array(values, column.arrow_type))
    return pa.Table.from_arrays(columns, schema=TABLE.arrow_schema)


WRITERS = {name: FORMATS[name].write for name in FORMATS} | {
    "tabledata": partial(votable_file.write, serialization="tabledata")
}
VOUNITS = {"pix": "pixel", "km/s": "km.s**-1"}

NUMBER = Table("numbers", "", (Column("a", "int64", nullable=False), Column("b", "float64")))
ROWS = 100_000


def random_batch(rows: int = ROWS) -> pa.RecordBatch:
    values = [pa.array(np.arange(rows)), pa.array(np.random.default_rng(1).normal(size=rows))]
    return pa.RecordBatch.from_arrays(values, schema=NUMBER.arrow_schema)
