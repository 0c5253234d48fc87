"""Parquet, row group by row group."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from almagest.sky.readers.base import FileColumn, batch_rows, explained

# Pages are read one by one through a buffer of this size, so that memory does not grow with the size of row groups.
BUFFER_BYTES = 2**20


class ParquetReader:
    """A Parquet file; a column's unit is the metadata entry ``unit`` of its field."""

    def __init__(self, path: Path):
        self.path = path
        with explained(path), pq.ParquetFile(path) as file:
            self._schema, self._rows = file.schema_arrow, file.metadata.num_rows
        self.columns = [_column(field) for field in self._schema]
        self._read = 0

    def batches(self, wanted: list[int]) -> Iterator[pa.Table]:
        """See `Reader`."""
        self._read = 0
        names = [self._schema.field(number).name for number in wanted]
        with explained(self.path), pq.ParquetFile(self.path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
            for batch in file.iter_batches(batch_rows(_row_bytes(file, names)), columns=names):
                self._read += batch.num_rows
                yield pa.table([batch.column(name) for name in names], names=[str(number) for number in wanted])

    def fraction(self) -> float:
        """See `Reader`."""
        return self._read / max(self._rows, 1)


def _column(field: pa.Field) -> FileColumn:
    unit = (field.metadata or {}).get(b"unit", b"").decode("utf-8", "replace")
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind) else kind
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    readable = pa.types.is_primitive(inner) or any(is_text(inner) for is_text in text)
    return FileColumn(field.name, unit, "" if readable else f"has the type {field.type}, which cannot be read")


def _row_bytes(file: pq.ParquetFile, names: list[str]) -> int:
    """Bytes that the columns take in a row, as the file says."""
    paths = [file.schema.column(i).path for i in range(len(file.schema))]
    chosen = [i for i, path in enumerate(paths) if path.split(".")[0] in names]
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    return max(
        (sum(g.column(i).total_uncompressed_size for i in chosen) // max(g.num_rows, 1) for g in groups), default=0
    )
