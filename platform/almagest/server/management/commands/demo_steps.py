"""`manage.py demo_steps`: the demo's steps alone, where everything already runs."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand
from rich.console import Console

from almagest.server.demo import run_steps


class Command(BaseCommand):
    """Ingest, cross-match, freeze, train, score, publish; what is already there is skipped."""

    help = "Run the demo's steps against the running servers and workers; 'manage.py demo' does this by itself."
    # They import all pages, which takes a second that every start would pay.
    requires_system_checks = []

    def handle(self, **options) -> None:
        """Run them in order and stop at the first that fails."""
        try:
            run_steps(settings.BASE_DIR, settings.ALMAGEST_HOME, Console())
        except KeyboardInterrupt:
            sys.exit(130)
