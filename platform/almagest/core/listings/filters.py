"""What an address may ask of a listing: ranges, words, yes or no, and what is not known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import isfinite

from almagest.contract import Column
from almagest.core.listings.errors import ListingError
from almagest.core.listings.listing import Listing
from almagest.core.tables import quote, sql_type

BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
# Integers of PostgreSQL's bigint; a number beyond them is smaller or larger than every value there can be.
BIGGEST = 2**63 - 1


def parse_filters(listing: Listing, query: Mapping[str, str]) -> Listing:
    """Read a declared column's filters from the parameters of an address.

    ``name__min`` and ``name__max`` for numbers and times, ``name`` for words (several with commas between them), whole
    numbers, and true or false, ``name__null`` true or false for every column. Empty ones and others are left alone.

    Raises
    ------
    ListingError
        When a value is not of the column's kind.
    """
    found: dict[str, tuple[str, list]] = {}
    for column in listing.table.columns:
        for name in filter_names(column):
            if text := query.get(name, "").strip():
                found[name] = _condition(column, name.removeprefix(column.name), text)
    shown = listing.shown | {name: query[name] for name in found}
    return replace(listing.limited_to(*found.values()), shown=shown)


def filter_names(column: Column) -> tuple[str, ...]:
    """The parameters that a column can be filtered by."""
    if column.shape:
        return (f"{column.name}__null",)
    ranges = (f"{column.name}__min", f"{column.name}__max") if column.is_number or column.dtype == "timestamp" else ()
    equal = () if column.dtype in ("float32", "float64", "timestamp") else (column.name,)
    return (*equal, *ranges, f"{column.name}__null")


def parse_number(query: Mapping[str, str], name: str) -> float:
    """A finite number from the address, or `ListingError`."""
    try:
        value = float(query[name])
    except (KeyError, ValueError):
        raise ListingError(f"{name}={query.get(name, '')!r} is not a number") from None
    if not isfinite(value):
        raise ListingError(f"{name}={query[name]!r} is not a finite number")
    return value


def _condition(column: Column, suffix: str, text: str) -> tuple[str, list]:
    name = quote(column.name)
    if suffix == "__null":
        return f"{name} IS {'' if _boolean(column.name + suffix, text) else 'NOT '}NULL", []
    if suffix:
        comparison = ">=" if suffix == "__min" else "<="
        return f"{name} {comparison} %s{_cast(column)}", [_bound(column, column.name + suffix, text)]
    if column.dtype == "bool":
        return f"{name} = %s", [_boolean(column.name, text)]
    if column.dtype == "string":
        return f"{name} = ANY(%s)", [[_word(column.name, word) for word in text.split(",")]]
    return f"{name} = %s", [_integer(column.name, text)]


def _cast(column: Column) -> str:
    # Integers are compared as they are; a float4 with a number of its own width, so that 0.9 is the 0.9 that is shown.
    return f"::{sql_type(column)}" if column.dtype.startswith("float") else ""


def _bound(column: Column, name: str, text: str) -> float | datetime:
    if column.dtype != "timestamp":
        value = parse_number({name: text}, name)
        return max(-3e38, min(3e38, value)) if column.dtype == "float32" else value
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ListingError(f"{name}={text!r} is no time; write 2026-03-01 or 2026-03-01T12:00:00Z") from None


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in BOOLEANS:
        raise ListingError(f"{name}={text!r} is neither true nor false")
    return BOOLEANS[text.lower()]


def _integer(name: str, text: str) -> int:
    try:
        return max(-BIGGEST, min(BIGGEST, int(text)))
    except ValueError:
        raise ListingError(f"{name}={text!r} is not a whole number") from None


def _word(name: str, word: str) -> str:
    if "\0" in word:
        raise ListingError(f"{name}: a word holds a character that no text has")
    return word.strip()
