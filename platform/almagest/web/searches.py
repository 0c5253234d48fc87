"""A search among parameters, as its model version tells it."""

from almagest.registry.models import ModelVersion


def searched(version: ModelVersion) -> dict | None:
    """Sets tried, best first, with the parameters in which they differ; None where there was no choice."""
    search = version.details.get("search") or {}
    tried = search.get("tried") or []
    if len(tried) < 2:
        return None
    names = [name for name in tried[0]["parameters"] if len({str(t["parameters"].get(name)) for t in tried}) > 1]
    rows = [
        {"values": [t["parameters"].get(name) for name in names], "score": t["score"], "std": t["std"]} for t in tried
    ]
    return {"names": names, "rows": rows, "folds": search.get("folds"), "objective": search.get("objective", "score")}
