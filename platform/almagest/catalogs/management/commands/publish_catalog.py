"""`manage.py publish_catalog SLUG --plugin P --method M --threshold 0.5`."""

from django.core.management.base import BaseCommand

from almagest.catalogs.models import Edition
from almagest.catalogs.services import catalog_publish_start
from almagest.registry.selectors import version_get
from almagest.runs.waiting import run_wait


class Command(BaseCommand):
    """Publish a version's candidates and wait until they are visible."""

    help = "Fill a candidate catalog from a model version's scores; a known catalog gets its next revision."

    def add_arguments(self, parser):
        """Which catalog, from what."""
        parser.add_argument("slug")
        parser.add_argument("--plugin", required=True)
        parser.add_argument("--method", required=True)
        parser.add_argument("--number", type=int, help="version number; the newest without it")
        parser.add_argument("--threshold", type=float, required=True)
        parser.add_argument("--title", default="")
        parser.add_argument("--description", default="")
        parser.add_argument("--if-missing", action="store_true", help="do nothing when the catalog is there")

    def handle(self, *, slug, plugin, method, number, threshold, title, description, if_missing, **options):
        """Start the run and follow it."""
        if if_missing and Edition.objects.filter(catalog__slug=slug, is_current=True).exists():
            return
        version = version_get(user=None, plugin=plugin, method=method, number=number)
        run = run_wait(
            catalog_publish_start(slug=slug, version=version, threshold=threshold, title=title, description=description)
        )
        edition = Edition.objects.get(run=run)
        self.stdout.write(f"{edition}: {edition.rows:,} candidates at {edition.rank_by} >= {threshold}")
