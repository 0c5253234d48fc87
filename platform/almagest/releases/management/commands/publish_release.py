"""`manage.py publish_release CATALOG v2`."""

from django.core.management.base import BaseCommand

from almagest.releases.selectors import release_known
from almagest.releases.services import release_publish


class Command(BaseCommand):
    """Show a checked release to everybody who may see it."""

    help = "Publish a release whose files are checked; from then on it can only be retracted."

    def add_arguments(self, parser):
        """Which."""
        parser.add_argument("slug")
        parser.add_argument("version", help="v1, v2, …")

    def handle(self, *, slug, version, **options):
        """Publish it."""
        release = release_publish(user=None, release=release_known(catalog=slug, label=version))
        self.stdout.write(f"{release} is published: /releases/{slug}/{release.label}/")
