"""Reading what a method needs from the surveys that have it, as of a snapshot."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from almagest.contract import Column, Table, TableError
from almagest.contract.units import unit_factor
from almagest.core.copy import read_arrow
from almagest.core.tables import quote
from almagest.sky.models import Survey
from almagest.sky.selectors import measurements_as_of
from almagest.sky.surveys import SURVEYS

KEYS = ("object_id", "revision")


def can_feed(survey_slug: str, inputs: Table, *, needs_spectra: bool = False) -> bool:
    """Whether the survey has spectra where they are needed, and all of the inputs, each of the same kind in a unit that converts."""
    table = SURVEYS[survey_slug].table
    if needs_spectra and not SURVEYS[survey_slug].has_spectra:
        return False
    return all(column.name in table and _fits(table[column.name], column) for column in inputs.columns)


def read_rows(
    survey: Survey,
    wanted: Iterable[Column],
    *,
    ingest_id: int,
    low: int = 0,
    high: int = 2**63 - 1,
    ids: np.ndarray | None = None,
    since: int = 0,
) -> pa.Table:
    """One survey's objects in an id range: ``object_id``, ``revision`` and the wanted columns, in order of object_id.

    Columns that the survey does not have are null; units are turned into the wanted ones. `ids` asks for these alone,
    `since` for those that came or changed after that ingest.
    """
    table = SURVEYS[survey.slug].table
    wanted = list(wanted)
    there = [column for column in wanted if column.name in table and _fits(table[column.name], column)]
    source = measurements_as_of(survey, [column.name for column in there], ingest_id, since)
    names = ", ".join(quote(name) for name in (*KEYS, *(column.name for column in there)))
    where, values = ("BETWEEN $1 AND $2", (low, high)) if ids is None else id_condition(ids)
    rows = read_arrow(f"SELECT {names} FROM ({source}) AS seen WHERE object_id {where} ORDER BY object_id", values)
    for column in wanted:
        rows = _with_column(rows, column, table)
    return rows.select([*KEYS, *(column.name for column in wanted)])


def id_condition(ids: np.ndarray) -> tuple[str, tuple[str]]:
    """SQL that holds for these ids, and its parameter for `read_arrow`, which takes no lists."""
    return "= ANY(string_to_array($1, ',')::bigint[])", (",".join(map(str, ids.tolist())),)


def _fits(found: Column, wanted: Column) -> bool:
    same_kind = found.dtype == wanted.dtype or {found.dtype[:5], wanted.dtype[:5]} <= {"float"}
    try:
        unit_factor(found.unit, wanted.unit)
    except TableError:
        return False
    return same_kind and bool(found.shape) == bool(wanted.shape)


def _with_column(rows: pa.Table, column: Column, table: Table) -> pa.Table:
    if column.name not in rows.column_names:
        return rows.append_column(column.name, pa.nulls(rows.num_rows, column.arrow_type))
    values = rows[column.name].cast(column.arrow_type)
    factor = unit_factor(table[column.name].unit, column.unit)
    if factor != 1.0:
        values = pa.compute.multiply(values, factor).cast(column.arrow_type)
    return rows.set_column(rows.column_names.index(column.name), column.name, values)
