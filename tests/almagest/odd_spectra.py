"""A published catalog of a method that takes spectra, with a spectrum of each candidate."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from django.db import transaction
from django.utils import timezone

from almagest.accounts.models import User
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get
from almagest.catalogs.services import catalog_publish_start, edition_publish
from almagest.contract import write_sample
from almagest.contract.sample import KEY_COLUMNS
from almagest.core.copy import copy_in
from almagest.core.files import store_folder
from almagest.core.tables import create_table
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import set_table
from almagest.registry.models import ModelVersion, Plugin
from almagest.sky.models import Survey
from almagest.sky.selectors import object_get
from almagest.spectra.services import ingest_spectra

from .reconstructing import toy, version
from .spectra_files import WAVELENGTH, write_table

# Fixtures that are taken from beside.
__all__ = ["odd", "toy", "version"]
SURVEY, COUNT, TAGS = "sdss-spectra", 30, ["merger", "blend", "star"]


@pytest.fixture
def odd(version, tmp_path, file_store) -> SimpleNamespace:
    """The owner's catalog of `COUNT` candidates, `ids` and `names` of them with the best first, and two people.

    Scores fall from 1 by hundredths; the twelfth is as good as the eleventh, and comes before it.
    """
    found = {name: User.objects.create_user(name, password="payne-1900") for name in ("owner", "reader")}
    names = [f"n{k:02d}" for k in range(COUNT)]
    paths = [write_table(tmp_path, name=name, flux=1 + np.sin(WAVELENGTH / (9 + k))) for k, name in enumerate(names)]
    ingest_spectra(survey=SURVEY, paths=paths)
    ids = [object_get(user=None, survey=SURVEY, source_id=name).id for name in names]
    scores = [1 - (k - (k == 11)) / 100 for k in range(COUNT)]
    Plugin.objects.update(tags=TAGS)
    publish(scored(version, ids, scores), tmp_path, owner=found["owner"])
    edition = catalog_get(user=found["owner"], slug="odd")
    return SimpleNamespace(edition=edition, ids=ids, names=names, version=version, **found)


def scored(version: ModelVersion, ids: list[int], scores: list[float]) -> PredictionSet:
    """Current scores of the version."""
    survey, count = Survey.objects.get(slug=SURVEY), len(ids)
    made = PredictionSet.objects.create(
        version=version, ingest_id=10**6, surveys=[SURVEY], objects_read=count, rows=count, published=timezone.now(),
        state=PredictionSet.State.CURRENT,
    )  # fmt: skip
    declared = set_table(made)
    create_table(declared)
    keys = {"object_id": ids, "revision": [1] * count, "survey_id": [survey.pk] * count, "p_a": scores}
    values = {column.name: keys.get(column.name, [None] * count) for column in declared.table.columns}
    columns = {column.name: pa.array(values[column.name], column.arrow_type) for column in declared.table.columns}
    copy_in(declared.table, pa.table(columns))
    return made


def publish(scores: PredictionSet, folder, **catalog) -> None:
    sample = scores.version.sample
    write_sample(
        folder / "s", KEY_COLUMNS.empty_table(), classes=("A", "B"), signal="A", seed=1, definition=sample.definition
    )
    sample.folder, _ = store_folder(folder / "s", "samples")
    sample.save()
    run = catalog_publish_start(slug="odd", version=scores.version, threshold=0.5, title="Odd spectra", **catalog)
    with transaction.atomic():
        edition_publish(edition=Edition.objects.get(run=run))
