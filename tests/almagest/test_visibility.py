"""What a reader sees of private things: nothing, on no page, in no list, by no chain; and what is made of them inherits it."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.urls import reverse

from almagest.accounts.errors import NotAllowed
from almagest.accounts.services import visibility_change
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.selectors import catalog_get, edition_list
from almagest.catalogs.services import catalog_publish_start
from almagest.contract import ConfusionMatrix, Metric, Result
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.selectors import current_sets, object_predictions, whole_sets
from almagest.predictions.services import scoring_start
from almagest.predictions.verification.services import verification_start
from almagest.registry.comparisons import comparison_start
from almagest.registry.models import ModelVersion
from almagest.registry.selectors import comparison_list, version_get, version_list
from almagest.registry.training import training_start
from almagest.runs.models import Run
from almagest.runs.selectors import run_list
from almagest.samples.models import Sample
from almagest.samples.selectors import sample_list
from almagest.samples.services import sample_start
from almagest.sky.errors import SurveyError
from almagest.sky.models import Survey
from almagest.sky.selectors import object_counterparts, object_history
from almagest.sky.services import cross_match_make, ingest_file

pytestmark = pytest.mark.django_db
SURVEY, OTHER = "sdss-dr14-simulated", "evcc-simulated"
MODEL = "/models/dwarf_galaxies/forest/1/"
EVERYWHERE = [
    "/",
    "/catalogs/",
    "/surveys/",
    "/runs/",
    "/plugins/dwarf_galaxies/",
    "/search/?q=187.7+12.4&radius_arcsec=36000",
]


@pytest.fixture
def edition(published, people) -> Edition:
    """A published catalog; everything in its chain is the owner's and public."""
    found = published(owner=people.owner)
    for model in (Survey, Sample, ModelVersion, Catalog, Run):
        model.objects.update(owner=people.owner)
    return found


@pytest.fixture
def both(edition, people, simulated_files) -> PredictionSet:
    """The current scores are said to be of two surveys."""
    ingest_file(survey=OTHER, path=simulated_files / "evcc.fits", user=people.owner)
    edition.prediction_set.surveys = [SURVEY, OTHER]
    edition.prediction_set.save()
    return edition.prediction_set


def give(thing, owner, visibility: str, group=None) -> None:
    """Make it somebody's, and as visible as that."""
    type(thing).objects.filter(pk=thing.pk).update(owner=owner, visibility=visibility, group=group)
    thing.refresh_from_db()


def hide(people, thing, visibility: str = "private") -> None:
    """The owner shows it to nobody else any more, or to the group."""
    people.owner.groups.add(people.group)
    visibility_change(user=people.owner, thing=thing, visibility=visibility, group_name=people.group.name)


def survey_of(slug: str = SURVEY) -> Survey:
    return Survey.objects.get(slug=slug)


def of(thing) -> tuple[str, str]:
    """Visibility and group, as they are in the database."""
    thing.refresh_from_db()
    return thing.visibility, thing.group.name if thing.group else ""


def objects(survey: str) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.source_id FROM objects o JOIN sky_survey s ON s.id = o.survey_id WHERE slug = %s ORDER BY o.id",
            [survey],
        )
        return cursor.fetchall()


def page(client, person, address: str) -> SimpleNamespace:
    """A page as a person sees it."""
    client.logout()
    if person.is_authenticated:
        client.force_login(person)
    response = client.get(address)
    text = response.getvalue().decode() if response.streaming else response.content.decode()
    return SimpleNamespace(status=response.status_code, text=text)


# Chains: what names a hidden thing is hidden ---------------------------------------------------------------------------


def test_a_hidden_survey_is_named_on_no_page(client, edition, people):
    words = (SURVEY, survey_of().name, "/catalogs/dwarfs/", "/samples/tiny/", "Publish Dwarfs")
    before = "".join(page(client, people.reader, address).text for address in [*EVERYWHERE, MODEL])
    assert all(word in before for word in words)
    hide(people, survey_of())
    for person in (people.anonymous, people.reader, people.other, people.member):
        for address in [*EVERYWHERE, MODEL]:
            answer = page(client, person, address)
            assert answer.status == 200
            assert not [word for word in words if word in answer.text], (person, address)
    after = page(client, people.owner, "/").text + page(client, people.owner, MODEL).text
    assert (
        all(word in after for word in words if word != words[1])
        and words[1] in page(client, people.owner, "/surveys/").text
    )


def test_what_rests_on_a_hidden_survey_has_no_page(client, edition, people):
    number, source_id = objects(SURVEY)[0]
    addresses = [
        f"/surveys/{SURVEY}/", "/samples/tiny/", "/catalogs/dwarfs/", "/catalogs/dwarfs/?format=csv",
        reverse("object", args=[SURVEY, source_id]), f"/runs/{edition.run.pk}/",
    ]  # fmt: skip
    assert {page(client, people.reader, address).status for address in addresses} == {200}
    hide(people, survey_of(), "group")
    for person, status in ((people.reader, 404), (people.anonymous, 404), (people.member, 200), (people.owner, 200)):
        assert {page(client, person, address).status for address in addresses} == {status}, person
    assert page(client, people.reader, f"/search/?q={number}").status == 400
    assert page(client, people.member, f"/search/?q={number}").status == 302


@pytest.mark.parametrize("link", ["catalog", "version", "survey"])
def test_a_catalog_is_visible_where_each_of_its_links_is(edition, people, link):
    thing = {"catalog": edition.catalog, "version": edition.version, "survey": survey_of()}[link]
    assert catalog_get(user=None, slug="dwarfs") == edition
    give(thing, people.owner, "group", people.group)
    for person in (None, people.anonymous, people.reader, people.other):
        assert not edition_list(user=person).exists()
        with pytest.raises(CatalogError, match="there is no published catalog 'dwarfs'"):
            catalog_get(user=person, slug="dwarfs")
    for person in (people.owner, people.member, people.staff):
        assert catalog_get(user=person, slug="dwarfs") == edition


def test_links_that_are_hidden_one_by_one_add_up(edition, people):
    """Who sees the catalog and the version by different rights sees the edition; who lacks one does not."""
    give(edition.catalog, people.other, "private")
    give(edition.version, people.owner, "group", people.group)
    for person in (people.other, people.owner, people.member):
        assert not edition_list(user=person).exists()
    people.other.groups.add(people.group)
    assert edition_list(user=people.other).get() == edition


def test_samples_and_comparisons_go_with_their_surveys(toys, people, survey_file):
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample)
    ingest_file(survey="evcc", path=survey_file("evcc", [10.0], [5.0], id_evcc=["0001"]))
    assert sample_list(user=None).exists() and comparison_list(user=None).get() == comparison
    give(survey_of("evcc"), people.owner, "private")
    for person in (None, people.reader, people.member):
        assert not sample_list(user=person).exists() and not comparison_list(user=person).exists()
    for person in (people.owner, people.staff):
        assert sample_list(user=person).exists() and comparison_list(user=person).exists()


def test_an_objects_neighbours_scores_and_past_are_hidden_with_it(edition, people, simulated_files):
    ingest_file(survey=OTHER, path=simulated_files / "evcc.fits")
    cross_match_make(survey_a=SURVEY, survey_b=OTHER, radius_arcsec=3000)
    asked = [lambda user, it: object_counterparts(user=user, object_id=it), lambda user, it: object_history(user=user, object_id=it),
             lambda user, it: object_predictions(user=user, object_id=it, revision=1)]  # fmt: skip
    linked = next(it for it, _ in objects(SURVEY) if object_counterparts(user=None, object_id=it))
    counterpart = object_counterparts(user=None, object_id=linked)[0]
    hide(people, survey_of())
    for ask in asked:
        ask(people.owner, linked)
        for person in (None, people.reader, people.member):
            with pytest.raises(SurveyError, match=f"there is no object {linked}"):
                ask(person, linked)
    found = object_counterparts(user=None, object_id=counterpart.object_id)
    assert not [it for it in found if it.survey.slug == SURVEY]
    assert [
        it for it in object_counterparts(user=people.owner, object_id=counterpart.object_id) if it.object_id == linked
    ]


# Numbers of a whole in which something is hidden -------------------------------------------------------------------------


def test_totals_count_no_hidden_survey(client, both, people):
    scored = f"<b>{both.rows:,}</b><span>predictions</span>"
    assert scored in page(client, people.reader, "/").text
    hide(people, survey_of(OTHER))
    assert "<b>0</b><span>predictions</span>" in page(client, people.reader, "/").text
    assert scored in page(client, people.owner, "/").text
    assert current_sets(user=people.reader).get() == both, "scores of the other survey's objects stay"
    assert not whole_sets(user=people.reader).exists() and whole_sets(user=people.owner).get() == both


def test_the_model_page_tells_no_number_of_a_hidden_survey(client, both, people):
    version = both.version
    matrices = [
        ConfusionMatrix(name, ("S", "NM"), ((cell, 0), (0, 1))) for name, cell in ((SURVEY, 4321), (OTHER, 8765))
    ]
    metrics = [Metric("precision", group, 0.5, 0.1, 0.9, 111, 222) for group in (SURVEY, OTHER, "all")]
    report = Result(tuple(metrics), tuple(matrices)).to_json()
    version.metrics, version.figures = report["metrics"], report["figures"]
    version.save()
    hide(people, survey_of(OTHER))
    rows = f"{both.rows:,} objects"
    seen, hidden = page(client, people.owner, MODEL).text, page(client, people.reader, MODEL).text
    assert all(word in seen for word in (OTHER, "4321", "8765", rows))
    assert "4321" in hidden and not [word for word in (OTHER, "8765", rows) if word in hidden]


def test_a_hidden_sample_or_comparison_is_named_by_no_version(client, toys, people):
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample)
    toys.train(toys.claimed(comparison.run, "classical"))
    addresses = ["/plugins/toys/", "/models/toys/tree/1/"]
    link = f"/comparisons/{comparison.pk}/"
    for address in addresses:
        assert "/samples/toybox/" in page(client, people.reader, address).text
        assert link in page(client, people.reader, address).text
    give(toys.sample, people.owner, "private")
    for address in addresses:
        assert "toybox" not in page(client, people.reader, address).text
        assert link not in page(client, people.reader, address).text
        assert link in page(client, people.owner, address).text
    give(toys.sample, people.owner, "public")
    give(comparison, people.owner, "private")
    for address in (*addresses, "/samples/toybox/"):
        assert link not in page(client, people.reader, address).text
    give(comparison, people.owner, "public")
    give(comparison.run, people.owner, "private")
    run = f"/runs/{comparison.run_id}/"
    for address in (link, "/models/toys/tree/1/"):
        assert run not in page(client, people.reader, address).text and run in page(client, people.owner, address).text


def test_programs_are_told_no_more_than_pages_tell(client, both, people):
    hide(people, survey_of(OTHER))
    give(both.version.sample, people.owner, "private")
    model = "/api/v1/models/dwarf_galaxies/forest/1/"
    addresses = [
        model,
        "/api/v1/models/?format=json",
        f"{model}predictions/?format=votable",
        "/api/v1/surveys/?format=json",
    ]
    seen = "".join(page(client, people.owner, address).text for address in addresses)
    assert OTHER in seen and "tiny" in seen and f'"rows": {both.rows}' in seen
    for address in addresses:
        answer = page(client, people.reader, address)
        assert answer.status == 200
        assert not [word for word in (OTHER, "tiny", f'"rows": {both.rows}') if word in answer.text], address


# Runs --------------------------------------------------------------------------------------------------------------------


def test_a_run_names_nothing_to_those_who_may_not_see_it(client, toys, people):
    """The run's page stays; what it made is hidden one by one."""
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample, owner=people.owner)
    toys.train(toys.claimed(comparison.run, "classical"))
    address, made = f"/runs/{comparison.run_id}/", "toys/tree v1"
    assert made in page(client, people.reader, address).text
    give(version_get(user=None, plugin="toys", method="tree"), people.owner, "private")
    assert made not in page(client, people.reader, address).text
    assert made in page(client, people.owner, address).text


@pytest.mark.parametrize("thing", ["survey", "sample", "version", "catalog"])
def test_what_becomes_hidden_takes_its_runs_along(edition, people, thing):
    version = edition.version
    runs = {
        "train": training_start(method=version.method, sample=version.sample, parameters={}),
        "score": scoring_start(version=version, surveys=[SURVEY]),
        "publish": edition.run,
        "freeze": sample_start(name="more", plugin="dwarf_galaxies", method="forest", surveys=[SURVEY]),
        "unrelated": Run.objects.create(
            kind="toy", title="Unrelated", parameters={"surveys": [OTHER], "sample": "tin"}
        ),
    }
    expected = {
        "survey": {"train", "score", "publish", "freeze"}, "sample": {"train"}, "version": {"score", "publish"},
        "catalog": {"publish"},
    }  # fmt: skip
    it = {"survey": survey_of(), "sample": version.sample, "version": version, "catalog": edition.catalog}[thing]
    hide(people, it, "group")
    hidden = {name for name, run in runs.items() if run not in run_list(user=people.reader)}
    assert hidden == expected[thing]
    assert all(of(runs[name]) == ("group", "dwarfs") for name in hidden)
    visibility_change(user=people.owner, thing=it, visibility="private")
    assert all(of(runs[name]) == ("private", "") for name in hidden)
    visibility_change(user=people.owner, thing=it, visibility="public")
    assert all(of(runs[name]) == ("private", "") for name in hidden), "a run may name more than this thing"


# What is made of private things ------------------------------------------------------------------------------------------


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
