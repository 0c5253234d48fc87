"""Comparisons as pages and files show them."""

from collections.abc import Iterator
from itertools import groupby

from almagest.contract import Column, Table
from almagest.registry.models import Comparison, ModelVersion
from almagest.registry.score_tables import (
    POOLED,
    ScoreColumn,
    ScoreTable,
    comparison_groups,
    comparison_table,
    group_counts,
)
from almagest.runs.models import Chunk, Run
from almagest.web.scores import HEADLINE

SCORE_TITLES = {"precision": "Precision", "recall": "Recall", "f1": "F1", "agf": "AGF"}
SPLIT_TITLES = {"validation": "Validation", "test": "Held back"}
NUMBERS = ("value", "std", "low", "high", "numerator", "denominator")
SCORES_TABLE = Table(
    "comparison_scores",
    "Every score of a comparison that was measured",
    (
        Column("comparison", "int64", description="Number of the comparison"),
        Column("study", "string", description="Study"),
        Column("sample", "string", description="Sample that all learned from"),
        Column("contender", "string", description="Contender"),
        Column("method", "string", description="Its method"),
        Column("version", "int32", description="Its model version"),
        Column("seconds", "float64", "s", "time.duration", "What its training took"),
        Column("group", "string", description="Survey, or all for the pooled score"),
        Column("score", "string", description="Which score"),
        Column("split", "string", description="Validation by cross-match group, or the test rows held back"),
        Column("of", "string", description="Of the signal class or of the others"),
        Column("value", "float64", ucd="stat.value", description="The score"),
        Column("std", "float64", ucd="stat.stdev", description="Its scatter over the folds"),
        Column("low", "float64", ucd="stat.value;stat.min", description="Lower end of the 95 % interval"),
        Column("high", "float64", ucd="stat.value;stat.max", description="Upper end of the 95 % interval"),
        Column("numerator", "float64", description="Count above the line, where the score is a share"),
        Column("denominator", "float64", description="Count below the line"),
        Column("is_best", "bool", description="No other contender's is higher"),
    ),
)


def blocks(comparison: Comparison, versions: dict[str, ModelVersion]) -> list[dict]:
    """A table for each group, the headline survey's first, the pooled one last."""
    groups = sorted(comparison_groups(versions) or [POOLED], key=_place)
    return [_block(comparison, comparison_table(comparison, group, versions=versions)) for group in groups]


def _block(comparison: Comparison, table: ScoreTable) -> dict:
    # The first column of each score stands a little apart.
    firsts = [i == 0 or column.score != table.columns[i - 1].score for i, column in enumerate(table.columns)]
    return {
        "title": "Pooled" if table.group == POOLED else table.group,
        "test": _held_back(comparison, table.group),
        "head": head(table) | {"columns": list(zip(table.columns, firsts, strict=True))},
        "rows": [(row, list(zip(row.cells, firsts, strict=True))) for row in table.rows],
        "table": table,
    }


def _place(group: str) -> tuple:
    return group == POOLED, not group.startswith(HEADLINE), group


def _held_back(comparison: Comparison, group: str) -> dict:
    counts = group_counts(comparison, group)["test"]
    return {"all": sum(counts.values()), "signal": counts[comparison.plugin.signal]}


def head(table: ScoreTable) -> dict:
    """The upper header rows: scores, and parts of the sample below them, each with the number of columns that it spans."""
    scores = _spans(table.columns, lambda column: (column.score,))
    splits = _spans(table.columns, lambda column: (column.score, column.split))
    return {
        "scores": [(SCORE_TITLES[score], span) for (score,), span in scores],
        "splits": [(SPLIT_TITLES[split], span) for (_, split), span in splits],
    }


def _spans(columns: tuple[ScoreColumn, ...], key) -> list[tuple]:
    return [(name, len(list(group))) for name, group in groupby(columns, key)]


def contender_rows(comparison: Comparison, versions: dict[str, ModelVersion]) -> list[dict]:
    """What each contender is, how its training stands, and what its search chose."""
    chunks = {chunk.payload["contender"]: chunk for chunk in comparison.run.chunks.all()} if comparison.run else {}
    rows = []
    for contender in comparison.study["contenders"]:
        version = versions.get(contender["name"])
        standing = "" if version else _standing(comparison.run, chunks.get(contender["name"]))
        rows.append(contender | {"version": version, "search": _search(version), "standing": standing})
    return rows


def _search(version: ModelVersion | None) -> dict:
    """What the search among parameters chose, of those that it chose from; empty where there was none."""
    search = version.details.get("search") or {} if version else {}
    chosen = search.get("chosen") or {}
    names = [p["name"] for p in version.method.parameters if p.get("search") and p["name"] in chosen] if chosen else []
    return search | {"chosen": {name: chosen[name] for name in names}}


def _standing(run: Run | None, chunk: Chunk | None) -> str:
    if chunk is None or run is None or run.is_over:
        return "not trained"
    if chunk.state == Chunk.State.HELD:
        return f"training, {100 * chunk.progress:.0f} %"
    return f"waits for a {chunk.queue} worker" if chunk.state == Chunk.State.WAITING else "trained"


def sizes(comparison: Comparison) -> list[dict]:
    """Objects of each class by survey, (to learn from, held back); the pooled numbers last."""
    rows = []
    for group in sorted([*comparison.sample.counts, POOLED], key=_place):
        counts = group_counts(comparison, group)
        pairs = [(counts["train"][name], counts["test"][name]) for name in comparison.plugin.classes]
        pairs.append((sum(train for train, _ in pairs), sum(test for _, test in pairs)))
        rows.append({"survey": "" if group == POOLED else group, "pairs": pairs})
    return rows


def score_rows(comparison: Comparison, versions: dict[str, ModelVersion]) -> Iterator[dict]:
    """One row a number: every group, contender and score that was measured."""
    about = {"comparison": comparison.pk, "study": comparison.study["name"], "sample": comparison.sample.name}
    for block in blocks(comparison, versions):
        table = block["table"]
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if cell.metric is None:
                    continue
                yield about | {
                    "contender": row.contender["name"], "method": row.version.method.name, "version": row.version.number,
                    "seconds": row.version.seconds, "group": table.group, "score": column.score, "split": column.split,
                    "of": column.of, "is_best": cell.is_best, **{name: cell.metric[name] for name in NUMBERS},
                }  # fmt: skip
