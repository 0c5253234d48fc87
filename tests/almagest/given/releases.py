"""Releases of a catalog, drafted and published, and their runs done as a worker does them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from almagest.catalogs.models import Catalog
from almagest.contract import no_report
from almagest.releases.building import release_build, release_check
from almagest.releases.models import Release
from almagest.releases.services import release_publish, release_start
from almagest.releases.words import parse_creator
from almagest.runs.leases import chunk_claim


def work_on(release: Release) -> Release:
    """Do a release's run, as a worker does: build its files, and check them."""
    for step in (release_build, release_check):
        claim = chunk_claim(run_id=release.run_id, queue="data", worker="test")
        step(claim=claim, release=Release.objects.get(pk=release.pk), report=no_report)
    return Release.objects.get(pk=release.pk)


def drafts_of(release: Release) -> Catalog:
    """A catalog, `drafts`, with releases that stand where this one stood: v1 to be built, v2 checked."""
    catalog = Catalog.objects.create(slug="drafts", title="Drafts", owner=release.owner)
    for number, state in enumerate((Release.State.DRAFT, Release.State.CHECKED), 1):
        values = {field.name: getattr(release, field.name) for field in Release._meta.concrete_fields}
        given = {"id": None, "catalog": catalog, "number": number, "state": state, "run": None, "published": None}
        Release.objects.create(**values | given)
    return catalog


@pytest.fixture
def drafted(published, settings, tmp_path: Path) -> Callable[..., Release]:
    """A function that drafts a release of the current candidates, still to be worked on: ``drafted(owner=somebody)``."""
    settings.ALMAGEST_HOME = tmp_path
    edition = None

    def draft(**given) -> Release:
        nonlocal edition
        edition = given.pop("edition", None) or edition or published(threshold=0.5, owner=given.get("owner"))
        return release_start(edition=edition, **{"creators": (parse_creator("Ptolemy, Claudius"),)} | given)

    return draft


@pytest.fixture
def released(drafted) -> Callable[..., Release]:
    """A function that publishes a release, all of it: ``released(title="Dwarfs")``."""
    return lambda **given: release_publish(user=None, release=work_on(drafted(**given)))
