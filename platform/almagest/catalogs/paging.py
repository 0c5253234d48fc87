"""Pages by cursor: any page, first or deep, is one walk along an index."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction

from almagest.catalogs.errors import CatalogError
from almagest.catalogs.filters import Filters
from almagest.catalogs.models import Edition
from almagest.core.tables import column_list, quote, sql_type

STATEMENT_TIMEOUT = "5s"
COUNT_EXACTLY_UP_TO = 10_000


@dataclass(frozen=True)
class Page:
    """Rows as dictionaries, and the cursors of the pages beside this one (empty where there is none)."""

    rows: list[dict[str, Any]]
    next_cursor: str
    previous_cursor: str


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after (or, going back, before) the row with this value and id, in this edition's order."""

    revision: int
    sort: str
    value: Any
    object_id: int
    backward: bool = False

    def encode(self) -> str:
        """Text for a URL."""
        parts = [self.revision, self.sort, self.value, self.object_id, self.backward]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Read a URL's text, or raise `CatalogError`."""
        try:
            parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            revision, sort, value, object_id, backward = parts
            return cls(int(revision), str(sort), value, int(object_id), bool(backward))
        except (ValueError, TypeError):
            raise CatalogError("the cursor in this address is damaged; start again from the first page") from None


def read_page(edition: Edition, filters: Filters, *, sort: str, descending: bool, cursor: str, size: int) -> Page:
    """One page of a catalog.

    Raises
    ------
    CatalogError
        When the cursor belongs to another order or to an edition that was replaced, or the filter takes too long.
    """
    order = ("-" if descending else "") + sort
    start = Cursor.decode(cursor) if cursor else None
    if start and (start.sort != order or start.revision != edition.revision):
        raise CatalogError(
            "the catalog or its order has changed since this page was linked; start again from the first page"
        )
    backward = bool(start and start.backward)
    rows = _fetch(
        *_query(edition, filters, sort, descending != backward, nulls_last=not backward, start=start, limit=size + 1)
    )
    more, rows = len(rows) > size, rows[:size]
    if backward:
        rows.reverse()
    return Page(
        rows,
        next_cursor=_cursor(edition, order, sort, rows[-1:], False) if more or backward else "",
        previous_cursor=_cursor(edition, order, sort, rows[:1], True) if start and (more or not backward) else "",
    )


def count_rows(edition: Edition, filters: Filters) -> tuple[int, bool]:
    """How many rows pass the filters, and whether that is exact: above 10,000 it is the planner's estimate."""
    if not filters.conditions:
        return edition.rows, True
    where = " AND ".join(filters.conditions)
    table = quote(edition.table_name)
    found = _fetch(
        f"SELECT count(*) AS n FROM (SELECT 1 FROM {table} WHERE {where} LIMIT {COUNT_EXACTLY_UP_TO + 1}) AS few",
        filters.values,
    )[0]["n"]
    if found <= COUNT_EXACTLY_UP_TO:
        return found, True
    plan = _fetch(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {table} WHERE {where}", filters.values)[0]["QUERY PLAN"]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return max(found, plan[0]["Plan"]["Plan Rows"]), False


def _cursor(edition: Edition, order: str, sort: str, row: list[dict], backward: bool) -> str:
    return Cursor(edition.revision, order, row[0][sort], row[0]["object_id"], backward).encode() if row else ""


def _query(
    edition: Edition,
    filters: Filters,
    sort: str,
    descending: bool,
    *,
    nulls_last: bool,
    start: Cursor | None,
    limit: int,
) -> tuple[str, list]:
    """Two walks along one index, rows with a value and rows without one, put one after the other.

    A row comparison ``(value, id) < (v, i)`` uses the index; a condition with OR for the nulls would not.
    """
    column, id_ = quote(sort), quote("object_id")
    parts = {
        False: _walk(edition, filters, f"{column} IS NOT NULL", [], column, id_, descending, limit),
        True: _walk(edition, filters, f"{column} IS NULL", [], column, id_, descending, limit),
    }
    if start:
        after = "<" if descending else ">"
        is_null = start.value is None
        # Cast as the column is: a float4 that came as text would not be itself as a float8.
        kind = sql_type(edition.table[sort])
        condition = (
            f"{column} IS NULL AND {id_} {after} %s" if is_null else f"({column}, {id_}) {after} (%s::{kind}, %s)"
        )
        values = [start.object_id] if is_null else [start.value, start.object_id]
        parts[is_null] = _walk(edition, filters, condition, values, column, id_, descending, limit)
        if is_null == nulls_last:
            return parts[is_null]
    first, second = parts[not nulls_last], parts[nulls_last]
    names = column_list(edition.table.names)
    return (
        f"SELECT {names} FROM (SELECT 1 AS part, * FROM ({first[0]}) a UNION ALL SELECT 2, * FROM ({second[0]}) b) c "
        f"ORDER BY part, {column} {'DESC' if descending else 'ASC'}, {id_} {'DESC' if descending else 'ASC'} LIMIT {limit}",
        [*first[1], *second[1]],
    )


def _walk(
    edition: Edition,
    filters: Filters,
    condition: str,
    values: list,
    column: str,
    id_: str,
    descending: bool,
    limit: int,
) -> tuple[str, list]:
    way = "DESC" if descending else "ASC"
    where = " AND ".join([condition, *filters.conditions])
    sql = (
        f"SELECT {column_list(edition.table.names)} FROM {quote(edition.table_name)} WHERE {where} "
        f"ORDER BY {column} {way}, {id_} {way} LIMIT {limit}"
    )
    return sql, [*values, *filters.values]


def _fetch(sql: str, values: list) -> list[dict[str, Any]]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            cursor.execute(sql, values)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except OperationalError as error:
        raise CatalogError(
            f"this filter took longer than {STATEMENT_TIMEOUT}; narrow it, or sort by another column"
        ) from error


def stream_rows(
    edition: Edition, filters: Filters, *, sort: str, descending: bool, step: int = 5000
) -> Iterator[dict[str, Any]]:
    """All rows that pass the filters, in order, a page at a time: no query is long, no page is kept."""
    cursor = ""
    while True:
        page = read_page(edition, filters, sort=sort, descending=descending, cursor=cursor, size=step)
        yield from page.rows
        cursor = page.next_cursor
        if not cursor:
            return
