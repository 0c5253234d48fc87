"""`manage.py sync_tables`: make the declared tables of all rooms in the database."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import transaction

from almagest.core.tables import DeclaredTable, sync_table


def declared_tables() -> list[DeclaredTable]:
    """All declared tables: a room lists its own in its module `tables` as a function `declared_tables`."""
    names = [f"{app.name}.tables" for app in apps.get_app_configs() if app.name.startswith("almagest.")]
    modules = [import_module(name) for name in names if name != "almagest.core.tables" and find_spec(name)]
    return [declared for module in modules for declared in module.declared_tables()]


class Command(BaseCommand):
    """Make or widen declared tables."""

    help = "Make the declared tables in the database, or add the columns that were declared since."

    @transaction.atomic
    def handle(self, **options):
        """Sync each, and say what changed."""
        for declared in declared_tables():
            outcome = sync_table(declared)
            if options["verbosity"] > (outcome == "kept"):
                self.stdout.write(f"{declared.name}: {outcome}")
