"""`manage.py demo_steps`: the demo's steps alone, where everything already runs."""

import sys
from itertools import chain

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console

from almagest.server.demo import data_folder, run_steps
from almagest.server.legacy_demo import add_legacy_argument, legacy_steps, simulate_legacy
from almagest.server.outliers_demo import add_outliers_argument, outlier_steps, simulate_outliers


class Command(BaseCommand):
    """Ingest, cross-match, freeze, train, score, publish; what is already there is skipped."""

    help = "Run the demo's steps against the running servers and workers; 'manage.py demo' does this by itself."
    # They import all pages, which takes a second that every start would pay.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to simulate Legacy Surveys sources and spectra too."""
        add_legacy_argument(parser)
        add_outliers_argument(parser)

    def handle(self, *, legacy: int, outliers: int, **options) -> None:
        """Run them in order and stop at the first that fails."""
        console, home = Console(), settings.ALMAGEST_HOME
        try:
            tables = data_folder(settings.BASE_DIR)
            # Spectra lie beside the tables.
            data = tables.parent if tables else None
            more = legacy_steps(simulate_legacy(home, legacy)) if legacy else ()
            most = outlier_steps(simulate_outliers(home, outliers, data), data) if outliers else ()
            run_steps(settings.BASE_DIR, home, console, chain(more, most))
        except KeyboardInterrupt:
            sys.exit(130)
