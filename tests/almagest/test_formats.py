"""Every format gives back what was written, to readers that others wrote."""

import csv
import io
import json
import re
import shutil
import subprocess
import tracemalloc
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import astropy.table
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.io import fits, votable
from hypothesis import given, settings
from hypothesis import strategies as st
from pyvo.dal import DALOverflowWarning, DALQueryError, DALResults
from pyvo.dal.scs import SCSResults

from almagest.contract import Column, Table, TableError
from almagest.contract.columns import ARROW_TYPES
from almagest.formats import FORMATS, Document, FormatError, Sizes, error_document, format_named, header, votable_file

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


def values_of(column: Column) -> st.SearchStrategy:
    """Values that PostgreSQL can hold; the smallest integers are null in FITS and in arrays."""
    if column.dtype.startswith("int"):
        most = np.iinfo(column.dtype).max
        scalar = st.integers(-most, most)
    else:
        text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
        scalar = {
            "bool": st.booleans(),
            "float32": st.floats(width=32) | st.sampled_from([float(np.float32(0.9)), 1.0]),
            "float64": st.floats(),
            "string": text | st.sampled_from(NASTY),
            "timestamp": st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),
        }[column.dtype]
    if column.shape:
        scalar = st.lists(scalar | st.none(), min_size=column.shape[0], max_size=column.shape[0])
    return scalar | st.none() if column.nullable else scalar


@st.composite
def tables(draw) -> pa.Table:
    rows = draw(st.lists(st.tuples(*map(values_of, TABLE.columns)), max_size=6))
    columns = [pa.array([row[n] for row in rows], column.arrow_type) for n, column in enumerate(TABLE.columns)]
    return pa.Table.from_arrays(columns, schema=TABLE.arrow_schema)


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


def expected(column: Column, value, fmt: str):
    """What a reader of this format can know: what the documentation of the writer says is lost, is lost here."""
    if isinstance(value, list):
        return [expected(Column("x", column.dtype), element, "json" if fmt == "csv" else fmt) for element in value]
    number = column.dtype.startswith("float")
    if fmt in ("csv", "json") and number and value is not None:
        value = None if np.isnan(value) or (fmt == "json" and np.isinf(value)) else value
    if fmt in ("votable", "tabledata", "fits") and number and value is not None and np.isnan(value):
        return None
    if column.dtype == "string" and fmt != "json" and fmt not in ("parquet", "arrow"):
        value = value or ""
        if fmt == "tabledata":
            value = value.strip(" \t\n\r")
            value = "".join("\ufffd" if (c < " " and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in value)
    if column.dtype == "timestamp" and fmt not in ("parquet", "arrow"):
        text = value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z" * (fmt != "fits") if value else None
        return text if text or fmt == "json" else ""
    return value


def plain(column: Column, value):
    """A cell as astropy gives it, as a Python value; masked is None, and so is NaN."""
    if value is np.ma.masked or value is None:
        return "" if column.dtype in ("string", "timestamp") else None
    if column.shape and np.ndim(value):
        return [plain(Column("x", column.dtype), element) for element in value]
    if column.dtype in ("string", "timestamp"):
        return value.decode() if isinstance(value, bytes) else str(value)
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and np.isnan(value) else value


def read_csv(raw: bytes) -> dict:
    def typed(column: Column, text: str):
        if column.dtype == "string" or column.dtype == "timestamp":
            return text
        return (
            json.loads(text, parse_constant=None) if text not in ("", "inf", "-inf") else float(text) if text else None
        )

    names, *lines = csv.reader(io.StringIO(raw.decode(), newline=""))
    assert names == TABLE.names
    return {c.name: [_as_float(c, typed(c, line[n])) for line in lines] for n, c in enumerate(TABLE.columns)}


def read_json(raw: bytes) -> dict:
    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    rows = json.loads(raw, parse_constant=refuse)["rows"]
    assert all(list(row) == TABLE.names for row in rows)
    return {c.name: [_as_float(c, row[c.name]) for row in rows] for c in TABLE.columns}


def _as_float(column: Column, value):
    """What the digits mean in the declared type."""
    if isinstance(value, list):
        return [_as_float(column, element) for element in value]
    return (
        float(np.dtype(column.dtype).type(value)) if column.dtype.startswith("float") and value is not None else value
    )


def read_votable(raw: bytes) -> dict:
    array = votable.parse_single_table(io.BytesIO(raw), verify="exception").array
    assert list(array.dtype.names) == TABLE.names
    return {c.name: [plain(c, value) for value in _elements(array[c.name])] for c in TABLE.columns}


def _elements(values: np.ma.MaskedArray) -> list:
    """Array cells whose elements are all masked are null."""
    if values.ndim == 1:
        return list(values)
    return [None if mask.all() else row for row, mask in zip(values, np.ma.getmaskarray(values), strict=True)]


def read_fits(raw: bytes) -> dict:
    with fits.open(io.BytesIO(raw)) as hdus:
        hdus.verify("exception")
        found = hdus[1].data.view(np.ndarray)
        assert list(found.dtype.names) == TABLE.names
        return {c.name: [_fits_value(c, v) for v in found[c.name]] for c in TABLE.columns}


def _fits_value(column: Column, value):
    """A raw value, with the null that FITS declares for its type."""
    if np.ndim(value):
        elements = [_fits_value(Column("x", column.dtype), element) for element in value]
        return None if elements == [None] * len(elements) else elements
    if column.dtype == "bool":
        return {ord("T"): True, ord("F"): False, 0: None}[int(value)]
    value = plain(column, value)
    return None if column.dtype.startswith("int") and value == np.iinfo(column.dtype).min else value


def _arrow_columns(found: pa.Table) -> dict:
    assert found.schema.equals(TABLE.arrow_schema, check_metadata=False)
    return {name: found[name].to_pylist() for name in found.column_names}


WRITERS = {name: FORMATS[name].write for name in FORMATS} | {
    "tabledata": partial(votable_file.write, serialization="tabledata")
}
READERS = {
    "csv": read_csv,
    "json": read_json,
    "votable": read_votable,
    "tabledata": read_votable,
    "fits": read_fits,
    "parquet": lambda raw: _arrow_columns(pq.read_table(io.BytesIO(raw))),
    "arrow": lambda raw: _arrow_columns(pa.ipc.open_stream(raw).read_all()),
}


def same(a, b) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def check(name: str, data: pa.Table, batches: list[pa.RecordBatch]) -> None:
    raw = b"".join(WRITERS[name](document(TABLE, data, infos=INFOS), batches))
    found = READERS[name](raw)
    for column in TABLE.columns:
        wanted = [expected(column, value, name) for value in data[column.name].to_pylist()]
        if column.shape and name in ("votable", "tabledata", "fits"):
            wanted = [None if value == [None] * 3 else value for value in wanted]
        assert same(found[column.name], wanted), (column.name, found[column.name], wanted)


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=30, deadline=None)
@given(data=tables(), rows=st.integers(1, 4))
def test_what_is_written_is_read_back(name, data, rows):
    check(name, data, data.to_batches(max_chunksize=rows))


@pytest.mark.parametrize("name", WRITERS)
def test_nasty_values_in_one_batch_and_slice_by_slice(name):
    data = nasty()
    check(name, data, data.combine_chunks().to_batches())
    check(name, data, [data.slice(n, 1).combine_chunks().to_batches()[0] for n in range(data.num_rows)])


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "batches", [[], [pa.RecordBatch.from_pylist([], TABLE.arrow_schema)]], ids=["no batch", "an empty one"]
)
def test_a_table_without_rows_is_a_valid_file(name, batches):
    check(name, TABLE.arrow_schema.empty_table(), batches)


VOUNITS = {"pix": "pixel", "km/s": "km.s**-1"}


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


@pytest.mark.filterwarnings("ignore:'nmgy' did not parse", "ignore:Column 'bool_")
def test_fits_and_votables_as_tables_of_astropy():
    """What people do with the files."""
    for name in ("votable", "fits"):
        raw = b"".join(WRITERS[name](document(TABLE, nasty()), nasty().to_batches()))
        found = astropy.table.Table.read(io.BytesIO(raw), format=name)
        texts = [str(text).rstrip() for text in np.ma.filled(found["string_full"], "")]
        assert texts == [text.rstrip() for text in NASTY]
        assert found["int16_null"].mask.tolist() == [n % 2 == 0 for n in range(len(NASTY))]
        assert found["float64_full"].unit == u.deg and found["float32_full"][0] == np.float32(0.9)


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


NUMBER = Table("numbers", "", (Column("a", "int64", nullable=False), Column("b", "float64")))
ROWS = 100_000


def random_batch(rows: int = ROWS) -> pa.RecordBatch:
    values = [pa.array(np.arange(rows)), pa.array(np.random.default_rng(1).normal(size=rows))]
    return pa.RecordBatch.from_arrays(values, schema=NUMBER.arrow_schema)


@pytest.mark.parametrize("name", WRITERS)
def test_rows_leave_before_the_next_batch_is_asked_for(name):
    batch, count, left = random_batch(), 12, [0]

    def batches():
        for _ in range(count):
            left.append(0)
            yield batch

    tracemalloc.start()
    for block in WRITERS[name](Document(NUMBER, sizes=Sizes(count * ROWS, {})), batches()):
        left[-1] += len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(left) == count + 1 and min(left[1:]) > 8 * ROWS
    assert peak < sum(left) / 2


def test_row_groups_of_parquet_are_neither_large_nor_tiny():
    batches = [random_batch(rows) for rows in (30_000, 30_000, 250_000, 30_000)]
    raw = b"".join(WRITERS["parquet"](Document(NUMBER), batches))
    metadata = pq.read_metadata(io.BytesIO(raw))
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [ROWS] * 3 + [10_000, 30_000]


@pytest.mark.parametrize("name", WRITERS)
def test_files_are_the_same_every_time_and_however_the_rows_are_cut(name):
    data = nasty()
    one, two, cut = (
        b"".join(WRITERS[name](document(TABLE, data), data.to_batches(max_chunksize=rows))) for rows in (100, 100, 3)
    )
    assert one == two
    assert name in ("arrow", "votable") or one == cut  # base64 has a line a piece, Arrow a message a batch


def test_shortest_digits_of_float32_and_quotes_only_where_needed():
    table = Table("t", "", (Column("a", "float32"), Column("b", "string"), Column("c", "float32", shape=(2,))))
    batch = pa.table({"a": pa.array([0.9, None], pa.float32()), "b": ["plain", "a,b"], "c": [[0.1, None], None]})
    batches = batch.cast(table.arrow_schema).to_batches()
    assert b"".join(WRITERS["csv"](Document(table), batches)) == b'a,b,c\n0.9,plain,"[0.1, null]"\n,"a,b",\n'
    rows = b'{"a":0.9,"b":"plain","c":[0.1, null]},\n{"a":null,"b":"a,b","c":null}'
    assert b"".join(WRITERS["json"](Document(table), batches)) == b'{"rows": [\n' + rows + b"\n]}\n"


@pytest.mark.parametrize("name", WRITERS)
def test_batches_are_cast_to_the_declaration_or_refused(name):
    found = pa.record_batch({"a": pa.array([1, 2], pa.int32()), "b": pa.array([1, 2], pa.int64())})
    wanted = pa.record_batch([pa.array([1, 2]), pa.array([1.0, 2.0])], schema=NUMBER.arrow_schema)
    told = Document(NUMBER, sizes=Sizes(2, {}))
    assert b"".join(WRITERS[name](told, [found])) == b"".join(WRITERS[name](told, [wanted]))
    for wrong, says in (
        (pa.record_batch({"a": [1, 2]}), "missing b"),
        (pa.record_batch({"a": ["x", "y"], "b": [1.0, 2.0]}), r"numbers\.a is declared int64"),
        (pa.record_batch({"a": [1, None], "b": [1.0, 2.0]}), r"numbers\.a must not be null"),
    ):
        with pytest.raises(TableError, match=says):
            b"".join(WRITERS[name](told, [wrong]))


@pytest.mark.parametrize("rows", [1, 3])
def test_fits_refuses_another_number_of_rows_than_was_counted(rows):
    with pytest.raises(FormatError, match="rows were counted, 2"):
        b"".join(WRITERS["fits"](Document(NUMBER, sizes=Sizes(rows, {})), [random_batch(2)]))


def test_fits_says_what_it_cannot_hold():
    texts = Table("t", "", (Column("a", "string"), Column("n", "int16")))
    batch = pa.record_batch([pa.array(["Ω"]), pa.array([-32768], pa.int16())], schema=texts.arrow_schema)
    with pytest.raises(FormatError, match="needs the number of rows"):
        WRITERS["fits"](Document(texts), [])
    with pytest.raises(FormatError, match="widths of a"):
        WRITERS["fits"](Document(texts, sizes=Sizes(1, {})), [])
    with pytest.raises(FormatError, match="column a holds a value of 2 bytes, where 1"):
        b"".join(WRITERS["fits"](Document(texts, sizes=Sizes(1, {"a": 1})), [batch]))
    with pytest.raises(FormatError, match="column n holds -32768"):
        b"".join(WRITERS["fits"](Document(texts, sizes=Sizes(1, {"a": 2})), [batch]))


@pytest.mark.parametrize("name", ["votable", "tabledata", "fits"])
def test_arrays_of_strings_are_refused_before_the_first_byte(name):
    table = Table("t", "", (Column("words", "string", shape=(2,)),))
    with pytest.raises(FormatError, match=r"arrays of strings or times \(words\)"):
        WRITERS[name](Document(table, sizes=Sizes(0, {"words": 3})), [])


def test_formats_are_found_by_name():
    assert list(FORMATS) == ["csv", "json", "votable", "fits", "parquet", "arrow"]
    assert format_named("fits").needs_sizes
    with pytest.raises(FormatError, match=r"'xls' is not known; there are csv, json, votable"):
        format_named("xls")
    with pytest.raises(FormatError, match=r"'binary3': there are binary2, tabledata"):
        votable_file.write(Document(NUMBER), [], serialization="binary3")


def test_errors_and_truncation_reach_a_client_of_the_cone_search():
    with pytest.raises(DALQueryError, match='SR="-1" < 0'):
        SCSResults(votable.parse(io.BytesIO(error_document('SR="-1" < 0'))), url="http://test")
    told = document(TABLE, nasty(), after=(("QUERY_STATUS", "OVERFLOW", ""),))
    raw = b"".join(WRITERS["votable"](told, nasty().to_batches()))
    with pytest.warns(DALOverflowWarning):
        DALResults(votable.parse(io.BytesIO(raw)), url="http://test")
    old = {"name": "ID_MAIN", "ra": "POS_EQ_RA_MAIN", "dec": "POS_EQ_DEC_MAIN"}
    places = Table("t", "", tuple(Column(n, "string" if n == "name" else "float64", ucd=ucd) for n, ucd in old.items()))
    rows = pa.table({"name": ["Ω 1"], "ra": [0.5], "dec": [-0.25]}).cast(places.arrow_schema).to_batches()
    raw = b"".join(WRITERS["votable"](Document(places), rows))
    found = SCSResults(votable.parse(io.BytesIO(raw)), url="http://test").getrecord(0)
    assert (found.id, found.pos.frame.name) == ("Ω 1", "icrs")
    assert (found.pos.ra.deg, found.pos.dec.deg) == pytest.approx((0.5, -0.25), abs=1e-12)
    assert raw.count(b'ref="ICRS"') == 2


@pytest.mark.parametrize("name", ["votable", "tabledata"])
def test_columns_of_plain_text_can_be_char(name):
    """Old clients know only ``char``; the columns beside it keep their own type."""
    table = Table("t", "", (Column("id", "string"), Column("title", "string"), Column("n", "int32")))
    rows = pa.table({"id": ["a 1", None, "b<2>"], "title": ["Ω", "", "😀"], "n": [1, 2, 3]}).cast(table.arrow_schema)
    raw = b"".join(WRITERS[name](Document(table, ascii=frozenset({"id"})), rows.to_batches()))
    read = votable.parse_single_table(io.BytesIO(raw), verify="exception")
    assert [field.datatype for field in read.fields] == ["char", "unicodeChar", "int"]
    found = [[plain(column, value) for value in read.array[column.name]] for column in table.columns]
    assert found == [["a 1", "", "b<2>"], ["Ω", "", "😀"], [1, 2, 3]]


def stilts(*arguments: str) -> str:
    done = subprocess.run(["stilts", "-Dfile.encoding=UTF-8", *arguments], capture_output=True, check=True)
    return (done.stdout + done.stderr).decode()


@needs_stilts
@pytest.mark.parametrize("name", ["votable", "tabledata"])
def test_votlint_has_nothing_to_say(name, tmp_path: Path):
    (tmp_path / "t.vot").write_bytes(
        b"".join(WRITERS[name](document(TABLE, nasty(), infos=INFOS), nasty().to_batches()))
    )
    (tmp_path / "error.vot").write_bytes(error_document("no", infos=INFOS))
    assert stilts("votlint", str(tmp_path / "t.vot")) == ""
    assert stilts("votlint", str(tmp_path / "error.vot")) == ""


@needs_stilts
@pytest.mark.parametrize("name", ["votable", "tabledata", "fits"])
def test_stilts_reads_the_values(name, tmp_path: Path):
    (tmp_path / "t").write_bytes(b"".join(WRITERS[name](document(TABLE, nasty()), nasty().to_batches())))
    kind = "fits" if name == "fits" else "votable"
    text = stilts("tpipe", f"in={tmp_path / 't'}", f"ifmt={kind}", "ofmt=csv")
    names, *lines = csv.reader(io.StringIO(text, newline=""))
    assert (names, len(lines)) == (TABLE.names, len(NASTY))
    for number, column in enumerate(TABLE.columns):
        for line, value in zip(lines, nasty()[column.name].to_pylist(), strict=True):
            if name != "fits" or column.dtype != "string" or value is None or (value.isprintable() and value.isascii()):
                assert line[number].strip(" ") == stilts_text(column, value, name)


def stilts_text(column: Column, value, name: str) -> str:
    """How stilts writes a value into CSV; it has no null within arrays."""
    if column.shape:
        nothing = {"bool": False}.get(column.dtype, np.iinfo(column.dtype).min if "int" in column.dtype else np.nan)
        elements = [nothing if element is None else element for element in value or [None] * 3]
        wanted = "(" + ", ".join(stilts_text(Column("x", column.dtype), element, name) for element in elements) + ")"
        return wanted if value or name != "votable" else ""
    if isinstance(value, bool):
        return str(value).lower()
    if column.dtype == "float32" and value is not None:
        return str(np.float32(value)).replace("nan", "NaN")
    return (expected(column, value, name) or "").strip(" ") if column.dtype in ("string", "timestamp") else _repr(value)


def _repr(value) -> str:
    return "" if value is None else repr(value).replace("nan", "NaN")
