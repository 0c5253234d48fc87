"""`manage.py prepare_database`: migrations, then declared tables; what `up` does before anything else starts."""

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Bring the database to the code's state."""

    help = "Run 'migrate' and 'sync_tables': bring the database to the state that this code expects."
    # They import all pages, which takes a second that every start would pay.
    requires_system_checks = []

    def handle(self, **options) -> None:
        """Run both in one process, which saves a second at every start."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("sync_tables", stdout=self.stdout)
