"""`manage.py ingest SURVEY FILE...`: load tables of a survey."""

from pathlib import Path

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from almagest.sky.models import Ingest
from almagest.sky.progress import progress_bar
from almagest.sky.services import ingest_file


class Command(BaseCommand):
    """Load files, each whole or not at all."""

    help = "Load FITS, Parquet or CSV tables of a survey. Loading a file again changes nothing."

    def add_arguments(self, parser):
        """Survey, files, and what to do with bad rows."""
        parser.add_argument("survey", help="slug of a declared survey, e.g. sdss-dr14")
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--skip-bad-rows", action="store_true", help="leave out rows without name or position")
        parser.add_argument("--if-missing", action="store_true", help="skip files that were loaded before")

    def handle(self, *, survey, files, skip_bad_rows, if_missing, **options):
        """Load one after the other; the first that is bad ends it."""
        console = Console(file=self.stdout, highlight=False)
        for path in files:
            with progress_bar(console, f"{survey}: {path.name}") as report:
                done = ingest_file(
                    survey=survey, path=path, skip_bad_rows=skip_bad_rows, if_missing=if_missing, report=report
                )
            if done is None:
                console.print(f"{path.name}: loaded before, nothing to do")
            else:
                print_summary(console, done)


def print_summary(console: Console, ingest: Ingest) -> None:
    """What an ingest has loaded and left out."""
    table = Table("", "rows", show_header=False, box=None)
    table.columns[1].justify = "right"
    for name in ("rows_read", "new", "changed", "unchanged", "rejected"):
        table.add_row(name.replace("_", " "), f"{getattr(ingest, name):,}")
    for reason, count in ingest.reasons.items():
        table.add_row(f"  {reason}", f"{count:,}")
    console.print(f"{ingest.file_name} into {ingest.survey}:", soft_wrap=True)
    console.print(table)
    if ingest.ignored_columns:
        console.print(f"  ignored columns: {', '.join(ingest.ignored_columns)}", soft_wrap=True, markup=False)
