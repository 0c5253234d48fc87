"""What all readers of tables have in common."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from almagest.sky.errors import IngestError

# A batch is about this large in memory, and never more rows than that: many batches make the file, whatever its size.
BATCH_BYTES = 32 * 2**20
BATCH_ROWS = 100_000
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class FileColumn:
    """A column of a file, before anything of it is read.

    Attributes
    ----------
    name
        As the file spells it.
    unit
        As the file spells it; empty where it says none.
    problem
        Why the column cannot be read; empty where it can.
    """

    name: str
    unit: str = ""
    problem: str = ""


class Reader(Protocol):
    """A table in a file. `batches` may be called more than once and starts at the first row each time."""

    path: Path
    columns: list[FileColumn]

    def batches(self, wanted: list[int]) -> Iterator[pa.Table]:
        """Rows in the order of the file: the columns with the numbers `wanted`, named by their number as text."""

    def fraction(self) -> float:
        """How much of the file `batches` has read."""


def batch_rows(row_bytes: int) -> int:
    """Rows of that width that make one batch."""
    return max(1, min(BATCH_ROWS, BATCH_BYTES // max(row_bytes, 1)))


class Source:
    """A file as a stream of bytes, unpacked if it is gzipped, that knows how far it has been read."""

    def __init__(self, path: Path):
        self.raw: BinaryIO = path.open("rb")
        self.size = path.stat().st_size
        is_gzip = self.raw.read(2) == GZIP
        self.raw.seek(0)
        self.stream: BinaryIO = gzip.GzipFile(fileobj=self.raw) if is_gzip else self.raw

    def fraction(self) -> float:
        """Share of the file's bytes, packed ones if it is packed."""
        try:
            return min(1.0, self.raw.tell() / max(self.size, 1))
        except (OSError, ValueError):  # the thread that reads has come to the end and closed it
            return 1.0

    def close(self) -> None:
        """Close the file."""
        self.stream.close()
        self.raw.close()


@contextmanager
def explained(path: Path):
    """Turn what goes wrong while bytes are read into an `IngestError` that names the file."""
    try:
        yield
    except EOFError:
        raise IngestError(f"{path}: the gzip file is cut short; fetch it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise IngestError(f"{path}: the gzip file is damaged ({error}); fetch it again") from None
    except pa.ArrowException as error:
        raise IngestError(f"{path}: {_short(error)}") from None
    except OSError as error:
        raise IngestError(f"{path}: {error.strerror or _short(error)}") from None


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"{text[:300]}…"
