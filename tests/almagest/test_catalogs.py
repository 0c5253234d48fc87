"""Catalogs: publishing, paging, filters, from rows made through the services."""

from datetime import UTC, datetime
from importlib import import_module

import numpy as np
import pyarrow as pa
import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.catalogs.services import CatalogError, catalog_publish_start, catalogs_sweep
from almagest.catalogs.tables import is_sortable
from almagest.core.listings import ListingError, count_rows, parse_filters, read_batches, read_page
from almagest.core.tables import quote
from almagest.sky.cone_filter import parse_cone

pytestmark = pytest.mark.django_db


def listed(edition, sort, query=None):
    """The edition's candidates with all columns, filtered and sorted as an address asks."""
    listing = parse_cone(parse_filters(candidate_listing(edition), query or {}), query or {})
    return listing.sorted_by(sort).choosing("all")


def streamed(edition, sort, query=None):
    """All of them, as files get them."""
    return [row for batch in read_batches(listed(edition, sort, query)) for row in batch.to_pylist()]


def rows_of(edition, sort, descending, size, query=None):
    """All rows by walking forward, then the same by walking back from the last page."""
    listing = listed(edition, ("-" if descending else "") + sort, query)
    forward, cursor, pages = [], "", []
    while True:
        page = read_page(listing, cursor=cursor, size=size)
        pages.append(page)
        forward += page.rows
        cursor = page.next_cursor
        if not cursor:
            break
    backward, page = list(pages[-1].rows), pages[-1]
    while page.previous_cursor:
        page = read_page(listing, cursor=page.previous_cursor, size=size)
        backward = page.rows + backward
    return forward, backward


def key(row, sort, descending):
    """Nulls last, ties by object number in the same direction."""
    sign = -1 if descending else 1
    value = row[sort]
    return (value is None, sign * value if value is not None else 0, sign * row["object_id"])


@pytest.mark.parametrize("sort", ["p_s", "g", "log_mass", "ra"])
@pytest.mark.parametrize("descending", [True, False])
def test_every_row_is_on_exactly_one_page_in_order(published, sort, descending):
    edition = published()
    forward, backward = rows_of(edition, sort, descending, 7)
    assert len(forward) == edition.rows
    assert [r["object_id"] for r in forward] == [
        r["object_id"] for r in sorted(forward, key=lambda r: key(r, sort, descending))
    ]
    assert backward == forward
    stream = streamed(edition, ("-" if descending else "") + sort)
    assert [r["object_id"] for r in stream] == [r["object_id"] for r in forward]


@given(values=st.lists(st.one_of(st.none(), st.sampled_from([0.1, 0.2, 0.3])), min_size=1, max_size=25),
       size=st.integers(1, 9), descending=st.booleans())  # fmt: skip
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ties_and_nulls_are_walked_through_both_ways(published, values, size, descending):
    edition = published()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {quote(edition.table_name)} WHERE object_id NOT IN "
                       f"(SELECT object_id FROM {quote(edition.table_name)} ORDER BY object_id LIMIT 25)")  # fmt: skip
        cursor.execute(f"SELECT object_id FROM {quote(edition.table_name)} ORDER BY object_id")
        ids = [row[0] for row in cursor.fetchall()]
        for object_id, value in zip(ids, [*values, *[None] * len(ids)], strict=False):
            cursor.execute(
                f"UPDATE {quote(edition.table_name)} SET log_mass = %s WHERE object_id = %s", [value, object_id]
            )
    forward, backward = rows_of(edition, "log_mass", descending, size)
    assert sorted(r["object_id"] for r in forward) == ids
    assert forward == sorted(forward, key=lambda r: key(r, "log_mass", descending))
    assert backward == forward


def test_what_is_counted_at_publishing_is_what_is_there(published):
    edition = published(threshold=0.4)
    scores = edition.prediction_set
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT p_s FROM {quote(scores.table_name)}")
        p = np.array([row[0] for row in cursor.fetchall()], np.float32)
        cursor.execute(f"SELECT min(p_s), count(*), min(g), max(g) FROM {quote(edition.table_name)}")
        lowest, count, g_low, g_high = cursor.fetchone()
    assert lowest >= 0.4
    assert (count, edition.rows) == ((p >= np.float32(0.4)).sum(),) * 2
    assert sum(edition.histogram["counts"]) == len(p)
    assert [t["count"] for t in edition.thresholds] == [
        (p >= np.float32(t["threshold"])).sum() for t in edition.thresholds
    ]
    assert edition.ranges["g"] == [g_low, g_high]
    assert edition.survey_counts == {"sdss-dr14-simulated": count}
    assert edition.is_simulated


def test_a_second_publishing_is_the_next_revision_and_the_only_current(published):
    first, second = published(), published(threshold=0.9)
    first.refresh_from_db()
    assert (first.revision, second.revision) == (1, 2)
    assert (first.is_current, second.is_current) == (False, True)
    page = read_page(listed(first, "-p_s"), size=5)
    with pytest.raises(ListingError, match="changed since this page"):
        read_page(listed(second, "-p_s"), cursor=page.next_cursor, size=5)


def test_the_sweep_costs_no_more_for_tables_that_are_gone(published, django_assert_num_queries):
    editions = [published() for _ in range(5)]
    Edition.objects.filter(is_current=False).update(retired=datetime(2020, 1, 1, tzinfo=UTC))
    assert catalogs_sweep() == [edition.table_name for edition in editions[:2]]
    with django_assert_num_queries(4):  # runs, tables, and of the two that are there whether they are kept
        assert catalogs_sweep() == []


def test_filters_are_the_conditions_they_say(published):
    edition = published(threshold=0.0)
    everything = streamed(edition, "-p_s")
    query = {"p_s__min": "0.5", "g__max": "17", "survey": "sdss-dr14-simulated", "nonsense": "1"}
    filters = listed(edition, "g", query)
    found, _ = rows_of(edition, "g", False, 9, query)
    assert [r["object_id"] for r in found] == [r["object_id"] for r in streamed(edition, "g", query)]
    expected = [r for r in everything if r["p_s"] >= 0.5 and r["g"] is not None and r["g"] <= 17]
    assert {r["object_id"] for r in found} == {r["object_id"] for r in expected}
    assert count_rows(filters) == (len(expected), True)
    assert "nonsense" not in filters.shown


def test_the_bound_that_is_shown_is_the_bound_that_is_meant(published):
    edition = published(threshold=0.0)
    row = read_page(listed(edition, "-p_s"), size=20).rows[-1]
    shown = str(row["p_s"])
    bounded = read_page(listed(edition, "-p_s", {"p_s__min": shown}), size=50)
    assert row["object_id"] in {r["object_id"] for r in bounded.rows}


def test_a_cone_holds_what_lies_within_it(published):
    edition = published(threshold=0.0)
    everything = streamed(edition, "ra")
    ra, dec = everything[0]["ra"], everything[0]["dec"]
    query = {"cone_ra": str(ra), "cone_dec": str(dec), "radius_arcsec": "36000"}
    found = streamed(edition, "ra", query)

    def separation(r):
        a, b = np.radians([ra, r["ra"]]), np.radians([dec, r["dec"]])
        cosine = np.sin(b[0]) * np.sin(b[1]) + np.cos(b[0]) * np.cos(b[1]) * np.cos(a[0] - a[1])
        return np.degrees(np.arccos(np.clip(cosine, -1, 1)))

    assert {r["object_id"] for r in found} == {r["object_id"] for r in everything if separation(r) <= 10}
    assert 0 < len(found) < len(everything)


@pytest.mark.parametrize(
    ("query", "message"),
    [({"p_s__min": "high"}, "is not a number"), ({"g__max": "nan"}, "finite"), ({"cone_ra": "1"}, "cone_dec"),
     ({"cone_ra": "1", "cone_dec": "100", "radius_arcsec": "5"}, "dec")],
)  # fmt: skip
def test_bad_filters_are_told(published, query, message):
    with pytest.raises(Exception, match=message):
        listed(published(), "ra", query)


def test_a_damaged_cursor_is_told(published):
    edition = published()
    for cursor in ("x", "AAAA", "bm9wZQ"):
        with pytest.raises(ListingError, match="damaged"):
            read_page(listed(edition, "-p_s"), cursor=cursor, size=5)


def test_publishing_needs_scores_and_a_sane_threshold(published, version):
    with pytest.raises(CatalogError, match="no scores yet"):
        catalog_publish_start(slug="x", version=version, threshold=0.5)
    edition = published()
    with pytest.raises(CatalogError, match="not between 0 and 1"):
        catalog_publish_start(slug="x", version=edition.version, threshold=1.5)


def test_every_number_and_class_can_be_sorted_by(published):
    edition = published()
    assert {"p_s", "p_hm", "ra", "dec", "g", "redshift", "predicted_class", "sample_split"} <= {
        c.name for c in edition.table.columns if is_sortable(c)
    }
    assert isinstance(edition.table.arrow_schema, pa.Schema)


def test_editions_from_before_are_ranked_by_what_their_method_ranks_by(published):
    """What the migration writes into editions that had no name for it."""
    edition = published()
    Edition.objects.update(rank_by="")
    import_module("almagest.catalogs.migrations.0002_rank_by").fill(apps, None)
    edition.refresh_from_db()
    assert edition.rank_by == "p_s"
