"""Lists of revisions and passes, what differs between two revisions, and who sees which."""

import pytest
from django.db import connection

from almagest.catalogs.errors import CatalogError
from almagest.catalogs.history import edition_source, is_kept
from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.core.listings import ListingError, parse_filters, read_batches, read_page
from almagest.core.tables import drop_table
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.listings import pass_listing, revision_listing
from almagest.rescoring.selectors import difference_get, difference_summary, pass_get, pass_list
from almagest.runs.models import Run
from almagest.sky.models import Survey

from .rescoring_passes import SURVEY, measure_anew, rescored, rolled_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed(published, people, simulated_files, tmp_path) -> list[Edition]:
    """Four revisions: published, rescored, rolled back to the first, published anew with a higher threshold."""
    found = published(owner=people.owner, threshold=0.5)
    measure_anew(tmp_path, simulated_files)
    rolled_back(rescored(found).after, 1)
    published(owner=people.owner, threshold=0.7)
    return list(Edition.objects.order_by("revision"))


def rows(listing) -> list[dict]:
    return read_page(listing.choosing("all"), size=1000).rows


def test_every_revision_says_how_it_came_and_what_it_changed(changed):
    found = rows(revision_listing(user=None, catalog="dwarfs"))
    kinds = [(row["revision"], row["kind"], row["previous_revision"], row["is_current"]) for row in found]
    assert kinds == [
        (4, "publish", 3, True),
        (3, "restore", 2, False),
        (2, "rescore", 1, False),
        (1, "publish", None, False),
    ]
    passes = {found.after.revision: found for found in pass_list(user=None, catalog="dwarfs")}
    for row, edition in zip(found, reversed(changed), strict=True):
        made = passes.get(row["revision"])
        assert row["pass_id"] == (made and made.pk) and row["run_id"] == edition.run_id and row["rows"] == edition.rows
        for name in ("added", "removed", "changed", "has_drifted"):
            assert row[name] == (made and made.report[name]), name
        assert row["model"] == "dwarf_galaxies/forest v1" and row["is_kept"] == is_kept(edition)
    assert passes[2].report["added"] and passes[2].report["removed"] and passes[2].report["has_drifted"]
    told = {row["id"]: row for row in rows(pass_listing(user=None, catalog="dwarfs"))}
    assert [(told[p.pk]["kind"], told[p.pk]["state"], told[p.pk]["restored_revision"]) for p in (passes[2], passes[3])] == [
        ("rescore", "done", None), ("restore", "done", 1),
    ]  # fmt: skip
    assert told[passes[2].pk]["scored"] == 17 and told[passes[2].pk]["seconds"] == passes[2].run.seconds


def test_a_difference_summary_rows_and_what_crossed_each_threshold(changed):
    before, after = ({row[0]: row[1] for row in scores(edition)} for edition in changed[:2])
    found = difference_get(user=None, catalog="dwarfs", earlier=1, later=2)
    counts, crossings = difference_summary(found)
    assert counts["added"] == len(set(after) - set(before)) and counts["removed"] == len(set(before) - set(after))
    listed = rows(found.listing)
    assert sum(counts.values()) == len(listed) > 0
    for row in listed:
        assert (row["p_s_before"], row["p_s_after"]) == (before.get(row["object_id"]), after.get(row["object_id"]))
    assert [crossing.threshold for crossing in crossings] == [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
    for crossing in crossings:
        high, low = ({o for o, p in side.items() if round(p, 4) >= crossing.threshold} for side in (after, before))
        assert (crossing.up, crossing.down) == (len(high - low), len(low - high)), crossing
    assert next(c for c in crossings if c.threshold == 0.95).up > 0, "0.95 is at the threshold 0.95"
    at_least = parse_filters(found.listing, {"change": "added", "p_s_after__min": "0.95"})
    assert len(rows(at_least)) == sum(after[o] == pytest.approx(0.95) for o in set(after) - set(before)) > 0


def test_the_way_back_is_the_other_way_round(changed):
    there, back = (
        difference_summary(difference_get(user=None, catalog="dwarfs", earlier=a, later=b)) for a, b in ((1, 2), (2, 1))
    )
    assert (there[0]["added"], there[0]["removed"]) == (back[0]["removed"], back[0]["added"])
    assert [(c.up, c.down) for c in there[1]] == [(c.down, c.up) for c in back[1]]
    same, crossings = difference_summary(difference_get(user=None, catalog="dwarfs", earlier=1, later=3))
    assert set(same.values()) == {0} and not any(c.up or c.down for c in crossings)


def test_tables_of_two_publishings_are_compared_too(changed):
    counts, crossings = difference_summary(difference_get(user=None, catalog="dwarfs", earlier=3, later=4))
    lost = [p for _, p in scores(changed[0]) if round(p, 4) < 0.7]
    assert counts["removed"] >= len(lost) > 0 and crossings[0].threshold == 0.7


def test_rows_that_are_not_kept_are_said_to_be_gone(changed):
    for name in (changed[0].history_name, changed[0].table_name):
        drop_table(name)
    told = {
        row["revision"]: (row["is_kept"], row["previous_revision"])
        for row in rows(revision_listing(user=None, catalog="dwarfs"))
    }
    assert told == {1: (False, None), 2: (False, None), 3: (False, None), 4: (True, None)}
    with pytest.raises(CatalogError, match="rows of dwarfs revision 1 are not kept any more") as error:
        difference_get(user=None, catalog="dwarfs", earlier=1, later=4)
    assert error.value.absent


def test_who_may_not_see_the_survey_sees_no_pass_and_no_revision(changed, people):
    number = pass_list(user=people.reader).first().pk
    Survey.objects.filter(slug=SURVEY).update(visibility="private", owner=people.owner)
    for user, count in ((None, 0), (people.reader, 0), (people.owner, 2), (people.staff, 2)):
        assert pass_list(user=user).count() == count
        assert len(rows(revision_listing(user=user, catalog="dwarfs"))) == 2 * count
    with pytest.raises(RescoringError, match="there is no pass"):
        pass_get(user=people.reader, catalog="dwarfs", pk=number)
    with pytest.raises(CatalogError, match="has no revision 1"):
        difference_get(user=people.reader, catalog="dwarfs", earlier=1, later=2)


def test_a_pass_whose_run_failed_or_was_deleted_says_so(changed):
    found = pass_list(user=None).get(kind="rescore")
    Run.objects.filter(pk=found.run_id).update(state="failed")
    assert next(r for r in rows(pass_listing(user=None, catalog="dwarfs")) if r["id"] == found.pk)["state"] == "failed"
    Run.objects.filter(pk=found.run_id).delete()
    row = next(r for r in rows(pass_listing(user=None, catalog="dwarfs")) if r["id"] == found.pk)
    assert (row["state"], row["seconds"], row["run_id"]) == ("done", None, None)


@pytest.mark.parametrize("read", [rows, lambda listing: list(read_batches(listing))])
def test_rows_that_were_overtaken_while_somebody_was_on_the_way_to_them_are_not_given(
    published, people, simulated_files, tmp_path, read
):
    edition = published(owner=people.owner, threshold=0.5)
    measure_anew(tmp_path, simulated_files)
    listing = candidate_listing(edition)
    assert read(listing)
    rescored(edition)
    with pytest.raises(ListingError, match="the rows have changed while they were read; ask again"):
        read(listing)
    assert read(candidate_listing(Edition.objects.get(pk=edition.pk))), "asked for as the earlier one it is there"


def scores(edition: Edition) -> list[tuple]:
    """Candidates of an edition with their scores, read past the listing."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT object_id, p_s FROM {edition_source(edition)}")
        return cursor.fetchall()
