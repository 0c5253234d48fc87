"""Rows to try a plugin on, from its own simulation."""

import numpy as np
import pyarrow as pa

from almagest.contract.checks.laws import Subject
from almagest.contract.columns import Column
from almagest.contract.plugin import Method, Plugin
from almagest.contract.sample import KEY_COLUMNS
from almagest.contract.spectra import ARRAYS

# Spectra are thousands of numbers each: fewer of them are tried.
SIZE, SPECTRA, SEED = 400, 160, 7
TEST_SHARE = 0.25


def simulated_rows(plugin: Plugin, size: int | None = None) -> pa.Table:
    """`KEY_COLUMNS`, then all columns of the simulation; two rows in a group, a quarter of the groups held back."""
    subject = Subject(plugin)
    size = size or (SPECTRA if any(method.spectra for method in plugin.methods) else SIZE)
    with subject.trying("its simulation runs"):
        drawn, again, other = (plugin.simulate()(size, seed) for seed in (SEED, SEED, SEED + 1))
    subject.require(
        drawn.num_rows == size, "its simulation gives as many rows as asked", f"{drawn.num_rows}, not {size}"
    )
    _check_columns(subject, drawn)
    subject.require(drawn.equals(again), "its simulation gives the same rows for the same seed")
    subject.require(not drawn.equals(other), "its simulation gives other rows for another seed")
    rows = _with_keys(drawn)
    for split in ("train", "test"):
        labels = set(rows.filter(pa.compute.equal(rows["split"], split))["label"].to_pylist())
        found = ", ".join(sorted(map(str, labels)))
        subject.require(
            labels == set(plugin.labelling.classes), "its simulation has rows of each class, enough to split", found
        )
    return rows


def method_columns(method: Method) -> list[Column]:
    """Inputs and cut inputs, each once."""
    return list({c.name: c for c in (*method.inputs.columns, *method.cut_inputs.columns)}.values())


def _check_columns(subject: Subject, drawn: pa.Table) -> None:
    wanted = {name: pa.string() for name in ("survey", "source_id", "label")}
    wanted |= {c.name: c.arrow_type for method in subject.plugin.methods for c in method_columns(method)}
    for method in subject.plugin.methods:
        wanted |= dict.fromkeys(ARRAYS, method.spectra.arrow_type) if method.spectra else {}
    found = dict(zip(drawn.column_names, drawn.schema.types, strict=True))
    wrong = [f"{name} {found.get(name, 'missing')}" for name, dtype in wanted.items() if found.get(name) != dtype]
    subject.require(not wrong, "its simulation gives the methods' inputs as declared", ", ".join(wrong))
    sources = set(zip(drawn["survey"].to_pylist(), drawn["source_id"].to_pylist(), strict=True))
    subject.require(len(sources) == drawn.num_rows, "its simulation names each source once")


def _with_keys(drawn: pa.Table) -> pa.Table:
    number = np.arange(drawn.num_rows)
    held_back = np.random.default_rng(SEED).random(drawn.num_rows) < TEST_SHARE
    keys = {
        "object_id": pa.array(number), "revision": pa.array(np.ones(len(number)), pa.int32()),
        "group_id": pa.array(number // 2),
        "split": pa.array(np.where(held_back[number // 2], "test", "train").tolist(), pa.string()),
    }  # fmt: skip
    columns = {name: drawn[name] for name in drawn.column_names} | keys
    others = [name for name in drawn.column_names if name not in KEY_COLUMNS.names]
    return pa.table({name: columns[name] for name in (*KEY_COLUMNS.names, *others)})
