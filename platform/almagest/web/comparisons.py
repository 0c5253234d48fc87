"""Comparisons as pages and files show them."""

from collections.abc import Iterator
from itertools import groupby

from almagest.registry.models import Comparison, ModelVersion
from almagest.registry.score_tables import POOLED, Column, ScoreTable, comparison_groups, comparison_table, group_counts
from almagest.runs.models import Chunk, Run
from almagest.web.scores import HEADLINE

SCORE_TITLES = {"precision": "Precision", "recall": "Recall", "f1": "F1", "agf": "AGF"}
SPLIT_TITLES = {"validation": "Validation", "test": "Held back"}
NUMBERS = ("value", "std", "low", "high", "numerator", "denominator")
CSV_COLUMNS = [
    "comparison", "study", "sample", "contender", "method", "version", "seconds", "group", "score", "split", "of",
    *NUMBERS, "is_best",
]  # fmt: skip


def blocks(comparison: Comparison, versions: dict[str, ModelVersion]) -> list[dict]:
    """A table for each group, the headline survey's first, the pooled one last."""
    groups = sorted(comparison_groups(versions) or [POOLED], key=_place)
    return [
        {
            "title": "Pooled" if group == POOLED else group,
            "test": _part(comparison, group, "test"),
            "head": head(table),
            "table": table,
        }
        for group in groups
        for table in [comparison_table(comparison, group, versions=versions)]
    ]


def _place(group: str) -> tuple:
    return group == POOLED, not group.startswith(HEADLINE), group


def _part(comparison: Comparison, group: str, split: str) -> dict:
    counts = group_counts(comparison, group)[split]
    return {"all": sum(counts.values()), "signal": counts[comparison.plugin.signal]}


def head(table: ScoreTable) -> dict:
    """The three header rows: score over split over class, each with the number of columns that it spans."""
    scores = _spans(table.columns, lambda column: (column.score,))
    splits = _spans(table.columns, lambda column: (column.score, column.split))
    return {
        "scores": [(SCORE_TITLES[score], span) for (score,), span in scores],
        "splits": [(SPLIT_TITLES[split], span) for (_, split), span in splits],
        # The first column of each score stands a little apart.
        "columns": [
            (column, i == 0 or column.score != table.columns[i - 1].score) for i, column in enumerate(table.columns)
        ],
    }


def _spans(columns: tuple[Column, ...], key) -> list[tuple]:
    return [(name, len(list(group))) for name, group in groupby(columns, key)]


def contender_rows(comparison: Comparison, versions: dict[str, ModelVersion]) -> list[dict]:
    """What each contender is, how its training stands, and what its search chose."""
    chunks = {chunk.payload["contender"]: chunk for chunk in comparison.run.chunks.all()} if comparison.run else {}
    rows = []
    for contender in comparison.study["contenders"]:
        version = versions.get(contender["name"])
        search = version.details.get("search") or {} if version else {}
        standing = "" if version else _standing(comparison.run, chunks.get(contender["name"]))
        rows.append(contender | {"version": version, "search": search, "standing": standing})
    return rows


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


def csv_rows(comparison: Comparison, versions: dict[str, ModelVersion]) -> Iterator[dict]:
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
