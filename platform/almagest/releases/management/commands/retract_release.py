"""`manage.py retract_release CATALOG v2 --reason TEXT`."""

from django.core.management.base import BaseCommand

from almagest.releases.selectors import release_known
from almagest.releases.services import release_retract


class Command(BaseCommand):
    """Mark a release as one not to be used."""

    help = "Retract a published release: its files stay, marked, and its page shows the reason."

    def add_arguments(self, parser):
        """Which, and why."""
        parser.add_argument("slug")
        parser.add_argument("version", help="v1, v2, …")
        parser.add_argument("--reason", required=True)

    def handle(self, *, slug, version, reason, **options):
        """Retract it."""
        release = release_retract(user=None, release=release_known(catalog=slug, label=version), reason=reason)
        self.stdout.write(f"{release} is retracted: {release.reason}")
