"""The law suite: built-in plugins keep every law, and a plugin that breaks one is told which."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from almagest.contract import Column, PluginError, Table
from almagest.contract.checks import (
    _check_order_and_size,
    check_declaration,
    check_labels,
    check_method,
    check_plugin,
    simulated_rows,
)
from almagest.contract.discovery import plugins
from almagest.contract.plugin import Method
from dwarf_galaxies import forest
from dwarf_galaxies.plugin import plugin

QUICK = {"epochs": 2, "trees": 10}
BROKEN: dict[str, SimpleNamespace] = {}


class BrokenMethod(Method):
    """A method whose module is a broken copy of the forest's."""

    def module(self):
        return BROKEN[self.name]


@pytest.mark.parametrize("name", list(plugins()))
@pytest.mark.parametrize("method", ["network", "forest"])
def test_built_in_plugins_keep_all_laws(name, method, tmp_path):
    check_plugin(plugins()[name], tmp_path, methods=[method], settings=QUICK)
    assert (tmp_path / method / "model").is_dir()


def scores(change):
    """A scoring that changes the forest's scores."""
    return SimpleNamespace(train=forest.train, load=forest.load, score=lambda m, b: change(forest.score(m, b), b))


def without_nulls(table, batch):
    return pa.table({c: pc.fill_null(table[c], 0.5 if c.startswith("p_") else "S") for c in table.column_names})


def train_with_pickle(sample, parameters, out, report):
    (out / "model.pkl").write_bytes(b"anything")
    return forest.train(sample, parameters, out, report)


def train_deaf(sample, parameters, out, report):
    return forest.train(sample, parameters, out, lambda fraction, message="": None)


def train_unseeded(sample, parameters, out, report):
    return forest.train(sample, parameters | {"seed": int(np.random.default_rng().integers(2**31))}, out, report)


@pytest.mark.parametrize(
    ("module", "law"),
    [
        (scores(lambda table, batch: table.slice(1)), "a row for each row"),
        (scores(lambda table, batch: table.drop_columns(["p_hm"])), "as declared.*missing p_hm"),
        (scores(lambda table, batch: table.set_column(0, "p_s", pc.add(table["p_s"], 1))), "between 0 and 1"),
        (scores(without_nulls), "has null scores"),
        (
            SimpleNamespace(train=train_with_pickle, load=forest.load, score=forest.score),
            "cannot run code; not so model.pkl",
        ),
        (SimpleNamespace(train=train_deaf, load=forest.load, score=forest.score), "stops when the report says so"),
        (
            SimpleNamespace(train=train_unseeded, load=forest.load, score=forest.score),
            "same seed gives the same scores",
        ),
    ],
)
def test_a_broken_method_is_told_which_law(module, law, tmp_path):
    original = plugin.method("forest")
    values = {name: getattr(original, name) for name in original.__dataclass_fields__}
    method = BrokenMethod(**values | {"implementation": "dwarf_galaxies.forest"})
    BROKEN["forest"] = module
    with pytest.raises(PluginError, match=law):
        check_method(plugin, method, simulated_rows(plugin), tmp_path, QUICK)


def test_a_model_that_differs_in_a_fresh_process_is_found(tmp_path):
    method = BrokenMethod(
        **{n: getattr(plugin.method("forest"), n) for n in plugin.method("forest").__dataclass_fields__}
    )
    BROKEN["forest"] = scores(
        lambda table, batch: table.set_column(0, "p_s", pc.multiply(table["p_s"], 0.5).cast("float32"))
    )
    with pytest.raises(PluginError, match="in a fresh process"):
        check_method(plugin, method, simulated_rows(plugin), tmp_path, QUICK)


def test_broken_declarations_are_found(tmp_path):
    bare = replace(plugin.method("forest"), inputs=Table("t", "", (Column("u", "float32", "mag"),)))
    for broken, law in [
        (replace(plugin, name="Dwarfs"), "lower case"),
        (replace(plugin, readme=tmp_path / "none.md"), "README"),
        (replace(plugin, labelling=replace(plugin.labelling, signal="X")), "one of its classes"),
        (replace(plugin, methods=()), "it has methods"),
        (replace(plugin, methods=(replace(plugin.method("forest"), rank_by="p_x"),)), "one of the outputs"),
        (replace(plugin, methods=(bare,)), "u lack one"),
    ]:
        with pytest.raises(PluginError, match=law):
            check_declaration(broken)


def test_scores_that_depend_on_the_batch_are_found(tmp_path):
    rows = simulated_rows(plugin)
    model = SimpleNamespace(
        probabilities=lambda features: np.tile([1.0, 0, 0, 0, 0], (len(features), 1)), classes=plugin.labelling.classes
    )
    method = BrokenMethod(
        **{n: getattr(plugin.method("forest"), n) for n in plugin.method("forest").__dataclass_fields__}
    )
    ranked = scores(
        lambda table, batch: table.set_column(0, "p_s", pa.array(np.linspace(0, 1, len(batch), dtype=np.float32)))
    )
    BROKEN["forest"] = ranked
    with pytest.raises(PluginError, match="rows' order"):
        _check_order_and_size(plugin, method, model, rows, ranked.score(model, rows))


def both(table):
    n = table.num_rows
    return pa.table({"label": ["S"] * n, "reason": ["because"] * n})


def test_a_label_and_a_reason_at_once_are_found():
    labelling = replace(plugin.labelling, implementation=f"{__name__}:both")
    object.__setattr__(labelling, "function", lambda: both)
    with pytest.raises(PluginError, match="either a label or a reason"):
        check_labels(replace(plugin, labelling=labelling), simulated_rows(plugin))
