"""Verification: hand-made positions, labels and scores in a real database, every number recomputed by hand."""

import pytest
from django.db import connection

from almagest.contract import no_report
from almagest.predictions.models import Verification
from almagest.predictions.verification.selectors import PAIRS, verification_get, verification_pairs
from almagest.predictions.verification.services import verification_run, verification_start
from almagest.runs.leases import LeaseLost
from almagest.runs.models import Chunk, Run
from almagest.sky.services import ingest_file

from .skies import METHOD, PLUGIN, do, pairs, value, verify


def test_every_number_is_what_a_hand_counts(nine):
    verification = verify(nine.version)
    assert [step["count"] for step in verification.counts] == [9, 8, 7, 5, 4]
    assert verification.counts[1]["surveys"] == {"sdss-dr14": 8}
    for part, precision, recall, prevalence, accuracy in (
        ("not_trained_on", (1, 2), (1, 2), (2, 4), (2, 4)), ("all", (1, 2), (1, 2), (2, 5), (3, 5)),
    ):  # fmt: skip
        for name, counts in (("precision", precision), ("recall", recall), ("prevalence", prevalence)):
            assert value(verification, name, part) == (*counts, counts[0] / counts[1]), (part, name)
        assert value(verification, "accuracy", part, of="all")[:2] == accuracy
    half = next(m for m in verification.metrics["all"] if m["name"] == "precision")
    assert (half["low"], half["high"]) == pytest.approx((0.0945, 0.9055), abs=1e-4)  # Wilson's interval of 1/2
    matrix = verification.figures["all"][0]
    assert (matrix["classes"], matrix["counts"]) == (["S", "M", "F"], [[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    matrix = verification.figures["not_trained_on"][0]  # M is in neither column
    assert (matrix["classes"], matrix["counts"]) == (["S", "F"], [[1, 1], [1, 1]])
    assert verification.reasons == [
        {"name": "no redshift", "count": 1, "called_signal": 1}, {"name": "no galaxy", "count": 1, "called_signal": 0},
    ]  # fmt: skip
    assert (verification.published is not None, verification.run.state) == (True, Run.State.DONE)
    assert verification.run.outcome == {"verification": verification.pk, "pairs": 7}


def test_pairs_say_who_and_how_far_and_misses_and_false_alarms_are_found(nine):
    verification = verify(nine.version)
    rows = pairs(verification)
    assert [row["scored_object_id"] for row in rows] == nine.objects[:7]
    assert [row["label_object_id"] for row in rows] == nine.catalog[:7]
    assert [row["separation_arcsec"] for row in rows] == pytest.approx([0.5] * 7, abs=1e-6)
    assert [row["label"] for row in rows] == ["S", "S", "F", "F", "M", None, None]
    assert [row["trained_on"] for row in rows] == [False] * 4 + [True] + [False] * 2
    assert set(rows[0]) == set(PAIRS.names)
    for kind, place in (("hits", 0), ("misses", 1), ("false_alarms", 2)):
        page = verification_pairs(user=None, verification=verification, kind=kind)
        assert (page.total, page.previous, page.next) == (1, None, None)
        assert page.rows == [rows[place]]
    assert (rows[1]["label_survey"], rows[1]["label_source_id"], rows[1]["survey"], rows[1]["source_id"]) == (
        "sami-dr3", "2", "sdss-dr14", "2-2-2",
    )  # fmt: skip


def test_a_galaxy_in_two_scored_surveys_counts_in_both(sky):
    place = ([150.0], [10.0])
    sky.survey("sami-dr3", *place, z_spec=[0.01])
    one, other = sky.survey("sdss-dr14", *place)[0], sky.survey("evcc", *place, mem_evcc=["M"], cz_sdss=[900.0])[0]
    verification = verify(sky.version({one: ("S", 0.9), other: ("F", 0.1)}, surveys=("sdss-dr14", "evcc")))
    assert verification.surveys == ["evcc", "sdss-dr14"]
    for group, numbers in (("sdss-dr14", (1, 1)), ("evcc", (0, 1)), ("all", (1, 2))):
        assert value(verification, "recall", "not_trained_on", group)[:2] == numbers
    assert value(verification, "precision", "all", "evcc") == (0, 0, None)
    assert [figure["title"] for figure in verification.figures["all"]] == ["evcc", "sdss-dr14", "pooled"]
    assert verification.notes[-1].startswith("1 objects of the catalog are scored in more than one survey")


def test_without_a_match_nothing_is_measurable_and_that_is_written(sky):
    sky.survey("sami-dr3", [10.0], [10.0], z_spec=[0.01])
    objects = sky.survey("sdss-dr14", [200.0], [-10.0])
    verification = verify(sky.version({objects[0]: ("S", 0.9)}))
    assert [step["count"] for step in verification.counts] == [1, 0, 0, 0, 0]
    for part in ("not_trained_on", "all"):
        for group in ("all", "sdss-dr14"):
            for name in ("precision", "recall", "prevalence"):
                assert value(verification, name, part, group) == (0, 0, None)
        assert verification.figures[part] == []
    assert (pairs(verification), verification.reasons) == ([], [])
    assert verification_get(user=None, pk=verification.pk).run.state == Run.State.DONE


def test_objects_that_came_later_are_not_in_it(nine, survey_file):
    """What was ingested after the start is neither matched nor nearer than what was there."""
    run = verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    later = survey_file("sdss-dr14", [150.0], [10.0], name="later.csv", plate=[77], spec_class=["GALAXY"])
    ingest_file(survey="sdss-dr14", path=later)
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", [150.2], [10.0], name="late.csv", catid=[77]))
    do(run)
    assert [step["count"] for step in Verification.objects.get(run=run).counts] == [9, 8, 7, 5, 4]


def test_the_same_chunk_twice_leaves_the_same_rows(nine):
    run = verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    first = do(run)
    verification = Verification.objects.get(run=run)
    before = pairs(verification), verification.metrics, verification.counts
    with pytest.raises(LeaseLost):
        verification_run(claim=first, verification=verification, method=METHOD, plugin=PLUGIN, report=no_report)
    Chunk.objects.filter(run=run).update(state=Chunk.State.WAITING)
    Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)
    do(run)
    verification = Verification.objects.get(run=run)
    assert (pairs(verification), verification.metrics, verification.counts) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM verification_pairs")
        assert cursor.fetchone() == (7,)
