"""Which object of a scored survey is which object of the labelled catalog."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from django.db import connection, transaction

from almagest.sky.matching import matched_pairs
from almagest.sky.models import Survey


@dataclass(frozen=True)
class Neighbours:
    """All pairs within the radius, nearest first, arrays of shape (n,).

    Attributes
    ----------
    label_id, scored_id
        Objects of the catalog and of the scored survey, int64.
    separation_arcsec
        float64.
    """

    label_id: np.ndarray
    scored_id: np.ndarray
    separation_arcsec: np.ndarray

    @property
    def is_mutual(self) -> np.ndarray:
        """True for pairs of which each is the other's nearest: every object is in one of them at most."""
        first = [np.zeros(len(self.label_id), bool) for _ in range(2)]
        for is_first, ids in zip(first, (self.label_id, self.scored_id), strict=True):
            is_first[np.unique(ids, return_index=True)[1]] = True
        return first[0] & first[1]

    def taken(self, rows: np.ndarray) -> "Neighbours":
        """Those of some rows."""
        return Neighbours(self.label_id[rows], self.scored_id[rows], self.separation_arcsec[rows])


def find_neighbours(catalog: Survey, scored: Survey, radius_arcsec: float, *, last_ingest: int) -> Neighbours:
    """Pairs of two surveys' objects as they were after an ingest; equal distances are put in order by the objects' ids."""
    with transaction.atomic():
        parts = [pairs for _, pairs in matched_pairs(catalog.pk, scored.pk, radius_arcsec)]
    if not parts:
        return Neighbours(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    pairs = pa.concat_tables(parts)
    found = Neighbours(*(pairs[name].to_numpy() for name in ("object_a", "object_b", "separation_arcsec")))
    found = found.taken(np.lexsort((found.scored_id, found.label_id, found.separation_arcsec)))
    newer = _newer(np.concatenate([found.label_id, found.scored_id]), last_ingest)
    return found.taken(~np.isin(found.label_id, newer) & ~np.isin(found.scored_id, newer))


def _newer(ids: np.ndarray, last_ingest: int) -> list[int]:
    """Those that an ingest has brought since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM objects WHERE id = ANY(%s) AND ingest_id > %s", [ids.tolist(), last_ingest])
        return [row[0] for row in cursor.fetchall()]
