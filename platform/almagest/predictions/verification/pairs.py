"""The pairs of one scored survey: matched, scored, labelled, and told apart by what the model has learned from."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Labelling, Method, PluginError
from almagest.contract.cuts import PREDICTED_CLASS
from almagest.core.copy import read_arrow
from almagest.core.tables import quote
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.tables import VERIFICATION_PAIRS
from almagest.predictions.verification.labels import catalog_labels
from almagest.predictions.verification.learning import is_learned_from
from almagest.predictions.verification.matching import find_neighbours
from almagest.samples.reading import id_condition
from almagest.sky.models import Survey


@dataclass(frozen=True)
class SurveyPairs:
    """What one scored survey gives.

    Attributes
    ----------
    rows
        Columns of `VERIFICATION_PAIRS`, one row a pair with a score.
    matched
        How many objects of the catalog have a counterpart, scored or not.
    values
        Of each row: the labelling's inputs, the method's inputs and its cut inputs, as `catalog_labels` gives them.
    """

    survey: str
    rows: pa.Table
    matched: int
    notes: list[str]
    values: pa.Table


def survey_pairs(verification: Verification, scored: Survey, method: Method, labelling: Labelling) -> SurveyPairs:
    """Match, look the scores up, label."""
    state, catalog = verification.ingest_id, verification.survey
    near = find_neighbours(catalog, scored, verification.radius_arcsec, last_ingest=state)
    learned = _has_learned_neighbour(verification, near.label_id, near.scored_id)
    found = np.flatnonzero(near.is_mutual)
    scores = read_scores(verification.prediction_set, near.scored_id[found], labelling)
    has_score = np.isin(near.scored_id[found], scores["object_id"].to_numpy())
    pairs = near.taken(found[has_score])
    scores = scores.take(np.searchsorted(scores["object_id"].to_numpy(), pairs.scored_id))
    labelled, notes = catalog_labels(pairs, catalog, scored, method, labelling, ingest_id=state)
    n = len(pairs.label_id)
    values = {
        "verification_id": pa.array([verification.pk] * n, pa.int64()),
        "label_object_id": pairs.label_id,
        "scored_object_id": pairs.scored_id,
        "survey": pa.array([scored.slug] * n, pa.string()),
        "separation_arcsec": pairs.separation_arcsec,
        "trained_on": learned[found[has_score]],
    }
    values |= {name: labelled[name] for name in ("label", "reason")}
    values |= {name: scores[name] for name in (PREDICTED_CLASS, "score")}
    rows = pa.table(values).select(VERIFICATION_PAIRS.table.names)
    return SurveyPairs(scored.slug, rows, len(found), notes, labelled)


def read_scores(scores: PredictionSet, ids: np.ndarray, labelling: Labelling) -> pa.Table:
    """``object_id, predicted_class, score`` of those of the objects that have both, in order of object_id."""
    condition, values = id_condition(ids)
    rows = read_arrow(
        f"SELECT object_id, {PREDICTED_CLASS}, {quote(scores.version.method.rank_by)} AS score "
        f"FROM {quote(scores.table_name)} WHERE object_id {condition} ORDER BY object_id",
        values,
    )
    rows = rows.filter(pc.and_(pc.is_valid(rows[PREDICTED_CLASS]), pc.fill_null(pc.is_finite(rows["score"]), False)))
    if unknown := set(rows[PREDICTED_CLASS].unique().to_pylist()) - set(labelling.classes):
        raise PluginError(f"{scores.version} predicts undeclared classes: {', '.join(sorted(unknown))}")
    return rows


def _has_learned_neighbour(verification: Verification, label_id: np.ndarray, scored_id: np.ndarray) -> np.ndarray:
    """True where the model has learned from the catalog's object or any scored one within the radius of it.

    A survey may hold a galaxy twice, as two spectra: that the farther one was learned from counts too.
    """
    both = np.concatenate([label_id, scored_id])
    is_learned = is_learned_from(verification.version.sample, both, cross_match_id=verification.cross_match_id)
    either = is_learned[: len(label_id)] | is_learned[len(label_id) :]
    return np.isin(label_id, label_id[either])
