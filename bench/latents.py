"""A latent space of 200,000 objects: the ten nearest by the index, by looking at all rows and by a graph (HNSW); its map and a lasso.

    python bench/latents.py [--rows 200000]

Places are of six numbers, along a curved cloud with long tails, as an autoencoder gives them. The nearest are asked for around a
hundred of them; pages are the whole answer through Django's test client. Uses the configured server with a scratch database.
"""

import argparse
import statistics
import time
from dataclasses import replace

import catalog_page
import numpy as np
import pyarrow as pa
from django.db import connection, transaction
from django.test import Client
from scratch import scratch_database  # isort: split  (it sets Django up)

from almagest.contract import Column, Table
from almagest.core.copy import copy_in
from almagest.core.nearest import create_nearest_indexes, distance_sql, look_around, place_text
from almagest.core.tables import DeclaredTable, create_table

LATENTS, ASKED = Column("latents", "float32", "", "stat.value", "Place", shape=(6,)), 100
PLACES = DeclaredTable(
    Table("places", "Places", (Column("object_id", "int64", nullable=False), LATENTS)),
    ("object_id",),
    nearest=("latents",),
)
GRAPH = "CREATE INDEX places_graph ON places USING hnsw ((latents::vector(6)) vector_l2_ops)"
RANDOM = "ARRAY[random() + random(), random() ^ 3, random(), random() - random(), random(), random()]::real[]"


def cloud(rows: int) -> np.ndarray:
    """Places, shape (rows, 6)."""
    random = np.random.default_rng(0)
    a, b, c = random.normal(size=(3, rows))
    return (np.stack([a, b, c, a**2 - b, np.sin(2 * c), a * b], axis=1) + 0.1 * random.standard_t(3, (rows, 6))).astype(
        np.float32
    )


def nearest(places: np.ndarray) -> tuple[list[list[int]], float]:
    """The ten nearest to some of the places, and the median of the milliseconds that each took."""
    sql = f"SELECT object_id FROM places WHERE latents IS NOT NULL ORDER BY {distance_sql(LATENTS, 'latents')} LIMIT 10"
    found, times = [], []
    for place in places[:: len(places) // ASKED][:ASKED]:
        start = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            look_around(cursor)
            cursor.execute(sql, [place_text(place)])
            found.append([row[0] for row in cursor.fetchall()])
        times.append(1e3 * (time.perf_counter() - start))
    return found, statistics.median(times)


def told(name: str, found: list, exact: list, ms: float, seconds: float, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(%s) / 1e6", [index])
        size = cursor.fetchone()[0]
    alike = sum(set(a) == set(b) for a, b in zip(found, exact, strict=True))
    print(
        f"{name}: {ms:.1f} ms, just the nearest of {alike} of {len(exact)} places; made in {seconds:.1f} s, {size:.0f} MB"
    )


def compare_ways(rows: int) -> None:
    """Print what each way takes."""
    places = cloud(rows)
    create_table(PLACES)
    copy_in(
        PLACES.table, pa.table({"object_id": np.arange(rows), "latents": pa.array(places.tolist(), LATENTS.arrow_type)})
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE places")
    exact, ms = nearest(places)
    print(f"all {rows:,} rows: {ms:.1f} ms")
    start = time.perf_counter()
    create_nearest_indexes(PLACES)
    seconds = time.perf_counter() - start
    told("lists around centres (IVFFlat)", *_beside(nearest(places), exact), seconds, "places_latents_nearest_idx")
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX places_latents_nearest_idx")
        start = time.perf_counter()
        cursor.execute(GRAPH)
    told("graph (HNSW)", *_beside(nearest(places), exact), time.perf_counter() - start, "places_graph")


def _beside(answer: tuple[list, float], exact: list) -> tuple[list, list, float]:
    return answer[0], exact, answer[1]


def measure_map(rows: int) -> None:
    """Print the server's time of the map and of a list within a lasso, of a catalog of so many."""
    network = catalog_page.plugin.method("network")
    method = replace(network, latents="latents", outputs=network.outputs.with_columns(LATENTS))
    catalog_page.plugin = replace(catalog_page.plugin, methods=(method,))
    catalog_page.SPECIAL["latents"] = RANDOM
    catalog_page.make_edition(rows)
    client, map_at = Client(headers={"host": "localhost"}), "/catalogs/million/latents/"
    lasso = "0.2,0,1.1,0.1,1.5,0.6,0.7,0.9,0.3,0.4"
    few = "1.7,0.9,2,0.9,2,1,1.7,1"
    for name, address in {
        "page of the map": map_at, "its points": f"{map_at}points.json", "list within a lasso": f"/catalogs/million/?lasso={lasso}",
        "list within a lasso around few": f"/catalogs/million/?lasso={few}",
        "the same, by weights": f"/catalogs/million/?lasso={few}&latent_x=1,0,0,0,0,0&latent_y=0,1,0,0,0,0",
    }.items():  # fmt: skip
        catalog_page.measure(client, name, address)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    with scratch_database():
        rows = parser.parse_args().rows
        compare_ways(rows)
        measure_map(rows)
