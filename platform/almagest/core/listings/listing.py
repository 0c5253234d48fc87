"""What a listing is: a relation of the database with the declaration of its columns."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from almagest.contract import Column, Table
from almagest.core.listings.errors import ListingError
from almagest.core.tables import column_list, quote, sql_type

ALL, PLACE = "all", "row_number"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Rows of a declared table that somebody may read.

    Attributes
    ----------
    name
        What a file of it is called, without its ending.
    table
        All columns that may be asked for. Those of level 1 and 2 are given unless others are chosen.
    source, values
        SQL relation with these columns, as it stands after FROM, and the values of its ``%s``.
    key
        Column whose values are unique and never null: it settles the order of equals.
    sort
        The order: a column's name, with ``-`` before it for the largest first. Null comes last either way.
    sortable
        Columns by which pages can be sorted, because an index stands behind each or the rows are few.
    revision
        Text that is another one whenever rows may be others: stands in cursors and in ETags. Empty: not known.
    state
        Text that is another one whenever a filter may let other rows through: stands in ETags alone, for cursors lead on.
    still
        Query whose one number is 0 as soon as the source holds the rows of a later revision; empty where it never will.
    total
        How many rows there are without filters, where that is known.
    infos
        What files say beside the rows: name, value, explanation.
    conditions, condition_values, shown
        What filters have added: SQL, its values, and the parameters as they were given.
    columns
        Names of the columns to give, in order.
    """

    name: str
    table: Table
    source: str
    values: tuple = ()
    key: str
    sort: str
    sortable: frozenset[str] = frozenset()
    revision: str = ""
    state: str = ""
    modified: datetime | None = None
    still: str = ""
    total: int | None = None
    infos: tuple[tuple[str, str, str], ...] = ()
    conditions: tuple[str, ...] = ()
    condition_values: tuple = ()
    shown: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    @property
    def given(self) -> Table:
        """The table of the columns that are given."""
        names = self.columns or tuple(column.name for column in self.table.columns if column.level < 3)
        return Table(self.table.name, self.table.description, tuple(self.table[name] for name in names))

    @property
    def order(self) -> tuple[str, bool]:
        """Name of the column that it is sorted by, and whether the largest comes first."""
        return self.sort.removeprefix("-"), self.sort.startswith("-")

    def choosing(self, columns: str) -> "Listing":
        """With other columns: names with commas between them, ``all``, or nothing for those of level 1 and 2.

        Raises
        ------
        ListingError
            When there is no column of such a name.
        """
        names = [name.strip() for name in columns.split(",") if name.strip()]
        if names == [ALL]:
            names = self.table.names
        if unknown := [name for name in names if name not in self.table]:
            raise ListingError(
                f"columns: there is no {', '.join(unknown)}; choose among {', '.join(self.table.names)}, or write all"
            )
        return replace(self, columns=tuple(dict.fromkeys(names)))

    def sorted_by(self, sort: str) -> "Listing":
        """In another order; nothing leaves it as it is.

        Raises
        ------
        ListingError
            When it cannot be sorted so.
        """
        if sort and sort.removeprefix("-") not in self.sortable:
            raise ListingError(f"cannot sort by {sort!r}; choose one of {', '.join(sorted(self.sortable))}")
        return replace(self, sort=sort or self.sort)

    def limited_to(self, *conditions: tuple[str, list]) -> "Listing":
        """With more conditions, each SQL with its values."""
        return replace(
            self,
            conditions=(*self.conditions, *(sql for sql, _ in conditions)),
            condition_values=(*self.condition_values, *(value for _, values in conditions for value in values)),
        )

    @property
    def where(self) -> tuple[str, list]:
        """All conditions as one, and their values."""
        return " AND ".join(f"({condition})" for condition in self.conditions) or "true", list(self.condition_values)


def from_queryset(queryset: QuerySet, *, table: Table, key: str, sort: str, name: str = "", **more) -> Listing:
    """Listing of a query of Django's: the table's columns are its fields and annotations of the same names.

    All columns may be sorted by: what the ORM keeps is few. The queryset's own order is dropped.
    """
    sql, values = queryset.order_by().values(*table.names).query.sql_with_params()
    return Listing(
        name=name or table.name, table=table, source=f"({sql}) AS rows", values=tuple(values), key=key, sort=sort,
        sortable=frozenset(c.name for c in table.columns if not c.shape), **more,
    )  # fmt: skip


def from_rows(table: Table, rows: Iterable[Mapping[str, Any]], *, name: str = "") -> Listing:
    """Listing of rows that are at hand, in their order; the table's columns are their keys."""
    kinds = ", ".join(f"{quote(column.name)} {sql_type(column)}" for column in table.columns)
    named = table.with_columns(Column(PLACE, "int64", description="Number of the row", nullable=False, level=3))
    given = json.dumps([{column: row.get(column) for column in table.names} for row in rows], cls=DjangoJSONEncoder)
    return Listing(
        name=name or table.name, table=named, key=PLACE, sort=PLACE, values=(given,),
        source=f"ROWS FROM (jsonb_to_recordset(%s::jsonb) AS ({kinds})) WITH ORDINALITY AS rows({column_list(named.names)})",
    )  # fmt: skip
