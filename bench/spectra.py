"""Spectra of DESI's length by lists of ids, inside and over HTTP, beside bare COPY of the same packed rows.

    python bench/spectra.py [--spectra 20000]

Uses the configured server with a scratch database of its own. The spectra are made: a smooth continuum, real-looking inverse
variances and the noise that these say, so that they pack as badly as observed ones do. Inside: `fetch_spectra`, Arrow with flux,
ivar and mask. Over HTTP: the web server as `manage.py up` starts it, one client that reads the Arrow stream. A sample: all of them
frozen into a folder on a method's grid, then read batch by batch as a training does, each in a process of its own with its peak
of memory, also of half of them: what grows with their number would show.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
from django.db import connection
from scratch import scratch_database  # isort: split  (it sets Django up)

from almagest.contract import Column, Labelling, Method, SpectralGrid, Table
from almagest.contract import Sample as FolderSample
from almagest.contract.spectra import arrays_of
from almagest.core.addresses import database_url, home
from almagest.core.copy import read_arrow
from almagest.samples.build import build_sample
from almagest.samples.models import Sample
from almagest.sky.conform import Conformer
from almagest.sky.selectors import snapshot
from almagest.sky.services import ingest_rows
from almagest.sky.surveys import declaration_get
from almagest.spectra.fetching import fetch_spectra, stream_spectra
from almagest.spectra.reader import SpectraReader
from almagest.spectra.readers import AS_FILES_SAY, Found
from almagest.spectra.services import arrays_write
from almagest.spectra.spectrum import Spectrum

PORT = 8391
# Of all, those that are fetched, and how often; the first round warms every side.
FETCHED, ROUNDS = 20_000, 5
GRID = SpectralGrid(3600.0, 0.8, 7781)
WAVELENGTH = np.round(GRID.wavelength, 1)


class Made(SpectraReader):
    """A reader of spectra that no file holds."""

    def __init__(self, declaration, spectra: int):
        super().__init__(declaration, [Path("made")], assumed=AS_FILES_SAY)
        self.spectra = spectra

    def _distinct(self) -> Iterator[Found]:
        rng = np.random.default_rng(1)
        smooth = 1 + np.sin(WAVELENGTH / 700)
        for number in range(self.spectra):
            ivar = (rng.gamma(4, 0.5) * smooth * rng.gamma(60, 1 / 60, len(WAVELENGTH))).astype(np.float32)
            flux = (rng.gamma(2) * smooth + rng.normal(size=len(WAVELENGTH)) / np.sqrt(ivar + 1e-3)).astype(np.float32)
            facts = {"name": str(number), "ra": rng.uniform(0, 360), "dec": rng.uniform(-60, 60)}
            yield Found(facts, Spectrum(WAVELENGTH, flux, ivar, np.zeros(len(flux), bool)))


def load(spectra: int) -> float:
    """Ingest that many; seconds."""
    declaration = declaration_get("desi-spectra-simulated")
    reader = Made(declaration, spectra)
    reader.waiting = deque()

    def also() -> Counter:
        arrays_write([reader.waiting.popleft() for _ in range(len(reader.waiting))])
        return Counter()

    start = time.perf_counter()
    ingest_rows(conformer=Conformer(declaration, reader), name="made", sha256="0", also=also)
    return time.perf_counter() - start


def bare_copy() -> float:
    """Seconds of COPY of the packed rows, thrown away."""
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    query = f"SELECT spectrum_id, grid_id, flux, ivar, mask FROM spectra LIMIT {FETCHED}"
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
        for _ in copy:
            pass
    return time.perf_counter() - start


def inside(ids: list[int]) -> float:
    """Seconds of fetching all as Arrow, a thousand at a time."""
    start = time.perf_counter()
    for at in range(0, len(ids), 1000):
        assert not fetch_spectra(user=None, object_ids=ids[at : at + 1000]).missing
    return time.perf_counter() - start


def streamed(ids: list[int]) -> float:
    """Seconds of all, block by block, as samples and scoring read them."""
    start = time.perf_counter()
    assert sum(block.num_rows for block in stream_spectra(user=None, object_ids=np.array(ids))) == len(ids)
    return time.perf_counter() - start


def over_http(ids: list[int]) -> float:
    """Seconds of one request that streams all as Arrow, read to its end."""
    body = ('{"ids": [' + ",".join(map(str, ids)) + "]}").encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/api/v1/spectra/lookup/", body, {"Content-Type": "application/json"}
    )
    start, rows = time.perf_counter(), 0
    with urllib.request.urlopen(request, timeout=600) as answer, pa.ipc.open_stream(answer) as stream:
        for batch in stream:
            rows += batch.num_rows
    assert rows == len(ids)
    return time.perf_counter() - start


def serve() -> subprocess.Popen:
    """The web server on the scratch database; ready when it answers."""
    url = urlsplit(database_url(home()))._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {"DATABASE_URL": url}
    command = [sys.executable, "-m", "gunicorn", "almagest.wsgi", "--workers=1", "--threads=4", "--worker-class=gthread",
               "--timeout=600", f"--bind=127.0.0.1:{PORT}", "--log-level=warning"]  # fmt: skip
    server = subprocess.Popen(command, env=environment, cwd=Path(__file__).resolve().parents[1])
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=2)
            return server
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit("the web server did not start")


def by_number(rows: pa.Table) -> pa.Table:
    """Labels that mean nothing, of the first of them."""
    last = int(os.environ["BENCH_ROWS"])
    labels = [("even", "odd")[int(name) % 2] if int(name) < last else None for name in rows["name"].to_pylist()]
    return pa.table(
        {
            "label": pa.array(labels, pa.string()),
            "reason": pa.array([None if x else "beyond" for x in labels], pa.string()),
        }
    )


def freeze(folder: Path) -> None:
    """Freeze a sample, in this process."""
    name = Table("names", "Names.", (Column("name", "string", "", "meta.id", "Name"),))
    redshift = Table("known", "What is known.", (Column("redshift", "float32", "", "src.redshift", "Redshift"),))
    outputs = Table("scores", "Scores.", (Column("score", "float32", "", "stat.probability", "Score"),))
    method = Method("none", "None", "", "classical", __name__, redshift, outputs, "score", spectra=GRID)
    definition = {"surveys": ["desi-spectra-simulated"], "seed": 1, "test_fraction": 0.2}
    row = Sample(name="bench", definition=definition, ingest_id=snapshot().ingest_id, cross_match_id=0)
    build_sample(row, method, Labelling(("even", "odd"), "odd", name, f"{__name__}:by_number"), folder)


def learn(folder: Path) -> None:
    """Read all training spectra once, in this process."""
    sample = FolderSample.open(folder)
    total = sum(float(arrays_of(batch, GRID)[0].sum()) for batch in sample.batches("train", size=256))
    print(f"# {total:.0f}")


def sampled(folder: Path, rows: int) -> None:
    """Print seconds and memory of freezing and of reading so many."""
    for what in ("freeze", "learn"):
        environment = os.environ | {"BENCH_DATABASE": connection.settings_dict["NAME"], "BENCH_ROWS": str(rows)}
        command = [sys.executable, "-W", "ignore", __file__, "--one", what, "--folder", str(folder / str(rows))]
        took, peak = map(float, subprocess.check_output(command, env=environment, text=True).split()[-2:])
        print(f"{what:10s} {took:6.2f} s {rows / took:>9,.0f} spectra/s of {rows:,}, {peak:,.0f} MB at most")


def one(what: str, folder: Path) -> None:
    """In a process of its own; prints seconds, and the most memory that was its own: pages of the sample's files are the system's."""
    connection.settings_dict["NAME"] = os.environ["BENCH_DATABASE"]
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
            peak[0] = max(peak[0], int(status["RssAnon"].split()[0]) / 1024)

    watcher, start = threading.Thread(target=watch), time.perf_counter()
    watcher.start()
    {"freeze": freeze, "learn": learn}[what](folder)
    took = time.perf_counter() - start
    done.set()
    watcher.join()
    print(took, peak[0])


def main(spectra: int) -> None:
    """Load, measure, print."""
    with scratch_database():
        seconds = load(spectra)
        print(
            f"{spectra:,} spectra of {len(WAVELENGTH):,} bins: ingested in {seconds:.1f} s, {spectra / seconds:,.0f}/s"
        )
        size = read_arrow(
            "SELECT sum(octet_length(flux) + octet_length(ivar))::float8 / count(*) AS bytes FROM spectra"
        )
        packed = size["bytes"][0].as_py()
        print(f"packed {packed:,.0f} bytes a spectrum, {packed / (8 * len(WAVELENGTH)):.3f} of float32")
        ids = read_arrow("SELECT object_id FROM survey_desi_spectra_simulated")["object_id"].to_pylist()
        np.random.default_rng(2).shuffle(ids)
        ids = ids[:FETCHED]
        server = serve()
        try:
            found = {
                "bare COPY": bare_copy,
                "inside": lambda: inside(ids),
                "streamed": lambda: streamed(ids),
                "over HTTP": lambda: over_http(ids),
            }
            rounds = [{name: measure() for name, measure in found.items()} for _ in range(ROUNDS)]
        finally:
            server.terminate()
            server.wait()
        for name in found:
            took, of_copy = (
                np.median([each[name] / each[of] if of else each[name] for each in rounds]) for of in ("", "bare COPY")
            )
            print(
                f"{name:10s} {took:6.2f} s {len(ids) / took:>9,.0f} spectra/s {of_copy:6.2f} of COPY, median of {ROUNDS} rounds"
            )
        with TemporaryDirectory() as folder:
            sampled(Path(folder), spectra // 2)
            sampled(Path(folder), spectra)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spectra", type=int, default=20_000)
    parser.add_argument("--one", choices=("freeze", "learn"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.folder)
    else:
        main(options.spectra)
