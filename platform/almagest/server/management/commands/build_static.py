"""`manage.py build_static`: libraries by npm, then Django's collectstatic."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from almagest.server.static_files import copy_libraries, fetch_libraries


class Command(BaseCommand):
    """Make all static files of the pages."""

    help = "Fetch the pages' front-end libraries as locked in package-lock.json and collect all static files."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether npm is called."""
        parser.add_argument("--no-fetch", action="store_true", help="take node_modules as it is")

    def handle(self, **options) -> None:
        """Fetch, copy, collect."""
        if not options["no_fetch"]:
            fetch_libraries(settings.BASE_DIR)
        copy_libraries(settings.BASE_DIR, settings.BASE_DIR / "platform" / "almagest" / "web" / "static" / "vendor")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
