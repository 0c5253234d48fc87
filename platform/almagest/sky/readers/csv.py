"""CSV with a header line, read as text: the values are made into numbers where the row of a bad one is known."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from almagest.sky.errors import IngestError
from almagest.sky.readers.base import FileColumn, Source, explained

BLOCK_BYTES = 8 * 2**20
LONGEST_HEADER = 2**20


class CsvReader:
    """A CSV file: commas, double quotes, UTF-8."""

    def __init__(self, path: Path):
        self.path = path
        self._source: Source | None = None
        self.columns = [FileColumn(name) for name in self._header()]

    def batches(self, wanted: list[int]) -> Iterator[pa.Table]:
        """See `Reader`."""
        names = [str(number) for number in range(len(self.columns))]
        chosen = [str(number) for number in wanted]
        # With threads, Arrow does not know the number of a bad row.
        reading = pacsv.ReadOptions(
            use_threads=False, block_size=BLOCK_BYTES, column_names=names, skip_rows_after_names=1
        )
        text = pacsv.ConvertOptions(column_types=dict.fromkeys(chosen, pa.string()), include_columns=chosen)
        self._source = source = Source(self.path)
        try:
            with explained(self.path):
                stream = pacsv.open_csv(source.stream, reading, pacsv.ParseOptions(newlines_in_values=True), text)
                yield from (pa.Table.from_batches([batch]) for batch in stream if batch.num_rows)
        except IngestError as error:
            raise IngestError(_in_rows_of_data(str(error))) from None
        finally:
            source.close()

    def fraction(self) -> float:
        """See `Reader`."""
        return self._source.fraction() if self._source else 0.0

    def _header(self) -> list[str]:
        source = Source(self.path)
        try:
            with explained(self.path):
                start = io.BufferedReader(_Limited(source.stream))
                text = io.TextIOWrapper(start, encoding="utf-8-sig", errors="replace", newline="")
                return [name.strip() for name in next(csv.reader(text))]
        except (csv.Error, StopIteration) as error:
            raise IngestError(f"{self.path}: the header line cannot be read: {error}") from None
        finally:
            source.close()


class _Limited(io.RawIOBase):
    """The first bytes of a stream: a file without any line end is not taken for one endless header."""

    def __init__(self, stream):
        self._stream, self._left = stream, LONGEST_HEADER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = self._stream.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def _in_rows_of_data(message: str) -> str:
    """Arrow counts the header as row 1; we count rows of data."""
    message = message.replace("CSV parse error: ", "")
    return re.sub(r"Row #(\d+)", lambda found: f"row {int(found[1]) - 1}", message)
