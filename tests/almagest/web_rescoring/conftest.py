"""A catalog whose survey was measured anew, and its history."""

from types import SimpleNamespace

import pytest

from almagest.catalogs.models import Edition
from tests.almagest.rescoring_passes import measure_anew, rescored


@pytest.fixture
def begun(published, people, simulated_files, tmp_path) -> Edition:
    """A catalog of the owner's; some of its survey's galaxies were measured anew since."""
    edition = published(owner=people.owner, threshold=0.5)
    measure_anew(tmp_path, simulated_files)
    return edition


@pytest.fixture
def history(begun) -> SimpleNamespace:
    """The same, brought up to date by `one`."""
    return SimpleNamespace(first=begun, one=rescored(begun))
