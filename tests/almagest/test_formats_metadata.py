"""Names, units, UCDs, descriptions and provenance stand in every format that can hold them."""

import io
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.io import fits, votable

from almagest.contract import Column
from almagest.formats import header

from .format_tables import INFOS, TABLE, VOUNITS, WRITERS, document, nasty


def _unit_in(raw: bytes, column: Column) -> str:
    """The unit as it is written: astropy would spell it in its own way."""
    (attributes,) = re.findall(rf'<FIELD name="{column.name}"([^>]*)>', raw.decode())
    return "".join(re.findall(r'unit="([^"]*)"', attributes))


def test_units_ucds_descriptions_and_infos_in_votables():
    told = document(TABLE, nasty(), infos=INFOS, after=(("QUERY_STATUS", "OVERFLOW", "more"),))
    for raw in (b"".join(WRITERS["votable"](told, nasty().to_batches())), header(told).encode()):
        (resource,) = votable.parse(io.BytesIO(raw), verify="exception").resources
        found = resource.tables[0]
        assert (found.name, found.description, resource.type) == (TABLE.name, TABLE.description, "results")
        assert [(i.name, i.value, i.content or "") for i in resource.infos] == [
            *INFOS,
            ("QUERY_STATUS", "OVERFLOW", "more"),
        ]
        for field, column in zip(found.fields, TABLE.columns, strict=True):
            assert (field.name, field.ID, field.ucd) == (column.name, column.name, column.ucd)
            assert field.description == column.description.strip()
            assert _unit_in(raw, column) == VOUNITS.get(column.unit, column.unit)
            assert field.ref == ("ICRS" if column.ucd.startswith("pos.eq") else None)
        assert resource.coordinate_systems[0].system == "ICRS"
    assert header(told).index("OVERFLOW") > header(told).index("</TABLE>")


def test_units_ucds_descriptions_and_infos_in_fits():
    raw = b"".join(WRITERS["fits"](document(TABLE, nasty(), infos=INFOS), nasty().to_batches()))
    assert len(raw) % 2880 == 0
    with fits.open(io.BytesIO(raw)) as hdus:
        hdus.verify("exception")
        primary, table = (hdu.header for hdu in hdus)
    assert (primary["NAXIS"], table["EXTNAME"], table["TIMESYS"]) == (0, TABLE.name, "UTC")
    assert list(table["HISTORY"]) == ['PROVENANCE: dwarf_galaxies/network "v2" (Model <version>)', "PROVENANCE: ?/v3"]
    assert list(table["COMMENT"]) == ["All types - ? & ?"]
    for n, column in enumerate(TABLE.columns, 1):
        assert (table[f"TTYPE{n}"], table.get(f"TUCD{n}", "")) == (column.name, column.ucd)
        assert table[f"TCOMM{n}"] == column.description.replace("“", '"').replace("”", '"').rstrip()
        assert u.Unit(table.get(f"TUNIT{n}", ""), parse_strict="silent") == u.Unit(column.unit, parse_strict="silent")
        assert (f"TNULL{n}" in table) == (column.nullable and column.dtype.startswith("int"))


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_units_ucds_descriptions_and_infos_in_arrow_schemas(name):
    raw = b"".join(WRITERS[name](document(TABLE, nasty(), infos=INFOS), nasty().to_batches()))
    schema = pq.read_schema(io.BytesIO(raw)) if name == "parquet" else pa.ipc.open_stream(raw).schema
    for field, column in zip(schema, TABLE.columns, strict=True):
        told = {key.decode(): value.decode() for key, value in field.metadata.items() if not key.startswith(b"PARQUET")}
        unit = VOUNITS.get(column.unit, column.unit)
        assert told == {"unit": unit, "ucd": column.ucd, "description": column.description}
    assert schema.metadata[b"PROVENANCE"].decode() == 'dwarf_galaxies/network "v2"\nΩ/v3'
    assert (schema.metadata[b"name"].decode(), schema.metadata[b"description"].decode()) == (
        TABLE.name,
        TABLE.description,
    )


def test_parquet_is_read_with_its_votable(tmp_path: Path):
    data = nasty()
    path = tmp_path / "table.parquet"
    path.write_bytes(b"".join(WRITERS["parquet"](document(TABLE, data), data.to_batches())))
    metadata = pq.read_metadata(path)
    assert metadata.metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"
    fields = votable.parse_single_table(io.BytesIO(metadata.metadata[b"IVOA.VOTable-Parquet.content"])).fields
    assert [field.ucd for field in fields] == [column.ucd for column in TABLE.columns]
    dictionaries = {metadata.row_group(0).column(n).path_in_schema for n in range(metadata.num_columns)
                    if metadata.row_group(0).column(n).has_dictionary_page}  # fmt: skip
    assert dictionaries == {"string_full", "string_null"}
