"""The laws that every plugin keeps. `check_plugin` tries each on a small simulated sample and names the one that is broken."""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from almagest.contract.casting import cast_to
from almagest.contract.errors import Cancelled, PluginError, TableError
from almagest.contract.plugin import Method, Plugin
from almagest.contract.result import Result, no_report
from almagest.contract.sample import KEY_COLUMNS, Sample, write_sample

SIZE, SEED = 400, 7
# Files that hold numbers or text, and nothing that runs when they are read.
SAFE_FILES = {".keras", ".npz", ".npy", ".json", ".safetensors", ".ubj", ".txt", ".parquet"}
# Two libraries' sums in another order differ by so much.
TOLERANCE = 1e-6


def check_plugin(
    plugin: Plugin, folder: Path, *, methods: Iterable[str] | None = None, settings: dict | None = None
) -> None:
    """Hold a plugin to the contract.

    Parameters
    ----------
    folder
        Where samples and models of the check may be written.
    methods
        Names; all methods without it. A method can be checked where its runtime is installed.
    settings
        Parameters that keep the trainings short, e.g. ``{"epochs": 2}``; those that a method lacks are left out.

    Raises
    ------
    PluginError
        Naming the plugin, the method and the broken law.
    """
    check_declaration(plugin)
    rows = simulated_rows(plugin)
    check_labels(plugin, rows)
    for method in plugin.methods:
        if methods is None or method.name in methods:
            check_method(plugin, method, rows, folder / method.name, settings or {})


def require(holds: bool, plugin: Plugin, law: str, method: Method | None = None) -> None:
    """Raise `PluginError` naming the law unless it holds."""
    if not holds:
        raise PluginError(f"plugin {plugin.name}{f', method {method.name}' if method else ''}: {law}")


def check_declaration(plugin: Plugin) -> None:
    """Names, README, classes, and columns with a unit or none and a description each."""
    require(
        bool(re.fullmatch("[a-z][a-z0-9_]*", plugin.name)),
        plugin,
        "its name is lower case letters, digits and underscores",
    )
    require(
        plugin.readme.is_file() and plugin.readme.stat().st_size > 0, plugin, f"its README {plugin.readme} is there"
    )
    require(plugin.labelling.signal in plugin.labelling.classes, plugin, "the signal is one of its classes")
    require(
        len({m.name for m in plugin.methods}) == len(plugin.methods) > 0,
        plugin,
        "it has methods, each with its own name",
    )
    for method in plugin.methods:
        require(method.rank_by in method.outputs, plugin, f"rank_by {method.rank_by!r} is one of the outputs", method)
        columns = (*method.inputs.columns, *method.outputs.columns)
        bare = [c.name for c in columns if not (c.description and c.ucd)]
        require(not bare, plugin, f"columns have a description and a UCD; {', '.join(bare)} lack one", method)
        require(
            all(c.nullable for c in method.outputs.columns), plugin, "outputs may be null: a bad row has none", method
        )


def simulated_rows(plugin: Plugin) -> pa.Table:
    """A sample's rows from the plugin's own simulation, a fifth of them held back."""
    drawn = plugin.simulate()(SIZE, SEED)
    again = plugin.simulate()(SIZE, SEED)
    require(drawn.equals(again), plugin, "its simulation gives the same rows for the same seed")
    require(drawn.num_rows == SIZE, plugin, f"its simulation gives as many rows as asked: {SIZE}, not {drawn.num_rows}")
    number = np.arange(SIZE)
    keys = {
        "object_id": pa.array(number), "revision": pa.array(np.ones(SIZE), pa.int32()), "group_id": pa.array(number),
        "split": pa.array(np.where(number % 5 == 0, "test", "train").astype(object), pa.string()),
    }  # fmt: skip
    columns = {name: drawn[name] for name in drawn.column_names} | keys
    return pa.table(
        {name: columns[name] for name in [*KEY_COLUMNS.names, *(n for n in columns if n not in KEY_COLUMNS.names)]}
    )


def check_labels(plugin: Plugin, rows: pa.Table) -> None:
    """The labelling gives a class of its own or a reason for each row, never both, and survives rows of nulls."""
    inputs = {c.name: c for c in plugin.labelling.inputs.columns}
    inputs |= {c.name: c for method in plugin.methods for c in method.inputs.columns}
    empty = pa.table({"survey": rows["survey"]} | {n: pa.nulls(rows.num_rows, c.arrow_type) for n, c in inputs.items()})
    given = empty
    for name in set(inputs) & set(rows.column_names):
        given = given.set_column(given.column_names.index(name), name, rows[name])
    for table in (empty, given):
        labels = plugin.labelling.function()(table)
        require(labels.num_rows == table.num_rows, plugin, "its labelling gives a row for each row")
        pairs = zip(labels["label"].to_pylist(), labels["reason"].to_pylist(), strict=True)
        require(all((a is None) != (b is None) for a, b in pairs), plugin, "each row has either a label or a reason")
        named = set(labels["label"].to_pylist()) - {None}
        require(named <= set(plugin.labelling.classes), plugin, f"its labels are its classes, not {named}")


def check_method(plugin: Plugin, method: Method, rows: pa.Table, folder: Path, settings: dict) -> None:
    """Train, save, load elsewhere and score: the same numbers, as declared, and none for a bad row."""
    sample = _sample(plugin, method, rows, folder / "sample")
    known = {parameter.name for parameter in method.parameters}
    parameters = method.parse_parameters({name: value for name, value in settings.items() if name in known})
    _check_cancelling(plugin, method, sample, parameters, folder / "cancelled")
    model = _trained(plugin, method, sample, parameters, folder / "model")
    batch = sample.rows.drop_columns(["label", "split"])
    scores = _scored(plugin, method, model, batch)
    _check_fresh_process(plugin, method, batch, scores, folder)
    _check_order_and_size(plugin, method, model, batch, scores)
    _check_bad_rows(plugin, method, model, batch, scores)
    again = _trained(plugin, method, sample, parameters, folder / "again")
    require(_same(scores, _scored(plugin, method, again, batch)), plugin, "the same seed gives the same scores", method)


def _sample(plugin: Plugin, method: Method, rows: pa.Table, folder: Path) -> Sample:
    rows = rows.select([*KEY_COLUMNS.names, *method.inputs.names])
    labelling = plugin.labelling
    write_sample(
        folder,
        rows,
        classes=labelling.classes,
        signal=labelling.signal,
        seed=SEED,
        definition={"surveys": ["simulated"]},
    )
    return Sample.open(folder)


def _check_cancelling(plugin: Plugin, method: Method, sample: Sample, parameters: dict, out: Path) -> None:
    def stop(fraction: float, message: str = "") -> None:
        raise Cancelled("asked to stop")

    out.mkdir(parents=True)
    try:
        method.module().train(sample, parameters, out, stop)
    except Cancelled:
        return
    require(False, plugin, "training reports its progress, and stops when the report says so", method)


def _trained(plugin: Plugin, method: Method, sample: Sample, parameters: dict, out: Path):
    out.mkdir(parents=True)
    result = method.module().train(sample, parameters, out, no_report)
    require(isinstance(result, Result) and bool(result.metrics), plugin, "train returns a Result with metrics", method)
    unsafe = [path.name for path in out.rglob("*") if path.is_file() and path.suffix not in SAFE_FILES]
    require(not unsafe, plugin, f"a model's files cannot run code; not so {', '.join(unsafe)}", method)
    return method.module().load(out)


def _scored(plugin: Plugin, method: Method, model, batch: pa.Table) -> pa.Table:
    scores = method.module().score(model, batch)
    require(scores.num_rows == batch.num_rows, plugin, "score gives a row for each row", method)
    try:
        scores = cast_to(method.outputs, scores)
    except TableError as error:
        raise PluginError(f"plugin {plugin.name}, method {method.name}: scores are as declared: {error}") from None
    ranks = scores[method.rank_by].drop_null().to_numpy()
    require(bool(((ranks >= 0) & (ranks <= 1)).all()), plugin, f"{method.rank_by} lies between 0 and 1", method)
    return scores


def _check_fresh_process(plugin: Plugin, method: Method, batch: pa.Table, scores: pa.Table, folder: Path) -> None:
    pq.write_table(batch, folder / "batch.parquet")
    arguments = [method.implementation, folder / "model", folder / "batch.parquet", folder / "scores.parquet"]
    done = subprocess.run(
        [sys.executable, "-m", __name__, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    require(
        done.returncode == 0,
        plugin,
        f"the model loads and scores in a fresh process: {done.stderr.strip()[-300:]}",
        method,
    )
    elsewhere = cast_to(method.outputs, pq.read_table(folder / "scores.parquet"))
    require(_same(scores, elsewhere), plugin, "a saved model gives the same scores in a fresh process", method)


def _check_order_and_size(plugin: Plugin, method: Method, model, batch: pa.Table, scores: pa.Table) -> None:
    turned = np.arange(batch.num_rows)[::-1]
    reversed_scores = _scored(plugin, method, model, batch.take(pa.array(turned)))
    require(
        _same(scores.take(pa.array(turned)), reversed_scores), plugin, "scores do not depend on the rows' order", method
    )
    few = _scored(plugin, method, model, batch.slice(0, 3))
    require(_same(scores.slice(0, 3), few), plugin, "scores do not depend on the batch's size", method)
    require(
        _scored(plugin, method, model, batch.slice(0, 0)).num_rows == 0,
        plugin,
        "an empty batch is scored as empty",
        method,
    )


def _check_bad_rows(plugin: Plugin, method: Method, model, batch: pa.Table, scores: pa.Table) -> None:
    """A missing or infinite input gives nulls or a `PluginError`, and leaves the other rows alone."""
    numbers = [c for c in method.inputs.columns if c.is_number and c.dtype.startswith("float")]
    for bad in (None, float("nan"), float("inf")):
        column = numbers[0]
        values = batch[column.name].to_pylist()
        values[0] = bad
        broken = batch.set_column(
            batch.column_names.index(column.name), column.name, pa.array(values, column.arrow_type)
        )
        try:
            result = _scored(plugin, method, model, broken)
        except PluginError as error:
            if "plugin " in str(error):
                raise
            continue
        require(all(v is None for v in result.slice(0, 1).to_pylist()[0].values()), plugin,
                f"a row whose {column.name} is {bad} has null scores", method)  # fmt: skip
        require(_same(scores.slice(1), result.slice(1)), plugin, "a bad row does not change the others", method)


def _same(a: pa.Table, b: pa.Table) -> bool:
    for name in a.column_names:
        one, two = a[name].combine_chunks(), b[name].combine_chunks()
        if not pa.types.is_floating(one.type):
            if one.to_pylist() != two.to_pylist():
                return False
        elif not np.allclose(one.to_numpy(zero_copy_only=False), two.to_numpy(zero_copy_only=False), rtol=0, atol=TOLERANCE,
                             equal_nan=True):  # fmt: skip
            return False
    return True


def main(implementation: str, model: str, batch: str, scores: str) -> None:
    """In a fresh process: load the model, score the batch, write the scores."""
    from importlib import import_module  # noqa: PLC0415  (only this process imports by name here)

    module = import_module(implementation)
    pq.write_table(module.score(module.load(Path(model)), pq.read_table(batch)), scores)


if __name__ == "__main__":
    main(*sys.argv[1:])
