"""Permutation importance and scatter plots against models whose every answer is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from dwarf_galaxies import explain
from dwarf_galaxies.features import SDSS

CLASSES = ("S", "NM")


@dataclass(frozen=True)
class Threshold:
    """Calls whatever is below a limit in one feature the signal."""

    feature: str
    limit: float
    classes: tuple = CLASSES
    feature_set: object = SDSS

    def classify(self, features):
        return (features[:, SDSS.names.index(self.feature)] >= self.limit).astype(int)


@pytest.fixture
def scorer(sample):
    """The limit that divides the rows held back into halves."""
    return Threshold("g-r", float(np.median(SDSS.compute(sample.test)[:, SDSS.names.index("g-r")])))


def test_the_only_feature_that_matters_has_all_of_the_importance(scorer, sample):
    figure = explain.importance(scorer, sample, seed=1)
    assert figure.features[0] == "g-r"
    assert figure.percent[0] == 100.0
    assert figure.drop[0] > 0.05
    assert set(figure.drop[1:]) == {0.0}
    assert sorted(figure.features) == sorted(SDSS.names)
    assert figure == explain.importance(scorer, sample, seed=1)


def test_the_drop_is_that_of_the_signals_f1(scorer, sample):
    """Shuffling calls half of the rows the signal, whatever they are: recall 1/2, precision the signal's share."""
    figure = explain.importance(scorer, sample, seed=1)
    truth = np.array(sample.test["label"].to_pylist()) == "S"
    called = scorer.classify(SDSS.compute(sample.test)) == 0
    f1 = 2 * (truth & called).sum() / (truth.sum() + called.sum())
    expected = 2 * (truth.mean() * called.mean() * len(truth)) / (truth.sum() + called.sum())
    assert figure.drop[0] == pytest.approx(f1 - expected, abs=0.05)


def test_points_are_the_objects_held_back_by_outcome(scorer, sample):
    figure = explain.outcome_scatter(scorer, sample, seed=1)
    truth = np.array(sample.test["label"].to_pylist()) == "S"
    called = scorer.classify(SDSS.compute(sample.test)) == 0
    numbers = {label: figure.label.count(label) for label in figure.labels}
    assert numbers == {
        explain.FOUND: (truth & called).sum(), explain.MISSED: (truth & ~called).sum(),
        explain.FALSE: (~truth & called).sum(), explain.OTHERS: (~truth & ~called).sum(),
    }  # fmt: skip
    test = sample.test.to_pydict()
    assert list(figure.source_id) == test["source_id"]
    assert figure.columns["g-r"] == pytest.approx(np.array(test["g"]) - np.array(test["r"]), abs=1e-4)
    assert all(axis in figure.columns for view in figure.views for axis in (view.x, view.y))


def test_training_points_are_thinned_when_there_are_many(scorer, sample, monkeypatch):
    whole = explain.training_scatter(scorer, sample, seed=1)
    assert len(whole.label) == sample.train.num_rows
    monkeypatch.setattr(explain, "MOST_POINTS", 50)
    some = explain.training_scatter(scorer, sample, seed=1)
    assert len(some.label) == len(some.survey) == len(some.columns["r"]) == 50
    assert f"50 of {sample.train.num_rows} training objects" in some.caption
