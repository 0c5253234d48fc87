"""Cone searches by HEALPix ranges against a brute-force scan, and against q3c and pg_sphere where they are installed.

    python bench/cone_search.py [--rows 1000000] [--searches 200]

All give the same objects; times are those of the whole call from Python, the round trip and the rows included.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from django.db import connection
from ingest_speed import SURVEY, random_table, write
from scratch import scratch_database

from almagest.core.tables import create_table
from almagest.sky import tables
from almagest.sky.search import cone_search
from almagest.sky.separation import separation_sql
from almagest.sky.services import ingest_file
from almagest.sky.surveys import SURVEYS

RADII_DEG = {"10 arcsec": 10 / 3600, "1 deg": 1.0, "5 deg": 5.0}
COLUMNS = "SELECT id, survey_id, source_id, ra, dec FROM objects_bench WHERE "
PEERS = {
    "q3c": (
        "CREATE INDEX ON objects_bench (q3c_ang2ipix(ra, dec))",
        COLUMNS + "q3c_radial_query(ra, dec, %(ra)s, %(dec)s, %(radius)s)",
    ),
    "pg_sphere": (
        "CREATE INDEX ON objects_bench USING gist (spoint(radians(ra), radians(dec)))",
        COLUMNS + "spoint(radians(ra), radians(dec)) <@ "
        "scircle(spoint(radians(%(ra)s), radians(%(dec)s)), radians(%(radius)s))",
    ),
}


def methods() -> dict:
    """Name and function of each way to search: ``function(ra, dec, radius_deg) -> rows``."""
    scan = COLUMNS + separation_sql("%(ra)s::float8", "%(dec)s::float8", "ra", "dec") + " <= 3600 * %(radius)s"
    ways = {
        "almagest": lambda ra, dec, radius: cone_search(user=None, ra=ra, dec=dec, radius_arcsec=3600 * radius),
        "brute-force scan": query(scan),
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_available_extensions")
        available = {name for (name,) in cursor.fetchall()}
        for name in PEERS.keys() & available:
            cursor.execute(f"CREATE EXTENSION {name}")
            cursor.execute(PEERS[name][0])
            ways[name] = query(PEERS[name][1])
    return ways


def query(sql: str):
    """A search by one SQL statement."""

    def search(ra, dec, radius):
        with connection.cursor() as cursor:
            cursor.execute(sql, {"ra": ra, "dec": dec, "radius": radius})
            return cursor.fetchall()

    return search


def measure(search, centres, radius: float) -> tuple[np.ndarray, list[int]]:
    """Milliseconds and numbers of rows of each search."""
    times, found = [], []
    for ra, dec in centres:
        started = time.perf_counter()
        found.append(len(search(ra, dec, radius)))
        times.append(1000 * (time.perf_counter() - started))
    return np.array(times), found


def main(rows: int, searches: int) -> None:
    """Load, search, print."""
    SURVEYS[SURVEY.slug] = SURVEY
    random = np.random.default_rng(2)
    centres = np.stack(
        [random.uniform(0, 360, searches), np.degrees(np.arcsin(random.uniform(-1, 1, searches)))], axis=1
    )
    centres = centres.tolist()
    with scratch_database(), TemporaryDirectory() as folder:
        for make in (tables.measurement_table, tables.history_table):
            create_table(make(SURVEY))
        ingest_file(survey=SURVEY.slug, path=write(random_table(rows), Path(folder), "parquet"))
        ways = methods()
        print(f"{rows:,} objects; ms a search, p50 / p95")
        for label, radius in RADII_DEG.items():
            ours, expected = measure(ways["almagest"], centres, radius)
            for name, search in ways.items():
                # A scan takes as long wherever it looks: ten of them are enough.
                few = centres[:10] if "scan" in name else centres
                took, found = (ours, expected) if name == "almagest" else measure(search, few, radius)
                assert found == expected[: len(found)], (name, label)
                ratio = np.median(took) / np.median(ours)
                print(
                    f"  {label:10s} {name:17s} {np.median(took):8.2f} / {np.percentile(took, 95):8.2f}   x {ratio:.1f}"
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--searches", type=int, default=200)
    options = parser.parse_args()
    main(options.rows, options.searches)
