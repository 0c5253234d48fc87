"""A pass over a catalog of a million objects of which one in a hundred is new, beside scoring those by hand and beside everything anew.

    python bench/rescoring.py [--objects 1000000] [--share 0.01]

Uses the configured server with a scratch database of its own. Every object is a candidate, so that the catalog is as large as the
sky. By hand: one query for the new objects' inputs, one call of the model, one COPY into the table of scores, one insert of the
new candidates into the catalog's table: nothing is counted, nothing is kept, readers see it half done.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction
from scoring import SDSS, load_sdss, timed, train, whole
from scratch import scratch_database

from almagest.catalogs.build import catalog_fill
from almagest.catalogs.models import Edition
from almagest.catalogs.services import catalog_publish_start
from almagest.contract import no_report
from almagest.core.copy import copy_in
from almagest.core.files import store_folder
from almagest.predictions.models import PredictionSet
from almagest.predictions.scoring import read_inputs, score_rows
from almagest.predictions.staleness import stale_rows
from almagest.predictions.tables import set_table
from almagest.registry.models import ModelVersion
from almagest.rescoring.services import pass_start
from almagest.runs.leases import chunk_claim
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.sky.selectors import snapshot
from almagest.sky.services import ingest_file
from almagest_workers.handlers import HANDLERS, load_model
from dwarf_galaxies.plugin import plugin


def work(run: Run) -> None:
    """Do all of a run, as workers do."""
    for queue in ("keras", "data"):
        while claim := chunk_claim(run_id=run.pk, queue=queue, worker="bench"):
            HANDLERS[claim.kind](claim, no_report)
    run.refresh_from_db()
    assert run.state == "done", run.error


def publish(version: ModelVersion) -> Edition:
    """A catalog of everything."""
    run = catalog_publish_start(slug="everything", version=version, threshold=0)
    work(run)
    return Edition.objects.get(run=run)


def more(folder: Path, objects: int, number: int) -> None:
    """Ingest so many objects that nobody has seen before."""
    table = pq.read_table(folder / "sky.parquet").slice(0, objects)
    plates = pa.array(np.arange(objects) // 1000 + 100_000 * number).cast(table.schema.field("plate").type)
    pq.write_table(
        table.set_column(table.column_names.index("plate"), "plate", plates), folder / f"more-{number}.parquet"
    )
    ingest_file(survey=SDSS, path=folder / f"more-{number}.parquet")


def by_hand(edition: Edition) -> None:
    """Score what is new, and show it; nothing else."""
    scores, survey = PredictionSet.objects.get(pk=edition.prediction_set_id), Survey.objects.get(slug=SDSS)
    now, method = snapshot().ingest_id, plugin.method("network")
    batch = read_inputs(method, survey, ingest_id=now, since=scores.ingest_id)
    rows, _ = score_rows(scores, method, load_model(scores.version_id), batch)
    table = set_table(scores).table
    rows = rows.append_column("survey_id", pa.array([survey.pk] * rows.num_rows, pa.int32())).select(table.names)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE newcomers AS SELECT object_id FROM ({stale_rows(scores, survey, now)}) AS stale")
        cursor.execute("ANALYZE newcomers")
        copy_in(table, rows)
        PredictionSet.objects.filter(pk=scores.pk).update(ingest_id=now)
        edition.prediction_set.ingest_id = now
        with transaction.atomic():
            catalog_fill(edition, only="newcomers")
        cursor.execute("DROP TABLE newcomers")


def main(objects: int, share: float) -> None:
    """Measure and print, with ratios."""
    few = int(objects * share)
    with scratch_database(), TemporaryDirectory() as folder:
        folder = Path(folder)
        load_sdss(folder, objects)
        version = train(folder, "network")
        Sample.objects.update(definition={"surveys": [SDSS]})
        Sample.objects.update(folder=store_folder(folder / "sample", "samples")[0])
        version = ModelVersion.objects.get(pk=version.pk)
        anew = sum(whole(version).values())
        edition, published = timed(lambda: publish(version))
        print(f"{edition.rows:,} candidates, {few:,} new objects; blocks of {settings.BLOCK_SIZE:,}")
        more(folder, few, 1)
        _, hand = timed(lambda: by_hand(edition))
        more(folder, few, 2)
        found, started = timed(lambda: pass_start(edition=edition))
        _, done = timed(lambda: work(found.run))
    everything = {"by hand": hand, "a pass": started + done, "scoring and publishing anew": anew + published}
    for what, seconds in everything.items():
        print(f"  {what:28s} {seconds:7.2f} s")
    print(f"  a pass / by hand             {(started + done) / hand:7.2f}")
    print(f"  a pass / everything anew     {(started + done) / (anew + published):7.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--share", type=float, default=0.01)
    options = parser.parse_args()
    main(options.objects, options.share)
