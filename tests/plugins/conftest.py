"""What the tests of the built-in plugin share."""

import pytest

from almagest.contract import Sample
from almagest.contract.checks.simulation import simulated_rows
from dwarf_galaxies import explain
from dwarf_galaxies.plugin import plugin


@pytest.fixture
def one_shuffling(monkeypatch) -> None:
    """Each feature is shuffled once for its importance: most of a small training is that, and `test_explain` has more."""
    monkeypatch.setattr(explain, "REPEATS", 1)


@pytest.fixture(scope="session")
def sample() -> Sample:
    """A simulated sample of all seven classes, split by group."""
    return Sample(simulated_rows(plugin, 600), plugin.labelling.classes, "S", 7, "", {})
