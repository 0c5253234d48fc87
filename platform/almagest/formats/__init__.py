"""Declared tables as files, written batch by batch: nothing here knows of Django or the database."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from almagest.formats import arrow_file, csv_file, fits_file, json_file, parquet_file, votable_file
from almagest.formats.document import Document, Infos, Sizes
from almagest.formats.errors import FormatError
from almagest.formats.json_file import json_rows
from almagest.formats.votable_header import error_document, header


@dataclass(frozen=True)
class Format:
    """A format of files.

    Parameters
    ----------
    also
        Further media types that are understood in a request's Accept.
    extension
        Of the file's name, without the dot.
    needs_sizes
        Whether the document must come with its sizes.
    write
        Gives the file in blocks of at least 64 KiB, the last excepted, and holds little more than one batch. What is
        wrong with the document is raised by the call, what is wrong with the rows while they are written.
    """

    name: str
    title: str
    media_type: str
    also: tuple[str, ...]
    extension: str
    needs_sizes: bool
    write: Callable[[Document, Iterable[pa.RecordBatch]], Iterator[bytes]]


VOTABLE = "application/x-votable+xml"
FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("csv", "CSV", "text/csv; charset=utf-8", ("text/csv",), "csv", False, csv_file.write),
        Format("json", "JSON", "application/json", (), "json", False, json_file.write),
        Format("votable", "VOTable", VOTABLE, (f"{VOTABLE};serialization=binary2",), "vot", False, votable_file.write),
        Format("fits", "FITS", "application/fits", (), "fits", True, fits_file.write),
        Format("parquet", "Parquet", "application/vnd.apache.parquet", ("application/parquet",), "parquet", False,
               parquet_file.write),
        Format("arrow", "Arrow", "application/vnd.apache.arrow.stream", (), "arrows", False, arrow_file.write),
    )
}  # fmt: skip


def format_named(name: str) -> Format:
    """Find a format, or raise `FormatError` that says which there are."""
    if name not in FORMATS:
        raise FormatError(f"format {name!r} is not known; there are {', '.join(FORMATS)}")
    return FORMATS[name]


__all__ = [
    "FORMATS",
    "Document",
    "Format",
    "FormatError",
    "Infos",
    "Sizes",
    "error_document",
    "format_named",
    "header",
    "json_rows",
]
