"""The network and the forest beyond the common laws: cuts, weights, splits, and numbers against scikit-learn's own."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from almagest.contract import Cancelled, PluginError, Sample, no_report
from almagest.contract.checks.simulation import simulated_rows
from almagest.contract.cuts import apply_cuts
from dwarf_galaxies import forest, network
from dwarf_galaxies.features import sdss_features
from dwarf_galaxies.fitting import VALIDATION, validation_rows
from dwarf_galaxies.plugin import BANDS, plugin
from dwarf_galaxies.report import class_weights, training_arrays

CLASSES = plugin.labelling.classes


@pytest.fixture(scope="module")
def sample():
    """A simulated sample, split by group."""
    return Sample(simulated_rows(plugin, 600), CLASSES, "S", 7, "", {})


def objects(**columns):
    """Rows with magnitudes, a spectroscopic class and a radius; what is not given is ordinary."""
    count = len(next(iter(columns.values())))
    values = (
        {band: [17.0] * count for band in BANDS} | {"r50": [3.0] * count, "spec_class": ["GALAXY"] * count} | columns
    )
    types = dict.fromkeys(values, pa.float32()) | {"spec_class": pa.string()}
    return pa.table({name: pa.array(given, types[name]) for name, given in values.items()})


def left_out(**columns) -> list[int]:
    """How many rows each cut takes away."""
    return list(apply_cuts(plugin.method("network").cuts, objects(**columns))[1].values())


def test_cuts_leave_out_and_count():
    nan = float("nan")
    assert left_out(u=[17, None, nan, float("inf"), -9999, 99]) == [5, 0, 0]
    assert left_out(spec_class=["GALAXY", None, "STAR", "QSO", ""]) == [0, 2, 0]
    assert left_out(r50=[1.01, 1.0, 0.5, None, nan]) == [0, 0, 2]


def test_the_declaration_is_light():
    code = "import sys, dwarf_galaxies.plugin; print({'sklearn', 'tensorflow', 'keras', 'astropy.cosmology'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_forest_votes_as_scikit_learn_does(sample, monkeypatch):
    grown = []
    arrays = forest._arrays
    monkeypatch.setattr(forest, "_arrays", lambda trees, classes: grown.append(trees) or arrays(trees, classes))
    features, labels = training_arrays(sample.train, CLASSES, "S")
    parameters = plugin.method("forest").parse_parameters({"trees": 30, "class_weight": "balanced"})
    ours = forest._grow(features, labels, CLASSES, parameters, no_report)
    new = sdss_features(sample.test)
    np.testing.assert_allclose(ours.probabilities(new), grown[0].predict_proba(new), rtol=0, atol=1e-12)


def test_a_class_that_is_not_in_the_sample_gets_no_votes(sample, tmp_path):
    rows = sample.rows.filter(pa.compute.not_equal(sample.rows["label"], "LM"))
    parameters = plugin.method("forest").parse_parameters({"trees": 5})
    forest.train(Sample(rows, CLASSES, "S", 7, "", {}), parameters, tmp_path, no_report)
    scores = forest.score(forest.load(tmp_path), sample.test)
    assert set(scores["p_lm"].to_pylist()) == {0.0}
    assert sum(scores[f"p_{name.lower()}"][0].as_py() for name in CLASSES) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("kept", [["NM"], ["S"], ["NSL", "NM"], []])
def test_a_sample_without_the_signal_or_without_contaminants_is_refused(kept, sample, tmp_path):
    rows = sample.rows.filter(pa.compute.is_in(sample.rows["label"], pa.array(kept, pa.string())))
    for name, module in (("forest", forest), ("network", network)):
        parameters = plugin.method(name).parse_parameters({})
        with pytest.raises(PluginError, match=r"no training rows|of one class|no S among"):
            module.train(Sample(rows, CLASSES, "S", 7, "", {}), parameters, tmp_path, no_report)


def test_validation_takes_whole_galaxies():
    group = np.repeat(np.arange(200), np.arange(200) % 3 + 1)
    chosen = validation_rows(group, seed=5)
    assert not set(group[chosen]) & set(group[~chosen])
    assert len(set(group[chosen])) == VALIDATION * 200
    assert (chosen == validation_rows(group, seed=5)).all()
    assert (chosen != validation_rows(group, seed=6)).any()
    with pytest.raises(PluginError, match="all of one galaxy"):
        validation_rows(np.zeros(9, int), seed=1)


def test_balanced_weights_give_each_class_the_same_sum():
    labels = np.array([0] * 6 + [1] * 3 + [3])
    assert class_weights(labels, 4, "none").tolist() == [1, 1, 1, 1]
    weights = class_weights(labels, 4, "balanced")[labels]
    assert [weights[labels == k].sum() for k in (0, 1, 3)] == pytest.approx([2.5, 2.5, 2.5])


def test_the_network_is_that_of_table_5_and_learns(sample, tmp_path):
    told = []
    parameters = plugin.method("network").parse_parameters({"epochs": 60, "learning_rate": 0.005})
    result = network.train(sample, parameters, tmp_path, lambda fraction, message="": told.append(message))
    layers = [(type(layer).__name__, layer.get_config()) for layer in network.load(tmp_path).model.layers]
    dense = [(config["units"], config["activation"]) for name, config in layers if name == "Dense"]
    assert dense == [(64, "relu"), (256, "relu"), (32, "relu"), (5, "softmax")]
    assert [config["rate"] for name, config in layers if name == "Dropout"] == [0.2, 0.2, 0.2]
    curve = result.figures[-1]
    assert curve.series["validation"][-1] < 0.7 * curve.series["validation"][0]
    assert told[0].startswith("epoch 1: loss ")
    pooled = {metric.name: metric.value for metric in result.metrics if metric.group == "all"}
    assert pooled["precision"] > 0.8
    assert pooled["recall"] > 0.8
    matrices = {figure.title for figure in result.figures[:-1]}
    assert matrices == {"evcc-simulated", "sdss-dr14-simulated", "All surveys pooled"}


def test_early_stopping_keeps_the_best_epoch(sample, tmp_path):
    settings = {"epochs": 400, "patience": 3, "learning_rate": 0.05, "batch_size": 64}
    result = network.train(sample, plugin.method("network").parse_parameters(settings), tmp_path, no_report)
    validation = result.figures[-1].series["validation"]
    assert len(validation) < 400
    assert int(np.argmin(validation)) == len(validation) - 4
    assert f"after epoch {len(validation) - 3}" in result.notes[0]


@pytest.mark.parametrize(("name", "module"), [("forest", forest), ("network", network)])
def test_cancelling_stops_in_the_middle(name, module, sample, tmp_path):
    calls = []

    def stop_at_second(fraction, message=""):
        calls.append(fraction)
        if len(calls) == 2:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        module.train(sample, plugin.method(name).parse_parameters({}), tmp_path, stop_at_second)
    assert calls == sorted(calls)
    assert len(calls) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_other_features_is_refused(sample, tmp_path):
    forest.train(sample, plugin.method("forest").parse_parameters({"trees": 2}), tmp_path, no_report)
    about = json.loads((tmp_path / "about.json").read_text())
    (tmp_path / "about.json").write_text(json.dumps(about | {"features": about["features"][::-1]}))
    with pytest.raises(PluginError, match="trained on other features"):
        forest.load(tmp_path)
