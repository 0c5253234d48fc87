"""Gradient boosting by XGBoost, kept in its own binary JSON (UBJSON): numbers, and no code."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from almagest.contract import Report
from dwarf_galaxies.algorithm import Algorithm, Fitted, score
from dwarf_galaxies.balance import balanced
from dwarf_galaxies.methods import boosting as method
from dwarf_galaxies.rows import Rows

FILE = "xgboost.ubj"
# Trees grown between two looks at whether somebody has asked to stop.
ROUNDS_A_STEP = 25
# Up to so many values threads only wait for each other, and on a busy machine for long.
FEW_VALUES = 1_000_000


@dataclass(frozen=True)
class Boosted:
    """An XGBoost booster."""

    booster: Any
    classes: int

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Shape (n, classes)."""
        if not len(features):
            return np.zeros((0, self.classes), np.float32)
        return self.booster.inplace_predict(features)

    def save(self, folder: Path) -> None:
        """Write ``xgboost.ubj``."""
        self.booster.save_model(folder / FILE)


def fit(rows: Rows, parameters: dict, report: Report) -> Fitted:
    """Grow the trees, some rounds at a time."""
    import xgboost  # noqa: PLC0415  (on workers only)

    kept = balanced(rows, parameters["balance"], parameters["seed"])
    threads = 1 if kept.features.size < FEW_VALUES else 0  # 0: all cores
    data = xgboost.DMatrix(kept.features, label=kept.labels, weight=kept.weights)
    told = _told(report, parameters["rounds"])
    settings = _settings(parameters, len(rows.classes)) | {"nthread": threads}
    booster = xgboost.train(settings, data, parameters["rounds"], callbacks=[told])
    report(1.0, f"{parameters['rounds']} rounds")
    return Fitted(Boosted(booster, len(rows.classes)), (f"{parameters['rounds']} trees for each class.",))


def _settings(parameters: dict, classes: int) -> dict:
    same = ("learning_rate", "max_depth", "min_child_weight", "subsample", "reg_lambda", "reg_alpha", "seed")
    return {name: parameters[name] for name in same} | {
        "objective": "multi:softprob", "num_class": classes, "colsample_bytree": parameters["colsample"],
        "tree_method": "hist", "verbosity": 0,
    }  # fmt: skip


def _told(report: Report, rounds: int) -> Any:
    import xgboost  # noqa: PLC0415  (on workers only)

    class Told(xgboost.callback.TrainingCallback):
        """Reports between the rounds; an error of the report ends the training."""

        def before_iteration(self, model, epoch, evals_log) -> bool:
            if epoch % ROUNDS_A_STEP == 0:
                report(epoch / rounds, f"{epoch} of {rounds} rounds")
            return False

    return Told()


def read(folder: Path, classes: int) -> Boosted:
    """Read the booster."""
    import xgboost  # noqa: PLC0415  (on workers only)

    booster = xgboost.Booster()
    booster.load_model(folder / FILE)
    return Boosted(booster, classes)


algorithm = Algorithm(method, fit, read)
train, load = algorithm.train, algorithm.load
__all__ = ["load", "score", "train"]
