"""`manage.py freeze_verdicts CATALOG NAME`."""

from django.core.management.base import BaseCommand

from almagest.catalogs.selectors import catalog_get
from almagest.vetting.labels import labels_freeze


class Command(BaseCommand):
    """Keep what people say of a catalog's candidates as labels."""

    help = "Freeze the verdicts on a catalog's candidates as a set of labels, for samples to be made with."

    def add_arguments(self, parser):
        """Which, under what name, and which verdicts are good enough."""
        parser.add_argument("slug", metavar="CATALOG")
        parser.add_argument("name")
        parser.add_argument("--minimum-verdicts", type=int, default=1, help="on an object (default: %(default)s)")
        parser.add_argument(
            "--minimum-agreement", type=float, default=0.5, help="share that says the same (default: %(default)s)"
        )

    def handle(self, *, slug, name, minimum_verdicts, minimum_agreement, **options):
        """Freeze them and count them."""
        found = labels_freeze(
            user=None, edition=catalog_get(user=None, slug=slug), name=name,
            minimum_verdicts=minimum_verdicts, minimum_agreement=minimum_agreement,
        )  # fmt: skip
        counts = ", ".join(f"{n:,} {label}" for label, n in found.counts.items())
        self.stdout.write(f"label set {name}: {found.rows:,} objects ({counts}), verdicts of {found.people} people")
