"""A random forest, kept as plain arrays: scoring needs numpy alone, and no file can run code."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from almagest.contract import Report, Result, Sample
from dwarf_galaxies.features import sdss_features
from dwarf_galaxies.report import class_weights, read_about, result, score_table, training_arrays, write_about

BATCH = 4096
FILE = "forest.npz"
# Trees grown between two looks at whether somebody has asked to stop.
TREES_A_STEP = 25


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
    classes: tuple[str, ...]

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Mean share of each class over the trees, shape (n, classes)."""
        total = np.zeros((len(features), len(self.classes)))
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


def train(sample: Sample, parameters: dict, out: Path, report: Report) -> Result:
    """Grow the trees, write ``forest.npz`` and ``about.json``, and judge them on the held-back rows."""
    features, labels = training_arrays(sample.train, sample.classes, sample.signal)
    model = _grow(features, labels, sample.classes, parameters, report)
    arrays = {name: getattr(model, name) for name in ("feature", "threshold", "children", "share", "root")}
    np.savez_compressed(out / FILE, **arrays)
    write_about(out, classes=sample.classes, parameters=parameters)
    predicted = score(model, sample.test)["predicted_class"].to_pylist()
    notes = (f"{len(model.root)} trees with {len(model.feature):,} nodes.",)
    return result(sample, predicted, notes=notes)


def _grow(features, labels, classes, parameters: dict, report: Report) -> Forest:
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415  (on workers only)

    weights = class_weights(labels, len(classes), parameters["class_weight"])[labels]
    forest = RandomForestClassifier(
        n_estimators=0, max_depth=parameters["max_depth"] or None, min_samples_leaf=parameters["min_samples_leaf"],
        random_state=parameters["seed"], n_jobs=-1, warm_start=True,
    )  # fmt: skip
    while forest.n_estimators < parameters["trees"]:
        report(forest.n_estimators / parameters["trees"], f"{forest.n_estimators} of {parameters['trees']} trees")
        forest.n_estimators = min(parameters["trees"], forest.n_estimators + TREES_A_STEP)
        forest.fit(features, labels, sample_weight=weights)
    report(1.0, f"{forest.n_estimators} trees")
    return _arrays(forest, classes)


def _arrays(forest, classes: tuple[str, ...]) -> Forest:
    trees = [estimator.tree_ for estimator in forest.estimators_]
    offsets = np.concatenate([[0], np.cumsum([tree.node_count for tree in trees])])
    shift = np.repeat(offsets[:-1], np.diff(offsets))
    values = np.concatenate([tree.value[:, 0, :] for tree in trees])
    share = np.zeros((len(values), len(classes)))
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
        share=share, root=offsets[:-1], classes=classes,
    )  # fmt: skip


def load(folder: Path) -> Forest:
    """Read what `train` wrote."""
    about = read_about(folder)
    with np.load(folder / FILE, allow_pickle=False) as arrays:
        return Forest(**dict(arrays), classes=tuple(about["classes"]))


def score(model: Forest, batch: pa.Table) -> pa.Table:
    """Probabilities of the classes, row for row; null where a magnitude is missing."""
    features = sdss_features(batch)
    filled = np.nan_to_num(features)
    parts = [model.probabilities(filled[i : i + BATCH]) for i in range(0, len(filled), BATCH)]
    return score_table(np.concatenate(parts or [np.zeros((0, len(model.classes)))]), features, model.classes)
