"""Candidates chosen by what people have said of them: what passes, on pages, in counts and in files, and what is refused."""

import pytest
from django.db import connection
from django.utils import timezone

from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.tables import catalog_table
from almagest.core.listings import ListingError, count_rows, parse_filters, read_batches, read_page
from almagest.core.tables import create_table, quote
from almagest.predictions.models import PredictionSet
from almagest.registry.models import ModelVersion
from almagest.registry.services import plugin_sync
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.vetting import filters
from almagest.vetting.filters import parse_verdicts
from almagest.vetting.services import verdict_give, verdict_withdraw
from dwarf_galaxies.plugin import plugin

pytestmark = pytest.mark.django_db
SPECIAL = {"object_id": "n", "survey": "'invented'", "source_id": "n::text", "p_s": "(1 - n / 1000.0)::real"}
NUMBERS = {"float32": "0", "float64": "0", "int32": "1", "int64": "1", "string": "'S'"}


def invented_catalog(rows: int) -> Edition:
    """A current edition of a catalog `million` with so many rows, 1 the best."""
    method = plugin_sync(declaration=plugin).methods.get(name="network")
    survey = Survey.objects.create(slug="invented", name="Invented", release="1", observed=False)
    sample = Sample.objects.create(
        name="s", plugin_name=plugin.name, definition={"surveys": []}, ingest_id=0, cross_match_id=0
    )
    version = ModelVersion.objects.create(
        method=method, number=1, sample=sample, parameters={}, seed=1, metrics=[], figures=[], outputs=method.outputs
    )
    scores = PredictionSet.objects.create(
        version=version, ingest_id=0, surveys=[survey.slug], rows=rows, objects_read=rows
    )
    edition = Edition(catalog=Catalog.objects.create(slug="million", title="A million"), revision=1, version=version,
                      prediction_set=scores, threshold=0.5, rows=rows, is_current=True, published=timezone.now())  # fmt: skip
    edition.base = 1
    declared = catalog_table(version, edition.table_name)
    edition.columns, edition.rank_by = declared.table.to_json(), version.method.rank_by
    edition.save()
    create_table(declared)
    values = [SPECIAL.get(c.name) or NUMBERS[c.dtype] for c in declared.table.columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(edition.table_name)} SELECT {', '.join(values)} FROM generate_series(1, {rows}) n"
        )
    return edition


@pytest.fixture
def edition(db):
    return invented_catalog(20)


@pytest.fixture
def vetted(edition, people):
    """Twenty candidates: 1 to 4 are S to the reader, 3 to 6 NM to another, 7 was withdrawn, the rest is unseen."""
    for n in (1, 2, 3, 4, 7):
        verdict_give(user=people.reader, catalog="million", object_id=n, choice="s")
    for n in (3, 4, 5, 6):
        verdict_give(user=people.other, catalog="million", object_id=n, choice="nm")
    verdict_give(user=people.member, catalog="million", object_id=4, choice="nm")
    verdict_withdraw(user=people.reader, catalog="million", object_id=7)
    return edition


def listed(edition, query, user=None):
    return parse_verdicts(parse_filters(candidate_listing(edition), query), query, edition, user).choosing("object_id")


def paged(listing, size=2) -> list[int]:
    """All objects, page by page."""
    found, cursor = [], ""
    while True:
        page = read_page(listing, cursor=cursor, size=size)
        found += [row["object_id"] for row in page.rows]
        if not (cursor := page.next_cursor):
            return found


@pytest.mark.parametrize("few", [0, 3, 100])
@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({"vetted": "true"}, range(1, 7)), ({"vetted": "FALSE"}, range(7, 21)), ({"verdict": "s"}, (1, 2)), ({"verdict": "nm"}, (4, 5, 6)),
        ({"verdict": "s, nm"}, (1, 2, 4, 5, 6)), ({"verdict": "artifact"}, ()), ({"mine": "true"}, (1, 2, 3, 4)),
        ({"mine": "0"}, range(5, 21)), ({"mine": "false", "vetted": "true"}, (5, 6)), ({"vetted": " ", "verdict": ""}, range(1, 21)),
        ({"vetted": "true", "p_s__min": "0.997"}, (1, 2, 3)), ({"vetted": "false", "verdict": "s"}, ()),
        ({"verdict__null": "true"}, (3,)), ({"verdict__null": "false"}, (1, 2, 4, 5, 6)), ({"verdict__null": "1", "verdict": "s"}, ()),
    ],
)  # fmt: skip
def test_candidates_by_what_is_said_of_them(vetted, people, query, seen, few, monkeypatch):
    """Whether they are looked up one by one, or met on the way through all."""
    monkeypatch.setattr(filters, "FEW", few)
    listing = listed(vetted, query, people.reader)
    assert paged(listing) == list(seen)
    assert count_rows(listing) == (len(list(seen)), True)
    assert [n for batch in read_batches(listing) for n in batch["object_id"].to_pylist()] == list(seen)
    assert [name for name in query if query[name].strip()] == sorted(listing.shown, key=list(query).index)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"vetted": "yes"}, "vetted='yes' is neither true nor false"), ({"mine": "2"}, "mine='2' is neither"),
        ({"verdict__null": "s"}, "verdict__null='s' is neither"),
        ({"verdict": "spiral,s"}, "million has no choice spiral; there is s, nsl"), ({"verdict": "s'"}, "no choice s'"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(vetted, people, query, words):
    with pytest.raises(ListingError, match=words):
        listed(vetted, query, people.reader)


def test_nobody_has_verdicts_without_a_login(vetted, people):
    for user in (None, people.anonymous):
        with pytest.raises(ListingError, match="mine: log in first"):
            listed(vetted, {"mine": "true"}, user)
        assert paged(listed(vetted, {"verdict": "s"}, user)) == [1, 2]


def test_before_anybody_has_vetted_choices_are_known_and_give_nothing(edition, people):
    assert paged(listed(edition, {"verdict": "s,unsure"})) == []
    assert len(paged(listed(edition, {"vetted": "false"}), size=7)) == 20


def test_pages_go_on_while_people_vet_and_files_are_others(vetted, people):
    """A verdict between two pages neither ends the walk nor shows a candidate twice."""
    query = {"vetted": "false"}
    first = read_page(listed(vetted, query), size=5)
    before = listed(vetted, query)
    verdict_give(user=people.other, catalog="million", object_id=13, choice="s")
    second = read_page(listed(vetted, query), cursor=first.next_cursor, size=5)
    assert [row["object_id"] for row in first.rows + second.rows] == [7, 8, 9, 10, 11, 12, 14, 15, 16, 17]
    assert listed(vetted, query).state != before.state and listed(vetted, query).revision == before.revision
    assert candidate_listing(vetted).state == ""
