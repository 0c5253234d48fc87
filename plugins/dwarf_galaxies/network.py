"""The paper's network (Table 5) in Keras: 64, 256 and 32 neurons, ReLU, dropout 0.2, softmax."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from almagest.contract import Report
from dwarf_galaxies.algorithm import Algorithm, Fitted, score
from dwarf_galaxies.fitting import VALIDATION, fit, fitted, split
from dwarf_galaxies.methods import network as method
from dwarf_galaxies.rows import Rows

# Rows in one call of the model: small batches cost 25 times as much.
BATCH = 8192
FILE = "network.keras"


@dataclass(frozen=True)
class Network:
    """A Keras model."""

    model: Any
    classes: int

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Shape (n, classes). Batches of one size: the graph is traced once."""
        parts = []
        for start in range(0, len(features), BATCH):
            part = features[start : start + BATCH]
            whole = np.zeros((BATCH, features.shape[1]), np.float32) if len(features) > BATCH else part
            whole[: len(part)] = part
            parts.append(np.asarray(self.model(whole, training=False))[: len(part)])
        return np.concatenate(parts or [np.zeros((0, self.classes), np.float32)])

    def save(self, folder: Path) -> None:
        """Write ``network.keras``."""
        self.model.save(folder / FILE)


class Learner:
    """The training steps. A whole epoch is one call into TensorFlow.

    `keras.Model.fit` spends most of its time between steps when rows are few. Here the rows stay in TensorFlow, which runs
    all steps of an epoch by itself.
    """

    def __init__(self, model: Any, learned: Rows, looked_at: Rows, learning_rate: float):
        self.model = model
        self._learned, self._looked_at = _tensors(learned), _tensors(looked_at)
        self._epoch, self._loss = _compiled(model, learning_rate)

    def epoch(self, order: np.ndarray) -> float:
        """One pass over the rows in that order, shape (steps, batch); gives the mean loss."""
        return float(self._epoch(*self._learned, order))

    def validation_loss(self) -> float:
        """The loss on the rows that it does not learn from."""
        return float(self._loss(*self._looked_at))

    def weights(self) -> list[np.ndarray]:
        """A copy of the weights."""
        return self.model.get_weights()

    def restore(self, weights: list[np.ndarray]) -> None:
        """Go back to them."""
        self.model.set_weights(weights)


def fit_network(rows: Rows, parameters: dict, report: Report) -> Fitted:
    """Train with early stopping."""
    learned, looked_at = split(rows, parameters)
    model = build(rows.features.shape[1], len(rows.classes), parameters)
    learner = Learner(model, learned, looked_at, parameters["learning_rate"])
    history = fit(learner, len(learned), parameters, report)
    return fitted(Network(model, len(rows.classes)), history, parameters)


def build(features: int, classes: int, parameters: dict) -> Any:
    """The layers, with weights from the seed."""
    import keras  # noqa: PLC0415  (on workers only)

    keras.utils.clear_session()
    keras.utils.set_random_seed(parameters["seed"])
    layers = [keras.Input((features,))]
    for width in parameters["layers"].split("-"):
        layers += [keras.layers.Dense(int(width), activation="relu"), keras.layers.Dropout(parameters["dropout"])]
    return keras.Sequential([*layers, keras.layers.Dense(classes, activation="softmax")])


def _tensors(rows: Rows) -> tuple[Any, ...]:
    import tensorflow as tf  # noqa: PLC0415  (on workers only)

    arrays = rows.features.astype(np.float32), rows.labels.astype(np.int32), rows.weights.astype(np.float32)
    return tuple(tf.constant(array) for array in arrays)


def _compiled(model: Any, learning_rate: float) -> tuple[Any, Any]:
    import keras  # noqa: PLC0415  (on workers only)
    import tensorflow as tf  # noqa: PLC0415  (on workers only)

    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(model.trainable_variables)

    def loss_of(features, labels, weights, training=False):
        losses = keras.losses.sparse_categorical_crossentropy(labels, model(features, training=training))
        return tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)

    def epoch(features, labels, weights, order):
        total = tf.constant(0.0)
        for rows in order:
            with tf.GradientTape() as tape:
                loss = loss_of(*(tf.gather(values, rows) for values in (features, labels, weights)), training=True)
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
            total += loss
        return total / tf.cast(tf.shape(order)[0], tf.float32)

    return tf.function(epoch), tf.function(loss_of)


def read(folder: Path, classes: int) -> Network:
    """Read the model; Keras's safe mode refuses files that hold code."""
    import keras  # noqa: PLC0415  (on workers only)

    return Network(keras.models.load_model(folder / FILE, compile=False, safe_mode=True), classes)


algorithm = Algorithm(method, fit_network, read, validates=VALIDATION)
train, load = algorithm.train, algorithm.load
__all__ = ["load", "score", "train"]
