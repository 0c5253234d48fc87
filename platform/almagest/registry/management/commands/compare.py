"""`manage.py compare PLUGIN STUDY --sample NAME [--set epochs=50 …]`."""

import time

from django.core.management.base import BaseCommand

from almagest.registry.comparisons import comparison_start
from almagest.registry.management.pairs import parse_pairs
from almagest.registry.models import Comparison
from almagest.registry.score_tables import (
    POOLED,
    Cell,
    ScoreColumn,
    ScoreTable,
    comparison_groups,
    comparison_table,
    comparison_versions,
    group_counts,
)
from almagest.registry.selectors import comparison_list, plugin_get
from almagest.runs.models import Run
from almagest.runs.waiting import LOOK_SECONDS, run_wait
from almagest.samples.selectors import sample_get

OF = {"signal": "the signal, {}", "others": "the other classes, weighted by their numbers"}
WIDTHS = {"validation": 15, "test": 9}


class Command(BaseCommand):
    """Train all contenders of a study on workers, and print their scores side by side."""

    help = (
        "Make one of a plugin's studies on a frozen sample: one run, a model version for each contender, and a table."
    )

    def add_arguments(self, parser):
        """Which study, on what, how."""
        parser.add_argument("plugin")
        parser.add_argument("study")
        parser.add_argument("--sample", required=True)
        parser.add_argument(
            "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE",
            help="parameters, for every contender whose method has them",
        )  # fmt: skip
        parser.add_argument(
            "--if-missing", action="store_true", help="do nothing when the study was made on this sample"
        )

    def handle(self, *, plugin, study, sample, if_missing, **options):
        """Start the run and follow it."""
        found, frozen = plugin_get(name=plugin), sample_get(user=None, name=sample)
        made = comparison_list(user=None).filter(plugin=found, study__name=study, sample=frozen)
        if if_missing and made.filter(run__state=Run.State.DONE).exists():
            return
        given = parse_pairs(options["set"])
        comparison = comparison_start(plugin=found, study=study, sample=frozen, given=given)
        queues = sorted(set(comparison.run.chunks.values_list("queue", flat=True)))
        count = len(comparison.study["contenders"])
        self.stdout.write(f"{comparison}: {count} trainings, on workers of the queues {', '.join(queues)}")
        run_wait(comparison.run)
        self._report(comparison)

    def _report(self, comparison: Comparison) -> None:
        """All tables, then what they cost."""
        versions = comparison_versions(comparison, user=None)
        for group in comparison_groups(versions):
            self.stdout.write(f"\n{_heading(comparison, group)}")
            for line in _lines(comparison_table(comparison, group, versions=versions), comparison.plugin.signal):
                self.stdout.write(line)
        self.stdout.write("\n* the highest of its column; validation is mean ± standard deviation over the folds")
        for name, version in versions.items():
            self.stdout.write(f"  {name:<14} {version}, {version.seconds:.1f} s")
        time.sleep(LOOK_SECONDS)  # the last worker notes its memory after its version
        comparison.run.refresh_from_db()
        memory = comparison.run.peak_memory_mb
        self.stdout.write(
            f"  together       {comparison.run.seconds:.1f} s, peak memory "
            f"{f'{memory:.0f} MB' if memory else 'unknown'}: /comparisons/{comparison.pk}/"
        )


def _heading(comparison: Comparison, group: str) -> str:
    """The group with its sizes in the sample."""
    signal = comparison.plugin.signal
    sizes = group_counts(comparison, group)
    said = [f"{sum(counts.values()):,} {split} ({counts[signal]:,} {signal})" for split, counts in sizes.items()]
    return f"{'pooled' if group == POOLED else group}: {', '.join(said)}"


def _lines(table: ScoreTable, signal: str) -> list[str]:
    """A block for the signal and one for the others: scores over parts of the sample, contenders below."""
    lines = []
    for of, words in OF.items():
        places = [i for i, column in enumerate(table.columns) if column.of == of]
        columns = [table.columns[i] for i in places]
        scores = [c.score if i == 0 or c.score != columns[i - 1].score else "" for i, c in enumerate(columns)]
        lines.append(f"  of {words.format(signal)}")
        lines.append(_line("", columns, scores))
        lines.append(_line("", columns, [column.split for column in columns]))
        lines += [_line(row.contender["name"], columns, [_text(row.cells[i]) for i in places]) for row in table.rows]
    return lines


def _line(name: str, columns: list[ScoreColumn], texts: list[str]) -> str:
    cells = (f"{text:<{WIDTHS[column.split]}}" for column, text in zip(columns, texts, strict=True))
    return f"    {name:<14}{''.join(cells)}".rstrip()


def _text(cell: Cell) -> str:
    if cell.metric is None or cell.metric["value"] is None:
        return "–"
    std = cell.metric["std"]
    return f"{cell.metric['value']:.3f}{f' ±{std:.3f}' if std is not None else ''}{'*' if cell.is_best else ''}"
