"""The paper's network (Table 5) in Keras: 64, 256 and 32 neurons, ReLU, dropout 0.2, softmax."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from almagest.contract import Curves, Report, Result, Sample
from dwarf_galaxies.features import sdss_features
from dwarf_galaxies.fitting import Rows, fit, validation_rows
from dwarf_galaxies.report import class_weights, read_about, result, score_table, training_arrays, write_about

HIDDEN = (64, 256, 32)
DROPOUT = 0.2
# Rows in one call of the model: small batches cost 25 times as much.
BATCH = 8192
WEIGHTS = "network.keras"
# Added to each standard deviation: a feature that never changes must not divide by zero.
SMALLEST_SCALE = 1e-6


@dataclass(frozen=True)
class Network:
    """The Keras model with what its inputs were scaled by.

    Attributes
    ----------
    mean, scale
        Shape (15,): features enter as (x - mean) / scale.
    """

    model: Any
    mean: np.ndarray
    scale: np.ndarray
    classes: tuple[str, ...]

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Shape (n, classes). Batches of one size: the graph is traced once."""
        scaled = ((features - self.mean) / self.scale).astype(np.float32)
        parts = []
        for start in range(0, len(scaled), BATCH):
            part = scaled[start : start + BATCH]
            whole = np.zeros((BATCH, scaled.shape[1]), np.float32) if len(scaled) > BATCH else part
            whole[: len(part)] = part
            parts.append(np.asarray(self.model(whole, training=False))[: len(part)])
        return np.concatenate(parts or [np.zeros((0, len(self.classes)), np.float32)])


def train(sample: Sample, parameters: dict, out: Path, report: Report) -> Result:
    """Train, write ``network.keras`` and ``about.json``, and judge the network on the held-back rows."""
    features, labels = training_arrays(sample.train, sample.classes, sample.signal)
    mean, scale = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + SMALLEST_SCALE
    weights = class_weights(labels, len(sample.classes), parameters["class_weight"])[labels]
    rows = Rows((features - mean) / scale, labels, weights)
    is_validation = validation_rows(sample.train["group_id"].to_numpy(), parameters["seed"])
    model = _build(features.shape[1], len(sample.classes), parameters["seed"])
    history = fit(model, rows.where(~is_validation), rows.where(is_validation), parameters, report)
    model.save(out / WEIGHTS)
    write_about(out, classes=sample.classes, parameters=parameters, mean=mean.tolist(), scale=scale.tolist())
    predicted = score(Network(model, mean, scale, sample.classes), sample.test)["predicted_class"].to_pylist()
    epochs, best = len(history["training"]), int(np.argmin(history["validation"])) + 1
    notes = (
        f"Trained for {epochs} of at most {parameters['epochs']} epochs; the weights are those after epoch {best}.",
    )
    return result(sample, predicted, notes=notes, curves=(_curves(history),))


def _build(features: int, classes: int, seed: int) -> Any:
    import keras  # noqa: PLC0415  (on workers only)

    keras.utils.set_random_seed(seed)
    layers = [keras.Input((features,))]
    for width in HIDDEN:
        layers += [keras.layers.Dense(width, activation="relu"), keras.layers.Dropout(DROPOUT)]
    return keras.Sequential([*layers, keras.layers.Dense(classes, activation="softmax")])


def _curves(history: dict[str, list[float]]) -> Curves:
    series = {name: tuple(round(value, 6) for value in values) for name, values in history.items()}
    return Curves("Learning curve", "epoch", "cross-entropy", tuple(range(1, len(history["training"]) + 1)), series)


def load(folder: Path) -> Network:
    """Read what `train` wrote; Keras's safe mode refuses files that hold code."""
    import keras  # noqa: PLC0415  (on workers only)

    about = read_about(folder)
    model = keras.models.load_model(folder / WEIGHTS, compile=False, safe_mode=True)
    return Network(model, np.array(about["mean"]), np.array(about["scale"]), tuple(about["classes"]))


def score(model: Network, batch: pa.Table) -> pa.Table:
    """Probabilities of the classes, row for row; null where a magnitude is missing."""
    features = sdss_features(batch)
    return score_table(model.probabilities(np.nan_to_num(features)), features, model.classes)
