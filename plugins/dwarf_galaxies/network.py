"""The paper's network (Table 5) in Keras: 64, 256 and 32 neurons, ReLU, dropout 0.2, softmax."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from almagest.contract import Curves, Report, Result, Sample
from dwarf_galaxies.features import sdss_features
from dwarf_galaxies.report import class_weights, read_about, result, score_table, training_arrays, write_about

HIDDEN = (64, 256, 32)
DROPOUT = 0.2
# Share of the training groups that early stopping looks at.
VALIDATION = 0.15
# Rows in one call of the model: small batches cost 25 times as much.
BATCH = 8192


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
    import keras  # noqa: PLC0415  (on workers only)

    keras.utils.set_random_seed(parameters["seed"])
    features, labels = training_arrays(sample.train, sample.classes)
    mean, scale = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + 1e-6
    model = _build(keras, len(sample.classes), features.shape[1], parameters["learning_rate"])
    is_validation = _validation_rows(sample.train["group_id"].to_numpy(), parameters["seed"])
    history = _fit(keras, model, (features - mean) / scale, labels, is_validation, parameters, report)
    model.save(out / "network.keras")
    write_about(out, classes=sample.classes, parameters=parameters, mean=mean.tolist(), scale=scale.tolist())
    network = Network(model, mean, scale, sample.classes)
    predicted = score(network, sample.test)["predicted_class"].to_pylist()
    epochs = len(history["loss"])
    notes = (f"Stopped after {epochs} of at most {parameters['epochs']} epochs; the best one's weights are kept.",)
    return result(sample, predicted, notes=notes, curves=(_curves(history),))


def _build(keras, classes: int, features: int, learning_rate: float):
    layers = [keras.Input((features,))]
    for width in HIDDEN:
        layers += [keras.layers.Dense(width, activation="relu"), keras.layers.Dropout(DROPOUT)]
    model = keras.Sequential([*layers, keras.layers.Dense(classes, activation="softmax")])
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    return model


def _validation_rows(group_id: np.ndarray, seed: int) -> np.ndarray:
    """Whole groups, so that no galaxy stands on both sides; shape (n,), bool."""
    groups, row = np.unique(group_id, return_inverse=True)
    chosen = np.random.default_rng(seed).random(len(groups)) < VALIDATION
    return chosen[row] if 0 < chosen.sum() < len(groups) else np.arange(len(group_id)) % 5 == 0


def _fit(keras, model, features, labels, is_validation, parameters: dict, report: Report) -> dict:
    weights = class_weights(labels, model.output_shape[-1], parameters["class_weight"])[labels]

    class Progress(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            text = f"epoch {epoch + 1}: loss {logs['loss']:.4f}, validation {logs['val_loss']:.4f}"
            report((epoch + 1) / parameters["epochs"], text if epoch % 10 == 0 else "")

    kept = ~is_validation
    stop = keras.callbacks.EarlyStopping(patience=parameters["patience"], restore_best_weights=True)
    history = model.fit(
        features[kept].astype(np.float32), labels[kept], sample_weight=weights[kept], epochs=parameters["epochs"],
        batch_size=parameters["batch_size"], verbose=0, callbacks=[stop, Progress()],
        validation_data=(features[is_validation].astype(np.float32), labels[is_validation], weights[is_validation]),
    )  # fmt: skip
    return history.history


def _curves(history: dict) -> Curves:
    names = {"training": "loss", "validation": "val_loss"}
    series = {shown: tuple(round(float(v), 6) for v in history[name]) for shown, name in names.items()}
    return Curves("Learning curve", "epoch", "cross-entropy", tuple(range(1, len(history["loss"]) + 1)), series)


def load(folder: Path) -> Network:
    """Read what `train` wrote; Keras's safe mode refuses files that hold code."""
    import keras  # noqa: PLC0415  (on workers only)

    about = read_about(folder)
    model = keras.models.load_model(folder / "network.keras", compile=False, safe_mode=True)
    return Network(model, np.array(about["mean"]), np.array(about["scale"]), tuple(about["classes"]))


def score(model: Network, batch: pa.Table) -> pa.Table:
    """Probabilities of the classes, row for row; null where a magnitude is missing."""
    features = sdss_features(batch)
    return score_table(model.probabilities(np.nan_to_num(features)), features, model.classes)
