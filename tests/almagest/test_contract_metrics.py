"""Scores against numbers computed another way."""

import pytest

from almagest.contract import classification_metrics, confusion_matrix, wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998 (Statistics in Medicine 17, 857), Table I, method 3 (score, without continuity correction).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_as_published(successes, trials, low, high):
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_no_trials_measure_nothing():
    assert wilson_interval(0, 0) == (None, None)


def test_confusion_matrix_has_the_truth_in_rows():
    counts = confusion_matrix(["S", "S", "NM"], ["S", "NM", "NM"], ["S", "NM"])
    assert counts.tolist() == [[1, 1], [0, 1]]


def test_metrics_stand_for_each_survey_and_pooled():
    truth, predicted = ["S", "S", "NM", "NM", "NM"], ["S", "NM", "S", "NM", "NM"]
    metrics = {(m.group, m.name): m for m in classification_metrics(truth, predicted, ["a", "a", "a", "b", "b"], "S")}
    assert metrics["all", "precision"].value == 0.5
    assert metrics["a", "recall"].value == 0.5
    assert metrics["a", "prevalence"].value == pytest.approx(2 / 3)
    assert metrics["b", "precision"].value is None
    assert metrics["b", "accuracy"].value == 1.0
    assert (metrics["all", "recall"].numerator, metrics["all", "recall"].denominator) == (1, 2)
