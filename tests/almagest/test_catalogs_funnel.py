"""Where objects went on their way to a catalog: those without a place on the sky are not blamed on the threshold."""

from types import SimpleNamespace

import pytest

from almagest.catalogs.funnel import PLACED, edition_funnel


def edition(*surveys: str) -> SimpleNamespace:
    """20 objects read, 5 cut, 3 of the rest without positions, 9 above the threshold."""
    scores = SimpleNamespace(
        objects_read=20, left_out=[{"name": "warning", "count": 5}], candidates_left_out=[], surveys=list(surveys)
    )
    return SimpleNamespace(
        prediction_set=scores, rank_by="outlier_score", threshold=0.5, rows=9, histogram={"counts": [3, 0, 9]}
    )


@pytest.mark.parametrize(
    ("surveys", "steps"),
    [
        (("desi-spectra", "sdss-spectra"), [("warning", 15), ("outlier_score ≥ 0.5", 9)]),
        (("desi-spectra", "manga-spaxels"), [("warning", 15), (PLACED, 12), ("outlier_score ≥ 0.5", 9)]),
        (("desi-spectra", "a survey that is no more"), [("warning", 15), ("outlier_score ≥ 0.5", 9)]),
    ],
)
def test_places_are_a_step_where_a_survey_has_none(surveys, steps):
    found = edition_funnel(edition(*surveys), "≥")
    assert [(step["name"], step["count"]) for step in found] == [("objects in the surveys", 20), *steps]
    assert sum(step["taken"] for step in found) == 11 and found[-1]["share"] == 9 / 20
