"""What each kind of run does with one of its chunks: plugin on one side, platform on the other."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.compute as pc

from almagest.catalogs import services as catalogs
from almagest.catalogs.models import Edition
from almagest.contract import Report
from almagest.contract.discovery import find_method, plugins
from almagest.core.files import local_copy, opened_folder
from almagest.predictions import deltas
from almagest.predictions import services as predictions
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.reconstruction import services as reconstructions
from almagest.predictions.scoring import read_inputs, score_block, score_rows
from almagest.predictions.verification import services as verifications
from almagest.registry import comparisons, training
from almagest.registry.models import Method, ModelVersion
from almagest.releases import building as releases
from almagest.releases.models import Release
from almagest.releases.services import KIND as RELEASE
from almagest.rescoring import services as rescoring
from almagest.rescoring.models import Pass
from almagest.rescoring.training import drift_counts
from almagest.runs.leases import Claim
from almagest.samples import services as samples
from almagest.samples.models import Sample
from almagest.sky.models import Survey


def freeze_sample(claim: Claim, report: Report) -> None:
    """Cut and label a sample."""
    sample = Sample.objects.get(pk=claim.payload["sample_id"])
    method = find_method(sample.plugin_name, sample.method_name)
    report(0.1, f"reading {', '.join(sample.definition['surveys'])}")
    labelling = plugins()[sample.plugin_name].labelling
    samples.sample_freeze(claim=claim, sample=sample, method=method, labelling=labelling)


def train(claim: Claim, report: Report) -> None:
    """Train a model on a frozen sample, alone or as one of a comparison."""
    row = Method.objects.select_related("plugin").get(pk=claim.payload["method_id"])
    sample = Sample.objects.get(pk=claim.payload["sample_id"])
    method = find_method(row.plugin.name, row.name)
    with opened_folder(sample.folder) as folder, TemporaryDirectory(prefix="almagest-") as out:
        training.version_train(
            claim=claim,
            row=row,
            sample=sample,
            method=method,
            plugin=plugins()[row.plugin.name],
            sample_folder=folder,
            out=Path(out),
            report=report,
        )


def score(claim: Claim, report: Report) -> None:
    """Score a block of objects, or publish when all blocks are done."""
    if "publish" in claim.payload:
        predictions.scoring_publish(claim=claim, scores=PredictionSet.objects.get(pk=claim.payload["publish"]))
        return
    scores = PredictionSet.objects.select_related("version__method__plugin").get(pk=claim.parameters["prediction_set"])
    survey = Survey.objects.get(slug=claim.payload["survey"])
    row = scores.version.method
    method = find_method(row.plugin.name, row.name)
    rows, counts = score_block(
        scores, survey, method, load_model(scores.version_id), low=claim.payload["low"], high=claim.payload["high"]
    )
    predictions.block_write(claim=claim, scores=scores, survey=survey, rows=rows, counts=counts)


@lru_cache(maxsize=2)
def load_model(version_id: int) -> Any:
    """A version's model, kept in this process for the next block."""
    version = ModelVersion.objects.select_related("method__plugin").get(pk=version_id)
    method = find_method(version.method.plugin.name, version.method.name)
    with local_copy(version.folder) as folder:
        return method.module().load(Path(folder))


def verify(claim: Claim, report: Report) -> None:
    """Compare a version's scores with another catalog's labels."""
    verification = Verification.objects.select_related(
        "version__method__plugin", "version__sample", "prediction_set__version__method__plugin", "survey"
    ).get(pk=claim.payload["verification_id"])
    row = verification.version.method
    verifications.verification_run(
        claim=claim,
        verification=verification,
        method=find_method(row.plugin.name, row.name),
        plugin=plugins()[row.plugin.name],
        report=report,
    )


def reconstruct(claim: Claim, report: Report) -> None:
    """Say what a version expects of some objects' spectra."""
    version = ModelVersion.objects.select_related("method__plugin").get(pk=claim.parameters["version_id"])
    method = find_method(version.method.plugin.name, version.method.name)
    reconstructions.block_reconstruct(claim=claim, version=version, method=method, model=load_model(version.pk))


def publish_catalog(claim: Claim, report: Report) -> None:
    """Fill an edition of a catalog."""
    edition = Edition.objects.select_related("catalog", "version__method__plugin", "prediction_set").get(
        pk=claim.payload["edition_id"]
    )
    catalogs.catalog_publish(claim=claim, edition=edition)


def rescore(claim: Claim, report: Report) -> None:
    """Score a block of what is stale in a catalog, or merge all of it."""
    found = Pass.objects.select_related(
        "before__catalog", "wanted", "run", "prediction_set__version__method__plugin", "prediction_set__version__sample"
    ).get(pk=claim.parameters["pass"])
    if "merge" in claim.payload:
        rescoring.pass_merge(claim=claim, found=found, report=report)
        return
    scores, row = found.prediction_set, found.prediction_set.version.method
    survey = Survey.objects.get(slug=claim.payload["survey"])
    method, model = find_method(row.plugin.name, row.name), load_model(scores.version_id)
    where = {"low": claim.payload["low"], "high": claim.payload["high"]}
    if scores.state == PredictionSet.State.BUILDING:
        batch = read_inputs(method, survey, ingest_id=scores.ingest_id, **where)
        rows, counts = score_rows(scores, method, model, batch)
        scored, write = rows, predictions.block_write
    else:
        batch = deltas.read_stale(scores, survey, method, ingest_id=found.ingest_id, **where)
        rows, counts = deltas.score_stale(scores, survey, method, model, batch)
        scored, write = rows.filter(rows["is_scored"]), deltas.delta_write
    seen = batch.filter(pc.is_in(batch["object_id"], scored["object_id"]))
    drift = drift_counts(scores.version, method, seen)
    write(claim=claim, scores=scores, survey=survey, rows=rows, counts=counts | {"drift": drift})


def release(claim: Claim, report: Report) -> None:
    """Build the files of a release, or check them."""
    step = {"build": releases.release_build, "check": releases.release_check}[claim.payload["step"]]
    found = Release.objects.select_related("catalog", "edition__version", "previous", "run")
    step(claim=claim, release=found.get(pk=claim.payload["release_id"]), report=report)


HANDLERS: dict[str, Callable[[Claim, Report], None]] = {
    samples.KIND: freeze_sample,
    training.KIND: train,
    comparisons.KIND: train,
    predictions.KIND: score,
    verifications.KIND: verify,
    reconstructions.KIND: reconstruct,
    catalogs.KIND: publish_catalog,
    rescoring.KIND: rescore,
    RELEASE: release,
}
