"""Programs that astronomers have read the files: astropy, pyvo, stilts."""

import csv
import io
import subprocess
from pathlib import Path

import astropy.table
import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.io import votable
from pyvo.dal import DALOverflowWarning, DALQueryError, DALResults
from pyvo.dal.scs import SCSResults

from almagest.contract import Column, Table
from almagest.formats import Document, error_document

from .format_readers import expected, plain
from .format_tables import INFOS, NASTY, TABLE, WRITERS, document, nasty, needs_stilts


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
