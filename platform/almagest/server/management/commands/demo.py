"""`manage.py demo`: as `up`, and the demo's steps beside it."""

from django.core.management.base import BaseCommand, CommandParser

from almagest.server.demo import data_folder
from almagest.server.legacy_demo import add_legacy_argument
from almagest.server.management.commands.up import add_plan_arguments, plan_from
from almagest.server.outliers_demo import add_outliers_argument
from almagest.server.processes import ServerError, open_log
from almagest.server.supervisor import run_all


class Command(BaseCommand):
    """Start everything, take survey tables to a browsable catalog, and stay until Ctrl-C."""

    help = "Start everything, ingest, train, score and publish (what is already done is skipped), then serve."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the web listens, and whether to stay."""
        add_plan_arguments(parser)
        parser.add_argument("--load-only", action="store_true", help="stop everything after the steps, do not serve")
        add_legacy_argument(parser)
        add_outliers_argument(parser)

    def handle(self, **options) -> None:
        """Run until stopped, or until the steps are done."""
        stay = not options["load_only"]
        plan = plan_from(options, web=stay)
        data_folder(plan.project)
        parts = [word for name in ("legacy", "outliers") for word in (f"--{name}", str(options[name]))]
        log = plan.home / "logs" / "almagest.log"
        self.stdout.write(f"Starting Almagest in {plan.home}; its processes write to {log}")
        with open_log(log) as lines, open(lines.fileno(), "w", buffering=1, closefd=False) as output:
            try:
                run_all(plan, output, job=plan.manage("demo_steps", *parts), stay=stay)
            except ServerError as error:
                raise ServerError(f"{error}\nWhat the processes wrote is in {log}") from None
