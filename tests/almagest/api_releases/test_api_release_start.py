"""Starting a data release by the API: what is asked, by whom, and what is refused by its name."""

import pytest

from almagest.catalogs.models import Catalog
from almagest.releases.content.data import ALL
from almagest.releases.models import Release
from almagest.runs.models import Run
from tests.almagest.given.asking import detail, login, program, sent

from .addresses import BODY, START

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given", "words"),
    [({"title": "x" * 201}, "title: "), ({"title": "two\nlines"}, "title 'two"), ({"description": "x" * 20_001}, "description: "),
     ({"creators": "Ptolemy"}, "creators: "), ({"creators": ["Ptolemy, C; 0000-0002-1825-0098"]}, "creators: creator Ptolemy, C: "),
     ({"creators": ["Mouseion", "; Alexandria"]}, "creators: creator '; Alexandria' has no name"), ({"creators": [{}]}, "creators.0: "),
     ({"licence": ""}, "licence: "), ({"doi": "https://doi.org/10.5281/zenodo.7"}, "DOI "), ({"doi": 7}, "doi: "),
     ({"known_issues": [0]}, "known_issues.0: "), ({"filters": {"p_s__min": 1}}, "filters.p_s__min: "),
     ({"known_issues": "Few."}, "known_issues: "), ({"known_issues": ["x" * 20_000] * 2}, "known issues: "),
     ({"columns": ["nonsense"]}, "columns: there is no nonsense"), ({"columns": "p_s"}, "columns: "),
     ({"filters": {"nonsense__min": "1"}}, "nonsense__min"), ({"filters": {"p_s__min": "high"}}, "p_s__min"),
     ({"filters": ["p_s"]}, "filters: "), ({"formats": ["xlsx"]}, "formats.0: "), ({"with_weights": "perhaps"}, "with_weights: "),
     ({"nonsense": 1}, "there is no parameter nonsense")],
)  # fmt: skip
def test_what_means_nothing_is_refused_by_its_name(catalog, people, given, words):
    assert words in detail(sent(login(people.owner), START, BODY | given))
    assert not Release.objects.exists() and not Run.objects.filter(kind="release").exists()


def test_what_is_left_out_is_the_catalogs_and_the_persons(catalog, people):
    people.owner.first_name, people.owner.last_name = "Cecilia", "Payne"
    people.owner.save()
    assert sent(login(people.owner), START).status_code == 202
    release = Release.objects.get()
    assert (release.told.title, release.told.creators[0].family, release.formats) == ("Dwarfs", "Payne", list(ALL))
    assert "is a draft whose run" in detail(sent(login(people.owner), START))


def test_who_may_start_one(client, catalog, people):
    assert "log in" in detail(sent(client, START, BODY), 401)
    assert "'runs'" in detail(sent(program(people.owner, "read", "manage"), START, BODY), 403)
    assert "only the owner" in detail(sent(login(people.other), START, BODY), 403)
    assert "no published catalog" in detail(sent(login(people.owner), "/api/v1/catalogs/nope/releases/", BODY), 404)
    Catalog.objects.update(visibility="private")
    assert sent(login(people.other), START, BODY).status_code == 404
    assert not Release.objects.exists()
    assert sent(login(people.staff), START, BODY).status_code == 202
