"""Searches by position."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from almagest.sky.errors import SearchError
from almagest.sky.healpix import cone_ranges
from almagest.sky.models import Survey
from almagest.sky.separation import ARCSEC_PER_DEG, separation_sql

LARGEST_RADIUS_ARCSEC = 180 * ARCSEC_PER_DEG


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

    The HEALPix ranges of the cone choose candidates, the great-circle distance decides: exact at the poles, across
    RA 0, and for every radius from 0 to 180 degrees.

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
    _check(ra, dec, radius_arcsec, limit)
    slugs = _slugs(user, surveys)
    ranges = cone_ranges(ra, dec, radius_arcsec / ARCSEC_PER_DEG)
    distance = separation_sql("%(ra)s::float8", "%(dec)s::float8", "ra", "dec")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.survey_id, o.source_id, o.ra, o.dec, o.separation "
            "FROM unnest(%(low)s::bigint[], %(high)s::bigint[]) AS r(low, high) CROSS JOIN LATERAL ("
            f"SELECT id, survey_id, source_id, ra, dec, {distance} AS separation FROM objects "
            "WHERE healpix >= r.low AND healpix < r.high AND survey_id = ANY(%(surveys)s) OFFSET 0) o "
            "WHERE o.separation <= %(radius)s ORDER BY o.separation, o.id LIMIT %(limit)s",
            {"ra": float(ra), "dec": float(dec), "radius": float(radius_arcsec), "limit": limit, "surveys": list(slugs),
             "low": ranges[:, 0].tolist(), "high": ranges[:, 1].tolist()},
        )  # fmt: skip
        return [Neighbour(row[0], slugs[row[1]], *row[2:]) for row in cursor.fetchall()]


def cone_condition(*, ra: float, dec: float, radius_arcsec: float) -> tuple[str, list]:
    """A cone as a condition on any table with ``healpix``, ``ra`` and ``dec``: SQL with ``%s``, and the values for it.

    Raises
    ------
    SearchError
        When a value is out of range.
    """
    _check(ra, dec, radius_arcsec, None)
    ranges = cone_ranges(ra, dec, radius_arcsec / ARCSEC_PER_DEG)
    inside = " OR ".join(["healpix >= %s AND healpix < %s"] * len(ranges))
    # The position stands many times in the formula: it is a number of ours, not of the reader's.
    distance = separation_sql(f"{float(ra)!r}::float8", f"{float(dec)!r}::float8", "ra", "dec")
    return f"({inside}) AND {distance} <= %s", [*ranges.ravel().tolist(), float(radius_arcsec)]


def _check(ra: float, dec: float, radius_arcsec: float, limit: int | None) -> None:
    limits = {"ra": (ra, 0, 360), "dec": (dec, -90, 90), "radius_arcsec": (radius_arcsec, 0, LARGEST_RADIUS_ARCSEC)}
    for name, (value, low, high) in limits.items():
        if not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
            raise SearchError(f"{name} = {value!r} is not a number between {low} and {high:g}")
    if limit is not None and limit < 0:
        raise SearchError(f"limit = {limit} is negative")


def _slugs(user, surveys: Iterable[str] | None) -> dict[int, str]:
    seen = dict(Survey.objects.visible_to(user).values_list("id", "slug"))
    if surveys is None:
        return seen
    wanted = set(surveys)
    if unknown := sorted(wanted - set(seen.values())):
        there = ", ".join(sorted(seen.values())) or "none"
        raise SearchError(f"no survey {', '.join(unknown)} is here; there is {there}")
    return {pk: slug for pk, slug in seen.items() if slug in wanted}
