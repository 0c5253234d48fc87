"""A list of positions against the sky: what lies within a radius of each, in the list's order."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
from django.db import transaction
from scipy.spatial import cKDTree

from almagest.contract import Column, Table
from almagest.core.listings import Listing
from almagest.core.listings.lookup import IS_FOUND, POSITION
from almagest.core.tables import column_list
from almagest.sky.errors import SearchError
from almagest.sky.healpix import healpix_numbers
from almagest.sky.listings import OBJECT_COLUMNS, object_listing
from almagest.sky.matching import OBJECT, blocks_of, directions, neighbours_of, object_count, pairs_within
from almagest.sky.selectors import survey_slugs

MOST_POSITIONS, MOST_PAIRS = 100_000, 1_000_000
# Positions for each object of a survey from which on reading all is quicker: a position has nine cells, each a walk of an index.
LOOKUPS = 0.02
# Beyond this a list of positions is a region of the sky: a cone search gives that.
LARGEST_RADIUS_ARCSEC = 600.0
PAIR = {"object_a": pa.int64(), "object_b": pa.int64(), "separation_arcsec": pa.float64()}
ORDER = [("object_a", "ascending"), ("separation_arcsec", "ascending"), ("object_b", "ascending")]
MATCHES = Table(
    "matches",
    "Positions that were asked for, with the objects near them",
    (
        Column("row", "int64", "", "meta.record", "Number of the row", nullable=False, level=3),
        POSITION,
        Column("requested", "string", "", "meta.id", "Name of the position, as it was given", level=1),
        IS_FOUND,
        Column("separation_arcsec", "float64", "arcsec", "pos.angDistance", "Distance from the position", level=1),
        *(replace(column, nullable=True) for column in OBJECT_COLUMNS),
    ),
)


def position_match(
    *, user, ra: np.ndarray, dec: np.ndarray, names: list[str] | None, radius_arcsec: float,
    surveys: Iterable[str] | None = None, nearest: bool = False,
) -> Listing:  # fmt: skip
    """Objects within a radius of each position, by distance; a position without any has one row that says so.

    Parameters
    ----------
    ra, dec
        ICRS, degrees, shape (n,).
    names
        What the positions are called, or None.
    nearest
        Only the nearest object of each survey.

    Raises
    ------
    SearchError
        When a value is out of range, the lists are too long or not of one length, or too many pairs are found.
    """
    _check(ra, dec, names, radius_arcsec)
    slugs = survey_slugs(user, surveys)
    found = _matches(ra, dec, radius_arcsec, slugs, nearest)
    return _listing(object_listing(user=user, surveys=surveys), found, len(ra), names)


def _matches(ra: np.ndarray, dec: np.ndarray, radius_arcsec: float, slugs: Iterable[int], nearest: bool) -> pa.Table:
    """Pairs of places in the list and objects, by place and distance."""
    block = np.zeros(len(ra), OBJECT)
    block["id"], block["ra"], block["dec"] = np.arange(1, len(ra) + 1), ra, dec
    block["healpix"] = healpix_numbers(ra, dec)
    tree = cKDTree(directions(block))
    parts = [pa.table({name: pa.array([], kind) for name, kind in PAIR.items()})]
    with transaction.atomic():
        for survey_id in slugs:
            near = _near(survey_id, block["healpix"], radius_arcsec)
            pairs = [pairs_within(block, tree, others, radius_arcsec) for others in near]
            parts += [_nearest(pa.concat_tables(pairs))] if nearest and pairs else pairs
            if sum(part.num_rows for part in parts) > MOST_PAIRS:
                raise SearchError(
                    f"more than {MOST_PAIRS:,} pairs are within {radius_arcsec:g} arcsec; take a smaller radius"
                )
    return pa.concat_tables(parts).sort_by(ORDER)


def _near(survey_id: int, healpix: np.ndarray, radius_arcsec: float) -> Iterator[np.ndarray]:
    """Objects that may be near: from the cells around the positions, or all where these would be looked up more often than read."""
    if len(healpix) > object_count(survey_id) * LOOKUPS:
        return blocks_of(survey_id)
    return neighbours_of(survey_id, healpix, radius_arcsec)


def _nearest(pairs: pa.Table) -> pa.Table:
    ordered = pairs.sort_by(ORDER)
    _, first = np.unique(ordered["object_a"].to_numpy(), return_index=True)
    return ordered.take(pa.array(first))


def _listing(objects: Listing, found: pa.Table, count: int, names: list[str] | None) -> Listing:
    without = np.setdiff1d(np.arange(1, count + 1), found["object_a"].to_numpy())
    places = [*found["object_a"].to_pylist(), *without.tolist()]
    ids = [*found["object_b"].to_pylist(), *[None] * len(without)]
    distances = [*found["separation_arcsec"].to_pylist(), *[None] * len(without)]
    order = sorted(range(len(places)), key=lambda i: places[i])
    values = [[column[i] for i in order] for column in (places, ids, distances)]
    called = [names[place - 1] for place in values[0]] if names else [None] * len(places)
    columns = column_list(objects.table.names)
    return replace(
        objects, name="cross-match", table=MATCHES, key="row", sort="row", sortable=frozenset(), revision="", total=len(places),
        source="(SELECT m.row, m.position, m.requested, m.found_id IS NOT NULL AS is_found, m.separation_arcsec, o.* "
        "FROM unnest(%s::bigint[], %s::bigint[], %s::float8[], %s::text[]) WITH ORDINALITY "
        f"AS m(position, found_id, separation_arcsec, requested, row) LEFT JOIN (SELECT {columns} FROM {objects.source}) AS o "
        "ON o.object_id = m.found_id) AS matches",
        values=(*values, called, *objects.values),
    )  # fmt: skip


def _check(ra: np.ndarray, dec: np.ndarray, names: list[str] | None, radius_arcsec: float) -> None:
    if not 0 < len(ra) <= MOST_POSITIONS:
        raise SearchError(f"{len(ra):,} positions are not between 1 and {MOST_POSITIONS:,}; send them in parts")
    if len(dec) != len(ra) or (names is not None and len(names) != len(ra)):
        raise SearchError(
            "the lists of the positions are not of one length: each needs its ra, its dec, and its id where ids are given"
        )
    if not 0 < radius_arcsec <= LARGEST_RADIUS_ARCSEC:
        raise SearchError(f"radius_arcsec = {radius_arcsec:g} is not above 0 and at most {LARGEST_RADIUS_ARCSEC:g}")
    wrong = ~((ra >= 0) & (ra <= 360) & (np.abs(dec) <= 90))
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise SearchError(
            f"position {place + 1} (ra {ra[place]:g}, dec {dec[place]:g}) is not on the sky: 0 to 360 and -90 to 90 degrees"
        )
