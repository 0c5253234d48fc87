"""Which of a batch's sources are in the database already, and with which hash."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from almagest.contract import Column, Table
from almagest.core.copy import copy_in
from almagest.core.tables import quote
from almagest.sky.copying_out import copy_out

INCOMING = Table(
    "incoming",
    "Names of the sources of one batch.",
    (Column("row", "int32", nullable=False), Column("source_id", "string", nullable=False)),
)
FOUND = np.dtype([("row", "i4"), ("object_id", "i8"), ("revision", "i4"), ("row_hash", "i8")])


@dataclass(frozen=True)
class Existing:
    """What the database has of a batch: arrays of one shape (m,), in no particular order.

    Attributes
    ----------
    row
        Position in the batch.
    """

    row: np.ndarray
    object_id: np.ndarray
    revision: np.ndarray
    row_hash: np.ndarray


def find_existing(survey_id: int, table_name: str, source_id: pa.Array) -> Existing:
    """Look the names up on Django's own connection, so that this transaction's own rows are seen.

    `LATERAL … OFFSET 0` makes PostgreSQL ask the index once a name, however large the tables are.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS incoming (row integer, source_id text) ON COMMIT DROP")
        cursor.execute("TRUNCATE pg_temp.incoming")
    # Sorted, so that neighbours in the index are asked for one after the other.
    order = pc.sort_indices(source_id)
    copy_in(INCOMING, pa.table({"row": order.cast(pa.int32()), "source_id": source_id.take(order)}))
    found = copy_out(
        "SELECT i.row, o.object_id, o.revision, o.row_hash FROM pg_temp.incoming i CROSS JOIN LATERAL ("
        "SELECT m.object_id, m.revision, m.row_hash FROM objects o "
        f"JOIN {quote(table_name)} m ON m.object_id = o.id "
        f"WHERE o.survey_id = {int(survey_id)} AND o.source_id = i.source_id OFFSET 0) o",
        FOUND,
    )
    return Existing(*(found[name] for name in FOUND.names))


class Seen:
    """A set of object ids, one bit each: what a file has named, to notice what it names twice."""

    def __init__(self):
        self._bits = np.zeros(0, np.uint8)
        self._first = 0

    def add(self, ids: np.ndarray) -> int | None:
        """Add ids; give the place in `ids` of one that was there before, if there is one."""
        if not len(ids):
            return None
        self._make_room(int(ids.min()), int(ids.max()))
        offset = ids - self._first
        byte, bit = offset >> 3, (1 << (offset & 7)).astype(np.uint8)
        was_there = np.flatnonzero(self._bits[byte] & bit)
        if len(was_there):
            return int(was_there[0])
        order = np.argsort(ids, kind="stable")
        twice = np.flatnonzero(ids[order][1:] == ids[order][:-1])
        if len(twice):
            return int(order[twice[0] + 1])
        np.bitwise_or.at(self._bits, byte, bit)
        return None

    def _make_room(self, low: int, high: int) -> None:
        if not len(self._bits):
            self._first = low & ~7
        if low < self._first:
            front = np.zeros((self._first - (low & ~7)) >> 3, np.uint8)
            self._bits, self._first = np.concatenate([front, self._bits]), low & ~7
        needed = ((high - self._first) >> 3) + 1
        if needed > len(self._bits):
            room = max(needed, 2 * len(self._bits))
            self._bits = np.concatenate([self._bits, np.zeros(room - len(self._bits), np.uint8)])
