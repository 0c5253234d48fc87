"""Things of the database as plain words and numbers."""

from typing import Any

from almagest.accounts.selectors import may_see
from almagest.api.answers import plain
from almagest.contract import Table
from almagest.core.listings.filters import filter_names
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.selectors import Prediction, whole_sets
from almagest.registry.models import ModelVersion
from almagest.registry.selectors import version_measures
from almagest.runs.models import Run
from almagest.samples.models import Sample


def columns_described(table: Table) -> list[dict[str, Any]]:
    """Each column, with the parameters that it can be filtered by."""
    kept = ("name", "dtype", "unit", "ucd", "description", "nullable", "level")
    return [
        {name: getattr(column, name) for name in kept}
        | {"shape": list(column.shape), "filters": list(filter_names(column))}
        for column in table.columns
    ]


def model_named(version: ModelVersion) -> dict[str, Any]:
    """How a model version is called."""
    method = version.method
    return {"plugin_name": method.plugin.name, "method_name": method.name, "version_number": version.number}


def model_told(version: ModelVersion, scores: PredictionSet | None, *, user) -> dict[str, Any]:
    """A model version: how it came to be, how good it is, what it has scored, as far as the user may see these."""
    sample = version.sample if may_see(user, version.sample) else None
    metrics, _ = version_measures(user=user, version=version)
    is_whole = scores is not None and whole_sets(user=user).filter(pk=scores.pk).exists()
    return model_named(version) | {
        "sample_name": sample and sample.name, "sample_checksum": sample and sample.checksum, "seed": version.seed,
        "parameters": version.parameters, "plugin_version": version.plugin_version, "code_version": version.code_version,
        "weights_sha256": version.weights_sha256, "is_variant": version.is_variant, "is_production": version.is_production,
        "seconds": version.seconds,
        "created": version.created, "visibility": version.visibility, "metrics": plain(metrics), "notes": version.notes,
        "run": version.run_id, "outputs": columns_described(version.output_table),
        "scores": scores_told(scores) if is_whole else None,
    }  # fmt: skip


def scores_told(scores: PredictionSet) -> dict[str, Any]:
    """A scoring of the sky."""
    return {
        "surveys": scores.surveys, "rows": scores.rows, "ingest_id": scores.ingest_id, "published": scores.published,
        "objects_read": scores.objects_read, "left_out": scores.left_out, "candidates_left_out": scores.candidates_left_out,
    }  # fmt: skip


def prediction_told(prediction: Prediction) -> dict[str, Any]:
    """What a model says of one object."""
    values = {column.name: plain(value) for column, value in prediction.values}
    return model_named(prediction.version) | {
        "values": values,
        "revision": prediction.revision,
        "is_stale": prediction.is_stale,
    }


def sample_told(sample: Sample) -> dict[str, Any]:
    """A frozen sample."""
    kept = ("name", "plugin_name", "method_name", "definition", "ingest_id", "cross_match_id", "rows", "counts", "left_out",
            "given_counts", "checksum", "created", "visibility")  # fmt: skip
    return {name: getattr(sample, name) for name in kept} | {"run": sample.run_id}


def verification_told(verification: Verification) -> dict[str, Any]:
    """A verification: what was held against what, and what came out."""
    kept = ("id", "surveys", "radius_arcsec", "ingest_id", "cross_match_id", "counts", "reasons", "notes", "published")
    return model_named(verification.version) | {name: getattr(verification, name) for name in kept} | {
        "label_survey": verification.survey.slug, "metrics": plain(verification.metrics), "run": verification.run_id,
    }  # fmt: skip


def run_told(run: Run) -> dict[str, Any]:
    """A run, and where it stands."""
    kept = ("id", "kind", "title", "parameters", "state", "progress", "message", "error", "outcome", "cancel_asked",
            "peak_memory_mb", "created", "started", "finished", "visibility")  # fmt: skip
    return {name: getattr(run, name) for name in kept} | {
        "is_over": run.is_over,
        "owner_name": run.owner and run.owner.username,
    }
