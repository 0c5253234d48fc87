"""Listings themselves: declared in words that others know, and made of rows that are at hand."""

import pytest
from astropy.io.votable.ucd import check_ucd

from almagest.catalogs.listings import CATALOGS
from almagest.catalogs.tables import KEYS, SAMPLE
from almagest.contract import Column, Table
from almagest.core.listings import ListingError, count_rows, from_rows, parse_filters, read_batches, read_page
from almagest.predictions.listings import PAIRS, VERIFICATIONS
from almagest.registry.listings import COMPARISONS, METHODS, VERSIONS
from almagest.runs.listings import RUNS
from almagest.samples.listings import SAMPLES
from almagest.sky.listings import OBJECTS, SURVEYS
from almagest.sky.position_match import MATCHES
from almagest.web.comparisons import SCORES_TABLE

TABLES = (CATALOGS, PAIRS, VERIFICATIONS, COMPARISONS, METHODS, VERSIONS, RUNS, SAMPLES, OBJECTS, SURVEYS, MATCHES, SCORES_TABLE,
          Table("candidates", "", (*KEYS, *SAMPLE)))  # fmt: skip
PLANETS = Table(
    "planets",
    "Some",
    (Column("name", "string"), Column("mass", "float64"), Column("rings", "bool"), Column("moons", "int32")),
)
ROWS = [{"name": "Mars", "mass": 0.1, "rings": False, "moons": 2}, {"name": "Söl's, \"x\"", "mass": None, "rings": None, "moons": 0},
        {"name": "Saturn", "mass": 95.2, "rings": True, "moons": 146}]  # fmt: skip


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_ucds_are_words_of_the_controlled_list(table):
    wrong = [c.name for c in table.columns if c.ucd and not check_ucd(c.ucd, check_controlled_vocabulary=True)]
    assert wrong == []
    assert all(column.description for column in table.columns)


@pytest.mark.django_db
def test_rows_at_hand_are_a_listing_like_any_other():
    listing = from_rows(PLANETS, ROWS)
    assert read_page(listing, size=10).rows == ROWS
    assert [row for batch in read_batches(listing) for row in batch.to_pylist()] == ROWS
    assert read_page(parse_filters(listing, {"mass__min": "1"}), size=10).rows == ROWS[2:]
    assert read_page(parse_filters(listing, {"rings__null": "true"}), size=10).rows == ROWS[1:2]
    assert count_rows(parse_filters(listing, {"moons": "2"})) == (1, True)
    first = read_page(listing, size=2)
    assert read_page(listing, cursor=first.next_cursor, size=2).rows == ROWS[2:]
    assert [row["name"] for batch in read_batches(listing, limit=2) for row in batch.to_pylist()] == [
        "Mars",
        ROWS[1]["name"],
    ]


@pytest.mark.django_db
def test_a_cursor_of_another_order_or_of_others_is_refused():
    listing = from_rows(PLANETS, ROWS)
    cursor = read_page(listing, size=1).next_cursor
    for wrong in (cursor[:-2], "x" * 40, cursor.replace(":", ";")):
        with pytest.raises(ListingError, match="damaged"):
            read_page(listing, cursor=wrong, size=1)
