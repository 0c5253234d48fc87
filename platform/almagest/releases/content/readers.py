"""Each file of a release read back by a reader that others wrote, in memory that does not grow with the rows."""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from astropy.io import fits

from almagest.contract import Table
from almagest.formats import fits_checksum
from almagest.formats.metadata import unit_text
from almagest.releases.content.hats import INDEX
from almagest.releases.content.votable_reader import Reading

BATCH = 16_384
ORDER = 29
LAZY = {"pre_buffer": False}  # else all row groups are held until the last is read


@dataclass(frozen=True)
class Seen:
    """What a file holds: names of columns with unit and UCD (None where the format has no place), and its end rows."""

    rows: int
    columns: dict[str, tuple[str | None, str | None]]
    ends: list[dict[str, Any]]
    spelling: str = "vounit"


def read_fits(path: Path, table: Table) -> Seen:
    """Header and layout by astropy; sums block by block, because astropy would map the whole file into memory."""
    fits_checksum.verify(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(path) as parts:
            header, layout = parts[1].header, parts[1].columns.dtype.newbyteorder(">")
            place = parts[1].fileinfo()["datLoc"]
    numbers = range(1, header["TFIELDS"] + 1)
    words = {header[f"TTYPE{n}"]: (header.get(f"TUNIT{n}", ""), header.get(f"TUCD{n}", "")) for n in numbers}
    rows = header["NAXIS2"]
    if rows * layout.itemsize > path.stat().st_size - place:
        raise ValueError(f"its header says {rows} rows, and the file ends before them")
    ends = [np.fromfile(path, layout, 1, offset=place + n * layout.itemsize)[0].item() for n in _ends(rows)]
    return Seen(rows, words, [_of_fits(table, dict(zip(words, row, strict=True))) for row in ends], "fits")


def read_votable(path: Path, table: Table) -> Seen:
    """By expat while it streams, the end rows by astropy."""
    found = Reading(path)
    words = {field["name"]: (field.get("unit", ""), field.get("ucd", "")) for field in found.fields}
    return Seen(found.rows, words, found.ends)


def read_parquet(path: Path, table: Table) -> Seen:
    """By pyarrow, all of it."""
    with pq.ParquetFile(path, **LAZY) as file:
        rows, ends = _count(file.iter_batches(BATCH))
        if rows != file.metadata.num_rows:
            raise ValueError(f"its footer says {file.metadata.num_rows} rows, and it holds {rows}")
        return Seen(rows, _words(file.schema_arrow), ends)


def read_csv(path: Path, table: Table) -> Seen:
    """By pyarrow, every value as text; the end rows' by Python."""
    texts = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(table.names, pa.string()), strings_can_be_null=True,
        quoted_strings_can_be_null=False, null_values=[""],
    )  # fmt: skip
    parsing = pa_csv.ParseOptions(newlines_in_values=True)
    with pa_csv.open_csv(path, parse_options=parsing, convert_options=texts) as file:
        rows, ends = _count(file)
        return Seen(rows, dict.fromkeys(file.schema.names, (None, None)), [_of_csv(table, row) for row in ends])


def read_hats(path: Path, table: Table) -> Seen:
    """By pyarrow, file by file, each row looked for in its cell."""
    lines = (path / "partition_info.csv").read_text().split()[1:]
    cells = [(int(order), int(pixel)) for order, pixel in (line.split(",") for line in lines)]
    cells.sort(key=lambda cell: cell[1] << 2 * (ORDER - cell[0]))
    total, ends, footers = 0, [], pq.read_metadata(path / "dataset" / "_metadata")
    for order, pixel in cells:
        name = f"Norder={order}/Dir={pixel // 10_000 * 10_000}/Npix={pixel}.parquet"
        with pq.ParquetFile(path / "dataset" / name, **LAZY) as file:
            rows, found = _count(_in_cell(file.iter_batches(BATCH), name, order, pixel))
        total += rows
        ends = [*ends[:1], *found] if ends else found
    if {footers.num_rows, _property(path, "hats_nrows")} != {total}:
        raise ValueError(
            f"_metadata says {footers.num_rows} rows, and hats.properties other ones; the files hold {total}"
        )
    if len(list(path.rglob("Npix=*.parquet"))) != len(cells):
        raise ValueError("partition_info.csv does not name as many files as there are")
    schema = pq.read_schema(path / "dataset" / "_common_metadata")
    if schema.names[0] != INDEX or footers.schema.to_arrow_schema().names != schema.names:
        raise ValueError(f"_common_metadata and _metadata do not begin with {INDEX}, or differ")
    return Seen(total, _words(schema.remove(0)), [ends[0], ends[-1]] if ends else [])


READERS: dict[str, Callable[[Path, Table], Seen]] = {
    "fits": read_fits, "votable": read_votable, "parquet": read_parquet, "csv": read_csv, "hats": read_hats,
}  # fmt: skip


def declared(table: Table, spelling: str) -> dict[str, tuple[str, str]]:
    """What a file should say of its columns."""
    return {column.name: (unit_text(column.unit, spelling), column.ucd) for column in table.columns}


def _ends(rows: int) -> list[int]:
    return [0, rows - 1] if rows else []


def _count(batches: Iterable[pa.RecordBatch]) -> tuple[int, list[dict]]:
    """Number of rows, and the first and the last one."""
    rows, ends = 0, []
    for batch in batches:
        if batch.num_rows:
            last = batch.slice(batch.num_rows - 1).to_pylist()[0]
            ends = [ends[0] if ends else batch.slice(0, 1).to_pylist()[0], last]
            rows += batch.num_rows
    return rows, ends


def _in_cell(batches: Iterable[pa.RecordBatch], name: str, order: int, pixel: int) -> Iterator[pa.RecordBatch]:
    last = -1
    for batch in batches:
        numbers = np.asarray(batch.column(INDEX))
        if (numbers >> 2 * (ORDER - order) != pixel).any():
            raise ValueError(f"{name} holds rows of another cell")
        if (np.diff(numbers, prepend=last) < 0).any():
            raise ValueError(f"{name} is not sorted by {INDEX}")
        last = numbers[-1] if len(numbers) else last
        yield batch


def _property(path: Path, key: str) -> int:
    lines = (path / "hats.properties").read_text().splitlines()
    return next(int(line.partition("=")[2]) for line in lines if line.startswith(f"{key}="))


def _words(schema: pa.Schema) -> dict[str, tuple[str, str]]:
    words = {field.name: field.metadata or {} for field in schema}
    return {name: (m.get(b"unit", b"").decode(), m.get(b"ucd", b"").decode()) for name, m in words.items()}


def _of_fits(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _fits_booleans(value) if table[name].dtype == "bool" else
        value.decode() if isinstance(value, bytes) else value
        for name, value in row.items() if name in table
    }  # fmt: skip


def _fits_booleans(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_fits_booleans(each) for each in value.tolist()]
    return {ord("T"): True, ord("F"): False}.get(value)


def _of_csv(table: Table, row: dict[str, str | None]) -> dict[str, Any]:
    return {name: _csv_value(table, name, text) for name, text in row.items() if name in table}


def _csv_value(table: Table, name: str, text: str | None) -> Any:
    column = table[name]
    if text is None or (column.dtype in ("string", "timestamp") and not column.shape):
        return text
    if column.shape:
        return json.loads(text)
    return text == "true" if column.dtype == "bool" else int(text) if column.dtype.startswith("int") else float(text)
