"""A random search over a method's parameters, judged over folds of whole galaxies (Section 3.3)."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from almagest.contract import SCORES, Method, Metric, Report, classification_metrics
from dwarf_galaxies.columns import SIGNAL
from dwarf_galaxies.rows import Rows

OBJECTIVE = "f1 of the signal, mean over the source surveys, mean over the folds"
# fit(rows, parameters, report) gives a function from features to class numbers.
Fit = Callable[[Rows, dict, Report], Callable[[np.ndarray], np.ndarray]]


@dataclass(frozen=True)
class Trial:
    """A parameter set, and its metrics in each fold."""

    parameters: dict
    folds: tuple[tuple[Metric, ...], ...]

    @property
    def scores(self) -> np.ndarray:
        """The objective in each fold, shape (folds,).

        A survey counts as much as any other: scores of pooled rows measure the mixture of surveys that is at hand.
        """
        return np.array([_objective(metrics) for metrics in self.folds])

    def to_json(self) -> dict:
        """Its parameters, and the mean and deviation of its scores."""
        scores = self.scores
        return {"parameters": self.parameters, "score": float(scores.mean()), "std": float(scores.std())}


def search(fit: Fit, rows: Rows, method: Method, given: dict, report: Report) -> list[Trial]:
    """Judge ``given["draws"]`` parameter sets, the given one first; best first, equals in the order of trying."""
    sets, trials = parameter_sets(method, given), []
    for number, parameters in enumerate(sets):
        part = _part(report, number, len(sets))
        trials.append(judge(fit, rows, parameters, part))
        best = max(trial.scores.mean() for trial in trials)
        part(1.0, f"set {number + 1} of {len(sets)}: {trials[-1].scores.mean():.3f}, best so far {best:.3f}")
    return sorted(trials, key=lambda trial: -trial.scores.mean())


def parameter_sets(method: Method, given: dict) -> list[dict]:
    """The given parameters, then `draws` - 1 others, each once, from the values that the method's declaration names."""
    from sklearn.model_selection import ParameterSampler  # noqa: PLC0415  (on workers only)

    space = {parameter.name: list(parameter.search) for parameter in method.parameters if parameter.search}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a space smaller than the draws is tried whole
        drawn = list(ParameterSampler(space, given["draws"], random_state=given["seed"]))
    others = [given | parameters for parameters in drawn]
    return [given, *(parameters for parameters in others if parameters != given)][: given["draws"]]


def judge(fit: Fit, rows: Rows, parameters: dict, report: Report) -> Trial:
    """Metrics of one parameter set in each fold."""
    found = []
    for number, is_validation in enumerate(folds(rows, parameters["folds"], parameters["seed"])):
        classify = fit(rows.where(~is_validation), parameters, _part(report, number, parameters["folds"]))
        held = rows.where(is_validation)
        called = np.array(rows.classes)[classify(held.features)]
        found.append(classification_metrics(held.names, called, held.survey, SIGNAL))
    return Trial(parameters, tuple(found))


def folds(rows: Rows, count: int, seed: int) -> list[np.ndarray]:
    """Masks of the validation rows, shape (n,) each: whole galaxies, and of each class in each survey about as many."""
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415  (on workers only)

    strata = np.char.add(np.char.add(rows.survey, "/"), rows.names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class may be rare in one of the surveys
        split = list(StratifiedGroupKFold(count, shuffle=True, random_state=seed).split(strata, strata, rows.group_id))
    return [np.isin(np.arange(len(rows)), held) for _, held in split]


def validation_metrics(trial: Trial) -> list[Metric]:
    """Mean and standard deviation over the folds of each score, pooled and for each survey.

    Folds in which a score has nothing to divide by are left out of it.
    """
    values: dict[tuple[str, str, str], list[float]] = {}
    for metric in (metric for fold in trial.folds for metric in fold if metric.name in SCORES):
        known = values.setdefault((metric.group, metric.of, metric.name), [])
        known += [metric.value] * (metric.value is not None)
    return [
        Metric(name, group, float(np.mean(v)) if v else None, of=of, split="validation", std=float(np.std(v)) if v else None)
        for (group, of, name), v in values.items()
    ]  # fmt: skip


def _objective(metrics: tuple[Metric, ...]) -> float:
    found = [m for m in metrics if (m.name, m.of) == ("f1", "signal") and m.group != "all" and m.value is not None]
    return float(np.mean([metric.value for metric in found])) if found else 0.0


def _part(report: Report, number: int, count: int) -> Report:
    """A report of one of several equal parts: its messages pass, its fractions shrink."""
    return lambda fraction, message="": report((number + fraction) / count, message)
