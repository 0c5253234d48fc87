"""Rows of a listing by a list of ids, in the list's order; what is not there is said."""

from collections.abc import Sequence
from dataclasses import replace

from almagest.contract import Column
from almagest.core.listings.errors import ListingError
from almagest.core.listings.listing import Listing
from almagest.core.tables import column_list, quote, sql_type

MOST_IDS = 100_000
POSITION = Column(
    "position", "int64", "", "meta.number", "Place in the list that was asked for, from 1", nullable=False, level=1
)
IS_FOUND = Column("is_found", "bool", "", "meta.code", "Whether there is such a row", nullable=False, level=1)


def looked_up(listing: Listing, ids: Sequence, *, by: str) -> Listing:
    """One row for each id at least, in their order: ``position``, ``requested``, ``is_found``, then the listing's columns.

    Parameters
    ----------
    ids
        Values of the column `by`, at most `MOST_IDS`; what stands there twice is given twice.

    Raises
    ------
    ListingError
        When there are too many.
    """
    if len(ids) > MOST_IDS:
        raise ListingError(f"{len(ids):,} ids are more than the {MOST_IDS:,} of one call; ask for them in parts")
    requested = replace(
        listing.table[by], name="requested", description=f"{by} that was asked for", level=1, nullable=False
    )
    others = tuple(replace(c, nullable=True) for c in listing.table.columns)
    where, values = listing.where
    names = column_list(listing.table.names)
    return replace(
        listing, table=replace(listing.table, columns=(POSITION, requested, IS_FOUND, *others)),
        source="(SELECT r.position, r.requested, "
        f"t.{quote(listing.key)} IS NOT NULL AS is_found, t.* FROM unnest(%s::{sql_type(requested)}[]) WITH ORDINALITY "
        f"AS r(requested, position) LEFT JOIN (SELECT {names} FROM {listing.source} WHERE {where}) AS t "
        f"ON t.{quote(by)} = r.requested) AS found",
        values=(list(ids), *listing.values, *values), key=POSITION.name, sort=POSITION.name, sortable=frozenset(),
        conditions=(), condition_values=(), total=len(ids), revision="",
        columns=(POSITION.name, requested.name, IS_FOUND.name, *listing.columns) if listing.columns else (),
    )  # fmt: skip
