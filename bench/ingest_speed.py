"""Loading a survey table for the first time and again, against one bare COPY of the same columns.

    python bench/ingest_speed.py [--rows 1000000] [--format parquet]

The table has a name, RA, Dec and 12 float32 columns with some nulls. The bare COPY writes those columns from memory into
a plain table without any key or index; the ingest reads the file, checks and hashes it, and writes objects and measurements
with their keys and indexes.
"""

import argparse
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import astropy.table
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from django.db import connection, transaction
from scratch import scratch_database

from almagest.contract import Column
from almagest.core.copy import copy_in
from almagest.core.tables import create_table
from almagest.sky import tables
from almagest.sky.services import ingest_file
from almagest.sky.surveys import SURVEYS
from almagest.sky.surveys.declaration import SurveyDeclaration, ra_dec

FLUXES = tuple(Column(f"flux_{n}", "float32", "nmgy") for n in range(12))
SURVEY = SurveyDeclaration(
    slug="bench", name="Benchmark", release="1", description="Random numbers.", licence="", citation="", url="",
    columns=(Column("name", "int64", nullable=False), *ra_dec(), *FLUXES), id_columns=("name",), observed=False,
)  # fmt: skip


def random_table(rows: int) -> pa.Table:
    """Positions all over the sky, names without order."""
    random = np.random.default_rng(1)
    columns = {"name": 10**12 + random.permutation(rows), "ra": random.uniform(0, 360, rows)}
    columns["dec"] = np.degrees(np.arcsin(random.uniform(-1, 1, rows)))
    for column in FLUXES:
        is_null = random.random(rows) < 0.05
        columns[column.name] = pa.array(random.lognormal(size=rows).astype(np.float32), mask=is_null)
    return pa.table(columns)


def write(table: pa.Table, folder: Path, form: str) -> Path:
    """The table as a file."""
    path = folder / f"table.{form}"
    if form == "parquet":
        pa.parquet.write_table(table, path)
    elif form == "csv":
        pa.csv.write_csv(table, path)
    else:
        columns = {name: table[name].to_numpy() for name in table.column_names}
        astropy.table.Table(columns).write(path)
    return path


@contextmanager
def timed(what: str, seconds: dict):
    """Measure what happens in the block."""
    started = time.perf_counter()
    yield
    seconds[what] = time.perf_counter() - started


def bare_copy(data: pa.Table) -> None:
    """One COPY of the file's columns, in its own transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        kinds = {"name": "bigint", "ra": "float8", "dec": "float8"}
        columns = ", ".join(f"{name} {kinds.get(name, 'real')}" for name in data.column_names)
        cursor.execute(f"CREATE TABLE bare ({columns})")
    with transaction.atomic():
        copy_in(SURVEY.table, data, into="bare")


def main(rows: int, form: str, rounds: int) -> None:
    """Measure in turns, so that what else the machine does meets all alike; print the best of each, and ratios."""
    data, seconds = random_table(rows), []
    with scratch_database(), TemporaryDirectory() as folder:
        path = write(data, Path(folder), form)
        bare_copy(data)
        for number in range(rounds):
            survey = replace(SURVEY, slug=f"bench-{number}")
            SURVEYS[survey.slug] = survey
            for make in (tables.measurement_table, tables.history_table):
                create_table(make(survey))
            seconds.append({})
            with timed("bare COPY", seconds[-1]):
                bare_copy(data)
            for what in ("first load", "same file again"):
                with timed(what, seconds[-1]):
                    ingest_file(survey=survey.slug, path=path)
    print(f"{rows:,} rows, {form}; best of {rounds}")
    best = {what: min(turn[what] for turn in seconds) for what in seconds[0]}
    for what, took in best.items():
        print(f"  {what:16s} {took:6.2f} s {rows / took:>10,.0f} rows/s {best['bare COPY'] / took:6.2f} of a bare COPY")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", default="parquet", choices=["parquet", "fits", "csv"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    main(options.rows, options.format, options.rounds)
