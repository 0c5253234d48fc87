"""What each treatment of imbalance makes of rows whose numbers are known."""

from collections import Counter

import numpy as np
import pytest

from almagest.contract import PluginError
from dwarf_galaxies.balance import balanced, class_weights
from dwarf_galaxies.columns import DEFINED
from dwarf_galaxies.methods import BALANCE
from dwarf_galaxies.rows import Rows

COUNTS = (90, 60, 12, 40, 20)


@pytest.fixture
def rows() -> Rows:
    """Five clouds that overlap."""
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(5), COUNTS)
    features = (random.normal(size=(len(labels), 4)) + labels[:, None] * 0.7).astype(np.float32)
    return Rows(features, labels, np.ones(len(labels)), np.arange(len(labels)), np.full(len(labels), "a"), DEFINED)


def counts(rows: Rows) -> tuple[int, ...]:
    return tuple(Counter(rows.labels.tolist())[k] for k in range(5))


def test_nothing_and_weights_leave_the_rows(rows):
    assert balanced(rows, "none", 1) is rows
    weighted = balanced(rows, "class_weight", 1)
    assert (weighted.features == rows.features).all()
    assert [weighted.weights[rows.labels == k].sum() for k in range(5)] == pytest.approx([sum(COUNTS) / 5] * 5)
    assert class_weights(rows)[2] == pytest.approx(222 / (5 * 12))


@pytest.mark.parametrize("choice", ["rus", "nearmiss"])
def test_undersampling_keeps_as_many_of_each_as_the_rarest_has(choice, rows):
    kept = balanced(rows, choice, 1)
    assert counts(kept) == (12,) * 5
    assert set(map(bytes, kept.features)) <= set(map(bytes, rows.features))


def test_one_sided_selection_thins_all_but_the_rarest(rows):
    kept = counts(balanced(rows, "oss", 1))
    assert kept[2] == 12
    assert all(n <= m for n, m in zip(kept, COUNTS, strict=True))
    assert sum(kept) < sum(COUNTS)


def test_random_oversampling_repeats(rows):
    more = balanced(rows, "ros", 1)
    assert counts(more) == (90,) * 5
    assert set(map(bytes, more.features)) == set(map(bytes, rows.features))


def test_smote_puts_rows_between_neighbours(rows):
    more = balanced(rows, "smote", 1)
    assert counts(more) == (90,) * 5
    new, old = more.features[len(rows) :], rows.features[rows.labels == 2]
    made = new[more.labels[len(rows) :] == 2]
    assert len(made) == 78
    assert (made >= old.min(axis=0) - 1e-6).all()
    assert (made <= old.max(axis=0) + 1e-6).all()
    assert not set(map(bytes, made)) <= set(map(bytes, old))


def test_adasyn_makes_about_as_many_of_each(rows):
    assert all(75 <= n <= 105 for n in counts(balanced(rows, "adasyn", 1)))


@pytest.mark.parametrize("choice", [c for c in BALANCE.choices if c not in ("none", "class_weight")])
def test_the_seed_decides_and_types_stay(choice, rows):
    one, again = balanced(rows, choice, 1), balanced(rows, choice, 1)
    assert np.array_equal(one.features, again.features)
    assert one.features.dtype == np.float32
    assert len(one.weights) == len(one.group_id) == len(one.survey) == len(one)


def test_what_cannot_be_had_is_told(rows):
    apart = Rows(
        rows.features + 1000 * rows.labels[:, None], rows.labels, rows.weights, rows.group_id, rows.survey, rows.classes
    )
    with pytest.raises(PluginError, match="balance=adasyn cannot be had on these rows"):
        balanced(apart, "adasyn", 1)
