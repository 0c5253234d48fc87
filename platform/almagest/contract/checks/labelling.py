"""Laws of naming an object's true class."""

import numpy as np
import pyarrow as pa

from almagest.contract.checks.laws import Subject
from almagest.contract.checks.simulation import SEED
from almagest.contract.columns import Column
from almagest.contract.plugin import Plugin

# Numbers at which formulas break, and those in between.
ODD_NUMBERS = (None, float("nan"), float("inf"), -9999.0, -1.0, 0.0, 1e-3, 0.01, 0.1, 1.0, 9.0, 15.0, 99.0, 1e30)
ODD_WORDS = (None, "", "no such word")


def check_labelling(plugin: Plugin, rows: pa.Table) -> None:
    """Each row gets one of the classes or a reason, whatever is missing; `PluginError` otherwise."""
    subject = Subject(plugin)
    columns = {c.name: c for method in plugin.methods for c in method.inputs.columns}
    columns |= {c.name: c for c in plugin.labelling.inputs.columns}
    given = {name: rows[name] for name in columns if name in rows.column_names}
    nulls = {name: pa.nulls(rows.num_rows, column.arrow_type) for name, column in columns.items()}
    random = np.random.default_rng(SEED)
    odd = {name: _odd_values(column, given.get(name), rows.num_rows, random) for name, column in columns.items()}
    for values in (nulls, nulls | given, odd):
        _check_table(subject, pa.table({"survey": rows["survey"]} | values))
    if given.keys() == columns.keys():
        found = plugin.labelling.function()(pa.table({"survey": rows["survey"]} | given))["label"].to_pylist()
        law = "simulated objects that carry what labels come from are labelled as the simulation says"
        subject.require(found == rows["label"].to_pylist(), law)


def _odd_values(column: Column, given: pa.ChunkedArray | None, count: int, random: np.random.Generator) -> pa.Array:
    if column.shape or column.dtype not in ("float32", "float64", "string"):
        return pa.nulls(count, column.arrow_type)
    words = [*ODD_WORDS, *(given.to_pylist()[:2] if given is not None else ())]
    choice = words if column.dtype == "string" else ODD_NUMBERS
    return pa.array([choice[k] for k in random.integers(len(choice), size=count)], column.arrow_type)


def _check_table(subject: Subject, table: pa.Table) -> None:
    classify = subject.plugin.labelling.function()
    with subject.trying("labelling copes with missing and odd values"):
        labels, turned = classify(table), classify(table.take(pa.array(np.arange(table.num_rows)[::-1])))
    law = "labelling gives a label and a reason for each row"
    subject.require({"label", "reason"} <= set(labels.column_names) and labels.num_rows == table.num_rows, law)
    names, reasons = labels["label"].to_pylist(), labels["reason"].to_pylist()
    both = sum((name is None) == (reason is None) for name, reason in zip(names, reasons, strict=True))
    subject.require(not both, "each row has either a label or a reason", f"{both} rows have both or neither")
    unknown = set(names) - {None, *subject.plugin.labelling.classes}
    subject.require(not unknown, "labels are the declared classes", ", ".join(sorted(unknown)))
    subject.require(turned["label"].to_pylist() == names[::-1], "labels do not depend on the rows' order")
