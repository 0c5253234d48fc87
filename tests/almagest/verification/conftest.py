"""Surveys at hand-made positions, labelled and scored by hand."""

import sys
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from django.db import connection

from almagest.contract import (
    write_sample,
)
from almagest.contract.sample import KEY_COLUMNS
from almagest.core.copy import copy_in
from almagest.core.files import store_folder
from almagest.core.tables import create_table
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import set_table
from almagest.registry.models import Method as MethodRow
from almagest.registry.models import ModelVersion, Plugin
from almagest.samples.models import Sample
from almagest.sky.services import ingest_file

from .skies import ARCSEC, LABELLING, METHOD


def _class(z: float | None, word: str | None) -> tuple[str | None, str | None]:
    if word != "GALAXY":
        return None, "no galaxy"
    if z is None:
        return None, "no redshift"
    return ("S" if z < 0.02 else "M" if z < 0.1 else "F"), None


@pytest.fixture
def labelled(monkeypatch) -> list[pa.Table]:
    """What the labelling was given, call by call: S below a redshift of 0.02, M below 0.1, F above; galaxies only."""
    given = []

    def classify(rows: pa.Table) -> pa.Table:
        given.append(rows)
        both = zip(rows["redshift"].to_pylist(), rows["spec_class"].to_pylist(), strict=True)
        found = [_class(z, word) for z, word in both]
        return pa.table({name: pa.array([row[i] for row in found], pa.string()) for i, name in enumerate(("label", "reason"))})  # fmt: skip

    monkeypatch.setitem(sys.modules, "toy_labels", SimpleNamespace(classify=classify))
    return given


def _sample(train, test, folder) -> Sample:
    ids = [*train, *test]
    values = {
        "object_id": ids, "revision": [1] * len(ids), "survey": ["sdss-dr14"] * len(ids), "group_id": ids,
        "source_id": [str(n) for n in ids], "split": ["train"] * len(train) + ["test"] * len(test), "label": ["S"] * len(ids),
    }  # fmt: skip
    rows = pa.table({field.name: pa.array(values[field.name], field.type) for field in KEY_COLUMNS})
    name = f"sample-{Sample.objects.count()}"
    checksum = write_sample(folder / name, rows, classes=("S", "M", "F"), signal="S", seed=1, definition={})
    key, _ = store_folder(folder / name, "samples")
    return Sample.objects.create(
        name=name, plugin_name="toys", method_name="toy", definition={"surveys": ["sdss-dr14"]}, ingest_id=1, cross_match_id=0,
        checksum=checksum, folder=key, rows=len(ids),
    )  # fmt: skip


def _scores(version: ModelVersion, scores: dict[int, tuple], surveys) -> PredictionSet:
    made = PredictionSet.objects.create(
        version=version, ingest_id=9, surveys=list(surveys), state="current", rows=len(scores)
    )
    declared = set_table(made)
    create_table(declared)
    values = {"object_id": list(scores), "revision": [1] * len(scores), "survey_id": [1] * len(scores),
              "p_s": [score for _, score in scores.values()], "predicted_class": [word for word, _ in scores.values()]}  # fmt: skip
    columns = declared.table.columns
    copy_in(declared.table, pa.table({c.name: pa.array(values[c.name], c.arrow_type) for c in columns}))
    return made


@pytest.fixture
def sky(cloned_database, file_store, survey_file, labelled):
    """Functions that make surveys and a scored version: ``sky.survey(slug, ra, dec, …)``, ``sky.version({name: class})``."""
    plugin = Plugin.objects.create(
        name="toys", title="Toys", version="1", code_version="1", summary="", paper={}, readme="", classes=["S", "M", "F"],
        signal="S", label_inputs=LABELLING.inputs.to_json(),
    )  # fmt: skip
    row = MethodRow.objects.create(
        plugin=plugin, name="toy", title="Toy", description="", runtime="classical", inputs=METHOD.inputs.to_json(),
        cut_inputs=METHOD.cut_inputs.to_json(), outputs=METHOD.outputs.to_json(), cuts=[], parameters=[], rank_by="p_s",
    )  # fmt: skip

    def survey(slug: str, ra, dec, **given) -> list[int]:
        """Ids of the objects, in the order of the positions."""
        if slug.startswith("sdss"):
            given = {"spec_class": ["GALAXY"] * len(ra), "redshift": [0.5] * len(ra)} | given
        ingest_file(survey=slug, path=survey_file(slug, ra, dec, name=f"{slug}.csv", **given))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT o.id FROM objects o JOIN sky_survey s ON s.id = o.survey_id WHERE slug = %s ORDER BY ra, o.id",
                [slug],
            )
            ids = [found[0] for found in cursor.fetchall()]
        return [ids[i] for i in np.argsort(np.argsort(ra, kind="stable"), kind="stable")]

    def version(scores: dict[int, tuple], train=(), test=(), *, surveys=("sdss-dr14",), outputs=METHOD.outputs):
        """A version with current scores ``{object: (class, score)}``, that has learned from the objects of `train`."""
        made = ModelVersion.objects.create(
            method=row, number=1 + ModelVersion.objects.count(), sample=_sample(train, test, file_store.parent), plugin_version="1",
            code_version="1", parameters={}, seed=1, metrics=[], figures=[], weights_sha256="a" * 64, folder="none",
            outputs=outputs.to_json(),
        )  # fmt: skip
        if scores is not None:
            _scores(made, scores, surveys)
        return made

    return SimpleNamespace(survey=survey, version=version)


@pytest.fixture
def nine(sky):
    """Nine labelled objects: hit, miss, false alarm, right other, learned from, no redshift, star, not scored, alone."""
    ra, dec = 150 + 0.1 * np.arange(9), np.full(9, 10.0)
    redshift = [0.01, 0.01, 0.5, 0.5, 0.05, None, 0.01, 0.01, 0.01]
    catalog = sky.survey("sami-dr3", ra, dec, z_spec=redshift)
    words = ["GALAXY"] * 6 + ["STAR", "GALAXY"]
    objects = sky.survey("sdss-dr14", ra[:8], dec[:8] + 0.5 * ARCSEC, spec_class=words)
    said = [("S", 0.9), ("F", 0.1), ("S", 0.8), ("F", 0.2), ("M", 0.3), ("S", 0.7), ("F", 0.05), (None, None)]
    scores = dict(zip(objects, said, strict=True))
    return SimpleNamespace(
        catalog=catalog, objects=objects, version=sky.version(scores, train=[objects[4]], test=[objects[0]])
    )
