"""Cross-match groups: one galaxy or star, however many surveys saw it."""

import hashlib
import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from almagest.core.copy import read_arrow
from almagest.sky.models import Survey
from almagest.sky.selectors import latest_cross_matches, measurements_as_of
from almagest.sky.surveys import declaration_get


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


def read_groups(*, cross_match_id: int, ingest_id: int) -> Groups:
    """Groups by the newest cross-match of each pair of surveys up to `cross_match_id`, and by the names of stars as of `ingest_id`."""
    matches = ", ".join(str(int(match.pk)) for match in latest_cross_matches(cross_match_id)) or "NULL"
    pairs = read_arrow(f"SELECT object_a, object_b FROM links WHERE cross_match_id IN ({matches})")
    named = read_arrow(
        "SELECT o.id, s.slug || '/' || o.source_id AS name FROM objects o JOIN sky_survey s ON s.id = o.survey_id "
        f"WHERE o.id IN (SELECT object_a FROM links WHERE cross_match_id IN ({matches}) "
        f"UNION SELECT object_b FROM links WHERE cross_match_id IN ({matches})) ORDER BY o.id"
    )
    same, known = _namesakes(ingest_id)
    named = pa.concat_tables([named, known]).group_by("id").aggregate([("name", "min")]).rename_columns(["id", "name"])
    return _components(pa.concat_tables([pairs, same]), named.sort_by("id"))


def _namesakes(ingest_id: int) -> tuple[pa.Table, pa.Table]:
    """Pairs of objects whose surveys call them by the same name, and those objects; libraries of stars may have no positions."""
    found = [
        pa.table({"id": pa.array([], pa.int64()), "name": pa.array([], pa.string()), "star": pa.array([], pa.string())})
    ]
    for survey in Survey.objects.order_by("slug"):
        if column := declaration_get(survey.slug).identity:
            rows = measurements_as_of(survey, [column], ingest_id)
            found.append(read_arrow(
                f"SELECT o.id, $1 || '/' || o.source_id AS name, m.{column} AS star FROM ({rows}) m "
                f"JOIN objects o ON o.id = m.object_id WHERE m.{column} <> ''", (survey.slug,),
            ))  # fmt: skip
    rows = pa.concat_tables(found)
    star = np.array([star_key(name) for name in rows["star"].to_pylist()], dtype=str)
    order = np.argsort(star, kind="stable")
    first, second = order[:-1], order[1:]
    same = star[first] == star[second]
    ids, at = rows["id"].to_numpy(), np.unique([first[same], second[same]])
    pairs = pa.table({"object_a": ids[first[same]], "object_b": ids[second[same]]})
    return pairs, rows.select(["id", "name"]).take(pa.array(at, pa.int64()))


def star_key(name: str) -> str:
    """A star's name without what catalogs write differently: ``HD 009138`` is ``HD9138``."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", re.sub(r"\s+", "", name).upper())


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
