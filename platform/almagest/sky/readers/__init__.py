"""Tables in files: FITS, Parquet and CSV, the first and the last gzipped too. What a file is, its first bytes say."""

from pathlib import Path

from almagest.sky.errors import IngestError
from almagest.sky.readers.base import FileColumn, Reader, Source, explained
from almagest.sky.readers.csv import CsvReader
from almagest.sky.readers.fits import FitsReader
from almagest.sky.readers.parquet import ParquetReader

__all__ = ["FileColumn", "Reader", "open_table"]

NOT_A_TABLE = "is not a table that can be read here; FITS (also .fits.gz), Parquet and CSV (also .csv.gz) can"


def open_table(path: Path) -> Reader:
    """A reader for the file.

    Raises
    ------
    IngestError
        When there is no such file, it is empty, or it is no table.
    """
    head = _head(path)
    if not head:
        raise IngestError(f"{path}: the file is empty")
    if head.startswith(b"PAR1"):
        return ParquetReader(path)
    if head.startswith(b"SIMPLE  ="):
        return FitsReader(path)
    if not _is_text(head) or head.lstrip().startswith((b"<", b"{", b"[")):
        raise IngestError(f"{path} {NOT_A_TABLE}")
    return CsvReader(path)


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise IngestError(f"{path} is a folder; name the files in it")
    with explained(path):
        source = Source(path)
        try:
            return source.stream.read(4096)
        finally:
            source.close()


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3  # a character that the end of the sample cuts in two
    return True
