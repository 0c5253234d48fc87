"""A million predictions as files: rows/s and memory of each format, beside raw COPY and astropy.

    python bench/downloads.py [--objects 1000000]

Every format is written in a process of its own, as the web server writes it: read from PostgreSQL and encoded, its pieces thrown
away. Beside it `COPY (the same query) TO STDOUT`, binary and CSV, thrown away too, and astropy writing the same table, which it
has in memory already. Memory is the peak of the whole process.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection
from django.utils import timezone
from scoring import load_sdss
from scratch import scratch_database  # isort: split  (it sets Django up)

from almagest.core.copy import read_arrow
from almagest.core.listings.paging import walks
from almagest.core.listings.responses import file_pieces
from almagest.core.listings.streaming import as_text
from almagest.core.tables import create_table, quote
from almagest.formats import FORMATS
from almagest.predictions.listings import prediction_listing
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import set_table
from almagest.registry.models import ModelVersion
from almagest.registry.services import plugin_sync
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from dwarf_galaxies.plugin import plugin

PEERS = ("copy binary", "copy csv")
ASTROPY = {
    "astropy votable": "votable",
    "astropy fits": "fits",
    "astropy csv": "ascii.csv",
    "astropy parquet": "parquet",
}
SOME = "object_id,p_s,p_nsl,p_lm,p_nm,p_hm,p_ns,p_af,predicted_class"


def make_scores(objects: int) -> None:
    """Current scores of that many objects, of the columns that the network gives."""
    method = plugin_sync(declaration=plugin).methods.get(name="network")
    sample = Sample.objects.create(name="bench", plugin_name=plugin.name, definition={}, ingest_id=0, cross_match_id=0)
    version = ModelVersion.objects.create(
        method=method, number=1, sample=sample, parameters={}, seed=1, metrics=[], figures=[], outputs=method.outputs
    )
    survey = Survey.objects.get()
    scores = PredictionSet.objects.create(
        version=version, ingest_id=1, surveys=[survey.slug], rows=objects, state="current", published=timezone.now()
    )
    declared = set_table(scores)
    create_table(declared, with_indexes=False)
    values = {"object_id": "id", "revision": "1", "survey_id": str(survey.pk), "predicted_class": "'S'"}
    columns = ", ".join(values.get(c.name, "random()::real") for c in declared.table.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(scores.table_name)} SELECT {columns} FROM objects ORDER BY id")
        cursor.execute(f"VACUUM ANALYZE {quote(scores.table_name)}")
        cursor.execute("VACUUM ANALYZE objects")


def one(what: str, columns: str) -> dict[str, float]:
    """Seconds, bytes and megabytes of one way, in this process."""
    listing = prediction_listing(user=None, scores=PredictionSet.objects.get()).choosing(columns)
    ((sql, values),) = walks(listing, listing.given.names)
    query = as_text(sql, values, None)
    table = as_astropy(query) if what in ASTROPY else None
    start, size = time.perf_counter(), 0
    if what in PEERS:
        how = f"COPY ({query}) TO STDOUT (FORMAT {what.split()[1]})"
        with connection.connection.cursor() as cursor, cursor.copy(how) as copy:
            size = sum(len(block) for block in copy)
    elif what in ASTROPY:
        with TemporaryDirectory() as folder:
            table.write(
                Path(folder) / "table",
                format=ASTROPY[what],
                **({"tabledata_format": "binary2"} if "votable" in what else {}),
            )
            size = (Path(folder) / "table").stat().st_size
    else:
        size = sum(len(piece) for piece in file_pieces(listing, FORMATS[what]))
    return {"seconds": time.perf_counter() - start, "bytes": size, "megabytes": peak()}


def as_astropy(query: str):
    """The rows as an astropy table, strings without nulls."""
    from astropy.table import Table  # noqa: PLC0415  (the other ways do without it)

    return Table.from_pandas(read_arrow(query).to_pandas())


def peak() -> float:
    """Largest memory of this process so far, megabytes."""
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def measured(what: str, columns: str) -> dict[str, float]:
    """The same in a process of its own, the better of two."""
    environment = os.environ | {"BENCH_DATABASE": connection.settings_dict["NAME"]}
    command = [sys.executable, __file__, "--one", what, "--columns", columns]
    tries = [json.loads(subprocess.check_output(command, env=environment).splitlines()[-1]) for _ in range(2)]
    return min(tries, key=lambda found: found["seconds"])


def main(objects: int) -> None:
    """Make the scores, measure, print ratios."""
    with scratch_database(), TemporaryDirectory() as folder:
        load_sdss(Path(folder), objects)
        make_scores(objects)
        for title, columns in (("with name, survey and position", ""), ("scores alone", SOME)):
            print(f"{objects:,} predictions, {title}")
            bare = measured("copy binary", columns)["seconds"]
            for what in (*PEERS, *FORMATS, *(ASTROPY if not columns else ())):
                found = measured(what, columns)
                print(f"  {what:16s} {found['seconds']:6.2f} s {objects / found['seconds']:>11,.0f} rows/s "
                      f"{found['bytes'] / 1e6:7.0f} MB file {found['megabytes']:7.0f} MB memory "
                      f"{found['seconds'] / bare:6.2f} of COPY binary")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--columns", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        connection.settings_dict["NAME"] = os.environ["BENCH_DATABASE"]
        print(json.dumps(one(options.one, options.columns)))
    else:
        main(options.objects)
