"""`manage.py up`: servers, workers, beat and web under one foreground supervisor."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from almagest.server.plan import Plan
from almagest.server.supervisor import run_all


class Command(BaseCommand):
    """Start everything and stay until Ctrl-C."""

    help = "Start the embedded servers, the workers, beat and the web server; Ctrl-C stops them all."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the web listens, and what is started."""
        add_plan_arguments(parser)
        parser.add_argument("--no-web", action="store_true", help="start servers and workers only")
        parser.add_argument("--workers", help="queues to work on, by commas (default: all that are installed)")

    def handle(self, **options) -> None:
        """Run until stopped."""
        workers = options["workers"]
        queues = tuple(name for name in workers.split(",") if name) if workers is not None else None
        run_all(plan_from(options, web=not options["no_web"], workers=queues), sys.stdout)


def add_plan_arguments(parser: CommandParser) -> None:
    """The options that `up` and `demo` share."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port of the web server (default %(default)s)")


def plan_from(options: dict, **more) -> Plan:
    """The plan of a command's options."""
    return Plan(settings.ALMAGEST_HOME, settings.BASE_DIR, host=options["host"], port=options["port"], **more)
