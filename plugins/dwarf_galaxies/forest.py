"""A random forest, kept as plain arrays: scoring needs numpy alone, and no file can run code."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from almagest.contract import Report, Result, Sample
from dwarf_galaxies.features import sdss_features
from dwarf_galaxies.report import class_weights, read_about, result, score_table, training_arrays, write_about

BATCH = 16_384
# Trees grown between two looks at whether somebody has asked to stop.
TREES_A_STEP = 25


@dataclass(frozen=True)
class Forest:
    """All trees' nodes, one after the other.

    Attributes
    ----------
    feature, threshold, left, right
        Shape (nodes,): which feature is compared (-1 in a leaf), with what, and where to go on if it is at most that, or more.
    share
        Shape (nodes, classes), float64: shares of the classes in a node, over all trees of one weight.
    root
        Shape (trees,): each tree's first node.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    share: np.ndarray
    root: np.ndarray
    classes: tuple[str, ...]

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Mean share of each class over the trees, shape (n, classes)."""
        total = np.zeros((len(features), len(self.classes)))
        for root in self.root:
            total += self.share[self._leaves(root, features)]
        return total / len(self.root)

    def _leaves(self, root: int, features: np.ndarray) -> np.ndarray:
        node = np.full(len(features), root)
        walking = np.flatnonzero(self.feature[node] >= 0)
        while len(walking):
            here = node[walking]
            less = features[walking, self.feature[here]] <= self.threshold[here]
            node[walking] = np.where(less, self.left[here], self.right[here])
            walking = walking[self.feature[node[walking]] >= 0]
        return node


def train(sample: Sample, parameters: dict, out: Path, report: Report) -> Result:
    """Grow the trees, write ``forest.npz`` and ``about.json``, and judge them on the held-back rows."""
    features, labels = training_arrays(sample.train, sample.classes)
    model = _grow(features, labels, sample.classes, parameters, report)
    arrays = {name: getattr(model, name) for name in ("feature", "threshold", "left", "right", "share", "root")}
    np.savez_compressed(out / "forest.npz", **arrays)
    write_about(out, classes=sample.classes, parameters=parameters)
    predicted = score(model, sample.test)["predicted_class"].to_pylist()
    notes = (f"{len(model.root)} trees with {len(model.feature):,} nodes.",)
    return result(sample, predicted, notes=notes)


def _grow(features, labels, classes, parameters: dict, report: Report) -> Forest:
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415  (on workers only)

    weights = class_weights(labels, len(classes), parameters["class_weight"])[labels]
    forest = RandomForestClassifier(
        n_estimators=0, max_depth=parameters["max_depth"] or None, min_samples_leaf=parameters["min_samples_leaf"],
        random_state=parameters["seed"], n_jobs=2, warm_start=True,
    )  # fmt: skip
    while forest.n_estimators < parameters["trees"]:
        report(forest.n_estimators / parameters["trees"], f"{forest.n_estimators} of {parameters['trees']} trees")
        forest.n_estimators = min(parameters["trees"], forest.n_estimators + TREES_A_STEP)
        forest.fit(features, labels, sample_weight=weights)
    return _arrays(forest, classes)


def _arrays(forest, classes: tuple[str, ...]) -> Forest:
    trees = [estimator.tree_ for estimator in forest.estimators_]
    offsets = np.concatenate([[0], np.cumsum([tree.node_count for tree in trees])])
    shift = np.repeat(offsets[:-1], np.diff(offsets))
    values = np.concatenate([tree.value[:, 0, :] for tree in trees])
    share = np.zeros((len(values), len(classes)))
    share[:, forest.classes_] = values / values.sum(axis=1, keepdims=True)
    feature = np.concatenate([tree.feature for tree in trees])
    leaf = feature < 0
    return Forest(
        feature=np.where(leaf, -1, feature).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        left=np.where(leaf, 0, np.concatenate([tree.children_left for tree in trees]) + shift).astype(np.int32),
        right=np.where(leaf, 0, np.concatenate([tree.children_right for tree in trees]) + shift).astype(np.int32),
        share=share, root=offsets[:-1].astype(np.int32), classes=classes,
    )  # fmt: skip


def load(folder: Path) -> Forest:
    """Read what `train` wrote."""
    about = read_about(folder)
    with np.load(folder / "forest.npz", allow_pickle=False) as arrays:
        return Forest(**dict(arrays), classes=tuple(about["classes"]))


def score(model: Forest, batch: pa.Table) -> pa.Table:
    """Probabilities of the classes, row for row; null where a magnitude is missing."""
    features = sdss_features(batch)
    filled = np.nan_to_num(features)
    parts = [model.probabilities(filled[i : i + BATCH]) for i in range(0, len(filled), BATCH)]
    return score_table(np.concatenate(parts or [np.zeros((0, len(model.classes)))]), features, model.classes)
