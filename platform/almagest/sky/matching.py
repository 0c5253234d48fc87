"""All pairs of objects of two surveys within a radius, block by block, in bounded memory."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from django.db import connection
from scipy.spatial import cKDTree

from almagest.sky.copying_out import copy_out
from almagest.sky.healpix import neighbourhood_ranges
from almagest.sky.separation import ARCSEC_PER_DEG, separation_arcsec

# Objects of each side in memory at once.
BLOCK = 50_000
# Beyond a degree two sources are no one object, and the pairs would be more than the objects by far.
LARGEST_RADIUS_ARCSEC = 3600.0
# Relative and absolute room in the first, rough selection; the distances decide.
ROOM, LEAST_CHORD = 1e-9, 1e-12
CURSOR = "matching_block"
OBJECT = np.dtype([("id", "i8"), ("ra", "f8"), ("dec", "f8"), ("healpix", "i8")])


def matched_pairs(survey_a: int, survey_b: int, radius_arcsec: float) -> Iterator[tuple[float, pa.Table]]:
    """Pairs as they are found: the share of the work that is done, and ``object_a, object_b, separation_arcsec``.

    The first survey's objects come in blocks of neighbouring HEALPix numbers; the second's come from the cells of the
    block and those around them. A tree finds candidates by the chord between directions, the exact distance decides.
    """
    done, total = 0, object_count(survey_a)
    for block in blocks_of(survey_a):
        done += len(block["id"])
        tree = cKDTree(directions(block))
        for others in neighbours_of(survey_b, block["healpix"], radius_arcsec):
            yield done / total, pairs_within(block, tree, others, radius_arcsec)


def pairs_within(block: np.ndarray, tree: cKDTree, others: np.ndarray, radius_arcsec: float) -> pa.Table:
    """Pairs of a block, whose directions the tree holds, and others: ``object_a, object_b, separation_arcsec``."""
    chord = 2 * np.sin(np.radians(radius_arcsec / ARCSEC_PER_DEG) / 2) * (1 + ROOM) + LEAST_CHORD
    found = tree.sparse_distance_matrix(cKDTree(directions(others)), chord, output_type="ndarray")
    a, b = block[found["i"]], others[found["j"]]
    separation = separation_arcsec(a["ra"], a["dec"], b["ra"], b["dec"])
    near = separation <= radius_arcsec
    return pa.table({"object_a": a["id"][near], "object_b": b["id"][near], "separation_arcsec": separation[near]})


def directions(objects: np.ndarray) -> np.ndarray:
    """Unit vectors, shape (n, 3)."""
    ra, dec = np.radians(objects["ra"]), np.radians(objects["dec"])
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)


def blocks_of(survey_id: int) -> Iterator[np.ndarray]:
    """A survey's objects in the order of their HEALPix numbers."""
    low, last = -1, -1
    while True:
        block = copy_out(
            "SELECT id, ra, dec, healpix FROM objects "
            f"WHERE (healpix, id) > ({low}, {last}) AND survey_id = {int(survey_id)} "
            f"ORDER BY healpix, id LIMIT {BLOCK}",
            OBJECT,
        )
        if not len(block):
            return
        yield block
        low, last = int(block["healpix"][-1]), int(block["id"][-1])


def neighbours_of(survey_id: int, healpix: np.ndarray, radius_arcsec: float) -> Iterator[np.ndarray]:
    """A survey's objects that may be within the radius of any of the positions, `BLOCK` at a time."""
    ranges = neighbourhood_ranges(healpix, radius_arcsec / ARCSEC_PER_DEG)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DECLARE {CURSOR} NO SCROLL CURSOR FOR SELECT o.id, o.ra, o.dec, o.healpix "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS r(low, high) CROSS JOIN LATERAL ("
            "SELECT id, ra, dec, healpix FROM objects "
            "WHERE healpix >= r.low AND healpix < r.high AND survey_id = %s OFFSET 0) o",
            [ranges[:, 0].tolist(), ranges[:, 1].tolist(), survey_id],
        )
        try:
            while rows := _fetch_some(cursor):
                yield np.array(rows, OBJECT)
        finally:
            cursor.execute(f"CLOSE {CURSOR}")


def _fetch_some(cursor) -> list[tuple]:
    cursor.execute(f"FETCH {BLOCK} FROM {CURSOR}")
    return cursor.fetchall()


def object_count(survey_id: int) -> int:
    """How many objects a survey has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM objects WHERE survey_id = %s", [survey_id])
        return cursor.fetchone()[0]
