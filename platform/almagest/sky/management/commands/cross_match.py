"""`manage.py cross_match A B --radius-arcsec R`: link the objects of two surveys."""

from django.core.management.base import BaseCommand
from rich.console import Console

from almagest.sky.progress import progress_bar
from almagest.sky.services import cross_match_make


class Command(BaseCommand):
    """Find and keep all pairs within a radius."""

    help = "Link objects of two surveys that lie within a radius of each other."

    def add_arguments(self, parser):
        """Two surveys and a radius."""
        parser.add_argument("survey_a")
        parser.add_argument("survey_b")
        parser.add_argument("--radius-arcsec", type=float, required=True)
        parser.add_argument("--if-missing", action="store_true", help="do nothing when it is there and new enough")

    def handle(self, *, survey_a, survey_b, radius_arcsec, if_missing, **options):
        """Match and say how many pairs there are."""
        console = Console(file=self.stdout, highlight=False)
        with progress_bar(console, f"{survey_a} × {survey_b}") as report:
            match = cross_match_make(
                survey_a=survey_a, survey_b=survey_b, radius_arcsec=radius_arcsec, if_missing=if_missing, report=report
            )
        done_before = f"{survey_a} × {survey_b}: matched before, nothing to do"
        console.print(f"{match}: {match.rows:,} pairs" if match else done_before)
