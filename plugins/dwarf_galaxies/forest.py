"""A random forest, kept as plain arrays: scoring needs numpy alone, and no file can run code."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from almagest.contract import Report
from dwarf_galaxies.algorithm import Algorithm, Fitted, score
from dwarf_galaxies.balance import balanced
from dwarf_galaxies.methods import forest as method
from dwarf_galaxies.rows import Rows

BATCH = 4096
FILE = "forest.npz"
# Trees grown between two looks at whether somebody has asked to stop.
TREES_A_STEP = 25
MAX_FEATURES = {"sqrt": "sqrt", "half": 0.5, "all": None}


@dataclass(frozen=True)
class Forest:
    """All trees' nodes, one tree after the other.

    Attributes
    ----------
    feature, threshold
        Shape (nodes,): the feature that a node looks at, and what it compares it with.
    children
        Shape (nodes, 2): the next node when the feature is above the threshold, and when it is not. A leaf is its own
        next node, so that all rows walk on together until none moves any more.
    share
        Shape (nodes, classes): shares of the classes among the training rows of a node.
    root
        Shape (trees,): each tree's first node.
    """

    feature: np.ndarray
    threshold: np.ndarray
    children: np.ndarray
    share: np.ndarray
    root: np.ndarray

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Mean share of each class over the trees, shape (n, classes)."""
        parts = [self._votes(features[i : i + BATCH]) for i in range(0, len(features), BATCH)]
        return np.concatenate(parts or [np.zeros((0, self.share.shape[1]))])

    def _votes(self, features: np.ndarray) -> np.ndarray:
        total = np.zeros((len(features), self.share.shape[1]))
        first = np.arange(len(features)) * features.shape[1]
        for root in self.root:
            total += self.share.take(self._leaves(root, features.ravel(), first), axis=0)
        return total / len(self.root)

    def _leaves(self, root: int, flat: np.ndarray, first: np.ndarray) -> np.ndarray:
        """The leaf of each row; `flat` holds the rows one after the other, and `first` says where each begins."""
        children = self.children.ravel()
        node, following = None, np.full(len(first), root)
        while node is None or (following != node).any():
            node = following
            at_most = flat.take(first + self.feature.take(node)) <= self.threshold.take(node)
            following = children.take(2 * node + at_most)
        return node

    def save(self, folder: Path) -> None:
        """Write ``forest.npz``."""
        np.savez_compressed(folder / FILE, **{field.name: getattr(self, field.name) for field in fields(self)})


def fit(rows: Rows, parameters: dict, report: Report) -> Fitted:
    """Grow the trees, some at a time."""
    kept = balanced(rows, parameters["balance"], parameters["seed"])
    model = arrays(_grow(kept, parameters, report), len(rows.classes))
    return Fitted(model, (f"{len(model.root)} trees with {len(model.feature):,} nodes.",))


def _grow(rows: Rows, parameters: dict, report: Report) -> Any:
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415  (on workers only)

    forest = RandomForestClassifier(
        n_estimators=0, criterion=parameters["criterion"], max_depth=parameters["max_depth"] or None,
        min_samples_split=parameters["min_samples_split"], min_samples_leaf=parameters["min_samples_leaf"],
        max_features=MAX_FEATURES[parameters["max_features"]], random_state=parameters["seed"], n_jobs=-1, warm_start=True,
    )  # fmt: skip
    while forest.n_estimators < parameters["trees"]:
        report(forest.n_estimators / parameters["trees"], f"{forest.n_estimators} of {parameters['trees']} trees")
        forest.n_estimators = min(parameters["trees"], forest.n_estimators + TREES_A_STEP)
        forest.fit(rows.features, rows.labels, sample_weight=rows.weights)
    report(1.0, f"{forest.n_estimators} trees")
    return forest


def arrays(forest: Any, classes: int) -> Forest:
    """All nodes of a scikit-learn forest, one tree after the other."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    offsets = np.concatenate([[0], np.cumsum([tree.node_count for tree in trees])])
    shift = np.repeat(offsets[:-1], np.diff(offsets))
    values = np.concatenate([tree.value[:, 0, :] for tree in trees])
    share = np.zeros((len(values), classes))
    share[:, forest.classes_] = values / values.sum(axis=1, keepdims=True)
    feature, above, below = (
        np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("feature", "children_right", "children_left")
    )
    is_leaf, itself = feature < 0, np.arange(len(feature))
    return Forest(
        feature=np.where(is_leaf, 0, feature).astype(np.intp),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        children=np.stack([np.where(is_leaf, itself, side + shift) for side in (above, below)], axis=1),
        share=share, root=offsets[:-1],
    )  # fmt: skip


def read(folder: Path, classes: int) -> Forest:
    """Read the arrays."""
    with np.load(folder / FILE, allow_pickle=False) as kept:
        return Forest(**dict(kept))


algorithm = Algorithm(method, fit, read, scorings=1_500_000)
train, load = algorithm.train, algorithm.load
__all__ = ["load", "score", "train"]
