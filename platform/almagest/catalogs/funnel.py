"""From all objects that a scoring read to the candidates of a catalog's edition."""

from almagest.catalogs.models import Edition
from almagest.predictions.funnel import funnel
from almagest.sky.surveys import SURVEYS

PLACED = "a position and a score"


def edition_funnel(edition: Edition, sign: str) -> list[dict]:
    """Steps as `predictions.funnel` gives them, down to the threshold, which `sign` compares with.

    A catalog holds places on the sky: where surveys without positions were scored too, their objects are a step of their own, and so are
    those that the model has nothing to say of.
    """
    scores, last = edition.prediction_set, (f"{edition.rank_by} {sign} {edition.threshold:g}", edition.rows)
    if all(SURVEYS[slug].has_positions for slug in scores.surveys if slug in SURVEYS):
        return funnel(scores, last)
    return funnel(scores, (PLACED, sum(edition.histogram["counts"])), last)
