"""Whether what comes in is still like what the model has learned from: two distributions in the same bins.

The population stability index is the symmetric divergence of Jeffreys (1946, Proc. R. Soc. A 186, 453) of two binned samples,
sum of (a - e) ln(a / e). Of two samples of one distribution it is not zero but, in the mean, about (B - 1)(1/n + 1/m) for B bins
(Yurdakul & Naranjo 2020, Journal of Risk Model Validation 14, 89): a few new objects never look like a drift for being few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BINS = 10
# Shares below this stand for empty bins, whose logarithm would be infinite.
LEAST = 1e-4
# Above this a shift is called large wherever the index is used.
THRESHOLD = 0.2


@dataclass(frozen=True)
class Drift:
    """How far one column has moved: counts in the bins, those without a value last."""

    column: str
    edges: tuple[float, ...]
    expected: tuple[int, ...]
    found: tuple[int, ...]

    @property
    def index(self) -> float:
        """The population stability index."""
        return stability_index(self.expected, self.found)

    @property
    def of_chance(self) -> float:
        """The index that samples of these sizes have in the mean where nothing has moved."""
        filled = sum(1 for each in zip(self.expected, self.found, strict=True) if any(each))
        return max(0, filled - 1) * (1 / max(1, sum(self.expected)) + 1 / max(1, sum(self.found)))

    def exceeds(self, threshold: float = THRESHOLD) -> bool:
        """Whether it has moved further than that, beyond what chance does."""
        return sum(self.found) > 0 and self.index - self.of_chance > threshold

    def to_json(self, threshold: float = THRESHOLD) -> dict[str, Any]:
        """For reports."""
        return {
            "column": self.column, "edges": list(self.edges), "expected": list(self.expected), "found": list(self.found),
            "index": round(self.index, 4), "of_chance": round(self.of_chance, 4), "exceeds": self.exceeds(threshold),
        }  # fmt: skip


def quantile_edges(values: np.ndarray, bins: int = BINS) -> tuple[float, ...]:
    """Inner edges of bins that hold about equally many of the finite values, shape (n,); fewer where values are often the same."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return ()
    return tuple(np.unique(np.quantile(finite, np.arange(1, bins) / bins)).tolist())


def binned(values: np.ndarray, edges: Sequence[float]) -> tuple[int, ...]:
    """Counts of values, shape (n,), below, between and above the edges, and last of those that are no finite number."""
    finite = values[np.isfinite(values)]
    counts = np.bincount(np.searchsorted(edges, finite, side="right"), minlength=len(edges) + 1)
    return (*counts.tolist(), len(values) - len(finite))


def stability_index(expected: Sequence[int], found: Sequence[int]) -> float:
    """The population stability index of two lists of counts; 0 where one of them is empty."""
    if not sum(expected) or not sum(found):
        return 0.0
    e, a = (np.maximum(np.asarray(counts) / sum(counts), LEAST) for counts in (expected, found))
    return float(np.sum((a - e) * np.log(a / e)))
