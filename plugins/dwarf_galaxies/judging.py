"""How good a model is on the rows held back: pooled, and for each source survey."""

from typing import Any

import numpy as np

from almagest.contract import ConfusionMatrix, Metric, Sample, classification_metrics, confusion_matrix
from dwarf_galaxies.columns import CLASSES


def judged(scorer: Any, sample: Sample) -> tuple[tuple[Metric, ...], tuple[ConfusionMatrix, ...], dict]:
    """Metrics, a confusion matrix for each survey and for all, and how many rows there were."""
    test = sample.test
    truth, survey = (np.array(test[name].to_pylist(), str) for name in ("label", "survey"))
    called = np.array(scorer.classes)[scorer.classify(scorer.feature_set.compute(test))]
    known = tuple(name for name in CLASSES if name in scorer.classes or name in set(truth.tolist()))
    groups = [(name, survey == name) for name in sorted(set(survey.tolist()))] + [("", np.ones(len(survey), bool))]
    matrices = tuple(_matrix(name or "All surveys pooled", truth[rows], called[rows], known) for name, rows in groups)
    details = {"train_rows": sample.train.num_rows, "test_rows": test.num_rows}
    return classification_metrics(truth, called, survey, sample.signal), matrices, details


def _matrix(title: str, truth: np.ndarray, called: np.ndarray, classes: tuple[str, ...]) -> ConfusionMatrix:
    counts = confusion_matrix(truth.tolist(), called.tolist(), classes)
    return ConfusionMatrix(title, classes, tuple(tuple(int(n) for n in row) for row in counts))
