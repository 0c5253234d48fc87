"""Writing prepared batches: new objects by direct COPY, changed ones as a new revision, unchanged ones not at all."""

import re
from collections import Counter
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
from django.db import IntegrityError, connection

from almagest.core.copy import copy_in
from almagest.core.tables import column_list, quote
from almagest.sky.errors import IngestError
from almagest.sky.existing import Existing, Seen, find_existing
from almagest.sky.first_load import is_first_load, loading_name, make_fresh_tables, partition_name, put_in_place
from almagest.sky.models import Ingest
from almagest.sky.prepare import Prepared
from almagest.sky.surveys import SurveyDeclaration
from almagest.sky.tables import OBJECTS, history_table, measurement_table

# In PostgreSQL's "Key (source_id, survey_id)=(0815, 3) already exists.", whatever its language.
KEY_VALUES = re.compile(r"\)=\((.*), \d+\)")


class DuplicateSource(IngestError):
    """A file names one source twice."""

    def __init__(self, source_id: str):
        super().__init__(f"source {source_id} is there twice")
        self.source_id = source_id


class Load:
    """One ingest under way, inside its transaction.

    Attributes
    ----------
    counts
        ``rows_read``, ``new``, ``changed``, ``unchanged``, ``rejected`` so far.
    reasons
        Why rows were rejected, with counts.
    """

    def __init__(self, declaration: SurveyDeclaration, ingest: Ingest):
        self.ingest = ingest
        self.counts: Counter = Counter()
        self.reasons: Counter = Counter()
        self._declaration = declaration
        self._table, self._history = measurement_table(declaration), history_table(declaration)
        self._into_objects, self._into = OBJECTS.name, self._table.name
        self._seen = Seen()
        self._is_first = is_first_load(declaration)
        if self._is_first:
            make_fresh_tables(declaration, ingest.survey)
            self._into_objects, self._into = partition_name(declaration), loading_name(declaration)

    def add(self, batch: Prepared) -> None:
        """Load one batch.

        Raises
        ------
        DuplicateSource
            When a source of the batch was in this file before.
        """
        self.leave_out(batch.rejected)
        self.counts["rows_read"] += len(batch.number)
        if self._is_first:
            self._insert(batch, np.arange(len(batch.number)))
            return
        found = find_existing(self.ingest.survey_id, self._table.name, batch.source_id)
        self._note(found.object_id, batch.source_id.take(pa.array(found.row)))
        is_new = np.ones(len(batch.number), bool)
        is_new[found.row] = False
        self._insert(batch, np.flatnonzero(is_new))
        differs = found.row_hash != batch.row_hash[found.row]
        self._replace(batch, Existing(*(values[differs] for values in vars(found).values())))
        self.counts["unchanged"] += len(found.row) - int(differs.sum())

    def leave_out(self, rejected: Counter) -> None:
        """Count rows that were read and are no objects, by the reason."""
        self.reasons.update(rejected)
        self.counts.update(rows_read=rejected.total(), rejected=rejected.total())

    def finish(self) -> None:
        """After the last batch: put the tables of a first load in place."""
        if self._is_first:
            with _duplicates_named():
                put_in_place(self._declaration, self.ingest.survey)

    def _note(self, object_id: np.ndarray, source_id: pa.Array) -> None:
        twice = self._seen.add(object_id)
        if twice is not None:
            raise DuplicateSource(source_id[twice].as_py())

    def _insert(self, batch: Prepared, at: np.ndarray) -> None:
        if not len(at):
            return
        object_id = _new_object_ids(len(at))
        source_id = batch.source_id if len(at) == len(batch.number) else batch.source_id.take(pa.array(at))
        values = (object_id, np.full(len(at), self.ingest.survey_id, np.int32), source_id, *_positions(batch, at),
                  np.full(len(at), self.ingest.pk))  # fmt: skip
        objects = pa.table([pa.array(v) for v in values], names=OBJECTS.table.names)
        with _duplicates_named():
            copy_in(OBJECTS.table, objects, into=self._into_objects)
        self._write(batch, at, object_id, np.ones(len(at), np.int32))
        if not self._is_first:
            self._note(object_id, source_id)
        self.counts["new"] += len(at)

    def _replace(self, batch: Prepared, old: Existing) -> None:
        if not len(old.row):
            return
        ids = old.object_id.tolist()
        names = column_list(self._table.table.names)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {quote(self._history.name)} ({names}, superseded_by) "
                f"SELECT {names}, %s FROM {quote(self._table.name)} WHERE object_id = ANY(%s)",
                [self.ingest.pk, ids],
            )
            cursor.execute(f"DELETE FROM {quote(self._table.name)} WHERE object_id = ANY(%s)", [ids])
            cursor.execute(
                "UPDATE objects o SET ra = n.ra, dec = n.dec, healpix = n.healpix "
                "FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::bigint[]) AS n(id, ra, dec, healpix) "
                "WHERE o.id = n.id AND o.survey_id = %s AND (o.ra, o.dec) IS DISTINCT FROM (n.ra, n.dec)",
                [
                    ids,
                    *(values.to_pylist() for values in _positions(batch, old.row)),
                    self.ingest.survey_id,
                ],
            )
        self._write(batch, old.row, old.object_id, old.revision + np.int32(1))
        self.counts["changed"] += len(ids)

    def _write(self, batch: Prepared, at: np.ndarray, object_id: np.ndarray, revision: np.ndarray) -> None:
        is_all_in_order = len(at) == len(batch.number) and (at[:-1] < at[1:]).all()
        rows = batch.rows if is_all_in_order else batch.rows.take(pa.array(at))
        keys = (object_id, revision, np.full(len(at), self.ingest.pk), batch.row_hash[at])
        columns = [*(pa.array(values) for values in keys), *rows.columns]
        copy_in(self._table.table, pa.table(columns, names=self._table.table.names), into=self._into)


def _positions(batch: Prepared, at: np.ndarray) -> tuple[pa.Array, pa.Array, pa.Array]:
    """``ra``, ``dec`` and ``healpix``, null where a source has no position."""
    has_none = np.isnan(batch.ra[at])
    return tuple(pa.array(values[at], mask=has_none) for values in (batch.ra, batch.dec, batch.healpix))


@contextmanager
def _duplicates_named():
    """Turn PostgreSQL's refusal of a second row of one name into `DuplicateSource`."""
    try:
        yield
    except IntegrityError as error:
        if key := KEY_VALUES.search(str(error)):
            raise DuplicateSource(key[1]) from None
        raise


def _new_object_ids(count: int) -> np.ndarray:
    """A block of object ids; ids are never used again, whatever becomes of their objects."""
    with connection.cursor() as cursor:
        # The writers' lock is held: nobody takes a number between the two calls.
        cursor.execute("SELECT setval('object_ids', nextval('object_ids') + %s)", [count - 1])
        last = cursor.fetchone()[0]
    return np.arange(last - count + 1, last + 1)
