"""Scoring spectra end to end, from PostgreSQL through `spectral_outliers` and back, beside the bare model on the same rows.

    python bench/outliers_scoring.py MODEL_FOLDER [--spectra 4000] [--rounds 3]

Uses the configured server with a scratch database of its own and simulated galaxies. The whole path runs in this process through the
ledger as a worker does it: claim, read, unpack, put on the grid, cut, score, replace, mark done, at the end index and publish. The bare
model gets the same rows from memory, in batches as large as the ledger's. Both in turns; medians.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from scoring import timed
from scratch import scratch_database  # isort: split  (it sets Django up)

from almagest.core.files import store_folder
from almagest.predictions.models import PredictionSet
from almagest.predictions.scoring import cut_rows, read_inputs
from almagest.predictions.services import scoring_start
from almagest.registry.models import ModelVersion
from almagest.registry.services import plugin_sync
from almagest.runs.leases import chunk_claim
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.spectra.readers import AS_FILES_SAY
from almagest.spectra.services import ingest_spectra
from almagest_workers.perform import perform
from spectral_outliers.plugin import plugin
from spectral_outliers.simulation.files import write_galaxies
from spectral_outliers.simulation.noise import written_noise
from spectral_outliers.simulation.templates import written_templates

SURVEY, METHOD = "desi-spectra-simulated", plugin.methods[0]


def load(folder: Path, spectra: int) -> None:
    """Ingest that many simulated galaxies."""
    paths = list(write_galaxies(folder, written_templates(), written_noise(), spectra, 1))
    ingest_spectra(survey=SURVEY, paths=paths, assumed=AS_FILES_SAY)


def version_of(model: Path) -> ModelVersion:
    """The trained model as the platform knows one."""
    key, checksum = store_folder(model, "models")
    row = plugin_sync(declaration=plugin).methods.get(name=METHOD.name)
    sample = Sample.objects.create(name="bench", plugin_name=plugin.name, definition={}, ingest_id=1, cross_match_id=0)
    return ModelVersion.objects.create(
        method=row, number=1, sample=sample, parameters={}, seed=1, metrics=[], figures=[], outputs=row.outputs,
        weights_sha256=checksum, folder=key,
    )  # fmt: skip


def whole(version: ModelVersion):
    """One run to its end: the run, seconds of its blocks, and of index and publishing."""
    run = scoring_start(version=version, surveys=[SURVEY])

    def work(queue: str) -> None:
        while claim := chunk_claim(run_id=run.pk, queue=queue, worker="bench"):
            perform(claim)

    _, blocks = timed(lambda: work(METHOD.runtime))
    _, publish = timed(lambda: work("data"))
    run.refresh_from_db()
    assert run.state == "done", run.error
    return run, blocks, publish


def batches(run) -> list[pa.Table]:
    """The rows that the run's blocks gave the model, spectra with them."""
    scores, survey = PredictionSet.objects.get(run=run), Survey.objects.get(slug=SURVEY)
    ranges = [chunk.payload for chunk in run.chunks.filter(queue=METHOD.runtime).order_by("number")]
    read = (
        read_inputs(METHOD, survey, ingest_id=scores.ingest_id, low=each["low"], high=each["high"]) for each in ranges
    )
    return [cut_rows(METHOD, rows)[0] for rows in read]


def main(model: Path, spectra: int, rounds: int) -> None:
    """Measure and print."""
    with scratch_database(), TemporaryDirectory() as folder:
        load(Path(folder), spectra)
        version = version_of(model)
        run, *_ = whole(version)
        memory, rows = run.peak_memory_mb, batches(run)
        loaded = METHOD.module().load(model)
        found = []
        for _ in range(rounds):
            _, bare = timed(lambda: [METHOD.module().score(loaded, batch) for batch in rows])
            found.append((bare, *whole(version)[1:]))
    bare, blocks, publish = np.median(found, axis=0)
    for what, seconds in (("bare model", bare), ("all blocks", blocks), ("index and publish", publish)):
        print(f"  {what:20s} {seconds:6.2f} s  {spectra / seconds:>8,.0f} spectra/s")
    ratios = np.array([(blocks / bare, (blocks + publish) / bare) for bare, blocks, publish in found])
    print(f"  blocks / bare model            {np.median(ratios[:, 0]):5.2f}, median of {rounds} rounds")
    print(f"  everything / bare model        {np.median(ratios[:, 1]):5.2f}")
    print(f"  memory at most                 {memory:,.0f} MB, in {len(rows)} blocks")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--spectra", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.model, given.spectra, given.rounds)
