"""Scores against numbers computed another way."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from almagest.contract import Counts, classification_metrics, confusion_matrix, wilson_interval


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
    found = classification_metrics(truth, predicted, ["a", "a", "a", "b", "b"], "S")
    metrics = {(m.group, m.name): m for m in found if m.of != "others"}
    assert metrics["all", "precision"].value == 0.5
    assert metrics["a", "recall"].value == 0.5
    assert metrics["a", "prevalence"].value == pytest.approx(2 / 3)
    assert metrics["b", "precision"].value is None
    assert metrics["b", "accuracy"].value == 1.0
    assert (metrics["all", "recall"].numerator, metrics["all", "recall"].denominator) == (1, 2)


def test_agf_as_the_paper_gives_it():
    # Zhang et al., Figure 5 and Table 3: the network on 57,266 objects held back.
    counts = Counts(tp=1408, fp=69, fn=443, tn=57_266 - 1408 - 69 - 443)
    assert round(counts.precision, 3) == 0.953
    assert round(counts.recall, 3) == 0.761
    assert round(counts.f1, 3) == 0.846
    assert round(counts.agf, 3) == 0.887


def test_scores_of_nothing_are_none():
    counts = Counts(0, 0, 0, 4)
    assert (counts.precision, counts.recall, counts.f1, counts.agf) == (None, None, None, None)
    assert Counts(0, 3, 2, 4).agf == 0.0
    assert Counts(3, 0, 0, 4).agf == 1.0


def test_scores_are_those_of_scikit_learn():
    random = np.random.default_rng(3)
    truth = random.choice(["S", "NM", "HM", "LM"], 400, p=[0.5, 0.3, 0.15, 0.05])
    predicted = np.where(random.random(400) < 0.6, truth, random.choice(["S", "NM", "HM"], 400))
    metrics = {(m.of, m.name): m.value for m in classification_metrics(truth, predicted, ["a"] * 400, "S")}
    names = ["S", "NM", "HM", "LM"]
    *scores, support = precision_recall_fscore_support(truth, predicted, labels=names, zero_division=0)
    for name, values in zip(("precision", "recall", "f1"), scores, strict=True):
        assert metrics["signal", name] == pytest.approx(values[0])
        assert metrics["others", name] == pytest.approx(np.average(values[1:], weights=support[1:]))
