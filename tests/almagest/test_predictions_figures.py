"""Figures of a scoring: the same numbers as numpy makes of the same rows, and nothing of whom they must not count."""

from dataclasses import asdict, replace

import healpy
import numpy as np
import pytest
from django.db import connection

from almagest.accounts.models import User
from almagest.contract import Landmark
from almagest.core.tables import quote
from almagest.predictions import sky_maps
from almagest.predictions.figures import BINS, scoring_figures
from almagest.predictions.models import PredictionSet
from almagest.predictions.selectors import current_sets, figure_list
from almagest.predictions.sky_maps import THRESHOLDS
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file
from almagest.sky.surveys import SURVEYS

pytestmark = pytest.mark.django_db
OTHER = "evcc-simulated"


@pytest.fixture
def scores(published, simulated_files) -> PredictionSet:
    """Scores of two surveys: some null, one NaN, those of the first survey whole hundredths; the figures are not made."""
    found = published().prediction_set
    ingest_file(survey=OTHER, path=simulated_files / "evcc.fits")
    survey = Survey.objects.get(slug=OTHER)
    outputs = [c for c in found.version.output_table.columns if c.name != "p_s"]
    values = ", ".join("'HM'" if c.dtype == "string" else "0" for c in outputs)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(found.table_name)} (object_id, revision, survey_id, p_s, {', '.join(c.name for c in outputs)}) "
            f"SELECT id, 1, survey_id, (id %% 7) / 6.0, {values} FROM objects WHERE survey_id = %s", [survey.pk],
        )  # fmt: skip
        cursor.execute(f"UPDATE {quote(found.table_name)} SET p_s = NULL WHERE object_id % 5 = 0")
        cursor.execute(
            f"UPDATE {quote(found.table_name)} SET p_s = 'NaN', predicted_class = 'NM' WHERE object_id = "
            f"(SELECT min(object_id) FROM {quote(found.table_name)} WHERE p_s IS NOT NULL)"
        )
    found.surveys = [OTHER, *found.surveys]
    found.save()
    return found


def drawn(scores: PredictionSet) -> dict[str, dict]:
    """The figures by kind."""
    return {figure["kind"]: figure for figure in scoring_figures(scores)}


def usable(scores: PredictionSet) -> dict[str, np.ndarray]:
    """All rows with a score, as arrays."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.object_id, s.slug, p.p_s, p.predicted_class, o.ra, o.dec, o.source_id FROM {quote(scores.table_name)} p "
            "JOIN objects o ON o.id = p.object_id JOIN sky_survey s ON s.id = p.survey_id WHERE p.p_s IS NOT NULL"
        )
        rows = [row for row in cursor.fetchall() if row[2] == row[2]]
    names = ("id", "survey", "score", "class", "ra", "dec", "source_id")
    return {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def test_the_histogram_counts_every_score_once_in_its_bin(scores):
    figure, rows = drawn(scores)["histogram"], usable(scores)
    edges = np.linspace(0, 1, BINS + 1).astype(np.float32)
    assert list(figure["series"]) == [OTHER, "sdss-dr14-simulated"]
    assert np.allclose(figure["edges"], edges)
    for survey, counts in figure["series"].items():
        score = rows["score"][rows["survey"] == survey].astype(np.float32)
        bins = np.minimum(np.searchsorted(edges, score, side="right"), BINS) - 1
        assert list(counts) == np.bincount(bins, minlength=BINS).tolist()
        assert sum(counts) == len(score) > 20


def test_a_score_on_an_edge_is_above_it_as_it_is_above_the_threshold(scores):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {quote(scores.table_name)} SET p_s = 0.7")
    counts = drawn(scores)["histogram"]["series"][OTHER]
    assert np.flatnonzero(counts).tolist() == [14]


def test_all_declared_classes_are_counted_in_order(scores):
    figure, rows = drawn(scores)["counts"], usable(scores)
    assert figure["names"] == tuple(scores.version.method.plugin.classes)
    assert figure["counts"] == tuple((rows["class"] == name).sum() for name in figure["names"])
    counts = dict(zip(figure["names"], figure["counts"], strict=True))
    assert counts["S"] > 0 and counts["HM"] > 0 and counts["NSL"] == 0
    assert counts["NM"] == 0, "the object whose score is NaN is counted nowhere"


def test_a_class_that_is_not_declared_is_not_lost(scores):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {quote(scores.table_name)} SET predicted_class = 'new' WHERE predicted_class = 'HM'")
    figure = drawn(scores)["counts"]
    assert figure["names"][-1] == "new" and figure["counts"][-1] > 0


def test_without_a_predicted_class_there_are_no_counts(scores):
    columns = [c for c in scores.version.outputs["columns"] if c["name"] != "predicted_class"]
    scores.version.outputs = scores.version.outputs | {"columns": columns}
    assert set(drawn(scores)) == {"histogram", "sky"}


def test_the_map_holds_the_best_first_and_counts_above_the_thresholds(scores):
    scores.version.method.plugin.landmarks = [asdict(Landmark("Virgo", 187.7, 12.3, 8.0, "the cluster"))]
    figure, rows = drawn(scores)["sky"], usable(scores)
    high = rows["score"] >= 0.5
    order = np.lexsort((-rows["id"][high], -rows["score"][high]))
    assert figure["total"] == high.sum() == len(figure["ra"])
    assert figure["above"] == tuple((rows["score"] >= t).sum() for t in THRESHOLDS)
    assert list(figure["source_id"]) == rows["source_id"][high][order].tolist()
    assert list(figure["score"]) == rows["score"][high][order].tolist()
    assert [figure["surveys"][i] for i in figure["survey"]] == rows["survey"][high][order].tolist()
    for name in ("ra", "dec"):
        assert np.abs(np.array(figure[name]) - rows[name][high][order]).max() < 1e-5
    assert figure["cells"] is None
    assert [mark["name"] for mark in figure["landmarks"]] == ["Virgo"]


def test_more_objects_than_points_are_counted_in_healpix_cells(scores, monkeypatch):
    monkeypatch.setattr(sky_maps, "MOST_POINTS", 10)
    figure, rows = drawn(scores)["sky"], usable(scores)
    high = rows["score"] >= 0.5
    assert len(figure["ra"]) == 10 < figure["total"] == high.sum()
    assert min(figure["score"]) >= np.sort(rows["score"])[-10]
    cells = figure["cells"]
    nside = 2 ** cells["order"]
    assert healpy.nside2resol(nside, arcmin=True) / 60 <= 2
    numbers, counts = np.unique(
        healpy.ang2pix(nside, rows["ra"][high], rows["dec"][high], nest=True, lonlat=True), return_counts=True
    )
    found = healpy.ang2pix(nside, cells["ra"], cells["dec"], nest=True, lonlat=True)
    assert found.tolist() == numbers.tolist()
    assert cells["count"] == counts.tolist() and len(counts) > 5


def test_a_survey_without_positions_is_counted_and_not_mapped(scores, monkeypatch):
    monkeypatch.setitem(SURVEYS, OTHER, replace(SURVEYS[OTHER], has_positions=False))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE objects SET ra = NULL, dec = NULL, healpix = NULL WHERE survey_id = "
            "(SELECT id FROM sky_survey WHERE slug = %s)", [OTHER],
        )  # fmt: skip
    figures = drawn(scores)
    assert sum(figures["histogram"]["series"][OTHER]) > 0
    assert OTHER not in figures["sky"]["surveys"]
    assert figures["sky"]["total"] == sum(score >= THRESHOLDS[0] for score in usable_scores(scores, without=OTHER))
    scores.surveys = [OTHER]
    assert "sky" not in drawn(scores)


def usable_scores(scores: PredictionSet, *, without: str) -> list[float]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.p_s FROM {quote(scores.table_name)} p JOIN sky_survey s ON s.id = p.survey_id "
            "WHERE p.p_s BETWEEN 0 AND 1 AND s.slug <> %s", [without],
        )  # fmt: skip
        return [row[0] for row in cursor.fetchall()]


def test_scores_that_are_all_null_make_empty_figures(scores):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {quote(scores.table_name)} SET p_s = NULL")
    made = drawn(scores)
    assert sum(map(sum, made["histogram"]["series"].values())) == sum(made["counts"]["counts"]) == 0
    assert (made["sky"]["total"], made["sky"]["ra"], made["sky"]["above"]) == (0, (), (0, 0, 0, 0))


def test_a_private_survey_is_counted_for_its_owners_private_version_alone(scores):
    owner = User.objects.create_user("vera")
    Survey.objects.filter(slug=OTHER).update(visibility="private", owner=owner)
    public = drawn(scores)
    rows = usable(scores)
    seen = rows["survey"] != OTHER
    assert list(public["histogram"]["series"]) == list(public["sky"]["surveys"]) == ["sdss-dr14-simulated"]
    assert sum(public["counts"]["counts"]) == seen.sum()
    assert public["sky"]["total"] == (seen & (rows["score"] >= 0.5)).sum()
    scores.version.visibility, scores.version.owner = "private", owner
    assert list(drawn(scores)["histogram"]["series"]) == [OTHER, "sdss-dr14-simulated"]


def test_private_cells_are_not_counted_either(scores, monkeypatch):
    monkeypatch.setattr(sky_maps, "MOST_POINTS", 1)
    Survey.objects.filter(slug=OTHER).update(visibility="private")
    figure = drawn(scores)["sky"]
    assert sum(figure["cells"]["count"]) == figure["total"] > 1


def test_a_survey_that_became_private_takes_the_figures_from_those_who_do_not_see_it(scores):
    scores.figures = scoring_figures(scores)
    scores.save()
    owner = User.objects.create_user("vera")
    assert len(figure_list(user=None, scores=scores)) == 3
    Survey.objects.filter(slug=OTHER).update(visibility="private", owner=owner)
    assert figure_list(user=None, scores=scores) == []
    assert len(figure_list(user=owner, scores=scores)) == 3


def test_lists_of_scorings_do_not_read_their_figures(scores, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = list(current_sets(user=None))
        assert [s.version.method.plugin.name for s in found] == ["dwarf_galaxies"]
    assert "figures" in found[0].get_deferred_fields() and "figures" in found[0].version.get_deferred_fields()
