"""A model version whose scores are made up, and catalogs of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from django.utils import timezone

from almagest.catalogs.models import Edition
from almagest.catalogs.services import catalog_publish, catalog_publish_start
from almagest.contract import (
    ConfusionMatrix,
    Curves,
    Histogram,
    Metric,
    Result,
    classification_metrics,
    write_sample,
)
from almagest.contract.sample import KEY_COLUMNS
from almagest.core.copy import copy_in
from almagest.core.files import store_folder
from almagest.core.nearest import create_nearest_indexes
from almagest.core.tables import create_table
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import set_table
from almagest.registry.models import ModelVersion
from almagest.registry.services import plugin_sync
from almagest.runs.leases import chunk_claim
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file
from dwarf_galaxies.plugin import plugin

from .latents import spiral
from .surveys import galaxies


@pytest.fixture
def version(db, simulated_files: Path, file_store: Path, tmp_path: Path) -> ModelVersion:
    """A model version on a simulated survey, with a sample of its first galaxies; its weights are not needed."""
    ingest_file(survey="sdss-dr14-simulated", path=simulated_files / "sdss_dr14_skyserver_10k.csv")
    method = plugin_sync(declaration=plugin).methods.get(name="forest")
    objects = galaxies()[:40]
    texts = {"survey": ["sdss-dr14-simulated"] * 40, "source_id": [o[1] for o in objects], "label": ["S", "NM"] * 20}
    numbers = {"object_id": pa.array([o[0] for o in objects]), "group_id": pa.array([o[0] for o in objects])}
    values = (
        texts
        | numbers
        | {"revision": pa.array([1] * 40, pa.int32()), "split": ["train", "train", "test", "train"] * 10}
    )
    rows = pa.table({name: values[name] for name in KEY_COLUMNS.names})
    definition = {"surveys": ["sdss-dr14-simulated"], "seed": 1, "test_fraction": 0.25}
    checksum = write_sample(tmp_path / "s", rows, classes=("S", "NM"), signal="S", seed=1, definition=definition)
    key, _ = store_folder(tmp_path / "s", "samples")
    sample = Sample.objects.create(
        name="tiny", plugin_name="dwarf_galaxies", method_name="forest", definition=definition, ingest_id=1, cross_match_id=0,
        rows=40, counts={"sdss-dr14-simulated": {"S": {"train": 20}}}, left_out=[{"name": "no mass", "count": 3}],
        checksum=checksum, folder=key,
    )  # fmt: skip
    metrics = classification_metrics(["S", "NM", "S"], ["S", "S", "S"], ["sdss-dr14-simulated"] * 3, "S")
    matrix = ConfusionMatrix("sdss-dr14-simulated", ("S", "NM"), ((20, 1), (2, 17)))
    figures = (
        matrix, Curves("Learning curve", "epoch", "loss", (1, 2, 3), {"training": (1.0, 0.5, 0.25), "later": (None, 0.75, None)}),
        Histogram("Latent 1", "latent", "spectra", (-1, 0, 2), {"validation": (3, 1), "drawn": (2, 2)}),
    )  # fmt: skip
    report = Result((*metrics, Metric("fidelity_test", "all", 0.4815, of="all")), figures).to_json()
    return ModelVersion.objects.create(
        method=method, number=1, sample=sample, plugin_version="1", code_version="1+abc", parameters={"trees": 3}, seed=1,
        outputs=method.outputs,
        weights_sha256="a" * 64, folder="models/none", **{name: report[name] for name in ("metrics", "figures", "notes", "details")},
    )  # fmt: skip


@pytest.fixture
def published(version: ModelVersion) -> Callable[..., Edition]:
    """A function that publishes the version's candidates above a threshold: ``published(threshold=0.5)``."""
    scores = None

    def publish(threshold: float = 0.5, **catalog) -> Edition:
        nonlocal scores
        scores = scores or score_galaxies(version)
        run = catalog_publish_start(slug="dwarfs", version=version, threshold=threshold, title="Dwarfs", **catalog)
        catalog_publish(
            claim=chunk_claim(run_id=run.pk, queue="data", worker="test"), edition=Edition.objects.get(run=run)
        )
        return Edition.objects.get(run=run)

    return publish


def score_galaxies(version: ModelVersion) -> PredictionSet:
    """Current scores of the version: numbers that follow the objects' order, whole tenths among them."""
    objects = galaxies()
    survey = Survey.objects.get(slug="sdss-dr14-simulated")
    scores = PredictionSet.objects.create(
        version=version, ingest_id=10**6, surveys=[survey.slug], objects_read=len(objects)
    )
    scores.left_out, scores.rows, scores.state = (
        [{"name": "extended", "count": 0}],
        len(objects),
        PredictionSet.State.CURRENT,
    )
    scores.published = timezone.now()
    scores.save()
    declared = set_table(scores)
    create_table(declared)
    n = len(objects)
    p = np.round(np.linspace(0, 1, n), 2).astype(np.float32)
    outputs = {c.name: np.zeros(n, np.float32) if c.is_number else ["S"] * n for c in version.output_table.columns}
    outputs |= {c.name: spiral(n) for c in version.output_table.columns if c.shape}
    keys = {"object_id": [o[0] for o in objects], "revision": [1] * n, "survey_id": [survey.pk] * n}
    values = keys | outputs | {"p_s": p}
    columns = {c.name: pa.array(values[c.name]).cast(c.arrow_type) for c in declared.table.columns}
    copy_in(declared.table, pa.table(columns))
    create_nearest_indexes(declared)
    return scores
