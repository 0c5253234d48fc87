"""What a catalog page's URL may ask for: ranges, words, a cone, an order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from almagest.catalogs.errors import CatalogError
from almagest.catalogs.tables import is_sortable
from almagest.contract import Column, Table
from almagest.core.tables import quote, sql_type
from almagest.sky.search import cone_condition


@dataclass(frozen=True)
class Filters:
    """Conditions on a catalog, as SQL and as what the form shows again.

    Attributes
    ----------
    conditions, values
        SQL with ``%s`` and the values for it.
    shown
        The URL parameters that were understood, unchanged.
    """

    conditions: list[str] = field(default_factory=list)
    values: list = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)


def parse_filters(table: Table, query: Mapping[str, str]) -> Filters:
    """Read ``name__min``, ``name__max``, ``name`` (words) and ``ra``, ``dec``, ``radius_arcsec`` from a URL's parameters.

    Raises
    ------
    CatalogError
        When a value is no number, or a cone is incomplete. Parameters that mean nothing here are left alone.
    """
    filters = Filters()
    for column in table.columns:
        if column.is_number and is_sortable(column):
            _add_range(filters, query, column)
        elif column.dtype == "string" and not column.shape and query.get(column.name, "").strip():
            _add(filters, query, column.name, f"{quote(column.name)} = %s", [query[column.name].strip()])
    if any(query.get(name, "").strip() for name in ("cone_ra", "cone_dec", "radius_arcsec")):
        _add_cone(filters, query)
    return filters


def parse_sort(table: Table, text: str, default: str) -> tuple[str, bool]:
    """Column and whether descending, from ``p_s`` or ``-p_s``."""
    name = (text or default).removeprefix("-")
    if name not in table or not is_sortable(table[name]):
        names = ", ".join(c.name for c in table.columns if is_sortable(c))
        raise CatalogError(f"cannot sort by {name!r}; choose one of {names}")
    return name, (text or default).startswith("-")


def parse_number(query: Mapping[str, str], name: str) -> float:
    """A finite number from the URL, or `CatalogError`."""
    try:
        value = float(query[name])
    except (KeyError, ValueError):
        raise CatalogError(f"{name}={query.get(name, '')!r} is not a number") from None
    if not isfinite(value):
        raise CatalogError(f"{name}={query[name]!r} is not a finite number")
    return value


def _add(filters: Filters, query: Mapping[str, str], name: str, condition: str, values: list) -> None:
    filters.conditions.append(condition)
    filters.values.extend(values)
    filters.shown[name] = query[name]


def _add_range(filters: Filters, query: Mapping[str, str], column: Column) -> None:
    # Integers are compared as they are; a float4 with a number of its own width, so that 0.9 is the 0.9 that is shown.
    kind = f"::{sql_type(column)}" if column.dtype.startswith("float") else ""
    for suffix, comparison in (("__min", ">="), ("__max", "<=")):
        if query.get(column.name + suffix, "").strip():
            value = parse_number(query, column.name + suffix)
            _add(filters, query, column.name + suffix, f"{quote(column.name)} {comparison} %s{kind}", [value])


def _add_cone(filters: Filters, query: Mapping[str, str]) -> None:
    ra, dec, radius = (parse_number(query, name) for name in ("cone_ra", "cone_dec", "radius_arcsec"))
    condition, values = cone_condition(ra=ra, dec=dec, radius_arcsec=radius)
    _add(filters, query, "cone_ra", condition, values)
    filters.shown.update({name: query[name] for name in ("cone_dec", "radius_arcsec")})
