"""The columns of each data file, for people and for programs, from their declaration."""

from almagest.contract import Column, Table
from almagest.formats.binary import smallest
from almagest.formats.metadata import unit_text
from almagest.releases.content.data import DataFile
from almagest.releases.content.hats import INDEX
from almagest.releases.content.text import json_text, markdown, table

# What stands for a missing value, by format and kind of column; {null} is the smallest integer of the type.
NULLS = {
    "fits": {"int": "TNULL {null}", "float": "NaN", "bool": "byte 0", "string": "empty", "timestamp": "empty"},
    "votable": dict.fromkeys(("int", "float", "bool", "string", "timestamp"), "null flag"),
    "csv": dict.fromkeys(("int", "float", "bool", "string", "timestamp"), "nothing between the commas"),
}
ARRAY_NULLS = {"int": "{null}", "float": "NaN", "bool": "unknown"}
INDEX_COLUMN = {
    "name": INDEX, "type": "int64", "shape": [], "unit": "", "ucd": "pos.healpix", "null": "never", "nullable": False,
    "description": "HEALPix number, NESTED, order 29; the rows of a file are in its order",
}  # fmt: skip


def describe(file: DataFile, declared: Table, rows: int | None) -> dict:
    """The data model of one file as plain data."""
    columns = [INDEX_COLUMN] * (file.format == "hats") + [_column(file.format, column) for column in declared.columns]
    return {
        "file": file.path, "format": file.title, "table": declared.name, "description": declared.description, "rows": rows,
        "columns": columns,
    }  # fmt: skip


def pages(file: DataFile, declared: Table, rows: int | None) -> dict[str, str]:
    """The data model of one file as a page and as JSON, by path."""
    model = describe(file, declared, rows)
    lines = [
        (f"`{c['name']}`", c["type"] + "".join(f"[{n}]" for n in c["shape"]), c["unit"], c["ucd"], c["null"], c["description"])
        for c in model["columns"]
    ]  # fmt: skip
    counted = "" if rows is None else f"{rows:,} rows, "
    page = markdown(
        f"# {file.path}", declared.description, f"{file.title}: {counted}{len(lines)} columns.",
        table(("Name", "Type", "Unit", "UCD", "Missing value", "Description"), lines),
    )  # fmt: skip
    return {f"datamodel/{file.path}.md": page, f"datamodel/{file.path}.json": json_text(model)}


def _column(form: str, column: Column) -> dict:
    return {
        "name": column.name, "type": column.dtype, "shape": list(column.shape), "unit": unit_text(column.unit),
        "ucd": column.ucd, "description": column.description, "nullable": column.nullable, "null": _null(form, column),
    }  # fmt: skip


def _null(form: str, column: Column) -> str:
    if not column.nullable:
        return "never"
    kind = column.dtype.rstrip("0123456789")
    words = NULLS.get(form, {}).get(kind, "null")
    if column.shape and form == "fits":
        words = ARRAY_NULLS.get(kind, words)
    return words.format(null=smallest(column))
