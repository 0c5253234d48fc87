"""A catalog of the owner's, asked as often as a test needs."""

import pytest

from almagest.catalogs.models import Catalog


@pytest.fixture(autouse=True)
def unhurried(settings):
    """As many requests as a test needs."""
    settings.API_RATES = {"anonymous": "1000000/s", "person": "1000000/s"}


@pytest.fixture
def catalog(published, people, settings, tmp_path) -> Catalog:
    """A catalog of the owner's, not released yet."""
    settings.ALMAGEST_HOME = tmp_path
    return published(owner=people.owner, threshold=0.5).catalog
