"""How well scores tell two groups apart, and how far that depends on the objects that happen to be at hand."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

# Draws of the objects with replacement, and what lies between 2.5 and 97.5 per cent of them.
TIMES, RANGE = 1000, (2.5, 97.5)


@dataclass(frozen=True)
class Group:
    """Scores, NaN where there is none, and the number of the object that each belongs to: shapes (n,)."""

    scores: np.ndarray
    of: np.ndarray


def auc(usual: np.ndarray, others: np.ndarray) -> float:
    """The chance that one of the others scores higher; scores that are NaN are left out."""
    one, other = (values[np.isfinite(values)] for values in (usual, others))
    return roc_auc_score(np.r_[np.zeros(len(one)), np.ones(len(other))], np.r_[one, other])


def redrawn(usual: Group, others: list[Group], times: int = TIMES) -> np.ndarray:
    """ROC AUC with each group's objects drawn with replacement, shape (times,).

    The draws depend on the objects alone: of two models' scores of the same objects, differences can be taken draw by draw.
    """
    random = np.random.default_rng(0)
    return np.array(
        [auc(_draw(usual, random), np.concatenate([_draw(each, random) for each in others])) for _ in range(times)]
    )


def _draw(group: Group, random: np.random.Generator) -> np.ndarray:
    _, counts = np.unique(group.of, return_counts=True)
    objects = np.split(group.scores[np.argsort(group.of, kind="stable")], np.cumsum(counts)[:-1])
    return np.concatenate([objects[k] for k in random.integers(len(objects), size=len(objects))])


def told(usual: Group, others: list[Group]) -> str:
    """ROC AUC, its range, and what it is without the one and the three most extreme of the usual ones."""
    scores, every = np.sort(usual.scores[np.isfinite(usual.scores)]), np.concatenate([each.scores for each in others])
    low, high = np.percentile(redrawn(usual, others), RANGE)
    without = ", ".join(f"{auc(scores[:-most], every):.3f}" for most in (1, 3))
    return f"ROC AUC {auc(scores, every):.3f} (95 %: {low:.2f} to {high:.2f}; without the 1, 3 most extreme galaxies {without})"


def difference(usual: tuple[Group, Group], others: tuple[list[Group], list[Group]]) -> str:
    """By how much the first of two models' ROC AUC is higher, on the same objects."""
    one, two = (redrawn(a, b) for a, b in zip(usual, others, strict=True))
    low, middle, high = np.percentile(one - two, (RANGE[0], 50, RANGE[1]))
    return f"higher by {middle:.3f} (95 %: {low:.3f} to {high:.3f})"
