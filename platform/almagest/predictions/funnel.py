"""From all objects that a scoring read to its candidates, step by step."""

from almagest.predictions.models import PredictionSet


def funnel(scores: PredictionSet, *more: tuple[str, int]) -> list[dict]:
    """The steps with what is left after each, ``{"name", "count", "taken", "share"}``; shares are of the objects read.

    Parameters
    ----------
    more
        Further steps of a caller's own: what is left after each, by name.
    """
    first = scores.objects_read or 0
    steps, left = [{"name": "objects in the surveys", "count": first, "taken": 0}], first
    for cut in (*scores.left_out, *scores.candidates_left_out):
        left -= cut["count"]
        steps.append({"name": cut["name"], "count": left, "taken": cut["count"]})
    for name, count in more:
        steps.append({"name": name, "count": count, "taken": left - count})
        left = count
    return [step | {"share": step["count"] / (first or 1)} for step in steps]


def candidate_count(scores: PredictionSet) -> int:
    """How many of the scored objects are candidates: all, where the method has no candidate cuts."""
    return scores.rows - sum(step["count"] for step in scores.candidates_left_out)
