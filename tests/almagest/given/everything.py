"""Everybody there is, and one of each thing that they see."""

from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection
from django.utils import timezone

from almagest.accounts.models import User
from almagest.catalogs.models import Catalog
from almagest.core.copy import copy_in
from almagest.predictions.models import Verification
from almagest.predictions.tables import VERIFICATION_PAIRS
from almagest.predictions.verification.measuring import measured
from almagest.predictions.verification.pairs import SurveyPairs
from almagest.predictions.verification.services import verification_start
from almagest.registry.comparisons import comparison_start
from almagest.registry.models import Comparison, ModelVersion
from almagest.releases.models import Release
from almagest.releases.services import release_publish, release_start
from almagest.releases.words import parse_creator
from almagest.rescoring.policies import policy_create
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file
from almagest.vetting.labels import labels_freeze
from almagest.vetting.models import LabelSet
from almagest.vetting.services import verdict_give
from dwarf_galaxies.plugin import plugin

from .releases import work_on
from .surveys import galaxies


@pytest.fixture
def people(db) -> SimpleNamespace:
    """Everybody there is: `anonymous`, `reader`, `owner`, `other`, `member` of `group`, and one of the `staff`."""
    group = Group.objects.create(name="dwarfs")
    names = ("reader", "owner", "other", "member", "staff")
    found = {name: User.objects.create_user(name, password="payne-1900", is_staff=name == "staff") for name in names}
    found["member"].groups.add(group)
    return SimpleNamespace(**found, anonymous=AnonymousUser(), group=group)


def write_pairs(verification: Verification, catalog: Survey) -> None:
    """Pairs of a verification, one of each kind, and what comes of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM objects WHERE survey_id = %s ORDER BY id LIMIT 3", [catalog.pk])
        labelled = [row[0] for row in cursor.fetchall()]
    values = {
        "verification_id": [verification.pk] * 3, "label_object_id": labelled, "survey": verification.surveys * 3,
        "scored_object_id": [number for number, _ in galaxies()[:3]], "separation_arcsec": [0.25] * 3,
        "label": ["S", "S", "NM"], "reason": [None] * 3, "predicted_class": ["S", "NM", "S"], "score": [0.9, 0.2, 0.7],
        "trained_on": [False] * 3,
    }  # fmt: skip
    table = VERIFICATION_PAIRS.table
    rows = pa.table({c.name: pa.array(values[c.name], c.arrow_type) for c in table.columns})
    copy_in(table, rows)
    pairs = SurveyPairs(verification.surveys[0], rows, 11, [], pa.table({}))
    results = measured([pairs], plugin.labelling, catalog_objects=150, radius_arcsec=30)
    Verification.objects.filter(pk=verification.pk).update(published=timezone.now(), **results)


@pytest.fixture
def everything(
    published, toys, people: SimpleNamespace, simulated_files: Path, settings, tmp_path: Path
) -> SimpleNamespace:
    """One of each thing that people see, all of it public and the owner's.

    Scores, a catalog and its release of a survey, a policy for it, their verification against a second one, a verdict of the owner's and
    labels of it, a sample, and a comparison with its run, which still goes on.
    """
    settings.ALMAGEST_HOME = tmp_path
    catalog = published(owner=people.owner, threshold=0.0)
    other = ingest_file(survey="evcc-simulated", path=simulated_files / "evcc.fits", user=people.owner).survey
    asked = {"version": catalog.version, "survey": other.slug, "radius_arcsec": 30}
    verification = verification_start(**asked, owner=people.owner).verification
    write_pairs(verification, other)
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample, owner=people.owner)
    toys.train(toys.claimed(comparison.run, "classical"))
    drafted = release_start(edition=catalog, creators=(parse_creator("Ptolemy, Claudius"),), formats=["csv"])
    release = release_publish(user=None, release=work_on(drafted))
    objects = galaxies()
    verdict_give(
        user=people.owner, catalog="dwarfs", object_id=objects[0][0], choice="s", tags=["lsb"], comment="a tail"
    )
    labels = labels_freeze(user=people.owner, edition=catalog, name="agreed")
    policy = policy_create(user=people.owner, catalog=catalog.catalog, schedule="every hour")
    for model in (Survey, Sample, ModelVersion, Catalog, Run, Verification, Comparison, Release, LabelSet):
        model.objects.update(owner=people.owner)
    survey = Survey.objects.get(slug="sdss-dr14-simulated")
    things = {"survey": survey, "catalog": catalog.catalog, "sample": catalog.version.sample, "model": catalog.version,
              "run": comparison.run, "comparison": comparison, "verification": verification,
              "release": release, "labels": labels}  # fmt: skip
    for thing in things.values():
        thing.refresh_from_db()
    return SimpleNamespace(**things, things=things, policy=policy, other_survey=other, objects=objects)
