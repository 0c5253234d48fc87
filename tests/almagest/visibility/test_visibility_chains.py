"""What a reader sees of private things: nothing, on no page, in no list, by no chain."""

import pytest
from django.urls import reverse

from almagest.catalogs.errors import CatalogError
from almagest.catalogs.selectors import catalog_get, edition_list
from almagest.predictions.selectors import object_predictions
from almagest.registry.comparisons import comparison_start
from almagest.registry.selectors import comparison_list
from almagest.samples.selectors import sample_list
from almagest.sky.errors import SurveyError
from almagest.sky.selectors import object_counterparts, object_history
from almagest.sky.services import cross_match_make, ingest_file

from .readers import MODEL, OTHER, SURVEY, give, hide, objects, page, survey_of

pytestmark = pytest.mark.django_db
EVERYWHERE = [
    "/",
    "/catalogs/",
    "/surveys/",
    "/runs/",
    "/plugins/dwarf_galaxies/",
    "/search/?q=187.7+12.4&radius_arcsec=36000",
]


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
