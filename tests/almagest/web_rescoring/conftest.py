"""A catalog whose survey was measured anew, and its history."""

from types import SimpleNamespace

import pytest

from tests.almagest.rescoring_passes import rescored


@pytest.fixture
def history(begun) -> SimpleNamespace:
    """The same, brought up to date by `one`."""
    return SimpleNamespace(first=begun, one=rescored(begun))
