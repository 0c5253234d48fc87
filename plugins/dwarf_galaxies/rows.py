"""What is learned from, and everything that must be so before a training begins."""

from dataclasses import dataclass, replace

import numpy as np

from almagest.contract import PluginError, Sample
from dwarf_galaxies.columns import CLASSES, DEFINED, SIGNAL
from dwarf_galaxies.features import SDSS, FeatureSet

# Added to each standard deviation: a feature that hardly changes must not divide by zero.
SMALLEST_SCALE = 1e-6
# Between the quartiles of a normal distribution lie 1.349 of its standard deviations.
FARTHEST, QUARTILES = 20.0, 1.349
SCALE = ("mean", "deviation", "low", "high")


@dataclass(frozen=True)
class Rows:
    """Labelled objects.

    Attributes
    ----------
    features
        Shape (n, f).
    labels
        Class numbers among `classes`, shape (n,).
    weights
        Shape (n,).
    group_id
        Cross-match groups, shape (n,): one galaxy, however many surveys saw it.
    survey
        Shape (n,).
    """

    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    group_id: np.ndarray
    survey: np.ndarray
    classes: tuple[str, ...]
    feature_set: FeatureSet = SDSS

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, chosen: np.ndarray) -> "Rows":
        """The rows where `chosen`, shape (n,), is true, or whose numbers it holds."""
        arrays = ("features", "labels", "weights", "group_id", "survey")
        return replace(self, **{name: getattr(self, name)[chosen] for name in arrays})

    @property
    def names(self) -> np.ndarray:
        """Class names, shape (n,)."""
        return np.array(self.classes)[self.labels]


@dataclass(frozen=True)
class Scale:
    """Features enter models as (x - mean) / deviation, after those outside `low` to `high` are put on the edge.

    Only ratios have edges: where the denominator is noise they are without limit, and a few such would be all of the
    deviation. All of shape (f,).
    """

    mean: np.ndarray
    deviation: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, names: tuple[str, ...]) -> "Scale":
        """Edges `FARTHEST` deviations from the median, as the quartiles measure them; then mean and standard deviation."""
        lower, median, upper = np.quantile(features, (0.25, 0.5, 0.75), axis=0)
        is_ratio = np.array(["/" in name for name in names])
        reach = np.where(is_ratio & (upper > lower), FARTHEST * (upper - lower) / QUARTILES, np.inf)
        low, high = median - reach, median + reach
        inside = features.clip(low, high)
        mean, deviation = (getattr(inside, name)(axis=0, dtype=np.float64) for name in ("mean", "std"))
        return cls(mean, deviation + SMALLEST_SCALE, low, high)

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Scaled features, float32, shape (n, f); missing ones are 0."""
        scaled = (features.clip(self.low, self.high) - self.mean) / self.deviation
        return np.nan_to_num(scaled, posinf=0, neginf=0).astype(np.float32)

    def to_json(self) -> dict:
        """Lists; without edges null, for JSON knows no infinity."""
        return {name: [v if np.isfinite(v) else None for v in getattr(self, name).tolist()] for name in SCALE}

    @classmethod
    def from_json(cls, values: dict) -> "Scale":
        """Read what `to_json` wrote."""
        edges = {"low": -np.inf, "high": np.inf}
        return cls(*(np.array([edges.get(name) if v is None else v for v in values[name]]) for name in SCALE))


def training_rows(sample: Sample, feature_set: FeatureSet = SDSS) -> Rows:
    """The sample's training rows, fit to be learned from.

    Raises
    ------
    PluginError
        When a class is missing, a feature is missing or constant, or nothing is held back.
    """
    rows = sample.train
    _check_classes(set(rows["label"].to_pylist()))
    if not sample.test.num_rows:
        raise PluginError("the sample holds no rows back for testing; freeze one with a larger share held back")
    features = feature_set.compute(rows)
    _check_features(features, feature_set.names)
    found = np.array(rows["label"].to_pylist(), str)
    classes = tuple(name for name in CLASSES if name in found)
    labels = np.argmax(found[:, None] == np.array(classes), axis=1)
    survey = np.array(rows["survey"].to_pylist(), str)
    return Rows(features, labels, np.ones(len(labels)), rows["group_id"].to_numpy(), survey, classes, feature_set)


def some_groups(rows: Rows, most: int, seed: int) -> Rows:
    """At most so many rows: whole groups, drawn at random."""
    if len(rows) <= most:
        return rows
    groups, row = np.unique(rows.group_id, return_inverse=True)
    place = np.random.default_rng(seed).permutation(len(groups))[row]
    return rows.where(place < np.searchsorted(np.cumsum(np.bincount(place)), most, side="right"))


def _check_classes(found: set[str]) -> None:
    if not found:
        raise PluginError("the sample has no training rows; freeze one with more surveys")
    if len(found) == 1:
        raise PluginError(f"all training rows are of one class, {found.pop()}; freeze a sample with more surveys")
    if missing := [name for name in DEFINED if name not in found]:
        what = f"no {SIGNAL}, which is searched for" if SIGNAL in missing else f"no {', '.join(missing)}"
        raise PluginError(
            f"among the training rows there is {what}; each of {', '.join(DEFINED)} must be there: freeze a sample with a "
            "survey that has some"
        )


def _check_features(features: np.ndarray, names: tuple[str, ...]) -> None:
    is_missing = ~np.isfinite(features)
    if is_missing.any():
        columns = ", ".join(name for name, bad in zip(names, is_missing.any(axis=0), strict=True) if bad)
        raise PluginError(
            f"{is_missing.any(axis=1).sum():,} of {len(features):,} training rows lack a feature ({columns}); freeze the "
            "sample with this method's cuts"
        )
    if constant := [name for name, values in zip(names, features.T, strict=True) if np.ptp(values) == 0]:
        raise PluginError(
            f"all training rows have the same {', '.join(constant)}: nothing can be learned from it; look at the survey's "
            "columns"
        )


def check_folds(rows: Rows, folds: int) -> None:
    """Raise `PluginError` when a class has fewer galaxies than there are folds."""
    for number, name in enumerate(rows.classes):
        galaxies = len(np.unique(rows.group_id[rows.labels == number]))
        if galaxies < folds:
            raise PluginError(
                f"class {name} has {galaxies} galaxies among the training rows, fewer than the {folds} folds; freeze a larger "
                "sample, set fewer folds, or draws=0 for none"
            )
