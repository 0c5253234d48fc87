"""What formats say about the columns: units in their own spelling, and the metadata of Arrow schemas."""

import warnings
from functools import lru_cache

import pyarrow as pa

from almagest.contract import Column
from almagest.contract.units import ALIASES, parse_unit
from almagest.formats.document import Document


@lru_cache(maxsize=4096)
def unit_text(unit: str, spelling: str = "vounit") -> str:
    """A declared unit as VOUnit (or ``fits``) writes it; units that these do not know are kept as they are declared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # erg and Angstrom are deprecated, and in every survey
        try:
            return parse_unit(unit).to_string(spelling)
        except ValueError:
            return ALIASES.get(unit, unit)


def schema_with_metadata(document: Document, **more: str) -> pa.Schema:
    """The declared schema with unit, UCD and description of each field, and name, description and infos of the table."""
    fields = [
        field.with_metadata(_field_metadata(column))
        for field, column in zip(document.table.arrow_schema, document.table.columns, strict=True)
    ]
    metadata = {"name": document.table.name, "description": document.table.description}
    for name, value, _ in document.infos:
        metadata[name] = f"{metadata[name]}\n{value}" if name in metadata else value
    return pa.schema(fields, metadata | more)


def _field_metadata(column: Column) -> dict[str, str]:
    return {"unit": unit_text(column.unit), "ucd": column.ucd, "description": column.description}
