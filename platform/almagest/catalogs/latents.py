"""A catalog's candidates in the latent space of their method, as points on a plane of it."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from almagest.catalogs.history import edition_source
from almagest.catalogs.lasso import AXES, Axis, latents_of, parse_axes
from almagest.catalogs.models import Edition
from almagest.contract import Column
from almagest.core.listings import Listing, ListingError
from almagest.core.listings.paging import fetch
from almagest.core.tables import column_list, quote

# The best, and of the others as many as a page draws without waiting.
MOST_BEST, MOST_OTHERS = 20_000, 10_000
# Principal components are sums of all latents: of more than so many their weights would be too long for an address.
MOST_WEIGHTS = 32
# Colours that can be told apart; what is rarer is called `OTHER`.
MOST_CLASSES, OTHER = 9, "other"
KEYS = ("object_id", "survey", "source_id")


@dataclass(frozen=True)
class Direction:
    """A principal component: the axis, and the share of the scatter that lies along it."""

    axis: Axis
    share: float


@dataclass(frozen=True)
class LatentPoints:
    """Points of a plane, the best first.

    Attributes
    ----------
    rows
        Object, survey, name, ``x``, ``y``, and ``value``: of the column that colours, or the place in `classes`.
    classes
        Words that the values stand for; None where they are numbers.
    is_whole
        Whether these are all that there are.
    """

    rows: list[dict[str, Any]]
    classes: list[str] | None
    is_whole: bool


def with_places(edition: Edition, listing: Listing) -> Listing:
    """Those that lie somewhere in the space."""
    return replace(listing, total=None).limited_to((f"{quote(latents_of(edition).name)} IS NOT NULL", []))


def principal_directions(edition: Edition) -> list[Direction]:
    """The first two principal components of the candidates; none where the space has two axes anyway, or too many for an address."""
    column = latents_of(edition)
    if not 2 < column.shape[0] <= MOST_WEIGHTS:
        return []
    return _directions((edition.pk, edition.published), edition_source(edition), column.name)


@lru_cache(maxsize=256)
def _directions(edition: tuple, source: str, name: str) -> list[Direction]:
    # The rows of an edition never change: once is enough.
    rows = fetch(
        f"SELECT {quote(name)} AS place FROM {source} WHERE {quote(name)} IS NOT NULL ORDER BY hashint8(object_id) LIMIT %s",
        [MOST_BEST],
    )
    if len(rows) < 2:
        return []
    values, vectors = np.linalg.eigh(np.cov(np.array([row["place"] for row in rows], float).T))
    order = np.argsort(values)[::-1][:2]
    return [
        Direction(_upright(vectors[:, k]), float(values[k] / values.sum()) if values.sum() > 0 else 0.0) for k in order
    ]


def _upright(vector: np.ndarray) -> Axis:
    """The axis of a direction, of which both signs are as good: with its largest weight above 0, and few digits for an address."""
    vector = vector * np.sign(vector[np.abs(vector).argmax()])
    return Axis(weights=tuple((vector.round(4) + 0.0).tolist()))


def colour_columns(edition: Edition) -> list[Column]:
    """What points can be coloured by: the rank first, then other numbers, then classes."""
    columns = [c for c in edition.table.columns if not c.shape and c.level < 3]
    numbers = [c for c in columns if c.is_number and c.name not in ("ra", "dec")]
    numbers.sort(key=lambda c: (c.name != edition.rank_by, c.ucd != "src.redshift"))
    named = [c for c in edition.table.columns if c.dtype == "string" and not c.shape]
    return [*numbers, *(c for c in named if "class" in c.ucd or c.name == "survey")]


def colour_column(edition: Edition, name: str) -> Column:
    """The column of that name, the rank where it is empty; or `ListingError`."""
    columns = {column.name: column for column in colour_columns(edition)}
    if (name or edition.rank_by) not in columns:
        raise ListingError(f"colour={name[:60]!r}: points are coloured by one of {', '.join(columns)}")
    return columns[name or edition.rank_by]


def latent_points(edition: Edition, listing: Listing, *, axes: tuple[Axis, Axis], colour: Column) -> LatentPoints:
    """The candidates of a listing as points: the best, and a random part of the others, the same each time.

    Raises
    ------
    ListingError
        When the filters take longer than readers wait.
    """
    (x, x_values), (y, y_values) = (axis.sql("place") for axis in axes)
    placed = with_places(edition, listing)
    where, values = placed.where
    values = [*placed.values, *values]
    names, rank = column_list(KEYS), quote(edition.rank_by)
    of_all = (
        f"SELECT {names}, {quote(latents_of(edition).name)} AS place, {quote(colour.name)} AS value, {rank} AS rank "
        f"FROM {placed.source} WHERE {where}"
    )
    # Where they lie on the plane is computed of those alone that are drawn.
    rows = fetch(
        f"WITH best AS MATERIALIZED ({of_all} ORDER BY {rank} DESC, object_id DESC LIMIT %s), "
        f"others AS ({of_all} AND ({rank}, object_id) < (SELECT rank, object_id FROM best ORDER BY 1, 2 LIMIT 1) "
        "ORDER BY hashint8(object_id) LIMIT %s) "
        f"SELECT {names}, {x} AS x, {y} AS y, value FROM (SELECT * FROM best UNION ALL SELECT * FROM others) AS chosen "
        "ORDER BY rank DESC, object_id DESC",
        [*values, MOST_BEST, *values, MOST_OTHERS + 1, *x_values, *y_values],
    )
    is_whole = len(rows) <= MOST_BEST + MOST_OTHERS
    rows = rows[: MOST_BEST + MOST_OTHERS]
    return LatentPoints(rows, None if colour.is_number else _classes(rows), is_whole)


def _classes(rows: list[dict[str, Any]]) -> list[str]:
    """The most frequent words first; the values of the rows become places in this list, None where there is no word."""
    counts = Counter(row["value"] for row in rows if row["value"])
    words = [
        word for word, _ in counts.most_common(MOST_CLASSES if len(counts) > MOST_CLASSES + 1 else MOST_CLASSES + 1)
    ]
    known = {word: place for place, word in enumerate(words)}
    for row in rows:
        row["value"] = known.get(row["value"], len(words)) if row["value"] else None
    return [*words, OTHER] if len(counts) > len(words) else words


def parse_plane(query, edition: Edition) -> tuple[Axis, Axis]:
    """The plane that an address names; where it leaves an axis out, a principal component, or the latent of its number."""
    named = {name: query.get(name, "").strip() for name in AXES}
    for name, direction in zip(AXES, principal_directions(edition) if not all(named.values()) else (), strict=False):
        named[name] = named[name] or direction.axis.text
    return parse_axes(named, latents_of(edition))
