"""Scores of a classification, with their uncertainty: the same for every plugin and every verification."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np


@dataclass(frozen=True)
class Metric:
    """One number with its 95 % interval and the counts behind it.

    `group` is the part of the sample it was measured on: ``all`` or the name of a survey.
    """

    name: str
    group: str
    value: float | None
    low: float | None = None
    high: float | None = None
    numerator: int | None = None
    denominator: int | None = None


def wilson_interval(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float] | tuple[None, None]:
    """Wilson's score interval for a proportion (Wilson 1927, JASA 22, 209); `z` 1.96 is 95 %. No trials: (None, None)."""
    if trials == 0:
        return None, None
    p = successes / trials
    scale = 1 + z * z / trials
    centre = (p + z * z / (2 * trials)) / scale
    half = z * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def proportion(name: str, group: str, successes: int, trials: int) -> Metric:
    """A proportion as a metric; its value is None where there is nothing to divide by."""
    low, high = wilson_interval(successes, trials)
    value = successes / trials if trials else None
    return Metric(name, group, value, low, high, int(successes), int(trials))


def confusion_matrix(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Counts, shape (n_classes, n_classes): rows are the true classes, columns the predicted ones."""
    index = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, ([index[name] for name in truth], [index[name] for name in predicted]), 1)
    return counts


def classification_metrics(
    truth: Sequence[str], predicted: Sequence[str], groups: Sequence[str], signal: str
) -> tuple[Metric, ...]:
    """Precision, recall and prevalence of the signal class, and accuracy, over all rows and for each group.

    A pooled score of surveys with different shares of the signal measures the surveys: that is why each stands alone too.
    """
    truth, predicted, groups = np.asarray(truth), np.asarray(predicted), np.asarray(groups)
    metrics = []
    for group in ("all", *sorted(set(groups.tolist()))):
        rows = np.ones(len(truth), bool) if group == "all" else groups == group
        is_signal, called = truth[rows] == signal, predicted[rows] == signal
        hits = int((is_signal & called).sum())
        metrics += [
            proportion("precision", group, hits, int(called.sum())),
            proportion("recall", group, hits, int(is_signal.sum())),
            proportion("prevalence", group, int(is_signal.sum()), int(rows.sum())),
            proportion("accuracy", group, int((truth[rows] == predicted[rows]).sum()), int(rows.sum())),
        ]
    return tuple(metrics)
