"""A model version whose method has a latent space, in which the galaxies lie along a spiral."""

from dataclasses import replace

import numpy as np
import pytest

from almagest.contract import Table
from almagest.registry.models import ModelVersion
from tests.plugins.spectral_centroids import LATENTS

SPIRAL = replace(LATENTS, description="Place on the spiral")
# Every seventh galaxy lies nowhere.
NOWHERE = 7


def spiral(n: int) -> list[list[float] | None]:
    """Places of n galaxies, in their order."""
    t = np.linspace(0, 4, n)
    places = np.stack([t * np.cos(t), t * np.sin(t), t], axis=1).astype(np.float32).tolist()
    return [None if k % NOWHERE == 0 else place for k, place in enumerate(places)]


@pytest.fixture
def spacious(version: ModelVersion) -> ModelVersion:
    """The model version, whose method has a latent space now: what is scored with it lies on the spiral."""
    method = version.method
    method.latents, method.outputs = SPIRAL.name, Table.from_json(method.outputs).with_columns(SPIRAL).to_json()
    method.save()
    version.outputs = method.outputs
    version.save()
    return version
