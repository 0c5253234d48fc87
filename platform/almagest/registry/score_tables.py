"""The scores of a comparison side by side, in the shape of the table in which papers compare algorithms."""

from dataclasses import dataclass

from almagest.contract import SCORES
from almagest.registry.models import Comparison, ModelVersion

POOLED = "all"
# Values that print alike are alike: the best is marked among numbers with so many decimals.
DECIMALS = 3


@dataclass(frozen=True)
class ScoreColumn:
    """Which score, of the signal or of the others, on which part of the sample."""

    score: str
    split: str
    of: str


COLUMNS = tuple(
    ScoreColumn(score, split, of) for score in SCORES for split in ("validation", "test") for of in ("signal", "others")
)


@dataclass(frozen=True)
class Cell:
    """A metric as its version keeps it, None where it was not measured; `is_best`: no other row's is higher."""

    metric: dict | None
    is_best: bool = False


@dataclass(frozen=True)
class Row:
    """A contender with its version, None while it is not trained."""

    contender: dict
    version: ModelVersion | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ScoreTable:
    """One group's scores: contenders by columns."""

    group: str
    columns: tuple[ScoreColumn, ...]
    rows: tuple[Row, ...]


def comparison_versions(comparison: Comparison, *, user) -> dict[str, ModelVersion]:
    """The model versions made so far that the user may see, by contender."""
    versions = comparison.versions.visible_to(user).select_related("method__plugin").defer("figures")
    return {version.contender: version for version in versions.order_by("pk")}


def comparison_groups(versions: dict[str, ModelVersion]) -> list[str]:
    """All groups in which anything was measured: surveys by name, the pooled one last."""
    names = {metric["group"] for version in versions.values() for metric in version.metrics}
    return sorted(names, key=lambda name: (name == POOLED, name))


def group_counts(comparison: Comparison, group: str) -> dict[str, dict[str, int]]:
    """Numbers of the sample's objects in a group: ``{"train": {class: n}, "test": {class: n}}``."""
    surveys = comparison.sample.counts
    counts = list(surveys.values()) if group == POOLED else [surveys.get(group, {})]
    return {
        split: {
            name: sum(survey.get(name, {}).get(split, 0) for survey in counts) for name in comparison.plugin.classes
        }
        for split in ("train", "test")
    }


def comparison_table(comparison: Comparison, group: str, *, versions: dict[str, ModelVersion]) -> ScoreTable:
    """One group's table: every contender in the study's order, every column that any of them fills in any group."""
    columns = _filled(versions) or COLUMNS
    names = [contender["name"] for contender in comparison.study["contenders"]]
    metrics = {name: _by_column(versions[name], group) if name in versions else {} for name in names}
    best = {column: _best([metrics[name].get(column) for name in names]) for column in columns}
    rows = tuple(
        Row(
            contender,
            versions.get(contender["name"]),
            tuple(_cell(metrics[contender["name"]].get(column), best[column]) for column in columns),
        )
        for contender in comparison.study["contenders"]
    )
    return ScoreTable(group, columns, rows)


def _key(metric: dict) -> ScoreColumn:
    return ScoreColumn(metric["name"], metric["split"], metric["of"])


def _filled(versions: dict[str, ModelVersion]) -> tuple[ScoreColumn, ...]:
    measured = {
        _key(metric) for version in versions.values() for metric in version.metrics if metric["value"] is not None
    }
    return tuple(column for column in COLUMNS if column in measured)


def _by_column(version: ModelVersion, group: str) -> dict[ScoreColumn, dict]:
    return {_key(metric): metric for metric in version.metrics if metric["group"] == group}


def _best(metrics: list[dict | None]) -> float | None:
    """The highest value as it prints; None where there are not two to choose from."""
    values = [round(metric["value"], DECIMALS) for metric in metrics if metric and metric["value"] is not None]
    return max(values) if len(values) > 1 else None


def _cell(metric: dict | None, best: float | None) -> Cell:
    is_measured = metric is not None and metric["value"] is not None
    return Cell(metric, is_measured and best is not None and round(metric["value"], DECIMALS) == best)
