"""What the two methods share: scores as a table, metrics and figures of a training."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from almagest.contract import (
    ConfusionMatrix,
    Curves,
    PluginError,
    Result,
    Sample,
    classification_metrics,
    confusion_matrix,
)
from dwarf_galaxies.features import sdss_feature_names, sdss_features

ABOUT = "about.json"


def training_arrays(rows: pa.Table, classes: tuple[str, ...], signal: str) -> tuple[np.ndarray, np.ndarray]:
    """Features, shape (n, 15), and class numbers, shape (n,).

    Raises
    ------
    PluginError
        Before any training starts: when a feature is missing, or there is nothing to tell the signal from.
    """
    features, labels = sdss_features(rows), rows["label"].to_pylist()
    if not len(features) or not np.isfinite(features).all():
        raise PluginError(
            "the sample has no training rows, or rows without all magnitudes; freeze it with this method's cuts"
        )
    if len(set(labels)) < 2:
        raise PluginError(f"all training rows are of one class, {labels[0]}; freeze a sample with more surveys")
    if signal not in labels:
        raise PluginError(f"there is no {signal} among the training rows; freeze a sample with a survey that has some")
    return features, np.array([classes.index(label) for label in labels])


def class_weights(labels: np.ndarray, count: int, choice: str) -> np.ndarray:
    """Weight of each class, shape (count,): ones, or n / (count n_class)."""
    if choice == "none":
        return np.ones(count)
    return len(labels) / (count * np.maximum(np.bincount(labels, minlength=count), 1))


def score_table(probabilities: np.ndarray, features: np.ndarray, classes: tuple[str, ...]) -> pa.Table:
    """The declared outputs from probabilities, shape (n, classes); null where a feature is missing."""
    missing = ~np.isfinite(features).all(axis=1)
    columns = {
        f"p_{name.lower()}": pa.array(probabilities[:, k].astype(np.float32), pa.float32(), mask=missing)
        for k, name in enumerate(classes)
    }
    best = np.array(classes, object)[probabilities.argmax(axis=1)] if len(probabilities) else np.array([], object)
    return pa.table(columns | {"predicted_class": pa.array(best, pa.string(), mask=missing)})


def result(
    sample: Sample, predicted: list[str], *, notes: tuple[str, ...] = (), curves: tuple[Curves, ...] = ()
) -> Result:
    """Metrics on the held-back rows, pooled and for each survey, and a confusion matrix for each."""
    truth, surveys = sample.test["label"].to_pylist(), np.array(sample.test["survey"].to_pylist())
    metrics = classification_metrics(truth, predicted, surveys, sample.signal)
    groups = [(name, surveys == name) for name in sorted(set(surveys.tolist()))] + [
        ("all", np.ones(len(surveys), bool))
    ]
    figures = [
        _confusion(name, np.array(truth)[rows], np.array(predicted)[rows], sample.classes) for name, rows in groups
    ]
    return Result(metrics, (*figures, *curves), notes, {"train_rows": sample.train.num_rows, "test_rows": len(truth)})


def _confusion(name: str, truth: np.ndarray, predicted: np.ndarray, classes: tuple[str, ...]) -> ConfusionMatrix:
    counts = confusion_matrix(truth.tolist(), predicted.tolist(), classes)
    title = "All surveys pooled" if name == "all" else name
    return ConfusionMatrix(title, classes, tuple(tuple(int(n) for n in row) for row in counts))


def write_about(folder: Path, **values) -> None:
    """Write the model's description beside its weights."""
    about = {"features": sdss_feature_names()} | values
    (folder / ABOUT).write_text(json.dumps(about, indent=2, sort_keys=True) + "\n")


def read_about(folder: Path) -> dict:
    """Read the description, and check that the features are those of this code."""
    about = json.loads((folder / ABOUT).read_text())
    if about["features"] != sdss_feature_names():
        raise PluginError(f"the model in {folder} was trained on other features: {', '.join(about['features'])}")
    return about
