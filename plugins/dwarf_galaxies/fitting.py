"""The training loop of the network: a whole epoch is one call into TensorFlow, and a galaxy is on one side only."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from almagest.contract import PluginError, Report

# Share of the training groups that early stopping looks at.
VALIDATION = 0.15


@dataclass(frozen=True)
class Rows:
    """What is learned from: features, shape (n, f); class numbers, shape (n,); weights, shape (n,)."""

    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray

    def where(self, chosen: np.ndarray) -> "Rows":
        """The rows where `chosen`, shape (n,), is true."""
        return Rows(self.features[chosen], self.labels[chosen], self.weights[chosen])

    @property
    def tensors(self) -> tuple[np.ndarray, ...]:
        """As TensorFlow takes them."""
        return self.features.astype(np.float32), self.labels.astype(np.int32), self.weights.astype(np.float32)


def validation_rows(group_id: np.ndarray, seed: int) -> np.ndarray:
    """Choose whole groups, so that no galaxy is on both sides; shape (n,), bool.

    Raises
    ------
    PluginError
        When all rows are of one group.
    """
    groups, row = np.unique(group_id, return_inverse=True)
    if len(groups) < 2:
        raise PluginError("the training rows are all of one galaxy; early stopping needs others to look at")
    count = max(1, round(VALIDATION * len(groups)))
    chosen = np.zeros(len(groups), bool)
    chosen[np.random.default_rng(seed).choice(len(groups), count, replace=False)] = True
    return chosen[row]


def fit(model: Any, train: Rows, validation: Rows, parameters: dict, report: Report) -> dict[str, list[float]]:
    """Train until the validation loss has not fallen for `patience` epochs; leave the best epoch's weights in the model.

    `keras.Model.fit` spends most of its time between epochs when rows are few. Here the rows stay in TensorFlow, which
    runs all steps of an epoch by itself.

    Returns
    -------
    ``{"training": losses, "validation": losses}``, one number an epoch.
    """
    epoch, loss_of = _compiled(model, parameters["learning_rate"])
    train_tensors, validation_tensors = train.tensors, validation.tensors
    random = np.random.default_rng(parameters["seed"])
    history: dict[str, list[float]] = {"training": [], "validation": []}
    best, best_weights = np.inf, model.get_weights()
    while len(history["training"]) < parameters["epochs"]:
        order = _order(len(train.labels), parameters["batch_size"], random)
        history["training"].append(float(epoch(*train_tensors, order)))
        history["validation"].append(float(loss_of(*validation_tensors)))
        if history["validation"][-1] < best:
            best, best_weights = history["validation"][-1], model.get_weights()
        done = len(history["training"])
        report(done / parameters["epochs"], _progress(history) if done % 10 == 1 else "")
        if done - int(np.argmin(history["validation"])) > parameters["patience"]:
            break
    model.set_weights(best_weights)
    return history


def _progress(history: dict[str, list[float]]) -> str:
    done, training, validation = len(history["training"]), history["training"][-1], history["validation"][-1]
    return f"epoch {done}: loss {training:.4f}, validation {validation:.4f}"


def _order(rows: int, batch_size: int, random: np.random.Generator) -> np.ndarray:
    """A shuffled order, shape (steps, batch); the last batch is filled up with rows of the first."""
    batch = min(batch_size, rows)
    return np.resize(random.permutation(rows), (-(-rows // batch), batch)).astype(np.int32)


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
