"""Cross-match groups: one galaxy, however many surveys saw it."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from almagest.core.copy import read_arrow
from almagest.sky.selectors import latest_cross_matches


@dataclass(frozen=True)
class Groups:
    """Objects with a counterpart, sorted by id: their group's number and name.

    Attributes
    ----------
    object_id, group_id
        Shape (n,), int64; a group's id is its smallest object id.
    name
        Shape (n,), str: the smallest ``survey/source_id`` in the group, the same in every database.
    """

    object_id: np.ndarray
    group_id: np.ndarray
    name: np.ndarray

    def of(self, object_id: np.ndarray, own_name: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Group ids and names of any objects: those without a counterpart are a group of their own."""
        if not len(self.object_id):
            return object_id, own_name
        at = np.searchsorted(self.object_id, object_id).clip(max=len(self.object_id) - 1)
        linked = self.object_id[at] == object_id
        return np.where(linked, self.group_id[at], object_id), np.where(linked, self.name[at], own_name)


def read_groups(*, cross_match_id: int) -> Groups:
    """Groups by the newest cross-match of each pair of surveys up to `cross_match_id`."""
    matches = ", ".join(str(int(match.pk)) for match in latest_cross_matches(cross_match_id)) or "NULL"
    pairs = read_arrow(f"SELECT object_a, object_b FROM links WHERE cross_match_id IN ({matches})")
    named = read_arrow(
        "SELECT o.id, s.slug || '/' || o.source_id AS name FROM objects o JOIN sky_survey s ON s.id = o.survey_id "
        f"WHERE o.id IN (SELECT object_a FROM links WHERE cross_match_id IN ({matches}) "
        f"UNION SELECT object_b FROM links WHERE cross_match_id IN ({matches})) ORDER BY o.id"
    )
    return _components(pairs, named)


def _components(pairs: pa.Table, named: pa.Table) -> Groups:
    ids = named["id"].to_numpy()
    names = named["name"].to_numpy(zero_copy_only=False).astype(str)
    if not len(ids):
        return Groups(ids.astype(np.int64), ids.astype(np.int64), names)
    a, b = (np.searchsorted(ids, pairs[side].to_numpy()) for side in ("object_a", "object_b"))
    graph = coo_array((np.ones(len(a), bool), (a, b)), shape=(len(ids), len(ids)))
    count, component = connected_components(graph, directed=False)
    smallest_id = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(smallest_id, component, ids)
    order = np.argsort(names, kind="stable")[::-1]
    smallest_name = np.empty(count, dtype=names.dtype)
    smallest_name[component[order]] = names[order]  # the smallest is written last
    return Groups(ids, smallest_id[component], smallest_name[component])


def is_held_back(name: str, *, seed: int, share: float) -> bool:
    """Whether a group is for testing: a number from its name and the seed alone, so that other objects change nothing."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64
