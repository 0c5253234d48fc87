"""Scoring end to end against the sum of its parts: bare read, bare model, bare write.

    python bench/scoring.py [--objects 1000000] [--method network]
    python bench/scoring.py --objects 300000 --method legacy_network

Uses the configured server with a scratch database of its own, simulated galaxies and the built-in plugin. The whole path
runs in this process through the ledger, as a worker does it: claim, read, cut, score, replace, mark done, and at the end index
and publish. The parts are one query for all inputs, one call of the model, and one COPY of its outputs into a table without
keys; all in one run, on the same rows.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scratch import scratch_database  # isort: skip

from django.db import connection

from almagest.contract import Plugin, no_report, write_sample
from almagest.contract.checks import simulated_rows
from almagest.contract.sample import KEY_COLUMNS
from almagest.contract.sample import Sample as SampleFolder
from almagest.core.copy import copy_in, read_arrow
from almagest.core.files import store_folder
from almagest.core.tables import quote, sql_type
from almagest.predictions.services import scoring_start
from almagest.registry.models import ModelVersion
from almagest.registry.services import plugin_sync
from almagest.runs.leases import chunk_claim
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.services import ingest_file
from almagest.sky.surveys import SURVEYS
from almagest_workers.perform import perform
from dwarf_galaxies.plugin import plugin
from dwarf_galaxies.simulate import galaxies
from dwarf_galaxies.simulation.files import legacy_files

SDSS, LEGACY = "sdss-dr14-simulated", "ls-dr9-simulated"


def survey_for(name: str) -> str:
    """The simulated survey that a method is fed from."""
    return LEGACY if name.startswith("legacy") else SDSS


def load_legacy(folder: Path, objects: int) -> None:
    """Ingest that many simulated Legacy Surveys sources, complete rows of 181 columns."""
    for path in legacy_files(folder / "legacy", objects, 1):
        if path.suffix == ".fits":
            ingest_file(survey=LEGACY, path=path)


def load_sdss(folder: Path, objects: int) -> None:
    """Ingest that many simulated galaxies."""
    random = np.random.default_rng(1)
    drawn = galaxies(random.choice(["S", "NSL", "LM", "NM", "HM"], objects), random)
    n = np.arange(objects)
    values = {band: np.asarray(drawn[band]) for band in "ugriz"} | {"redshift": np.asarray(drawn["redshift"])}
    values |= {"ra": random.uniform(0, 360, objects), "dec": np.degrees(np.arcsin(random.uniform(-1, 1, objects)))}
    values |= {
        "plate": n // 1000,
        "fiberid": n % 1000,
        "mjd": np.full(objects, 50_000),
        "spec_class": ["GALAXY"] * objects,
    }
    declaration = SURVEYS[SDSS]
    columns = {
        declaration.names.get(c.name, c.name): pa.array(values.get(c.name, np.ones(objects))).cast(
            c.arrow_type, safe=False
        )
        for c in declaration.columns
    }
    pq.write_table(pa.table(columns), folder / "sky.parquet")
    ingest_file(survey=SDSS, path=folder / "sky.parquet")


def train(folder: Path, name: str) -> ModelVersion:
    """A model of the usual size, its training cut short."""
    method = plugin.method(name)
    rows = simulated_rows(plugin).select([*KEY_COLUMNS.names, *method.inputs.names])
    labelling = plugin.labelling
    write_sample(folder / "sample", rows, classes=labelling.classes, signal=labelling.signal, seed=1, definition={})
    (folder / "model").mkdir()
    settings = {"epochs": 3} if "network" in name else {}
    method.module().train(
        SampleFolder.open(folder / "sample"), method.parse_parameters(settings), folder / "model", no_report
    )
    return stored(plugin, name, folder / "model")


def stored(declaration: Plugin, name: str, model: Path) -> ModelVersion:
    """A trained model's folder as the platform knows one."""
    key, checksum = store_folder(model, "models")
    row = plugin_sync(declaration=declaration).methods.get(name=name)
    sample = Sample.objects.create(
        name="bench", plugin_name=declaration.name, definition={}, ingest_id=1, cross_match_id=0
    )
    return ModelVersion.objects.create(
        method=row, number=1, sample=sample, parameters={}, seed=1, metrics=[], figures=[], outputs=row.outputs,
        weights_sha256=checksum, folder=key,
    )  # fmt: skip


def timed(what: Callable):
    """Its result and how many seconds it took."""
    start = time.perf_counter()
    result = what()
    return result, time.perf_counter() - start


def parts(folder: Path, name: str) -> dict[str, float]:
    """Seconds of each part alone."""
    method, declared = plugin.method(name), SURVEYS[survey_for(name)]
    wanted = [n for n in (*method.inputs.names, *method.cut_inputs.names) if n in declared.table]
    names = ", ".join(f'"{n}"' for n in ("object_id", "revision", *wanted))
    rows, read = timed(lambda: read_arrow(f"SELECT {names} FROM {declared.table_name}"))
    model = method.module().load(folder / "model")
    method.module().score(model, rows.slice(0, 10_000))  # the first call builds what later ones use
    scores, compute = timed(lambda: method.module().score(model, rows))
    columns = ", ".join(f"{quote(c.name)} {sql_type(c)}" for c in method.outputs.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bare_scores ({columns})")
    _, write = timed(lambda: copy_in(method.outputs, scores, into="bare_scores"))
    return {"bare read": read, "bare model": compute, "bare write": write}


def whole(version: ModelVersion, survey: str) -> tuple[Run, float, float]:
    """One run to its end: the run, seconds of its blocks, and of indexing and publishing."""
    run = scoring_start(version=version, surveys=[survey])

    def work(queue: str) -> None:
        while claim := chunk_claim(run_id=run.pk, queue=queue, worker="bench"):
            perform(claim)

    _, blocks = timed(lambda: work(version.method.runtime))
    _, publish = timed(lambda: work("data"))
    run.refresh_from_db()
    assert run.state == "done", run.error
    return run, blocks, publish


def main(objects: int, name: str) -> None:
    """Measure and print, with ratios."""
    with scratch_database(), TemporaryDirectory() as folder:
        (load_legacy if survey_for(name) == LEGACY else load_sdss)(Path(folder), objects)
        version = train(Path(folder), name)
        bare, (_, blocks, publish) = parts(Path(folder), name), whole(version, survey_for(name))
        done = {"all blocks": blocks, "index and publish": publish}
    total = sum(bare.values())
    for what, seconds in (bare | {"sum of the parts": total} | done).items():
        print(f"  {what:20s} {seconds:6.2f} s  {objects / seconds:>10,.0f} objects/s")
    print(f"  blocks / sum of the parts      {done['all blocks'] / total:5.2f}")
    print(f"  everything / sum of the parts  {sum(done.values()) / total:5.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--method", default="network", choices=[m.name for m in plugin.methods])
    options = parser.parse_args()
    main(options.objects, options.method)
