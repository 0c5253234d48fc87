"""From pairs to counts, scores and confusion matrices."""

from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import ConfusionMatrix, Labelling, Metric, classification_metrics, confusion_matrix
from almagest.contract.cuts import PREDICTED_CLASS
from almagest.predictions.verification.pairs import SurveyPairs

# The parts that are measured apart, the headline first.
PARTS = ("not_trained_on", "all")
# Title of the confusion matrix of all scored surveys together.
POOLED = "pooled"


def measured(found: list[SurveyPairs], labelling: Labelling, *, catalog_objects: int, radius_arcsec: float) -> dict:
    """Values of the verification's row: metrics, figures, counts, reasons, notes."""
    slugs = [pairs.survey for pairs in found]
    rows = pa.concat_tables([pairs.rows for pairs in found])
    labelled = rows.filter(pc.is_valid(rows["label"]))
    unseen = labelled.filter(pc.invert(labelled["trained_on"]))
    parts = dict(zip(PARTS, (unseen, labelled), strict=True))
    steps = (
        (f"have a counterpart within {radius_arcsec:g} arcsec", {pairs.survey: pairs.matched for pairs in found}),
        ("of these, the counterpart is scored", by_survey(rows, slugs)),
        ("of these, the catalog's values give a class", by_survey(labelled, slugs)),
        ("of these, the model has not learned from them", by_survey(unseen, slugs)),
    )
    counts = [{"name": "objects in the catalog", "count": catalog_objects, "surveys": {}}]
    counts += [{"name": name, "count": sum(numbers.values()), "surveys": numbers} for name, numbers in steps]
    return {
        "metrics": {part: [asdict(m) for m in metrics(table, slugs, labelling)] for part, table in parts.items()},
        "figures": {part: [asdict(f) for f in matrices(table, slugs, labelling)] for part, table in parts.items()},
        "counts": counts,
        "reasons": reasons(rows, labelling),
        "notes": [note for pairs in found for note in pairs.notes] + _twice(rows),
    }


def by_survey(rows: pa.Table, slugs: list[str]) -> dict[str, int]:
    """How many rows each scored survey has."""
    numbers = Counter(rows["survey"].to_pylist())
    return {slug: numbers[slug] for slug in slugs}


def metrics(rows: pa.Table, slugs: list[str], labelling: Labelling) -> list[Metric]:
    """Scores over all rows and for each scored survey; of one without rows they are there, and not measurable."""
    truth, predicted, groups = (_words(rows, name) for name in ("label", PREDICTED_CLASS, "survey"))
    found = list(classification_metrics(truth, predicted, groups, labelling.signal))
    empty = classification_metrics((), (), (), labelling.signal)
    missing = [slug for slug in slugs if slug not in groups]
    return [*found, *(replace(metric, group=slug) for slug in missing for metric in empty)]


def matrices(rows: pa.Table, slugs: list[str], labelling: Labelling) -> list[ConfusionMatrix]:
    """One of each scored survey that has rows, and one of all when those are several; of the classes that occur."""
    groups, met = _words(rows, "survey"), {*rows["label"].to_pylist(), *rows[PREDICTED_CLASS].to_pylist()}
    classes = tuple(name for name in labelling.classes if name in met)
    there = [slug for slug in slugs if slug in groups]
    parts = [(slug, rows.filter(pa.array(groups == slug))) for slug in there]
    parts += [(POOLED, rows)] * (len(there) > 1)
    return [ConfusionMatrix(title, classes, _counts(part, classes)) for title, part in parts]


def reasons(rows: pa.Table, labelling: Labelling) -> list[dict]:
    """Why objects are in no class, the most frequent reason first, and how many of them the model calls signal."""
    lost = rows.filter(pc.is_null(rows["label"]))
    names = [reason or "no reason given" for reason in lost["reason"].to_pylist()]
    called = Counter(
        name for name, word in zip(names, lost[PREDICTED_CLASS].to_pylist(), strict=True) if word == labelling.signal
    )
    return [{"name": n, "count": count, "called_signal": called[n]} for n, count in Counter(names).most_common()]


def _counts(rows: pa.Table, classes: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    counts = confusion_matrix(_words(rows, "label"), _words(rows, PREDICTED_CLASS), classes)
    return tuple(tuple(row) for row in counts.tolist())


def _words(rows: pa.Table, name: str) -> np.ndarray:
    return np.array(rows[name].to_pylist(), str)


def _twice(rows: pa.Table) -> list[str]:
    """A catalog object that two surveys have scored counts in both, and twice in the pooled numbers."""
    twice = sum(number > 1 for number in Counter(rows["label_object_id"].to_pylist()).values())
    note = f"{twice} objects of the catalog are scored in more than one survey, and count once for each."
    return [note] if twice else []
