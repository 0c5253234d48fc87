"""Training by epochs, with early stopping: what the network and TabNet share."""

from typing import Any, Protocol

import numpy as np

from almagest.contract import Curves, PluginError, Report
from dwarf_galaxies.algorithm import Fitted
from dwarf_galaxies.balance import balanced
from dwarf_galaxies.rows import Rows

# Share of the training groups that early stopping looks at.
VALIDATION = 0.15


class Learner(Protocol):
    """A network in training, with the rows that it learns from and those that decide when to stop."""

    model: Any

    def epoch(self, order: np.ndarray) -> float:
        """One pass over the rows in that order, shape (steps, batch); gives the mean loss."""

    def validation_loss(self) -> float:
        """The loss on the rows that it does not learn from."""

    def weights(self) -> Any:
        """A copy of the weights."""

    def restore(self, weights: Any) -> None:
        """Go back to them."""


def split(rows: Rows, parameters: dict) -> tuple[Rows, Rows]:
    """Rows to learn from, balanced as asked, and rows to look at: of them only the weights know of any balance."""
    is_validation = validation_rows(rows.group_id, parameters["seed"])
    learned, looked_at = rows.where(~is_validation), rows.where(is_validation)
    if parameters["balance"] == "class_weight":
        weighted = balanced(rows, "class_weight", parameters["seed"])
        return weighted.where(~is_validation), weighted.where(is_validation)
    return balanced(learned, parameters["balance"], parameters["seed"]), looked_at


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


def fit(learner: Learner, rows: int, parameters: dict, report: Report) -> dict[str, list[float]]:
    """Train until the validation loss has not fallen for `patience` epochs; leave the best epoch's weights in the model.

    Returns
    -------
    ``{"training": losses, "validation": losses}``, one number an epoch.
    """
    random = np.random.default_rng(parameters["seed"])
    history: dict[str, list[float]] = {"training": [], "validation": []}
    best, best_weights = np.inf, learner.weights()
    while len(history["training"]) < parameters["epochs"]:
        history["training"].append(learner.epoch(_order(rows, parameters["batch_size"], random)))
        history["validation"].append(learner.validation_loss())
        if history["validation"][-1] < best:
            best, best_weights = history["validation"][-1], learner.weights()
        done = len(history["training"])
        report(done / parameters["epochs"], _progress(history) if done % 10 == 1 else "")
        if done - int(np.argmin(history["validation"])) > parameters["patience"]:
            break
    learner.restore(best_weights)
    return history


def fitted(model: Any, history: dict[str, list[float]], parameters: dict) -> Fitted:
    """The trained model with its learning curve."""
    epochs, best = len(history["training"]), int(np.argmin(history["validation"])) + 1
    note = f"Trained for {epochs} of at most {parameters['epochs']} epochs; the weights are those after epoch {best}."
    series = {name: tuple(round(value, 6) for value in values) for name, values in history.items()}
    return Fitted(
        model, (note,), (Curves("Learning curve", "epoch", "cross-entropy", tuple(range(1, epochs + 1)), series),)
    )


def _progress(history: dict[str, list[float]]) -> str:
    done, training, validation = len(history["training"]), history["training"][-1], history["validation"][-1]
    return f"epoch {done}: loss {training:.4f}, validation {validation:.4f}"


def _order(rows: int, batch_size: int, random: np.random.Generator) -> np.ndarray:
    """A shuffled order, shape (steps, batch); the last batch is filled up with rows of the first."""
    batch = min(batch_size, rows)
    return np.resize(random.permutation(rows), (-(-rows // batch), batch)).astype(np.int32)
