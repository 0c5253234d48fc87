"""HATS: Parquet files by HEALPix cell, which `lsdb` opens as one catalog."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from almagest.contract import Table
from almagest.formats import Document
from almagest.formats.metadata import schema_with_metadata
from almagest.formats.parquet_file import COMPRESSION, group_rows
from almagest.releases.content.data import infos
from almagest.releases.content.facts import ReleaseFacts
from almagest.releases.content.partitions import ORDER, Cell
from almagest.releases.content.rows import DEC, HEALPIX, RA

INDEX = "_healpix_29"
MAX_ROWS = 1_000_000
EVERYWHERE = Cell(0, 0, 0, 0)  # readers want one file at least, also of no rows


def write(
    folder: Path,
    facts: ReleaseFacts,
    table: Table,
    batches: Iterable[pa.RecordBatch],
    cells: list[Cell],
    *,
    max_rows: int,
    sky_fraction: float,
) -> None:
    """Write the catalog into a folder, a file a cell; the rows come in the order of the cells."""
    schema = hats_schema(facts, table)
    dataset = folder / "dataset"
    stream = _Rows(batches, schema)
    footers = [_write_cell(dataset, cell, schema, stream, group_rows(table)) for cell in cells or [EVERYWHERE]]
    pq.write_metadata(schema, dataset / "_metadata", metadata_collector=footers)
    pq.write_metadata(schema, dataset / "_common_metadata")
    lines = [f"{cell.order},{cell.pixel}" for cell in cells or [EVERYWHERE]]
    (folder / "partition_info.csv").write_text("\n".join(["Norder,Npix", *lines]) + "\n")
    size = sum(path.stat().st_size for path in dataset.rglob("*") if path.is_file())
    text = _properties(facts, table, cells or [EVERYWHERE], max_rows, sky_fraction, size)
    # Readers before HATS 1.0 look for the second name.
    for name in ("hats.properties", "properties"):
        (folder / name).write_text(text)


def hats_schema(facts: ReleaseFacts, table: Table) -> pa.Schema:
    """The declared columns, with the HEALPix number before them under the name that HATS has for it."""
    declared = schema_with_metadata(Document(table, infos(facts)))
    words = {"ucd": "pos.healpix", "unit": "", "description": "HEALPix number, NESTED, order 29"}
    return declared.insert(0, pa.field(INDEX, pa.int64(), nullable=False, metadata=words))


class _Rows:
    """Takes the next rows from a stream of batches, some at a time."""

    def __init__(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema):
        self._batches, self._schema = iter(batches), schema
        self._rest: pa.RecordBatch | None = None

    def take(self, rows: int) -> Iterator[pa.RecordBatch]:
        """Batches of so many rows together."""
        while rows:
            batch = self._rest if self._rest is not None else next(self._batches)
            part = batch.slice(0, rows)
            self._rest = batch.slice(rows) if batch.num_rows > rows else None
            rows -= part.num_rows
            yield pa.RecordBatch.from_arrays([part.column(HEALPIX), *part.columns], schema=self._schema)


def _write_cell(dataset: Path, cell: Cell, schema: pa.Schema, stream: _Rows, most: int) -> pq.FileMetaData:
    path = dataset / cell.path
    path.parent.mkdir(parents=True, exist_ok=True)
    strings = [field.name for field in schema if pa.types.is_string(field.type)]
    with path.open("wb") as file, pq.ParquetWriter(file, schema, use_dictionary=strings, **COMPRESSION) as writer:
        # Of a file without rows, too, readers want one row group.
        for left in range(cell.rows, 0, -most) or (0,):
            group = pa.Table.from_batches(stream.take(min(left, most)), schema)
            writer.write_table(group.combine_chunks(), row_group_size=most)
    footer = pq.read_metadata(path)
    footer.set_file_path(cell.path)
    return footer


def _properties(
    facts: ReleaseFacts, table: Table, cells: list[Cell], max_rows: int, sky_fraction: float, size: int
) -> str:
    shown = [column.name for column in table.columns if column.level < 3]
    values = {
        "obs_collection": facts.stem, "dataproduct_type": "object", "hats_nrows": sum(cell.rows for cell in cells),
        "hats_col_ra": RA, "hats_col_dec": DEC, "hats_col_healpix": INDEX, "hats_col_healpix_order": ORDER,
        "hats_cols_default": " ".join(shown), "hats_max_rows": max_rows, "hats_order": max(cell.order for cell in cells),
        "hats_npix_suffix": ".parquet", "hats_estsize": -(-size // 1024), "moc_sky_fraction": f"{sky_fraction:.5g}",
        "obs_title": facts.title, "obs_description": facts.description,
        "hats_builder": "almagest", "hats_creator": "; ".join(creator.name for creator in facts.creators),
        "hats_copyright": facts.licence, "hats_creation_date": f"{facts.time}Z", "hats_release_date": f"{facts.time}Z",
        "hats_data_semver": str(facts.version), "hats_version": "v1.0", "publisher_id": facts.publisher,
    }  # fmt: skip
    lines = [f"{key}={_escaped(str(value))}" for key, value in values.items() if str(value)]
    return "\n".join(["#HATS catalog", *lines]) + "\n"


def _escaped(text: str) -> str:
    """As Java's properties have it: one line, a backslash doubled."""
    return text.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
