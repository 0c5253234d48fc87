"""`manage.py policy list|add|change|pause|resume|delete …`."""

from django.core.management.base import BaseCommand

from almagest.catalogs.selectors import catalog_get
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.models import Policy
from almagest.rescoring.policies import REASONS, policy_change, policy_create, policy_delete, reasons_of
from almagest.rescoring.schedules import HELP, written

GIVEN = ("schedule", "reasons", "at_least", "drift_threshold", "notify")


class Command(BaseCommand):
    """When catalogs are rescored."""

    help = "Say when a catalog is rescored: at which times, for which reasons."

    def add_arguments(self, parser):
        """What to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list")
        add = actions.add_parser("add")
        add.add_argument("slug")
        add.add_argument("--if-missing", action="store_true", help="do nothing when the catalog has one")
        for which in (add, actions.add_parser("change")):
            which.add_argument("--schedule", required=which is add, help=HELP.replace("%", "%%"))
            which.add_argument(
                "--reasons", nargs="*", action="extend", choices=REASONS, help="without any, whatever is stale"
            )
            which.add_argument("--at-least", type=int, metavar="N", help="fewer stale objects wait")
            which.add_argument("--drift-threshold", type=float, metavar="INDEX")
            which.add_argument("--notify", nargs="*", action="extend", metavar="ADDRESS")
        for name in ("change", "pause", "resume", "delete"):
            (actions.choices[name] if name in actions.choices else actions.add_parser(name)).add_argument(
                "policy", type=int
            )

    def handle(self, *, action, **options):
        """Do it, and say how things stand."""
        given = {name: options[name] for name in GIVEN if options.get(name) is not None}
        if action == "add":
            catalog = catalog_get(user=None, slug=options["slug"]).catalog
            if not (options["if_missing"] and catalog.policies.exists()):
                self._tell(policy_create(user=None, catalog=catalog, **given))
        elif action == "list":
            for policy in Policy.objects.select_related("catalog", "schedule__interval", "schedule__crontab"):
                self._tell(policy)
        elif action == "delete":
            policy_delete(user=None, policy=_policy(options["policy"]))
        else:
            paused = {"pause": {"is_paused": True}, "resume": {"is_paused": False}}.get(action, {})
            self._tell(policy_change(user=None, policy=_policy(options["policy"]), **given, **paused))

    def _tell(self, policy: Policy) -> None:
        times = policy.schedule and written(policy.schedule.crontab or policy.schedule.interval)
        why = ", ".join(REASONS[name] for name in reasons_of(policy)) or "whatever is stale"
        self.stdout.write(
            f"{policy}: {times or 'never'}; {why}{'; paused' * policy.is_paused}{f'; {policy.note}' if policy.note else ''}"
        )


def _policy(pk: int) -> Policy:
    found = Policy.objects.select_related("catalog").filter(pk=pk).first()
    if found is None:
        raise RescoringError(f"there is no policy {pk}; see 'policy list'", absent=True)
    return found
