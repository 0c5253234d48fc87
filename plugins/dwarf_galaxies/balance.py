"""Section 5.1: what can be done about rare classes. Only rows that are learned from are ever weighted or resampled."""

import warnings
from dataclasses import replace

import numpy as np

from almagest.contract import PluginError
from dwarf_galaxies.rows import Rows

# Neighbours between which SMOTE and ADASYN put new rows: the method's own default (Chawla et al. 2002; He et al. 2008).
NEIGHBOURS = 5
NEED_NEIGHBOURS = ("smote", "adasyn")


def balanced(rows: Rows, choice: str, seed: int) -> Rows:
    """Rows with weights, fewer common ones, or more rare ones, as `choice` says.

    Parameters
    ----------
    rows
        With scaled features: most resamplings measure distances.
    choice
        ``none``; ``class_weight``: each class weighs the same, n / (classes n_class); ``rus``, ``nearmiss``, ``oss``:
        random undersampling, NearMiss-1 (Zhang & Mani 2003), one-sided selection (Kubat & Matwin 1997); ``ros``,
        ``smote``, ``adasyn``: random oversampling, and new rows between neighbours (Chawla et al. 2002; He et al. 2008).

    Raises
    ------
    PluginError
        When a class has too few rows for it.
    """
    if choice == "none":
        return rows
    if choice == "class_weight":
        return replace(rows, weights=rows.weights * class_weights(rows)[rows.labels])
    check_balance(rows, choice)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            features, labels = _sampler(choice, seed).fit_resample(rows.features, rows.labels)
        except (ValueError, RuntimeError) as error:
            raise PluginError(f"balance={choice} cannot be had on these rows: {error}") from None
    made = np.full(len(labels), "")
    return replace(
        rows, features=features.astype(rows.features.dtype), labels=labels, weights=np.ones(len(labels)),
        group_id=np.arange(len(labels)), survey=made,
    )  # fmt: skip


def class_weights(rows: Rows) -> np.ndarray:
    """Weight of each class, n / (classes n_class), shape (classes,)."""
    counts = np.bincount(rows.labels, minlength=len(rows.classes))
    return len(rows) / (len(rows.classes) * np.maximum(counts, 1))


def check_balance(rows: Rows, choice: str, share: float = 1.0) -> None:
    """Raise `PluginError` when a class has too few rows for the resampling, if only `share` of them are learned from."""
    counts = (share * np.bincount(rows.labels, minlength=len(rows.classes))).astype(int)
    smallest = int(counts.argmin())
    needed = NEIGHBOURS + 1 if choice in NEED_NEIGHBOURS else 1
    if counts[smallest] < needed:
        raise PluginError(
            f"balance={choice} needs {needed} rows of each class to learn from; {rows.classes[smallest]} has "
            f"{counts[smallest]}: freeze a larger sample, or choose class_weight or ros"
        )


def _sampler(choice: str, seed: int):
    from imblearn import over_sampling, under_sampling  # noqa: PLC0415  (on workers only)

    return {
        "rus": lambda: under_sampling.RandomUnderSampler(random_state=seed),
        "nearmiss": lambda: under_sampling.NearMiss(version=1),
        "oss": lambda: under_sampling.OneSidedSelection(random_state=seed),
        "ros": lambda: over_sampling.RandomOverSampler(random_state=seed),
        "smote": lambda: over_sampling.SMOTE(k_neighbors=NEIGHBOURS, random_state=seed),
        "adasyn": lambda: over_sampling.ADASYN(n_neighbors=NEIGHBOURS, random_state=seed),
    }[choice]()
