"""A release for programs: what it holds, and where every number in it is from."""

from dataclasses import asdict

from almagest.contract import Table
from almagest.releases.content.data import DataFile
from almagest.releases.content.facts import ReleaseFacts
from almagest.releases.content.partitions import MOC_ORDER

SCHEMA = "almagest-release-1"


def release(
    facts: ReleaseFacts, declared: Table, rows: int, files: dict[DataFile, int], *, sky_fraction: float
) -> dict:
    """``release.json``: the facts, the declared table, and the data files with their numbers of rows."""
    return {
        "schema": SCHEMA,
        "id": facts.stem,
        "rows": rows,
        "facts": facts.to_json(),
        "table": declared.to_json(),
        "data": {
            file.path: {"format": file.format, "rows": count, "what": f"{file.title}: {_what(facts, file)}"}
            for file, count in files.items()
        },
        "coverage": {"moc_order": MOC_ORDER, "sky_fraction": sky_fraction},
    }


def provenance(facts: ReleaseFacts, rows: int) -> dict:
    """``provenance.json``: the chain from the release to the surveys' files, each link with what proves it."""
    return {
        "schema": SCHEMA,
        "id": facts.stem,
        "chain": [
            {"link": "release", "name": facts.stem, "created": f"{facts.time}Z", "rows": rows},
            {"link": "catalog", "name": facts.slug, "revision": facts.catalog_revision, "selection": facts.selection,
             "steps": [asdict(step) for step in facts.steps]},
            {"link": "prediction set", "number": facts.prediction_set},
            {"link": "model version", "name": str(facts.model), **asdict(facts.model)},
            *([{"link": "sample", **asdict(facts.sample)}] if facts.sample else []),
            *({"link": "survey", **asdict(survey)} for survey in facts.surveys),
        ],
    }  # fmt: skip


def _what(facts: ReleaseFacts, file: DataFile) -> str:
    if file.path.startswith(facts.stem) or file.format == "hats":
        return "all rows"
    return f"rows that differ from {facts.previous.label}" if facts.previous else "changed rows"
