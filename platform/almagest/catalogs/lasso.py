"""A part of a method's latent space as a filter of a catalog's candidates: what lies within a polygon, or within ranges.

The plane is named in the address too, each axis as the number of a latent (from 1), or as weights of all of them: so that an address
means the same when the catalog has other rows and with them other principal components.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from almagest.catalogs.errors import CatalogError
from almagest.catalogs.models import Edition
from almagest.catalogs.tables import latent_column
from almagest.contract import Column
from almagest.core.listings import Listing, ListingError
from almagest.core.listings.filters import parse_number
from almagest.core.tables import quote

AXES, LASSO = ("latent_x", "latent_y"), "lasso"
BOUNDS = tuple(f"{axis}__{end}" for axis in AXES for end in ("min", "max"))
NAMES = (*AXES, LASSO, *BOUNDS)
MOST_CORNERS = 200
# Squares of such numbers can still be told: what is larger would fail in the database.
LARGEST = 1e30


@dataclass(frozen=True)
class Axis:
    """A direction in the latent space: the latent of this number, from 1, or a sum of all with these weights."""

    number: int = 0
    weights: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """As an address has it."""
        return (
            ",".join(repr(weight).removesuffix(".0") for weight in self.weights) if self.weights else str(self.number)
        )

    def sql(self, name: str) -> tuple[str, list[float]]:
        """Where a row lies along it, as SQL with ``%s``, and its values; `name` is the column's, quoted."""
        if not self.weights:
            return f"{name}[{int(self.number)}]", []
        return " + ".join(f"%s::float8 * {name}[{n}]" for n in range(1, len(self.weights) + 1)), list(self.weights)


def latents_of(edition: Edition) -> Column:
    """The catalog's column of latents, or `CatalogError` where it has none."""
    if column := latent_column(edition.version, edition.table):
        return column
    raise CatalogError(
        f"the candidates of {edition.catalog.slug} have no places in a latent space: {edition.version} gives none",
        absent=True,
    )


def parse_lasso(listing: Listing, query: Mapping[str, str], edition: Edition) -> Listing:
    """Limit a catalog's candidates to a part of the latent space, where an address asks for it.

    ``latent_x`` and ``latent_y`` name the axes (1 and 2 without them), ``lasso`` has the corners of a polygon, ``x,y,x,y,…``;
    ``latent_x__min``, ``latent_x__max`` and the same of y are ranges. All that are given must hold.

    Raises
    ------
    ListingError
        When an axis, a corner or a range makes no sense.
    CatalogError
        When the candidates have no latents.
    """
    asked = {name: text for name in NAMES if (text := query.get(name, "").strip())}
    if not any(name in asked for name in (LASSO, *BOUNDS)):
        return listing
    column = latents_of(edition)
    (x, x_values), (y, y_values) = (axis.sql(quote(column.name)) for axis in parse_axes(asked, column))
    conditions = []
    if LASSO in asked:
        conditions.append((f"point({x}, {y}) <@ %s::polygon", [*x_values, *y_values, _polygon(asked[LASSO])]))
    for name, (sql, values) in zip(BOUNDS, [(x, x_values)] * 2 + [(y, y_values)] * 2, strict=True):
        if name in asked:
            comparison = ">=" if name.endswith("__min") else "<="
            conditions.append((f"{sql} {comparison} %s::float8", [*values, _number(name, asked[name])]))
    return replace(listing.limited_to(*conditions), shown=listing.shown | asked)


def parse_axes(query: Mapping[str, str], column: Column) -> tuple[Axis, Axis]:
    """The axes that an address names; the first two latents where it names none."""
    return tuple(
        parse_axis(name, query.get(name, "").strip() or str(number), column) for number, name in enumerate(AXES, 1)
    )


def parse_axis(name: str, text: str, column: Column) -> Axis:
    """One axis, or `ListingError`."""
    (size,) = column.shape
    if text.isascii() and text.isdecimal() and len(text) < 5:
        if 1 <= int(text) <= size:
            return Axis(int(text))
        raise ListingError(f"{name}={text}: {column.name} are numbered from 1 to {size}")
    words = text.split(",")
    if len(words) != size:
        raise ListingError(
            f"{name}={_short(text)!r} is neither the number of one of the {size} {column.name} nor {size} weights with commas "
            "between them"
        )
    return Axis(weights=tuple(_number(name, word) for word in words))


def corners(text: str) -> list[tuple[float, float]]:
    """The corners of a polygon, or `ListingError`."""
    words = text.split(",")
    if len(words) % 2 or not 6 <= len(words) <= 2 * MOST_CORNERS:
        raise ListingError(
            f"lasso has {len(words)} numbers; it takes 3 to {MOST_CORNERS} corners, written x,y,x,y,… with commas between them"
        )
    numbers = [_number(LASSO, word) for word in words]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _polygon(text: str) -> str:
    return ",".join(f"({x!r},{y!r})" for x, y in corners(text))


def _number(name: str, text: str) -> float:
    try:
        value = parse_number({name: text}, name)
    except ListingError:
        raise ListingError(f"{name}: {_short(text)!r} is not a finite number") from None
    if abs(value) > LARGEST:
        raise ListingError(f"{name}: {_short(text)} is not between {-LARGEST:g} and {LARGEST:g}")
    return value


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
