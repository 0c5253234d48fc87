"""The rows of a release, read once, in order, into a file on disk from which all formats are written."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from almagest.catalogs.differences import KEYS
from almagest.catalogs.history import edition_source
from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.contract import Table
from almagest.core.listings import Listing, parse_filters
from almagest.core.listings.streaming import measured_batches
from almagest.formats import Sizes
from almagest.formats.batches import conform
from almagest.releases.content.rows import HEALPIX
from almagest.releases.errors import ReleaseError
from almagest.releases.models import Release


def released_listing(edition: Edition, *, columns: str, filters: dict[str, str]) -> Listing:
    """The rows and columns of an edition that a release holds, in its order.

    Parameters
    ----------
    columns
        Names with commas between them; ``all`` or nothing for all of them. Keys and position are always among them.
    filters
        As the catalog's page has them in its address.

    Raises
    ------
    ListingError, ReleaseError
        When a column or a filter is none of the catalog's.
    """
    listing = parse_filters(candidate_listing(edition), filters).choosing(columns or "all")
    if unknown := sorted(set(filters) - set(listing.shown)):
        raise ReleaseError(
            f"{edition.catalog.slug} cannot be filtered by {', '.join(unknown)}; see the catalog's columns"
        )
    names = [name for name in listing.table.names if name in {*KEYS, *listing.columns}]
    source = edition_source(edition, is_frozen=True)
    return replace(listing, source=source, still="", columns=tuple(names), sort=HEALPIX)


def freeze(release: Release, path: Path) -> Sizes:
    """Write all rows of one state of the database into a file, in order, and say what they are like."""
    listing = released_listing(release.edition, columns=",".join(release.table.names), filters=release.filters)
    with measured_batches(listing) as (sizes, batches):
        write_rows(path, listing.given, batches)
    return sizes


def write_rows(path: Path, table: Table, batches: Iterable[pa.RecordBatch]) -> None:
    """Keep rows on disk for this release's time, as they are in memory."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.arrow_schema) as writer:
        for batch in batches:
            writer.write_batch(conform(table, batch))


def read_rows(path: Path) -> Iterator[pa.RecordBatch]:
    """Those rows again, one batch in memory at a time."""
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
        yield from reader
