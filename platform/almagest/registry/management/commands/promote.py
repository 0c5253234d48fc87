"""`manage.py promote PLUGIN METHOD [--number N]`."""

from django.core.management.base import BaseCommand

from almagest.registry.selectors import version_get
from almagest.registry.services import version_promote


class Command(BaseCommand):
    """Name the version of a method that catalogs follow."""

    help = "Make a model version its method's production version: catalogs follow it when they are rescored."

    def add_arguments(self, parser):
        """Which version."""
        parser.add_argument("plugin")
        parser.add_argument("method")
        parser.add_argument("--number", type=int, help="version number; the newest without it")

    def handle(self, *, plugin, method, number, **options):
        """Promote it."""
        version = version_get(user=None, plugin=plugin, method=method, number=number)
        version_promote(user=None, version=version)
        self.stdout.write(f"{version} is the production version of {plugin}/{method}")
