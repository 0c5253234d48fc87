"""Samples that cannot be learned from are refused before any training starts, in words that say what to do."""

import numpy as np
import pyarrow as pa
import pytest

from almagest.contract import PluginError, Sample
from dwarf_galaxies.plugin import plugin

CLASSES = plugin.labelling.classes


def assert_refused(name: str, rows: pa.Table, words: str, folder, **given) -> None:
    """The method refuses the rows with these words, before it reports or writes anything."""
    told, method = [], plugin.method(name)
    with pytest.raises(PluginError, match=words):
        method.module().train(
            Sample(rows, CLASSES, "S", 7, "", {}), method.parse_parameters(given), folder, lambda *a: told.append(a)
        )
    assert told == []
    assert list(folder.iterdir()) == []


def only(sample: Sample, *labels: str) -> pa.Table:
    return sample.rows.filter(pa.compute.is_in(sample.rows["label"], pa.array(labels, pa.string())))


def with_values(rows: pa.Table, name: str, values) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, pa.array(values, rows[name].type))


@pytest.mark.parametrize("name", [method.name for method in plugin.methods])
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ((), "no training rows"),
        (("NM",), "of one class, NM"),
        (("NSL", "LM", "NM", "HM"), "no S, which is searched for"),
        (("S", "NM", "HM"), "no NSL, LM; each of S, NSL, LM, NM, HM must be there"),
    ],
)
def test_missing_classes(name, labels, words, sample, tmp_path):
    assert_refused(name, only(sample, *labels), words, tmp_path)


def test_missing_features(sample, tmp_path):
    values = sample.rows["z"].to_numpy().copy()
    values[np.flatnonzero(np.array(sample.rows["split"].to_pylist()) == "train")[:3]] = [np.nan, -9999, 99]
    words = r"3 of \d+ training rows lack a feature \(z, u-z, g-z, r-z, i-z\); freeze"
    assert_refused("knn", with_values(sample.rows, "z", values), words, tmp_path)


def test_constant_features(sample, tmp_path):
    rows = with_values(sample.rows, "u", np.full(sample.rows.num_rows, 17.0))
    assert_refused("forest", rows, "the same u: nothing can be learned", tmp_path)
    rows = with_values(sample.rows, "g", sample.rows["r"].to_pylist())
    assert_refused("xgboost", rows, "the same g-r: nothing", tmp_path)


def test_nothing_held_back(sample, tmp_path):
    assert_refused("forest", sample.train, "holds no rows back", tmp_path)


def few(sample: Sample, label: str, galaxies: int) -> pa.Table:
    """The sample with so many training galaxies of a class, two rows each."""
    is_label = np.array(sample.rows["label"].to_pylist()) == label
    train = is_label & (np.array(sample.rows["split"].to_pylist()) == "train")
    group = sample.rows["group_id"].to_numpy()
    kept = np.unique(group[train])[:galaxies]
    return sample.rows.filter(pa.array(~train | np.isin(group, kept)))


def test_fewer_galaxies_than_folds(sample, tmp_path):
    words = "class LM has 4 galaxies among the training rows, fewer than the 5 folds"
    assert_refused("forest", few(sample, "LM", 4), words, tmp_path, draws=2)
    assert_refused("network", few(sample, "LM", 4), "fewer than the 6 folds", tmp_path, draws=1, folds=6)


@pytest.mark.parametrize("name", ["network", "knn"])
@pytest.mark.parametrize("balance", ["smote", "adasyn"])
def test_too_few_neighbours_to_make_new_rows_between(name, balance, sample, tmp_path):
    words = rf"balance={balance} needs 6 rows of each class to learn from; HM has \d: "
    assert_refused(name, few(sample, "HM", 3), words, tmp_path, balance=balance)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("forest", {"balance": "magic"}, "parameter balance: 'magic' is not one of none, class_weight, rus"),
        ("knn", {"balance": "class_weight"}, "is not one of none, rus, nearmiss, oss, ros, smote, adasyn"),
        ("network", {"layers": "7"}, "parameter layers"),
        ("tabnet", {"draws": -1}, "parameter draws: -1 is outside 0 to 1000"),
        ("xgboost", {"folds": 1}, "parameter folds: 1 is outside 2 to 20"),
        ("xgboost", {"nothing": 1}, "xgboost has no parameter nothing; it has rounds, learning_rate"),
    ],
)
def test_parameters_that_there_are_not(name, given, words):
    with pytest.raises(PluginError, match=words):
        plugin.method(name).parse_parameters(given)
