"""Pages by cursor: any page, first or deep, is one walk along an index."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import OperationalError, connection, transaction

from almagest.core.listings.errors import ListingError
from almagest.core.listings.listing import Listing
from almagest.core.tables import column_list, quote, sql_type

STATEMENT_TIMEOUT = "5s"
COUNT_EXACTLY_UP_TO = 10_000
OVERTAKEN = "the rows have changed while they were read; ask again"
SIGNER = signing.Signer(salt="listing cursor")


@dataclass(frozen=True)
class Page:
    """Rows as dictionaries, and the cursors of the pages beside this one (empty where there is none)."""

    rows: list[dict[str, Any]]
    next_cursor: str
    previous_cursor: str


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after (or, going back, before) the row with this value and key, in this revision's order."""

    revision: str
    sort: str
    value: Any
    key: Any
    backward: bool = False

    def encode(self) -> str:
        """Text for an address; signed, so that only what we wrote is read."""
        value = self.value.isoformat() if hasattr(self.value, "isoformat") else self.value
        return SIGNER.sign_object([self.revision, self.sort, value, self.key, self.backward])

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Read an address's text, or raise `ListingError`."""
        try:
            return cls(*SIGNER.unsign_object(text))
        except signing.BadSignature:
            raise ListingError("the cursor in this address is damaged; start again from the first page") from None


def read_page(listing: Listing, *, cursor: str = "", size: int) -> Page:
    """One page, with the columns that the listing gives.

    Raises
    ------
    ListingError
        When the cursor belongs to another order or to rows that were replaced, also while they were read, or the filter
        takes too long.
    """
    start = Cursor.decode(cursor) if cursor else None
    if start and (start.sort != listing.sort or start.revision != listing.revision):
        raise ListingError(
            "the rows or their order have changed since this page was linked; start again from the first page"
        )
    backward = bool(start and start.backward)
    rows = fetch(*_page_query(listing, start, backward, size + 1))
    # Revisions only go on: what is still current now was so when the rows were read.
    if listing.still and not _is_still(listing):
        raise ListingError(OVERTAKEN)
    more, rows = len(rows) > size, rows[:size]
    if backward:
        rows.reverse()
    following = _cursor(listing, rows[-1:], False) if more or backward else ""
    previous = _cursor(listing, rows[:1], True) if start and (more or not backward) else ""
    names = listing.given.names
    return Page([{name: row[name] for name in names} for row in rows], following, previous)


def count_rows(listing: Listing) -> tuple[int, bool]:
    """How many rows pass the filters, and whether that is exact: above 10,000 it is the planner's estimate."""
    if not listing.conditions and listing.total is not None:
        return listing.total, True
    where, values = listing.where
    rows = f"FROM {listing.source} WHERE {where}"
    values = [*listing.values, *values]
    found = fetch(f"SELECT count(*) AS n FROM (SELECT 1 {rows} LIMIT {COUNT_EXACTLY_UP_TO + 1}) AS few", values)[0]["n"]
    if found <= COUNT_EXACTLY_UP_TO:
        return found, True
    plan = fetch(f"EXPLAIN (FORMAT JSON) SELECT 1 {rows}", values)[0]["QUERY PLAN"]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return max(found, plan[0]["Plan"]["Plan Rows"]), False


def walks(
    listing: Listing, names: list[str], *, start: Cursor | None = None, backward: bool = False
) -> Iterator[tuple[str, list]]:
    """Queries whose rows, one after the other, are the listing: those with a value to sort by, then those without.

    A row comparison ``(value, key) < (v, k)`` uses the index; a condition with OR for the nulls would not.
    """
    sort, descending = listing.order
    descending = descending != backward
    column, way = quote(sort), "DESC" if descending else "ASC"
    after = "<" if descending else ">"
    for part in (False, True) if not backward else (True, False):
        condition, values = f"{column} IS {'' if part else 'NOT '}NULL", []
        if part and not listing.table[sort].nullable:
            continue
        if start is not None and part == (start.value is None):
            kinds = [f"%s::{sql_type(listing.table[name])}" for name in (sort, listing.key)]
            condition = (
                f"{condition} AND {quote(listing.key)} {after} {kinds[1]}" if part
                else f"({column}, {quote(listing.key)}) {after} ({', '.join(kinds)})"
            )  # fmt: skip
            values = [start.key] if part else [start.value, start.key]
        elif start is not None and part == backward:
            continue
        where, more = listing.where
        order = f"{column} {way}, {quote(listing.key)} {way}" if not part else f"{quote(listing.key)} {way}"
        yield (
            f"SELECT {column_list(names)} FROM {listing.source} WHERE {condition} AND {where} ORDER BY {order}",
            [*listing.values, *values, *more],
        )


def fetch(sql: str, values: list) -> list[dict[str, Any]]:
    """Run a query that readers wait for.

    Raises
    ------
    ListingError
        When it takes longer than readers should wait.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            cursor.execute(sql, values)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except OperationalError as error:
        raise ListingError(
            f"this filter took longer than {STATEMENT_TIMEOUT}; narrow it, or sort by another column"
        ) from error


def _is_still(listing: Listing) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(listing.still)
        return bool(cursor.fetchone()[0])


def _page_query(listing: Listing, start: Cursor | None, backward: bool, limit: int) -> tuple[str, list]:
    names = list(dict.fromkeys([*listing.given.names, listing.order[0], listing.key]))
    parts = list(walks(listing, names, start=start, backward=backward))
    if len(parts) == 1:
        return f"{parts[0][0]} LIMIT {limit}", parts[0][1]
    union = " UNION ALL ".join(
        f"(SELECT {i} AS part, * FROM ({sql} LIMIT {limit}) AS walk{i})" for i, (sql, _) in enumerate(parts)
    )
    sort, descending = listing.order
    way = "DESC" if descending != backward else "ASC"
    return (
        f"SELECT {column_list(names)} FROM ({union}) AS walks ORDER BY part, {quote(sort)} {way}, {quote(listing.key)} {way} LIMIT {limit}",
        [value for _, values in parts for value in values],
    )


def _cursor(listing: Listing, row: list[dict], backward: bool) -> str:
    if not row:
        return ""
    return Cursor(listing.revision, listing.sort, row[0][listing.order[0]], row[0][listing.key], backward).encode()
