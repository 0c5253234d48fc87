"""Readers of tables: right values from every kind of column, and clear words about files that are none."""

import gzip
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

from almagest.sky.errors import IngestError
from almagest.sky.readers import open_table


def read(path, *names) -> pa.Table:
    """The named columns of a file, whole."""
    reader = open_table(path)
    numbers = {column.name: n for n, column in enumerate(reader.columns)}
    wanted = [numbers[name] for name in names or numbers]
    table = pa.concat_tables(reader.batches(wanted))
    return table.rename_columns([reader.columns[n].name for n in wanted])


@pytest.fixture
def many_kinds(tmp_path):
    """A FITS table with one column of each kind."""
    path = tmp_path / "kinds.fits"
    columns = [
        fits.Column("I16", "I", array=np.array([1, -999, 3]), null=-999),
        fits.Column("U32", "J", bzero=2**31, array=np.array([0, 2**31, 2**32 - 1], np.uint32)),
        fits.Column("U64", "K", bzero=2**63, array=np.array([0, 2**63 + 7, 5], np.uint64)),
        fits.Column("S8", "B", bzero=-128, array=np.array([-128, 0, 127], np.int8)),
        fits.Column("F32", "E", array=np.array([1.5, np.nan, -2.5], np.float32), unit="nanomaggy"),
        fits.Column("TEXT", "6A", array=np.array(["a", "bc  ", ""])),
        fits.Column("FLAG", "L", array=np.array([True, False, True])),
        fits.Column("ARRAY", "3D", array=np.arange(9.0).reshape(3, 3)),
        fits.Column("SCALED", "I", array=np.array([1, 2, -1])),
        fits.Column("BITS", "9X", array=np.zeros((3, 9), bool)),
        fits.Column("VARIABLE", "PE()", array=np.array([np.ones(1), np.ones(2), np.ones(3)], object)),
    ]
    table = fits.BinTableHDU.from_columns(columns)
    fits.HDUList([fits.PrimaryHDU(np.zeros((20, 30))), fits.ImageHDU(np.ones(7)), table]).writeto(path)
    for key, value in (("TSCAL9", 0.5), ("TZERO9", 10.0)):
        fits.setval(path, key, value=value, ext=2)
    return path


def test_fits_columns_of_every_kind(many_kinds):
    """Nulls, offsets, scales, text, logicals and arrays, after images that are skipped."""
    found = read(many_kinds, "I16", "U32", "U64", "S8", "F32", "TEXT", "FLAG", "ARRAY", "SCALED").to_pydict()
    assert found["I16"] == [1, None, 3]
    assert found["U32"] == [0, 2**31, 2**32 - 1]
    assert found["U64"] == [0, 2**63 + 7, 5]
    assert found["S8"] == [-128, 0, 127]
    assert found["F32"][0] == 1.5 and np.isnan(found["F32"][1])
    assert found["TEXT"] == ["a", "bc", ""]
    assert found["FLAG"] == [True, False, True]
    assert found["ARRAY"] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert found["SCALED"] == [10.5, 11.0, 9.5]


def test_fits_columns_that_cannot_be_read_say_why(many_kinds):
    """They may be ignored; only who asks for them gets the reason."""
    problems = {column.name: column.problem for column in open_table(many_kinds).columns}
    assert "variable length" in problems["VARIABLE"] and "bits" in problems["BITS"]
    assert problems["ARRAY"] == ""
    assert {column.name: column.unit for column in open_table(many_kinds).columns}["F32"] == "nanomaggy"


def test_fits_in_many_blocks_as_astropy_reads_it(tmp_path, monkeypatch):
    """Block borders change nothing, gzipped or not."""
    monkeypatch.setattr("almagest.sky.readers.base.BATCH_ROWS", 7)
    values = np.random.default_rng(1).normal(size=100)
    path = tmp_path / "t.fits"
    fits.BinTableHDU.from_columns(
        [fits.Column("V", "D", array=values), fits.Column("N", "K", array=np.arange(100))]
    ).writeto(path)
    packed = tmp_path / "t.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for file in (path, packed):
        assert read(file)["V"].to_pylist() == fits.getdata(path)["V"].tolist()
        assert len(list(open_table(file).batches([0]))) == 15


def test_csv_quotes_and_line_ends(tmp_path):
    """Quoted commas and line ends, a byte order mark, an empty line at the end."""
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffname,"x, y",v\r\n"a ""b""",1,\r\n"two\nlines",2,nan\r\n\r\n'.encode())
    assert read(path).to_pydict() == {"name": ['a "b"', "two\nlines"], "x, y": ["1", "2"], "v": ["", "nan"]}
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed).equals(read(path))


def test_parquet_by_row_groups(tmp_path):
    """Units come from the fields' metadata."""
    path = tmp_path / "t.parquet"
    table = pa.table({"a": np.arange(1000), "b": pa.array(["x"] * 1000).dictionary_encode()})
    schema = pa.schema([table.schema.field(0).with_metadata({"unit": "mag"}), table.schema.field(1)])
    pq.write_table(table.cast(schema), path, row_group_size=100)
    assert read(path)["a"].to_pylist() == list(range(1000))
    assert open_table(path).columns[0].unit == "mag"


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def cards(*pairs: tuple[str, str]) -> str:
    """Header cards, filled up to whole blocks."""
    text = "".join(f"{key:<8}= {value:>20}".ljust(80) for key, value in pairs) + "END".ljust(80)
    return text.ljust(-(-len(text) // 2880) * 2880)


def fits_header(width: int, rows: int, form: str) -> bytes:
    """A FITS file up to the data of a table with one column, as its header claims."""
    primary = cards(("SIMPLE", "T"), ("BITPIX", "8"), ("NAXIS", "0"))
    claims = (("NAXIS1", width), ("NAXIS2", rows), ("PCOUNT", 0), ("GCOUNT", 1), ("TFIELDS", 1))
    column = (("TTYPE1", "'A'"), ("TFORM1", f"'{form}'"))
    return (primary + cards(("XTENSION", "'BINTABLE'"), ("BITPIX", 8), ("NAXIS", 2), *claims, *column)).encode()


DAMAGED = {
    "empty": (b"", "is empty"),
    "picture": (PNG, "is not a table"),
    "web page": (b"<html><body>no such file</body></html>", "is not a table"),
    "pickle": (b"\x80\x04\x95\x0f\0\0\0\0\0\0\0\x8c\x02os", "is not a table"),
    "half a gzip": (gzip.compress(b"SIMPLE  =" + bytes(10_000) * 9)[:40], "cut short"),
    "broken gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\xff" * 50, "damaged"),
    "half a FITS header": (b"SIMPLE  =                    T", "cut short within a header"),
    "no table": (fits_header(8, 1, "D")[:2880], "no binary table"),
    "parquet's name only": (b"PAR1" + b"\0" * 40, "arquet"),
    "rows too wide": (fits_header(999999999999, 1, "D"), "no real table"),
    "no such format": (fits_header(8, 1, "8Z"), "format"),
    "wrong width": (fits_header(9, 1, "D"), "8 bytes"),
    "rows that are not there": (
        fits_header(8, 9000000000000000, "D") + bytes(80),
        "10 are there",
    ),
    "ragged": (b"a,b\n1,2\n3\n", "row 2: Expected 2 columns, got 1"),
    "no text": (b"a,b\n1,\xff\xfe\n", "UTF"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_is_no_table_is_named(tmp_path, kind):
    """Each message names the file and says what is wrong; none is a traceback of a library."""
    content, message = DAMAGED[kind]
    path = tmp_path / "thing.dat"
    path.write_bytes(content)
    with pytest.raises(IngestError, match=message) as caught:
        read(path)
    assert "thing.dat" in str(caught.value)


def test_no_file(tmp_path):
    """The operating system's words, with the name."""
    with pytest.raises(IngestError, match=r"missing\.fits: No such file"):
        open_table(tmp_path / "missing.fits")
    with pytest.raises(IngestError, match="is a folder"):
        open_table(tmp_path)


def test_memory_stays_bounded(tmp_path):
    """1.2 GB of rows out of a gzip file of one megabyte, in a process of its own that takes less than 600 MB."""
    rows = 1_500_000
    path = tmp_path / "bomb.fits.gz"
    header = fits_header(800, rows, "100D")
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header)
        for _ in range(rows // 10_000):
            file.write(bytes(800 * 10_000))
    code = (
        "import sys; from pathlib import Path; from almagest.sky.readers import open_table\n"
        "rows = sum(batch.num_rows for batch in open_table(Path(sys.argv[1])).batches([0]))\n"
        # Not getrusage: its peak is at least that of the process which started this one.
        "status = dict(line.split(':') for line in Path('/proc/self/status').read_text().splitlines())\n"
        "print(rows, int(status['VmHWM'].split()[0]) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    read_rows, megabytes = map(int, done.stdout.split())
    assert read_rows == rows
    assert megabytes < 600
