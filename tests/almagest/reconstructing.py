"""A model that reconstructs spectra without learning, and runs of it as a worker does them."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from almagest.contract import Column, SpectralGrid, Table, no_report
from almagest.contract.spectra import arrays_of
from almagest.predictions.reconstruction.services import reconstruction_start
from almagest.registry.models import Method, ModelVersion
from almagest.registry.services import plugin_sync
from almagest.runs.leases import Claim, chunk_claim
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest_workers.handlers import HANDLERS
from dwarf_galaxies.plugin import plugin as dwarf_galaxies
from tests.plugins import spectral_centroids

GRID = SpectralGrid(3700.0, 5.0, 1200)
REDSHIFT = Table("known", "What is known.", (Column("redshift", "float32", "", "src.redshift", "Redshift"),))
METHOD = replace(spectral_centroids.method, name="half", title="Half", implementation="toy_reconstructor", spectra=GRID,
                 inputs=REDSHIFT, cuts=(), cut_inputs=Table("none", "", ()), reconstructs=True)  # fmt: skip
MODEL = "dwarf_galaxies/half"


def reconstruct(model, batch):
    """A part of the flux that is seen; nothing of what is not seen, or whose errors are not known."""
    flux, ivar = arrays_of(batch, GRID)
    return np.where(ivar > 0, model * flux, np.nan).astype(np.float32)


@pytest.fixture
def toy(monkeypatch) -> SimpleNamespace:
    """A method's module, whose model is the number `part`."""
    toy = SimpleNamespace(reconstruct=reconstruct, part=0.5)
    monkeypatch.setitem(sys.modules, "toy_reconstructor", toy)
    monkeypatch.setattr("almagest_workers.handlers.find_method", lambda plugin, name: METHOD)
    monkeypatch.setattr("almagest_workers.handlers.load_model", lambda pk: toy.part)
    return toy


@pytest.fixture
def version(cloned_database, toy) -> ModelVersion:
    """The first version of a method that reconstructs; its weights are not needed."""
    plugin_sync(declaration=replace(dwarf_galaxies, methods=(METHOD, replace(METHOD, name="mute", reconstructs=False))))
    Sample.objects.create(name="tiny", plugin_name="dwarf_galaxies", method_name="half", ingest_id=1, cross_match_id=0,
                          definition={"surveys": ["sdss-spectra"], "seed": 1, "test_fraction": 0.3})  # fmt: skip
    return version_of("half", 1)


def version_of(method: str, number: int, **more) -> ModelVersion:
    sample, row = Sample.objects.get(), Method.objects.get(name=method)
    return ModelVersion.objects.create(
        method=row, number=number, sample=sample, plugin_version="1", code_version="1", parameters={}, seed=1, metrics=[],
        figures=[], outputs=row.outputs, weights_sha256="a" * 64, folder="models/none", **more,
    )  # fmt: skip


def claimed(run: Run) -> Claim | None:
    return chunk_claim(run_id=run.pk, queue="classical", worker="test")


def work(run: Run) -> Run:
    """All chunks of a run, as a worker does them."""
    while claim := claimed(run):
        HANDLERS[claim.kind](claim, no_report)
    run.refresh_from_db()
    return run


def made(version: ModelVersion, *ids: int, user=None) -> Run:
    return work(reconstruction_start(user=user, version=version, object_ids=ids))
