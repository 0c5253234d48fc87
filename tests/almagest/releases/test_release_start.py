"""What is released: of which rows and columns, by whom, and what is refused before anything is made."""

import pytest
from django.core.management import call_command

from almagest.accounts.errors import NotAllowed
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.selectors import edition_get
from almagest.contract import AlmagestError
from almagest.core.files import stored_path
from almagest.core.listings import ListingError
from almagest.core.tables import drop_table
from almagest.releases.errors import ReleaseError
from almagest.releases.models import Release
from almagest.releases.services import release_start
from almagest.releases.words import parse_creator, written
from almagest.runs.models import Run
from tests.almagest.given.releases import work_on

from .lives import PTOLEMY


def test_only_the_catalogs_owner_and_the_staff_release_it(published, people):
    edition = published(owner=people.owner)
    with pytest.raises(NotAllowed, match="only the owner of dwarfs"):
        release_start(edition=edition, owner=people.other)
    assert release_start(edition=edition, owner=people.staff).told.creators[0].name == "staff"


def test_one_draft_at_a_time(drafted):
    drafted()
    with pytest.raises(ReleaseError, match="publish or discard it before the next"):
        drafted()


def test_a_release_holds_the_columns_and_rows_that_were_asked_for(drafted):
    release = work_on(drafted(columns="p_s,r", filters={"p_s__min": "0.9"}, formats=["csv"]))
    assert release.table.names == ["object_id", "survey", "source_id", "ra", "dec", "healpix", "p_s", "r"]
    assert release.formats == ["parquet", "csv"]
    lines = stored_path(f"{release.folder}/dwarfs-v1.csv").read_text().splitlines()
    assert len(lines) - 1 == release.rows < release.edition.rows
    assert min(float(line.split(",")[6]) for line in lines[1:]) >= 0.9
    assert "p_s__min = 0.9" in release.told.selection


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"columns": "mass"}, "there is no mass"),
        ({"filters": {"p_x__min": "0"}}, "cannot be filtered by p_x__min"),
        ({"filters": {"p_s__min": "high"}}, "not a number"),
        ({"formats": ["hdf5"]}, "no format hdf5"),
        ({"title": "two\nlines"}, "title"),
        ({"licence": ""}, "licence"),
        ({"doi": "https://doi.org/10.5281/zenodo.1"}, "without an address"),
        ({"doi": "zenodo.1"}, "DOI"),
        ({"description": "x" * 20_001}, "description"),
        ({"known_issues": ["\0"]}, "known issues"),
        ({"creators": [PTOLEMY] * 501}, "501 creators"),
    ],
)  # fmt: skip
def test_what_cannot_be_released_is_refused_before_anything_is_made(drafted, given, words):
    with pytest.raises((ReleaseError, ListingError), match=words):
        drafted(**given)
    assert not Release.objects.exists() and not Run.objects.filter(kind="release").exists()


def test_a_release_without_creators_is_refused(published):
    with pytest.raises(ReleaseError, match="without creators"):
        release_start(edition=published())


@pytest.mark.parametrize(
    ("text", "name", "person"),
    [
        ("Ptolemy, Claudius", "Claudius Ptolemy", True),
        ("Payne, Cecilia; 0000-0002-1825-0097; Harvard; Radcliffe", "Cecilia Payne", True),
        ("The Survey Team; ROE", "The Survey Team", False),
        ("Li, ; https://orcid.org/0000-0002-1694-233X", "Li", True),
    ],
)
def test_creators_are_read_and_written_alike(text, name, person):
    creator = parse_creator(text)
    assert (creator.name, creator.is_person) == (name, person)
    assert parse_creator(written(creator)).name == name
    assert parse_creator(written(creator)).orcid == creator.orcid


@pytest.mark.parametrize(("text", "words"), [(" ; x", "has no name"), ("A, B; 0000-0002-1825-0098", "is no ORCID")])
def test_creators_that_are_none_are_refused(text, words):
    with pytest.raises(ReleaseError, match=words):
        parse_creator(text)


def test_an_earlier_revision_can_be_released_while_its_rows_are_kept(published, drafted):
    first = published(threshold=0.5)
    assert published(threshold=0.9).rows < first.rows
    release = work_on(drafted(edition=edition_get(user=None, slug="dwarfs", revision=1)))
    assert (release.rows, release.told.catalog_revision) == (first.rows, 1)
    with pytest.raises(CatalogError, match="has no revision 3"):
        edition_get(user=None, slug="dwarfs", revision=3)
    drop_table(first.table_name)
    with pytest.raises(CatalogError, match="rows of dwarfs revision 1 are not kept any more"):
        edition_get(user=None, slug="dwarfs", revision=1)


def test_commands_say_what_is_wrong(released, capsys):
    released()
    for command, words in {
        ("publish_release", "dwarfs", "v1"): "only a checked release is published",
        ("publish_release", "dwarfs", "v7"): "there is v1",
        ("retract_release", "dwarfs", "latest", "--reason=x"): "there is no release 'latest'",
        ("retract_release", "dwarfs", "v1", "--reason= "): "say why",
        ("release", "dwarfs", "--creator=;"): "has no name",
        ("release", "sdss", "--creator=Ptolemy"): "no published catalog",
        ("release", "dwarfs", "--creator=Ptolemy", "--filter=p_s"): "cannot be filtered",
    }.items():
        with pytest.raises(AlmagestError, match=words):
            call_command(*command)
    call_command("retract_release", "dwarfs", "v1", "--reason=wrong")
    assert capsys.readouterr().out == "dwarfs v1 is retracted: wrong\n"
