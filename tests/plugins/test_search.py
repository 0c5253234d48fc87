"""The random search: folds of whole galaxies, the best of the sets tried, and scores that can be worked out anew."""

import numpy as np
import pytest

from almagest.contract import SCORES, classification_metrics, no_report
from dwarf_galaxies import forest
from dwarf_galaxies.plugin import plugin
from dwarf_galaxies.rows import training_rows
from dwarf_galaxies.search import folds, judge, parameter_sets, search, validation_metrics

FOREST = plugin.method("forest")


@pytest.fixture(scope="module")
def rows(sample):
    """Training rows of the simulated sample."""
    return training_rows(sample)


def depth_fit(rows, parameters, report):
    """A classifier whose quality is known: right with a chance that grows with max_depth."""
    report(1.0)
    truth = {values.tobytes(): label for values, label in zip(ALL.features, ALL.labels, strict=True)}
    random = np.random.default_rng(parameters["max_depth"])

    def classify(features):
        found = np.array([truth[values.tobytes()] for values in features])
        wrong = random.random(len(found)) > parameters["max_depth"] / 24
        return np.where(wrong, (found + 1) % len(ALL.classes), found)

    return classify


@pytest.fixture(autouse=True)
def known(rows):
    """What `depth_fit` knows of all rows."""
    global ALL
    ALL = rows


def test_folds_are_whole_galaxies_and_hold_each_class(rows):
    masks = folds(rows, 5, seed=1)
    assert (np.sum(masks, axis=0) == 1).all()
    for held in masks:
        assert not set(rows.group_id[held]) & set(rows.group_id[~held])
        assert set(rows.labels[held]) == set(rows.labels[~held]) == set(range(len(rows.classes)))
        assert 0.1 < held.mean() < 0.3
    assert all((a == b).all() for a, b in zip(masks, folds(rows, 5, seed=1), strict=True))
    assert any((a != b).any() for a, b in zip(masks, folds(rows, 5, seed=2), strict=True))


def test_the_given_set_is_tried_first_and_the_others_come_from_the_declaration():
    given = FOREST.parse_parameters({"draws": 9, "trees": 77})
    sets = parameter_sets(FOREST, given)
    assert sets[0] == given
    assert len(sets) == 9
    spaces = {parameter.name: parameter.search for parameter in FOREST.parameters if parameter.search}
    assert all(other[name] in values for other in sets[1:] for name, values in spaces.items())
    assert all(other[name] == given[name] for other in sets for name in ("draws", "folds", "seed", "balance"))
    assert sets == parameter_sets(FOREST, given)
    assert sets[1:] != parameter_sets(FOREST, given | {"seed": 2})[1:]


def test_a_small_space_is_tried_whole():
    knn = plugin.method("knn")
    sets = parameter_sets(knn, knn.parse_parameters({"draws": 500}))
    assert len(sets) == 8 * 2 * 2
    assert len({tuple(sorted(s.items())) for s in sets}) == len(sets)


def test_one_draw_is_the_given_set_alone(rows):
    given = FOREST.parse_parameters({"draws": 1})
    assert [trial.parameters for trial in search(depth_fit, rows, FOREST, given, no_report)] == [given]


def test_the_best_set_wins(rows):
    told = []
    given = FOREST.parse_parameters({"draws": 12, "max_depth": 8})
    trials = search(depth_fit, rows, FOREST, given, lambda fraction, message="": told.append((fraction, message)))
    depths = [trial.parameters["max_depth"] for trial in trials]
    assert depths == sorted(depths, reverse=True)
    assert trials[0].scores.mean() > trials[-1].scores.mean()
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert told[-1][1].startswith("set 12 of 12: ")


def test_the_objective_is_the_mean_over_surveys_of_the_signals_f1(rows):
    trial = judge(depth_fit, rows, FOREST.parse_parameters({"max_depth": 12, "draws": 1}), no_report)
    for metrics, score in zip(trial.folds, trial.scores, strict=True):
        f1 = {m.group: m.value for m in metrics if (m.name, m.of) == ("f1", "signal")}
        assert score == pytest.approx((f1["evcc-simulated"] + f1["sdss-dr14-simulated"]) / 2)


def test_validation_scores_are_mean_and_deviation_over_the_folds(sample, rows, tmp_path):
    parameters = FOREST.parse_parameters({"trees": 10, "draws": 1, "folds": 3})
    result = forest.train(sample, parameters, tmp_path, no_report)
    found = {(m.group, m.of, m.name): m for m in result.metrics if m.split == "validation"}
    by_hand = {}
    for held in folds(rows, 3, seed=1):
        model, _ = forest.algorithm._fit(rows.where(~held), parameters, no_report)
        called = np.array(rows.classes)[model.classify(rows.features[held])]
        for metric in classification_metrics(rows.names[held], called, rows.survey[held], "S"):
            by_hand.setdefault((metric.group, metric.of, metric.name), []).append(metric.value)
    assert len(found) == 3 * 2 * len(SCORES)
    for key, metric in found.items():
        known = [value for value in by_hand[key] if value is not None]
        assert (metric.value, metric.std) == pytest.approx((np.mean(known), np.std(known)))
    details = result.details["search"]
    assert (details["draws"], details["folds"], details["chosen"]) == (1, 3, parameters)


def test_a_search_leaves_the_chosen_model(sample, tmp_path):
    result = forest.train(sample, FOREST.parse_parameters({"trees": 5, "draws": 3, "folds": 2}), tmp_path, no_report)
    tried = result.details["search"]["tried"]
    assert len(tried) == 3
    assert tried[0]["score"] == max(trial["score"] for trial in tried)
    assert result.parameters == result.details["search"]["chosen"] == tried[0]["parameters"]
    assert len(forest.load(tmp_path).model.root) == result.parameters["trees"]


def test_a_score_that_no_fold_can_give_is_none(rows):
    one = rows.where(rows.survey == "evcc-simulated")
    trial = judge(depth_fit, one, FOREST.parse_parameters({"max_depth": 24, "draws": 1}), no_report)
    only_signal = [metric for metric in validation_metrics(trial) if metric.of == "signal"]
    assert {metric.group for metric in only_signal} == {"all", "evcc-simulated"}
    assert all(metric.value == 1.0 and metric.std == 0.0 for metric in only_signal)
