"""Scores of a classification, with their uncertainty: the same for every plugin and every verification."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from almagest.contract.counts import Counts

# The scores by which algorithms are compared, in the order of tables.
SCORES = ("precision", "recall", "f1", "agf")


@dataclass(frozen=True)
class Metric:
    """One number with its 95 % interval and the counts behind it.

    Parameters
    ----------
    group
        The part of the sample it was measured on: ``all`` or the name of a survey.
    of
        ``signal``: of the signal class; ``others``: mean over the other classes, weighted by their numbers; ``all``: of
        all classes together.
    split
        ``test``: on the objects held back; ``validation``: mean over folds of the training objects, with `std`.
    std
        Standard deviation over the folds.
    """

    name: str
    group: str
    value: float | None
    low: float | None = None
    high: float | None = None
    numerator: int | None = None
    denominator: int | None = None
    of: Literal["signal", "others", "all"] = "signal"
    split: Literal["test", "validation"] = "test"
    std: float | None = None


def wilson_interval(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float] | tuple[None, None]:
    """Wilson's score interval for a proportion (Wilson 1927, JASA 22, 209); `z` 1.96 is 95 %. No trials: (None, None)."""
    if trials == 0:
        return None, None
    p = successes / trials
    scale = 1 + z * z / trials
    centre = (p + z * z / (2 * trials)) / scale
    half = z * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def proportion(name: str, group: str, successes: int, trials: int, of: str = "signal") -> Metric:
    """A proportion as a metric; its value is None where there is nothing to divide by."""
    low, high = wilson_interval(successes, trials)
    value = successes / trials if trials else None
    return Metric(name, group, value, low, high, int(successes), int(trials), of)


def confusion_matrix(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Counts, shape (n_classes, n_classes): rows are the true classes, columns the predicted ones."""
    index = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, ([index[name] for name in truth], [index[name] for name in predicted]), 1)
    return counts


def class_counts(truth: np.ndarray, predicted: np.ndarray, name: str) -> Counts:
    """One class against all others; arrays of class names, shape (n,)."""
    is_so, called = truth == name, predicted == name
    pairs = ((is_so, called), (~is_so, called), (is_so, ~called), (~is_so, ~called))
    return Counts(*(int((a & b).sum()) for a, b in pairs))


def weighted_scores(truth: np.ndarray, predicted: np.ndarray, signal: str) -> dict[str, float | None]:
    """`SCORES` of the classes other than the signal, each weighted by its number of objects.

    A class that is never called has no precision; it counts as 0 here, as in scikit-learn. No other classes: None.
    """
    names, numbers = np.unique(truth[truth != signal], return_counts=True)
    if not len(names):
        return dict.fromkeys(SCORES)
    counts = [class_counts(truth, predicted, name) for name in names]
    return {score: float(np.average([getattr(c, score) or 0.0 for c in counts], weights=numbers)) for score in SCORES}


def classification_metrics(
    truth: Sequence[str], predicted: Sequence[str], groups: Sequence[str], signal: str
) -> tuple[Metric, ...]:
    """Scores of the signal class and of the others, prevalence and accuracy, over all rows and for each group.

    A pooled score of surveys with different shares of the signal measures the surveys: that is why each stands alone too.
    """
    truth, predicted, groups = np.asarray(truth, str), np.asarray(predicted, str), np.asarray(groups, str)
    metrics = []
    for group in ("all", *sorted(set(groups.tolist()))):
        rows = np.ones(len(truth), bool) if group == "all" else groups == group
        metrics += _group_metrics(group, truth[rows], predicted[rows], signal)
    return tuple(metrics)


def _group_metrics(group: str, truth: np.ndarray, predicted: np.ndarray, signal: str) -> list[Metric]:
    counts, rows = class_counts(truth, predicted, signal), len(truth)
    others = weighted_scores(truth, predicted, signal)
    return [
        proportion("precision", group, counts.tp, counts.tp + counts.fp),
        proportion("recall", group, counts.tp, counts.tp + counts.fn),
        Metric("f1", group, counts.f1),
        Metric("agf", group, counts.agf),
        *(Metric(score, group, others[score], of="others") for score in SCORES),
        proportion("prevalence", group, counts.tp + counts.fn, rows),
        proportion("accuracy", group, int((truth == predicted).sum()), rows, of="all"),
    ]
