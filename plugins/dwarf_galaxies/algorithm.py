"""What all algorithms share: check, search, fit, save, judge, explain; then load and score."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from almagest.contract import Curves, Method, PluginError, Report, Result, Sample
from dwarf_galaxies.balance import NEED_NEIGHBOURS, check_balance
from dwarf_galaxies.columns import CLASSES
from dwarf_galaxies.explain import explained
from dwarf_galaxies.features import FEATURE_SETS, FeatureSet, feature_set_for
from dwarf_galaxies.judging import judged
from dwarf_galaxies.rows import Rows, Scale, check_folds, some_groups, training_rows
from dwarf_galaxies.search import OBJECTIVE, Trial, search, validation_metrics

ABOUT = "about.json"
# What models looked at before there was a choice.
OLDEST = "sdss"
# Share of the progress that a search takes.
SEARCH_SHARE = 0.9


class Model(Protocol):
    """A fitted algorithm, on scaled features."""

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Of each class that it has learned, shape (n, classes)."""

    def save(self, folder: Path) -> None:
        """Write files that hold numbers and text, and no code."""


@dataclass(frozen=True)
class Fitted:
    """A model, with what is to be said of its training."""

    model: Model
    notes: tuple[str, ...] = ()
    curves: tuple[Curves, ...] = ()


@dataclass(frozen=True)
class Scorer:
    """A model with what its features are scaled by, and the classes it has learned."""

    model: Model
    scale: Scale
    classes: tuple[str, ...]
    feature_set: FeatureSet

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """From features as they are, shape (n, classes)."""
        return self.model.probabilities(self.scale.apply(features))

    def classify(self, features: np.ndarray) -> np.ndarray:
        """Numbers of the most probable classes, shape (n,)."""
        return self.probabilities(features).argmax(axis=1)

    def save(self, folder: Path, parameters: dict) -> None:
        """Write the model's files and ``about.json``."""
        self.model.save(folder)
        about = {
            "classes": self.classes, "feature_set": self.feature_set.name, "features": self.feature_set.names,
            "parameters": parameters, **self.scale.to_json(),
        }  # fmt: skip
        (folder / ABOUT).write_text(json.dumps(about, indent=2, sort_keys=True) + "\n")


@dataclass(frozen=True)
class Algorithm:
    """One of the algorithms: `fit` takes rows with scaled features, `read` a folder and the number of classes.

    `validates`: what share of the rows `fit` keeps back to decide when to stop. `scorings`: how many rows the model scores
    in a minute or so, which bounds the shufflings for the features' importance.
    """

    method: Method
    fit: Callable[[Rows, dict, Report], Fitted]
    read: Callable[[Path, int], Model]
    validates: float = 0.0
    scorings: int = 5_000_000

    def train(self, sample: Sample, parameters: dict, out: Path, report: Report) -> Result:
        """Search and fit on the training rows, write the model, and judge it on the rows held back.

        Raises
        ------
        PluginError
            Before any training starts, when the sample or the parameters do not allow it.
        """
        rows = training_rows(sample, feature_set_for(parameters))
        searched = some_groups(rows, parameters["search_rows"], parameters["seed"])
        self._check(searched if parameters["draws"] else rows, parameters)
        trials = self._search(searched, parameters, report)
        chosen = trials[0].parameters if trials else parameters
        start = SEARCH_SHARE if trials else 0.0
        scorer, fitted = self._fit(rows, chosen, lambda f, text="": report(start + (1 - start) * f, text))
        scorer.save(out, chosen)
        metrics, matrices, details = judged(scorer, sample)
        metrics += tuple(validation_metrics(trials[0]) if trials else ())
        notes = (*_notes(rows, searched if trials else rows), *fitted.notes)
        figures = (*matrices, *fitted.curves, *explained(scorer, sample, chosen["seed"], self.scorings))
        return Result(metrics, figures, notes, details | _told(trials, parameters), chosen)

    def load(self, folder: Path) -> Scorer:
        """Read what `train` wrote."""
        about = json.loads((folder / ABOUT).read_text())
        known = {feature_set.name: feature_set for feature_set in FEATURE_SETS.values()}
        feature_set = known.get(about.get("feature_set", OLDEST))
        if feature_set is None or tuple(about["features"]) != feature_set.names:
            raise PluginError(f"the model in {folder} was trained on other features: {', '.join(about['features'])}")
        return Scorer(
            self.read(folder, len(about["classes"])), Scale.from_json(about), tuple(about["classes"]), feature_set
        )

    def _check(self, rows: Rows, parameters: dict) -> None:
        folds = parameters["folds"] if parameters["draws"] else 0
        if folds:
            check_folds(rows, folds)
        if parameters["balance"] in NEED_NEIGHBOURS:
            share = (1 - 1 / folds if folds else 1) * (1 - self.validates)
            check_balance(rows, parameters["balance"], share)

    def _search(self, rows: Rows, parameters: dict, report: Report) -> list[Trial]:
        def fit(part: Rows, chosen: dict, told: Report) -> Callable[[np.ndarray], np.ndarray]:
            return self._fit(part, chosen, lambda fraction, text="": told(fraction))[0].classify

        if not parameters["draws"]:
            return []
        return search(fit, rows, self.method, parameters, lambda f, text="": report(SEARCH_SHARE * f, text))

    def _fit(self, rows: Rows, parameters: dict, report: Report) -> tuple[Scorer, Fitted]:
        scale = Scale.of(rows.features, rows.feature_set.names)
        fitted = self.fit(replace(rows, features=scale.apply(rows.features)), parameters, report)
        return Scorer(fitted.model, scale, rows.classes, rows.feature_set), fitted


def _notes(rows: Rows, searched: Rows) -> tuple[str, ...]:
    absent = [name for name in CLASSES if name not in rows.classes]
    known = f"{', '.join(absent)} are not among the training rows: the model knows {', '.join(rows.classes)} only."
    part = f"The search saw {len(searched):,} of the {len(rows):,} training rows."
    return (known,) * bool(absent) + (part,) * (len(searched) < len(rows))


def _told(trials: list[Trial], parameters: dict) -> dict:
    if not trials:
        return {}
    best = trials[0].to_json()
    return {
        "search": {
            "draws": len(trials), "folds": parameters["folds"], "objective": OBJECTIVE, "chosen": best["parameters"],
            "score": best["score"], "std": best["std"], "tried": [trial.to_json() for trial in trials],
        }
    }  # fmt: skip


def score(scorer: Scorer, batch: pa.Table) -> pa.Table:
    """The declared outputs, row for row; null where a feature is missing, and for classes that were not learned."""
    features = scorer.feature_set.compute(batch)
    missing = ~np.isfinite(features).all(axis=1)
    probabilities = scorer.probabilities(features)
    columns = {f"p_{name.lower()}": pa.nulls(len(features), pa.float32()) for name in CLASSES}
    for k, name in enumerate(scorer.classes):
        columns[f"p_{name.lower()}"] = pa.array(probabilities[:, k].astype(np.float32), pa.float32(), mask=missing)
    best = np.array(scorer.classes, object)[probabilities.argmax(axis=1)] if len(features) else np.array([], object)
    return pa.table(columns | {"predicted_class": pa.array(best, pa.string(), mask=missing)})
