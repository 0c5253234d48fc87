"""What is made of private things is as narrow as they are."""

import pytest

from almagest.accounts.errors import NotAllowed
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.services import catalog_publish_start
from almagest.predictions.models import Verification
from almagest.predictions.services import scoring_start
from almagest.predictions.verification.services import verification_start
from almagest.registry.comparisons import comparison_start
from almagest.registry.models import ModelVersion
from almagest.registry.selectors import version_list
from almagest.registry.training import training_start
from almagest.runs.selectors import run_list
from almagest.samples.models import Sample
from almagest.samples.services import sample_start
from almagest.sky.errors import SurveyError
from almagest.sky.services import ingest_file

from .readers import OTHER, SURVEY, give, hide, of, survey_of

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["private", "group"])
def narrow(request, people):
    """A function that makes a thing the owner's and private, or the group's; it gives what must be inherited."""

    def make(thing) -> tuple[str, str]:
        give(thing, people.owner, request.param, people.group if request.param == "group" else None)
        return request.param, "dwarfs" if request.param == "group" else ""

    return make


def test_a_sample_is_as_narrow_as_its_surveys(edition, people, narrow):
    expected = narrow(survey_of())
    asked = {"plugin": "dwarf_galaxies", "method": "forest", "surveys": [SURVEY]}
    with pytest.raises(SurveyError, match="there is no survey"):
        sample_start(name="none", owner=people.other, **asked)
    run = sample_start(name="ours", owner=people.owner, **asked)
    sample = Sample.objects.get(name="ours")
    assert of(sample) == of(run) == expected
    assert (sample.owner, run.owner) == (people.owner, people.owner)
    assert run.parameters["surveys"] == [SURVEY] and run.parameters["sample"] == "ours"


def test_a_version_and_a_comparison_are_as_narrow_as_their_sample(toys, people, narrow):
    expected = narrow(toys.sample)
    run = training_start(
        method=toys.row.methods.get(name="tree"), sample=toys.sample, parameters={}, owner=people.owner
    )
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample, owner=people.owner)
    for claim in (toys.claimed(run, "classical"), toys.claimed(comparison.run, "keras")):
        toys.train(claim)
    versions = list(ModelVersion.objects.filter(sample=toys.sample))
    assert len(versions) == 2
    assert {of(it) for it in (run, comparison, comparison.run, *versions)} == {expected}
    assert {it.owner for it in versions} == {people.owner}
    assert not version_list(user=people.reader).exists()


def test_a_version_is_as_narrow_as_the_surveys_of_its_sample(toys, people, narrow, survey_file):
    """Also where the sample says that it is everybody's."""
    ingest_file(survey="evcc", path=survey_file("evcc", [10.0], [5.0], id_evcc=["0001"]))
    expected = narrow(survey_of("evcc"))
    run = training_start(
        method=toys.row.methods.get(name="tree"), sample=toys.sample, parameters={}, owner=people.owner
    )
    assert of(run) == expected


def test_what_was_narrowed_while_a_training_went_on_counts(toys, people):
    run = training_start(
        method=toys.row.methods.get(name="tree"), sample=toys.sample, parameters={}, owner=people.owner
    )
    give(toys.sample, people.owner, "private")
    toys.train(toys.claimed(run, "classical"))
    assert of(ModelVersion.objects.get(run=run)) == ("private", "")


@pytest.mark.parametrize("link", ["version", "survey"])
def test_scoring_publishing_and_verifying_are_as_narrow_as_their_links(edition, people, narrow, link, simulated_files):
    ingest_file(survey=OTHER, path=simulated_files / "evcc.fits")
    version = edition.version
    expected = narrow({"version": version, "survey": survey_of()}[link])
    version.refresh_from_db()
    runs = [
        scoring_start(version=version, surveys=[SURVEY], owner=people.owner),
        catalog_publish_start(slug="more", version=version, threshold=0.5, owner=people.owner),
        catalog_publish_start(slug="dwarfs", version=version, threshold=0.5, owner=people.owner),
        verification_start(version=version, survey=OTHER, radius_arcsec=2, owner=people.owner),
    ]
    made = [Catalog.objects.get(slug="more"), Verification.objects.get()]
    assert {of(it) for it in (*runs, *made)} == {expected}
    assert of(Catalog.objects.get(slug="dwarfs")) == ("public", ""), "what there was stays; its edition is hidden"
    assert not [run for run in runs if run in run_list(user=people.reader)]


def test_a_public_versions_scores_do_not_come_to_rest_on_a_private_survey(both, people):
    """What is not asked for by name is scored only where everybody sees it who sees the version."""
    version = both.version
    give(survey_of(OTHER), people.owner, "private")
    for person in (people.owner, people.staff, None):
        assert scoring_start(version=version, owner=person).parameters["surveys"] == [SURVEY]
    asked = scoring_start(version=version, surveys=[OTHER, SURVEY], owner=people.owner)
    assert (sorted(asked.parameters["surveys"]), of(asked)) == ([OTHER, SURVEY], ("private", ""))
    give(version, people.owner, "private")
    assert scoring_start(version=version, owner=people.owner).parameters["surveys"] == [OTHER, SURVEY]


def test_scores_of_a_hidden_survey_are_published_by_nobody_who_does_not_see_it(both, people):
    hide(people, survey_of(OTHER), "group")
    for person in (None, people.reader, people.other):
        with pytest.raises(CatalogError, match=r"are of 1 survey\(s\) that you may not see"):
            catalog_publish_start(slug="more", version=both.version, threshold=0.5, owner=person)
    run = catalog_publish_start(slug="more", version=both.version, threshold=0.5, owner=people.member)
    assert of(run) == of(Catalog.objects.get(slug="more")) == ("group", "dwarfs")


def test_nobody_publishes_over_anothers_catalog(edition, people):
    with pytest.raises(NotAllowed, match="a catalog 'dwarfs' exists; only its owner and the staff"):
        catalog_publish_start(slug="dwarfs", version=edition.version, threshold=0.9, owner=people.other)
    assert Edition.objects.count() == 1
    for person in (people.owner, people.staff, None):
        catalog_publish_start(slug="dwarfs", version=edition.version, threshold=0.9, owner=person)
