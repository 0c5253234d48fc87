"""What a model looks at, and where it errs: permutation importance (Table 4) and colours by class (Figures 4 and 6)."""

from typing import Any

import numpy as np
import pyarrow as pa

from almagest.contract import Importance, Sample, Scatter
from almagest.contract.metrics import class_counts
from dwarf_galaxies.columns import CLASSES, MEANING

REPEATS = 10
# Rows held back on which features are shuffled, and points in a plot: more show no more.
MOST_ROWS, MOST_POINTS = 5000, 4000
FOUND, MISSED, FALSE, OTHERS = "signal, found", "signal, missed", "called signal, is not", "other classes"


def explained(scorer: Any, sample: Sample, seed: int, scorings: int) -> tuple[Importance | Scatter, ...]:
    """The figures of a training, in the order in which people ask; importance takes at most about so many scorings."""
    most = min(MOST_ROWS, scorings // (REPEATS * len(scorer.feature_set.names)))
    return (
        importance(scorer, sample, seed, most),
        training_scatter(scorer, sample, seed),
        outcome_scatter(scorer, sample, seed),
    )


def importance(scorer: Any, sample: Sample, seed: int, most: int = MOST_ROWS) -> Importance:
    """How much the signal's f1 on at most so many rows held back drops when one feature is shuffled among them (Breiman 2001)."""
    random = np.random.default_rng(seed)
    test = _some(sample.test, most, random)
    features, truth = scorer.feature_set.compute(test), np.array(test["label"].to_pylist(), str)
    whole = _f1(scorer, features, truth, sample.signal)
    drops = np.array([
        [whole - _f1(scorer, _shuffled(features, k, random), truth, sample.signal) for _ in range(REPEATS)]
        for k in range(features.shape[1])
    ])  # fmt: skip
    mean, std = drops.mean(axis=1), drops.std(axis=1)
    share = 100 * mean.clip(min=0) / (mean.clip(min=0).sum() or 1)
    order = np.argsort(-mean, kind="stable")
    return Importance(
        "What the model looks at",
        f"Drop of the signal's f1 ({whole:.3f} on {len(truth):,} objects held back) when one feature's values are shuffled "
        f"among them, mean of {REPEATS} shufflings; percent of the sum of all drops. Features that tell the same share it.",
        tuple(scorer.feature_set.names[k] for k in order), _rounded(mean[order]), _rounded(std[order]), _rounded(share[order]),
    )  # fmt: skip


def _f1(scorer: Any, features: np.ndarray, truth: np.ndarray, signal: str) -> float:
    called = np.array(scorer.classes)[scorer.classify(features)]
    return class_counts(truth, called, signal).f1 or 0.0


def _shuffled(features: np.ndarray, column: int, random: np.random.Generator) -> np.ndarray:
    shuffled = features.copy()
    shuffled[:, column] = random.permutation(shuffled[:, column])
    return shuffled


def training_scatter(scorer: Any, sample: Sample, seed: int) -> Scatter:
    """The training rows by class."""
    rows = _some(sample.train, MOST_POINTS, np.random.default_rng(seed))
    labels = tuple(name for name in CLASSES if name in scorer.classes)
    meaning = "; ".join(f"{name}: {MEANING[name]}" for name in labels)
    caption = f"{rows.num_rows:,} of {sample.train.num_rows:,} training objects. {meaning}."
    return _scatter("Training objects by class", caption, scorer, rows, rows["label"].to_pylist(), labels)


def outcome_scatter(scorer: Any, sample: Sample, seed: int) -> Scatter:
    """The rows held back by what became of them."""
    rows = _some(sample.test, MOST_POINTS, np.random.default_rng(seed))
    is_signal = np.array(rows["label"].to_pylist(), str) == sample.signal
    called = np.array(scorer.classes)[scorer.classify(scorer.feature_set.compute(rows))] == sample.signal
    outcome = np.select([is_signal & called, is_signal, called], [FOUND, MISSED, FALSE], OTHERS).tolist()
    caption = f"{rows.num_rows:,} of {sample.test.num_rows:,} objects held back; the signal is {sample.signal}."
    return _scatter("Objects held back by outcome", caption, scorer, rows, outcome, (FOUND, MISSED, FALSE, OTHERS))


def _scatter(
    title: str, caption: str, scorer: Any, rows: pa.Table, label: list[str], labels: tuple[str, ...]
) -> Scatter:
    features, names, views = scorer.feature_set.compute(rows), scorer.feature_set.names, scorer.feature_set.views
    wanted = dict.fromkeys(axis for view in views for axis in (view.x, view.y))
    columns = {name: _rounded(features[:, names.index(name)]) for name in wanted}
    survey, source_id = (tuple(rows[name].to_pylist()) for name in ("survey", "source_id"))
    return Scatter(title, caption, columns, tuple(label), labels, views, survey, source_id)


def _some(rows: pa.Table, most: int, random: np.random.Generator) -> pa.Table:
    if rows.num_rows <= most:
        return rows
    return rows.take(pa.array(np.sort(random.choice(rows.num_rows, most, replace=False))))


def _rounded(values: np.ndarray) -> tuple[float | None, ...]:
    return tuple(round(float(v), 4) if np.isfinite(v) else None for v in values)
