"""Nearest neighbours, kept as the training matrix itself."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from almagest.contract import Report
from dwarf_galaxies.algorithm import Algorithm, Fitted, score
from dwarf_galaxies.balance import balanced
from dwarf_galaxies.methods import knn as method
from dwarf_galaxies.rows import Rows

FILE = "knn.npz"
# Above so many features a tree of places is slower than looking at all of them.
MOST_FEATURES_FOR_TREE = 20


@dataclass(frozen=True)
class Neighbours:
    """The training matrix, shape (rows, f), with class numbers, shape (rows,), and how neighbours are asked."""

    features: np.ndarray
    labels: np.ndarray
    count: int
    weights: str
    p: int
    classes: int = field(kw_only=True)

    @cached_property
    def _search(self) -> Any:
        from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415  (on workers only)

        how = "kd_tree" if self.features.shape[1] <= MOST_FEATURES_FOR_TREE else "brute"
        search = KNeighborsClassifier(self.count, weights=self.weights, p=self.p, algorithm=how, n_jobs=-1)
        return search.fit(self.features, self.labels)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Shares of the classes among the neighbours, shape (n, classes)."""
        shares = np.zeros((len(features), self.classes))
        if len(features):
            shares[:, self._search.classes_] = self._search.predict_proba(features)
        return shares

    def save(self, folder: Path) -> None:
        """Write ``knn.npz``."""
        np.savez_compressed(
            folder / FILE, features=self.features, labels=self.labels, count=self.count, p=self.p,
            is_distance=self.weights == "distance",
        )  # fmt: skip


def fit(rows: Rows, parameters: dict, report: Report) -> Fitted:
    """Keep the rows; all that there are are asked where there are fewer than `neighbours`."""
    report(0.0, "keeping the rows")
    kept = balanced(rows, parameters["balance"], parameters["seed"])
    count = min(parameters["neighbours"], len(kept))
    model = Neighbours(
        kept.features, kept.labels, count, parameters["weights"], parameters["p"], classes=len(rows.classes)
    )
    report(1.0, f"{len(kept):,} rows")
    return Fitted(model, (f"{len(kept):,} training rows are kept; {count} neighbours are asked.",))


def read(folder: Path, classes: int) -> Neighbours:
    """Read the matrix."""
    with np.load(folder / FILE, allow_pickle=False) as kept:
        weights = "distance" if kept["is_distance"] else "uniform"
        return Neighbours(
            kept["features"], kept["labels"], int(kept["count"]), weights, int(kept["p"]), classes=classes
        )


algorithm = Algorithm(method, fit, read, scorings=300_000)
train, load = algorithm.train, algorithm.load
__all__ = ["load", "score", "train"]
