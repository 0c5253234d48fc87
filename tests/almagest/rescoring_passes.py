"""Passes over a catalog as workers do them, all but the model: new measurements are ingested, and scored with numbers of the test's."""

import csv
from itertools import cycle
from pathlib import Path

import pyarrow as pa
from django.db import connection

from almagest.accounts.models import User
from almagest.catalogs.models import Edition
from almagest.contract import no_report
from almagest.predictions.deltas import delta_write
from almagest.predictions.models import PredictionSet
from almagest.predictions.staleness import stale_rows
from almagest.predictions.tables import IS_SCORED, delta_table
from almagest.rescoring.models import Pass
from almagest.rescoring.services import pass_merge, pass_start, restore_start
from almagest.runs.leases import Claim, chunk_claim
from almagest.sky.models import Survey
from almagest.sky.selectors import snapshot
from almagest.sky.services import ingest_file

SURVEY, TABLE = "sdss-dr14-simulated", "sdss_dr14_skyserver_10k.csv"
# In turn: what was in the catalog stays and leaves, what was not enters and stays out.
SCORES = (0.95, 0.05, 0.75)
DRIFT = (
    {"column": "r", "edges": [16.0, 17.0], "expected": [10, 10, 10, 0], "found": [0, 0, 3, 1]},
    {"column": "g", "edges": [17.0, 18.0], "expected": [10, 10, 10, 0], "found": [1, 1, 2, 0]},
)


def measure_anew(folder: Path, simulated_files: Path, *, plate: int = 9001, changed: int = 12, new: int = 5) -> None:
    """Ingest the survey's table again: so many galaxies of another brightness, so many that nobody knew."""
    scores = PredictionSet.objects.filter(ingest_id=10**6)
    scores.update(ingest_id=snapshot().ingest_id)
    with (simulated_files / TABLE).open() as file:
        rows = list(csv.DictReader(file))
    galaxies = [row for row in rows if row["class"] == "GALAXY"]
    others = [row | {"r": str(float(row["r"]) + plate / 1e4)} for row in galaxies[-changed:]]
    others += [row | {"plate": str(plate), "ra": str(float(row["ra"]) + 0.01)} for row in galaxies[:new]]
    path = folder / f"plate-{plate}.csv"
    with path.open("w") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(others)
    ingest_file(survey=SURVEY, path=path)


def rescored(edition: Edition, *, owner: User | None = None, scores=SCORES) -> Pass:
    """Start a pass over what is stale, and do its run to its end."""
    found = pass_start(edition=edition, owner=owner)
    while claim := chunk_claim(run_id=found.run_id, queue="classical", worker="test"):
        _score(claim, found, cycle(scores))
    return _merged(found)


def rolled_back(edition: Edition, revision: int, *, owner: User | None = None) -> Pass:
    """Go back to a revision, and do the run of it."""
    return _merged(restore_start(edition=edition, revision=revision, owner=owner))


def _score(claim: Claim, found: Pass, scores) -> None:
    low, high, survey = claim.payload["low"], claim.payload["high"], Survey.objects.get(slug=claim.payload["survey"])
    with connection.cursor() as cursor:
        stale = stale_rows(found.prediction_set, survey, found.ingest_id)
        cursor.execute(f"SELECT * FROM ({stale}) m WHERE object_id BETWEEN %s AND %s ORDER BY object_id", [low, high])
        ids, revisions = zip(*cursor.fetchall(), strict=True)
    declared = delta_table(found.prediction_set, found.run_id).table
    values = {
        c.name: [0.0 if c.is_number else [0.0] * c.shape[0] if c.shape else "S"] * len(ids) for c in declared.columns
    }
    values |= {"object_id": ids, "revision": revisions, IS_SCORED.name: [True] * len(ids)}
    values[found.prediction_set.version.method.rank_by] = [score for score, _ in zip(scores, ids, strict=False)]
    rows = {c.name: pa.array(values[c.name]).cast(c.arrow_type) for c in declared.columns if c.name != "survey_id"}
    counts = {"objects_read": sum(each["new"] for each in found.stale), "left_out": [], "drift": list(DRIFT)}
    delta_write(claim=claim, scores=found.prediction_set, survey=survey, rows=pa.table(rows), counts=counts)


def _merged(found: Pass) -> Pass:
    claim = chunk_claim(run_id=found.run_id, queue="data", worker="test")
    related = Pass.objects.select_related("before__catalog", "wanted", "run", "prediction_set__version__sample")
    pass_merge(claim=claim, found=related.get(pk=found.pk), report=no_report)
    return Pass.objects.select_related("catalog", "run", "before", "after", "wanted").get(pk=found.pk)
