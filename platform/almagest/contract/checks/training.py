"""Laws of training: reproducible, to be stopped, blind to the rows held back, and leaving safe files."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract.casting import cast_to
from almagest.contract.checks.files import unsafe_files
from almagest.contract.checks.laws import Subject
from almagest.contract.checks.simulation import SEED
from almagest.contract.cuts import apply_cuts
from almagest.contract.errors import Cancelled, TableError
from almagest.contract.metrics import classification_metrics
from almagest.contract.plugin import Method, Plugin
from almagest.contract.result import Report, Result, no_report
from almagest.contract.sample import KEY_COLUMNS, ORDER, ReadSpectra, Sample, write_sample
from almagest.contract.spectra import arrays_of

# Sums of another order differ by so much.
TOLERANCE = 1e-6
# Of the largest number in a column of arrays: these have no scale of their own, as probabilities do.
ARRAY_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Trial:
    """A method, a sample to try it on, and a folder for what it writes."""

    subject: Subject
    method: Method
    sample: Sample
    parameters: dict[str, Any]
    folder: Path
    # What only the cuts look at, row for row with the sample.
    cut_inputs: pa.Table

    @classmethod
    def prepare(cls, plugin: Plugin, method: Method, rows: pa.Table, folder: Path, settings: dict) -> "Trial":
        """Cut the rows, write the sample's folder and read it back."""
        subject = Subject(plugin, method)
        known = {parameter.name for parameter in method.parameters}
        parameters = method.parse_parameters({name: value for name, value in settings.items() if name in known})
        kept = _cut(subject, method, rows)
        rows = kept.select([*KEY_COLUMNS.names, *method.inputs.names])
        cut_inputs = kept.select([name for name in method.cut_inputs.names if name not in method.inputs])
        about = {"classes": plugin.labelling.classes, "signal": plugin.labelling.signal, "seed": SEED}
        about |= {"grid": method.spectra, "spectra": _spectra(kept, method)} if method.spectra else {}
        write_sample(folder / "sample", rows, **about, definition={"surveys": ["simulated"]})
        return cls(subject, method, Sample.open(folder / "sample"), parameters, folder, cut_inputs)

    def train(self, name: str, sample: Sample | None = None, report: Report = no_report) -> Result:
        """Train into a folder of that name."""
        (self.folder / name).mkdir(parents=True)
        with self.subject.trying("it can be trained on its simulation"):
            return self.method.module().train(sample or self.sample, self.parameters, self.folder / name, report)

    def load(self, name: str) -> Any:
        """Load what was trained."""
        with self.subject.trying("a saved model can be loaded"):
            return self.method.module().load(self.folder / name)

    def score(self, model: Any, batch: pa.Table) -> pa.Table:
        """Score, and hold the scores to the declaration; a plugin's own errors pass."""
        scores = self.method.module().score(model, batch)
        self.subject.require(scores.num_rows == batch.num_rows, "score gives a row for each row")
        try:
            scores = cast_to(self.method.outputs, scores)
        except TableError as error:
            raise self.subject.broken("scores are as declared", str(error)) from None
        ranks = scores[self.method.rank_by].drop_null().to_numpy()
        self.subject.require(bool(((ranks >= 0) & (ranks <= 1)).all()), f"{self.method.rank_by} lies between 0 and 1")
        return scores

    @property
    def batch(self) -> pa.Table:
        """The sample's rows as scoring sees them: without what they are."""
        (rows,) = self.sample.batches(size=self.sample.rows.num_rows)
        return rows.drop_columns(["label", "split"])


def _spectra(kept: pa.Table, method: Method) -> ReadSpectra:
    """The simulation's own, in the order that a sample has."""
    return lambda rows: iter([arrays_of(kept.sort_by([(name, "ascending") for name in ORDER]), method.spectra)])


def _cut(subject: Subject, method: Method, rows: pa.Table) -> pa.Table:
    law = "cuts keep rows of the simulation, and say yes or no where nothing but the inputs is known"
    unknown = rows
    for column in method.cut_inputs.columns:
        if column.name not in method.inputs:
            nulls = pa.nulls(rows.num_rows, column.arrow_type)
            unknown = unknown.set_column(unknown.column_names.index(column.name), column.name, nulls)
    with subject.trying(law):
        kept = [apply_cuts(method.cuts, table)[0] for table in (rows, unknown)]
    for table in kept:
        subject.require(table.num_rows > rows.num_rows / 2, law, f"{table.num_rows} of {rows.num_rows} are kept")
    return kept[0]


def check_training(trial: Trial) -> Any:
    """Try all laws of training; give the model, loaded from its files."""
    _check_cancelling(trial)
    told: list[float] = []
    result = trial.train("model", report=lambda fraction, message="": told.append(fraction))
    is_progress = len(told) > 1 and told == sorted(told) and told[0] >= 0 and told[-1] <= 1
    trial.subject.require(is_progress, "training reports its progress, more than once, from 0 to 1", str(told[:9]))
    _check_files(trial)
    model = trial.load("model")
    _check_result(trial, result, model)
    _check_same_again(trial, trial.score(model, trial.batch))
    return model


def _check_cancelling(trial: Trial) -> None:
    def stop(fraction: float, message: str = "") -> None:
        raise Cancelled("asked to stop")

    try:
        trial.train("cancelled", report=stop)
    except Cancelled:
        return
    raise trial.subject.broken("training stops when the report says so", "it went on to its end")


def _check_files(trial: Trial) -> None:
    folder = trial.folder / "model"
    trial.subject.require(any(folder.iterdir()), "training writes the model's files into its folder")
    unsafe = unsafe_files(folder)
    trial.subject.require(not unsafe, "a model's files cannot run code", "not so " + ", ".join(unsafe))


def _check_result(trial: Trial, result: Result, model: Any) -> None:
    require, sample = trial.subject.require, trial.sample
    require(isinstance(result, Result), "train gives a Result", type(result).__name__)
    with trial.subject.trying("a result can be written as JSON"):
        json.dumps(result.to_json(), allow_nan=False)
    groups, surveys = {metric.group for metric in result.metrics}, set(sample.test["survey"].to_pylist())
    require(groups == {"all", *surveys}, "metrics are given pooled and for each survey", ", ".join(sorted(groups)))
    if "predicted_class" in trial.method.outputs:
        (held_back,) = sample.batches("test", size=sample.rows.num_rows)
        predicted = trial.score(model, held_back)["predicted_class"].to_pylist()
        truth, survey = sample.test["label"].to_pylist(), sample.test["survey"].to_pylist()
        expected = classification_metrics(truth, predicted, survey, sample.signal)
        missing = [metric.name for metric in expected if metric not in result.metrics]
        require(not missing, "the metrics are those of the saved model on the rows held back", ", ".join(missing))


def _check_same_again(trial: Trial, scores: pa.Table) -> None:
    """One training tries two laws; only where its scores differ, another tells which is broken."""
    rows = trial.sample.rows
    label, is_test = np.array(rows["label"].to_pylist(), object), np.array(rows["split"].to_pylist()) == "test"
    label[is_test] = np.roll(label[is_test], 1)
    hidden = rows.set_column(rows.column_names.index("label"), "label", pa.array(label.tolist(), pa.string()))
    trial.train("blind", replace(trial.sample, rows=hidden))
    if same_scores(scores, trial.score(trial.load("blind"), trial.batch)):
        return
    trial.train("again")
    is_same = same_scores(scores, trial.score(trial.load("again"), trial.batch))
    trial.subject.require(is_same, "the same seed gives the same scores")
    raise trial.subject.broken("training does not look at the labels of rows held back")


def same_scores(a: pa.Table, b: pa.Table) -> bool:
    """Whether two tables of scores agree: numbers within `TOLERANCE`, arrays of them within `ARRAY_TOLERANCE`, all else exactly."""
    return all(_same_column(a[name].combine_chunks(), b[name].combine_chunks()) for name in a.column_names)


def _same_column(a: pa.Array, b: pa.Array) -> bool:
    if _is_list(a.type) and _is_list(b.type) and pa.types.is_floating(a.type.value_type):
        return _same_arrays(a, b)
    if not pa.types.is_floating(a.type):
        return a.equals(b)
    if not a.is_valid().equals(b.is_valid()):
        return False
    one, two = (values.to_numpy(zero_copy_only=False) for values in (a, b))
    return np.allclose(one, two, rtol=0, atol=TOLERANCE, equal_nan=True)


def _is_list(dtype: pa.DataType) -> bool:
    return pa.types.is_list(dtype) or pa.types.is_fixed_size_list(dtype)


def _same_arrays(a: pa.Array, b: pa.Array) -> bool:
    if not pc.list_value_length(a).equals(pc.list_value_length(b)):
        return False
    one, two = (values.flatten().to_numpy(zero_copy_only=False) for values in (a, b))
    largest = np.abs(one[np.isfinite(one)]).max(initial=0)
    return np.allclose(one, two, rtol=0, atol=ARRAY_TOLERANCE * largest, equal_nan=True)
