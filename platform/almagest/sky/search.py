"""Searches by position."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from almagest.contract import Column
from almagest.core.listings import Listing
from almagest.core.listings.paging import fetch, walks
from almagest.core.tables import column_list
from almagest.sky.errors import SearchError
from almagest.sky.healpix import cone_ranges
from almagest.sky.listings import object_listing
from almagest.sky.separation import ARCSEC_PER_DEG, separation_sql

LARGEST_RADIUS_ARCSEC = 180 * ARCSEC_PER_DEG
SEPARATION = Column(
    "separation_arcsec", "float64", "arcsec", "pos.angDistance", "Distance from the position", nullable=False, level=1
)


class Neighbour(NamedTuple):
    """An object that a cone search found."""

    object_id: int
    survey: str
    source_id: str
    ra: float
    dec: float
    separation_arcsec: float


def cone_search(
    *, user, ra: float, dec: float, radius_arcsec: float, surveys: Iterable[str] | None = None, limit: int | None = None
) -> list[Neighbour]:
    """Objects within a radius of a position, the nearest first.

    Parameters
    ----------
    ra, dec
        ICRS, degrees.
    surveys
        Slugs; None: all that the user may see.

    Raises
    ------
    SearchError
        When a value is out of range, or a survey is not there for the user.
    """
    if limit is not None and limit < 0:
        raise SearchError(f"limit = {limit} is negative")
    found = within_cone(object_listing(user=user, surveys=surveys), ra=ra, dec=dec, radius_arcsec=radius_arcsec)
    ((sql, values),) = walks(found, list(Neighbour._fields))
    return [Neighbour(**row) for row in fetch(sql if limit is None else f"{sql} LIMIT {int(limit)}", values)]


def within_cone(listing: Listing, *, ra: float, dec: float, radius_arcsec: float) -> Listing:
    """The rows of a listing with ``healpix``, ``ra`` and ``dec`` that lie within a radius, the nearest first.

    The HEALPix ranges of the cone choose candidates, the great-circle distance decides: exact at the poles, across
    RA 0, and for every radius from 0 to 180 degrees. The listing gains the column ``separation_arcsec``.

    Raises
    ------
    SearchError
        When a value is out of range.
    """
    _check(ra, dec, radius_arcsec)
    ranges = cone_ranges(ra, dec, radius_arcsec / ARCSEC_PER_DEG)
    where, values = listing.where
    table = listing.table.with_columns(SEPARATION)
    # The position stands many times in the formula: it is a number of ours, not of the reader's.
    distance = separation_sql(f"{float(ra)!r}::float8", f"{float(dec)!r}::float8", "ra", "dec")
    return replace(
        listing, table=table, key=listing.key, sort=SEPARATION.name, sortable=frozenset({SEPARATION.name}), total=None,
        columns=(*listing.columns, SEPARATION.name) if listing.columns else (), conditions=(), condition_values=(),
        source="(SELECT o.* FROM unnest(%s::bigint[], %s::bigint[]) AS r(low, high) CROSS JOIN LATERAL ("
        f"SELECT {column_list(listing.table.names)}, {distance} AS separation_arcsec FROM {listing.source} "
        f"WHERE healpix >= r.low AND healpix < r.high AND {where} OFFSET 0) AS o WHERE o.separation_arcsec <= %s) AS cone",
        values=(ranges[:, 0].tolist(), ranges[:, 1].tolist(), *listing.values, *values, float(radius_arcsec)),
    )  # fmt: skip


def cone_condition(*, ra: float, dec: float, radius_arcsec: float) -> tuple[str, list]:
    """A cone as a condition on any table with ``healpix``, ``ra`` and ``dec``: SQL with ``%s``, and the values for it.

    Raises
    ------
    SearchError
        When a value is out of range.
    """
    _check(ra, dec, radius_arcsec)
    ranges = cone_ranges(ra, dec, radius_arcsec / ARCSEC_PER_DEG)
    inside = " OR ".join(["healpix >= %s AND healpix < %s"] * len(ranges))
    # The position stands many times in the formula: it is a number of ours, not of the reader's.
    distance = separation_sql(f"{float(ra)!r}::float8", f"{float(dec)!r}::float8", "ra", "dec")
    return f"({inside}) AND {distance} <= %s", [*ranges.ravel().tolist(), float(radius_arcsec)]


def _check(ra: float, dec: float, radius_arcsec: float) -> None:
    limits = {"ra": (ra, 0, 360), "dec": (dec, -90, 90), "radius_arcsec": (radius_arcsec, 0, LARGEST_RADIUS_ARCSEC)}
    for name, (value, low, high) in limits.items():
        if not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
            raise SearchError(f"{name} = {value!r} is not a number between {low} and {high:g}")
