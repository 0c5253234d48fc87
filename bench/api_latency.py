"""The API under four clients at once: p50 and p95 of a cone and of a catalog page, at a million candidates.

    python bench/api_latency.py [--rows 1000000] [--requests 200] [--clients 4]

A web server as `manage.py up` starts it, on a scratch database; requests over HTTP from this machine, each client on one
connection. Rates are not limited while it runs.
"""

import argparse
import http.client
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import numpy as np
from catalog_page import make_edition
from django.conf import settings
from django.db import connection
from scoring import load_sdss
from scratch import scratch_database  # isort: split  (it sets Django up)

from almagest.core.addresses import read_note
from almagest.server.valkey import free_port

CATALOG = "/api/v1/catalogs/million/candidates/"


def addresses(kind: str, random: np.random.Generator) -> str:
    """A request like others of its kind, at a random place."""
    ra, dec = random.uniform(0, 360), float(np.degrees(np.arcsin(random.uniform(-1, 1))))
    return {
        "cone, 1 arcmin": f"/api/v1/cone/?ra={ra:.5f}&dec={dec:.5f}&radius_arcsec=60",
        "cone, 1 degree": f"/api/v1/cone/?ra={ra:.5f}&dec={dec:.5f}&radius_arcsec=3600",
        "cone search (VO), 1 arcmin": f"/vo/scs/catalogs/million?RA={ra:.5f}&DEC={dec:.5f}&SR=0.0167",
        "catalog, first page": f"{CATALOG}?limit=100",
        "catalog, filtered and sorted": f"{CATALOG}?limit=100&p_s__min={random.uniform(0.5, 0.9):.3f}&sort=-g",
        "catalog, cone of 1 degree": f"{CATALOG}?cone_ra={ra:.5f}&cone_dec={dec:.5f}&radius_arcsec=3600",
        "page of the catalog (HTML)": f"/catalogs/million/?p_s__min={random.uniform(0.5, 0.9):.3f}",
    }[kind]


KINDS = (
    "cone, 1 arcmin", "cone, 1 degree", "cone search (VO), 1 arcmin", "catalog, first page", "catalog, filtered and sorted",
    "catalog, cone of 1 degree", "page of the catalog (HTML)",
)  # fmt: skip


def client(port: int, kind: str, seed: int, requests: int) -> list[float]:
    """Milliseconds of each request."""
    random, web = np.random.default_rng(seed), http.client.HTTPConnection("127.0.0.1", port)
    times = []
    for _ in range(requests):
        address = addresses(kind, random)
        start = time.perf_counter()
        web.request("GET", address, headers={"Host": "localhost"})
        answer = web.getresponse()
        body = answer.read()
        times.append(1000 * (time.perf_counter() - start))
        assert answer.status == 200, (address, body[:300])
    return times


def deep(port: int) -> str:
    """Nothing to measure: wait until the server answers."""
    for _ in range(300):
        try:
            web = http.client.HTTPConnection("127.0.0.1", port)
            web.request("GET", "/healthz", headers={"Host": "localhost"})
            return web.getresponse().read().decode()
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the web server does not start")


def main(rows: int, requests: int, clients: int) -> None:
    """Load, serve, ask, print."""
    with scratch_database(), TemporaryDirectory() as folder:
        load_sdss(Path(folder), rows)
        make_edition(rows)
        name = connection.settings_dict["NAME"]
        url = (
            urlsplit(os.environ.get("DATABASE_URL") or read_note(settings.ALMAGEST_HOME)["database_url"])
            ._replace(path=f"/{name}")
            .geturl()
        )
        rates = {"ALMAGEST_RATE_ANONYMOUS": "1000000/s", "DATABASE_URL": url}
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "almagest.wsgi", "--workers=2", "--threads=4", "--worker-class=gthread",
                   "--preload", f"--bind=127.0.0.1:{port}", "--log-level=warning"]  # fmt: skip
        server = subprocess.Popen(command, env=os.environ | rates)
        try:
            deep(port)
            print(f"{rows:,} objects, {rows:,} candidates, {clients} clients, {requests} requests each")
            for kind in KINDS:
                client(port, kind, 99, 10)
                with ThreadPoolExecutor(clients) as pool:
                    parts = pool.map(lambda seed, kind=kind: client(port, kind, seed, requests), range(clients))
                times = np.concatenate(list(parts))
                p50, p95 = np.percentile(times, [50, 95])
                print(f"  {kind:32s} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   max {times.max():6.1f} ms")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    main(options.rows, options.requests, options.clients)
