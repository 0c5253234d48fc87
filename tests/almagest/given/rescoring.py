"""A catalog that is behind its survey."""

import pytest

from almagest.catalogs.models import Edition
from tests.almagest.rescoring_passes import measure_anew


@pytest.fixture
def begun(published, people, simulated_files, tmp_path) -> Edition:
    """A catalog of the owner's; some of its survey's galaxies were measured anew since."""
    edition = published(owner=people.owner, threshold=0.5)
    measure_anew(tmp_path, simulated_files)
    return edition
