"""A published catalog of the owner's, all of it public."""

import pytest

from almagest.catalogs.models import Catalog, Edition
from almagest.predictions.models import PredictionSet
from almagest.registry.models import ModelVersion
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file

from .readers import OTHER, SURVEY


@pytest.fixture
def edition(published, people) -> Edition:
    """A published catalog; everything in its chain is the owner's and public."""
    found = published(owner=people.owner)
    for model in (Survey, Sample, ModelVersion, Catalog, Run):
        model.objects.update(owner=people.owner)
    return found


@pytest.fixture
def both(edition, people, simulated_files) -> PredictionSet:
    """The current scores are said to be of two surveys."""
    ingest_file(survey=OTHER, path=simulated_files / "evcc.fits", user=people.owner)
    edition.prediction_set.surveys = [SURVEY, OTHER]
    edition.prediction_set.save()
    return edition.prediction_set
