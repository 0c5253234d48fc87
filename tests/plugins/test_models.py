"""The five algorithms beyond the common laws: cuts, and numbers against scikit-learn's own."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from almagest.contract import Cancelled, PluginError, Sample, no_report
from almagest.contract.cuts import apply_cuts
from dwarf_galaxies import forest, knn, network, tabnet
from dwarf_galaxies.columns import BANDS, DEFINED
from dwarf_galaxies.features import sdss_features
from dwarf_galaxies.fitting import VALIDATION, split, validation_rows
from dwarf_galaxies.methods import SDSS_METHODS
from dwarf_galaxies.plugin import plugin
from dwarf_galaxies.rows import Rows, Scale, training_rows

CLASSES = plugin.labelling.classes
ALGORITHMS = [method.name for method in SDSS_METHODS]
pytestmark = pytest.mark.usefixtures("one_shuffling")


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


def train(name: str, sample: Sample, folder, report=no_report, **given):
    """Train one of the methods with the parameters given."""
    method = plugin.method(name)
    return method.module().train(sample, method.parse_parameters(given), folder, report)


def test_cuts_leave_out_and_count():
    nan = float("nan")
    assert left_out(u=[17, None, nan, float("inf"), -9999, 99]) == [5, 0, 0]
    assert left_out(spec_class=["GALAXY", None, "STAR", "QSO", ""]) == [0, 2, 0]
    assert left_out(r50=[1.01, 1.0, 0.5, None, nan]) == [0, 0, 2]


def test_the_declaration_is_light():
    code = (
        "import sys, dwarf_galaxies.plugin; print({'sklearn', 'imblearn', 'xgboost', 'torch', 'tensorflow', 'keras', "
        "'astropy.cosmology'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_forest_votes_as_scikit_learn_does(sample):
    rows = training_rows(sample)
    theirs = RandomForestClassifier(30, random_state=1).fit(rows.features, rows.labels)
    new = sdss_features(sample.test)
    ours = forest.arrays(theirs, len(rows.classes)).probabilities(new)
    np.testing.assert_allclose(ours, theirs.predict_proba(new), rtol=0, atol=1e-12)


def test_neighbours_vote_as_scikit_learns_do(sample, tmp_path):
    train("knn", sample, tmp_path, neighbours=7, weights="uniform", p=1)
    rows, new = training_rows(sample), sdss_features(sample.test)
    scale = Scale.of(rows.features, rows.feature_set.names)
    theirs = KNeighborsClassifier(7, p=1, algorithm="brute").fit(scale.apply(rows.features), rows.labels)
    ours = knn.load(tmp_path).probabilities(new)
    np.testing.assert_allclose(ours, theirs.predict_proba(scale.apply(new)), rtol=0, atol=1e-12)


def test_all_rows_are_asked_where_there_are_fewer_than_neighbours(sample, tmp_path):
    train("knn", sample, tmp_path, neighbours=1000, weights="uniform")
    rows = training_rows(sample)
    shares = np.bincount(rows.labels) / len(rows)
    found = knn.load(tmp_path).probabilities(sdss_features(sample.test))
    np.testing.assert_allclose(found, np.tile(shares, (len(found), 1)), atol=1e-12)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_each_algorithm_learns(name, sample, tmp_path):
    told = []
    settings = (
        {"epochs": 60, "learning_rate": 0.02 if name == "tabnet" else 0.005} if name in ("network", "tabnet") else {}
    )
    result = train(name, sample, tmp_path, lambda fraction, message="": told.append(fraction), **settings)
    pooled = {(metric.of, metric.name): metric.value for metric in result.metrics if metric.group == "all"}
    assert pooled["signal", "precision"] > 0.75
    assert pooled["signal", "recall"] > 0.75
    assert pooled["others", "f1"] > 0.5
    assert told == sorted(told)
    kinds = [figure.kind for figure in result.figures]
    assert kinds.count("confusion_matrix") == 3
    assert kinds[-3:] == ["importance", "scatter", "scatter"]


def test_classes_that_no_catalogue_names_have_no_probability(sample, tmp_path):
    rows = sample.rows.filter(pa.compute.is_in(sample.rows["label"], pa.array(DEFINED)))
    result = train("forest", Sample(rows, CLASSES, "S", 7, "", {}), tmp_path, trees=5)
    scores = forest.score(forest.load(tmp_path), sample.test)
    assert scores["p_ns"].null_count == scores["p_af"].null_count == sample.test.num_rows
    assert sum(scores[f"p_{name.lower()}"][0].as_py() for name in DEFINED) == pytest.approx(1, abs=1e-6)
    assert set(scores["predicted_class"].to_pylist()) <= set(DEFINED)
    assert "NS, AF are not among the training rows" in result.notes[0]
    matrix = next(figure for figure in result.figures if figure.kind == "confusion_matrix")
    assert matrix.classes == DEFINED


def test_validation_takes_whole_galaxies():
    group = np.repeat(np.arange(200), np.arange(200) % 3 + 1)
    chosen = validation_rows(group, seed=5)
    assert not set(group[chosen]) & set(group[~chosen])
    assert len(set(group[chosen])) == VALIDATION * 200
    assert (chosen == validation_rows(group, seed=5)).all()
    assert (chosen != validation_rows(group, seed=6)).any()
    with pytest.raises(PluginError, match="all of one galaxy"):
        validation_rows(np.zeros(9, int), seed=1)


def test_early_stopping_looks_at_rows_as_they_are(sample):
    rows = training_rows(sample)
    numbered = Rows(rows.features, rows.labels, rows.weights, np.arange(len(rows)), rows.survey, rows.classes)
    plain = split(numbered, {"balance": "none", "seed": 1})
    more = split(numbered, {"balance": "ros", "seed": 1})
    assert len(more[0]) > len(plain[0])
    assert (more[1].group_id == plain[1].group_id).all()
    assert set(plain[0].group_id) | set(plain[1].group_id) == set(range(len(rows)))


def test_the_network_is_that_of_table_5(sample, tmp_path):
    train("network", sample, tmp_path, epochs=2)
    layers = [(type(layer).__name__, layer.get_config()) for layer in network.load(tmp_path).model.model.layers]
    dense = [(config["units"], config["activation"]) for name, config in layers if name == "Dense"]
    assert dense == [(64, "relu"), (256, "relu"), (32, "relu"), (7, "softmax")]
    assert [config["rate"] for name, config in layers if name == "Dropout"] == [0.2, 0.2, 0.2]


@pytest.mark.parametrize("name", ["network", "tabnet"])
def test_early_stopping_keeps_the_best_epoch(name, sample, tmp_path):
    settings = {"epochs": 400, "patience": 3, "learning_rate": 0.05, "batch_size": 64}
    result = train(name, sample, tmp_path, **settings)
    validation = next(figure for figure in result.figures if figure.kind == "curves").series["validation"]
    assert len(validation) < 400
    assert int(np.argmin(validation)) == len(validation) - 4
    assert f"after epoch {len(validation) - 3}" in result.notes[-1]


def test_tabnet_scores_a_row_whatever_its_company(sample, tmp_path):
    train("tabnet", sample, tmp_path, epochs=3)
    model, features = tabnet.load(tmp_path), sdss_features(sample.test)
    together = model.probabilities(features)
    alone = np.concatenate([model.probabilities(features[k : k + 1]) for k in range(5)])
    np.testing.assert_allclose(together[:5], alone, atol=1e-6)


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("draws", [0, 2])
def test_cancelling_stops_in_the_middle(name, draws, sample, tmp_path):
    calls = []

    def stop_at_second(fraction, message=""):
        calls.append(fraction)
        if len(calls) == 2:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        train(name, sample, tmp_path, stop_at_second, draws=draws)
    assert len(calls) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_other_features_is_refused(sample, tmp_path):
    train("forest", sample, tmp_path, trees=2)
    about = json.loads((tmp_path / "about.json").read_text())
    (tmp_path / "about.json").write_text(json.dumps(about | {"features": about["features"][::-1]}))
    with pytest.raises(PluginError, match="trained on other features"):
        forest.load(tmp_path)
