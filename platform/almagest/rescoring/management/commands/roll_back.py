"""`manage.py roll_back CATALOG REVISION`."""

from django.core.management.base import BaseCommand

from almagest.catalogs.selectors import catalog_get
from almagest.rescoring.services import restore_start
from almagest.runs.waiting import run_wait


class Command(BaseCommand):
    """Give a catalog the rows of an earlier revision again."""

    help = "Roll a catalog back: its next revision has the rows of an earlier one."

    def add_arguments(self, parser):
        """Which catalog, to where."""
        parser.add_argument("slug")
        parser.add_argument("revision", type=int)

    def handle(self, *, slug, revision, **options):
        """Start the run and follow it."""
        found = restore_start(edition=catalog_get(user=None, slug=slug), revision=revision)
        run_wait(found.run)
        found.refresh_from_db()
        told = found.report
        self.stdout.write(
            f"{found.after} is as revision {revision} was: {told['added']} added, {told['removed']} removed, {told['changed']} changed"
        )
