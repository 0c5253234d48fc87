"""`manage.py release CATALOG --creator "Family, Given"`."""

from django.core.management.base import BaseCommand

from almagest.catalogs.selectors import edition_get
from almagest.releases.content import ALL
from almagest.releases.models import Release
from almagest.releases.services import release_publish, release_start
from almagest.releases.words import parse_creator
from almagest.runs.waiting import run_wait


class Command(BaseCommand):
    """Release a catalog and wait until all files are checked."""

    help = "Freeze a catalog into files that never change, check them, and with --publish show them to everybody."

    def add_arguments(self, parser):
        """Which catalog, and what is said of it."""
        parser.add_argument("slug")
        parser.add_argument("--revision", type=int, help="of the catalog; the current one without it")
        parser.add_argument("--title", default="", help="the catalog's own without it")
        parser.add_argument("--description", default="")
        parser.add_argument(
            "--creator", action="append", required=True, metavar="NAME",
            help="'Family, Given; ORCID; affiliation', or an organisation; as often as there are",
        )  # fmt: skip
        parser.add_argument("--licence", default="CC-BY-4.0", help="SPDX identifier (default: %(default)s)")
        parser.add_argument("--doi", default="", help="where one was reserved: 10.5281/zenodo.1234567")
        parser.add_argument("--known-issue", action="append", default=[], metavar="TEXT")
        parser.add_argument("--columns", default="", help="names with commas between them; all without it")
        parser.add_argument(
            "--filter", action="append", default=[], metavar="NAME=VALUE", help="as in the catalog's address"
        )
        parser.add_argument(
            "--formats",
            nargs="+",
            action="extend",
            choices=ALL,
            metavar="FORMAT",
            help=f"{', '.join(ALL)}; all without it",
        )
        parser.add_argument("--with-weights", action="store_true", help="put the model's files beside the rows")
        parser.add_argument("--publish", action="store_true")
        parser.add_argument("--if-missing", action="store_true", help="do nothing when the catalog has a release")

    def handle(self, *, slug, if_missing, publish, **options):
        """Start the run and follow it."""
        if if_missing and Release.objects.filter(catalog__slug=slug, state__in=Release.OUT).exists():
            return
        release = release_start(
            edition=edition_get(user=None, slug=slug, revision=options["revision"]),
            creators=[parse_creator(text) for text in options["creator"]],
            known_issues=options["known_issue"], filters=dict(map(_pair, options["filter"])),
            formats=options["formats"] or list(ALL),
            **{name: options[name] for name in ("title", "description", "licence", "doi", "columns", "with_weights")},
        )  # fmt: skip
        run_wait(release.run)
        if publish:
            release_publish(user=None, release=release)
        release.refresh_from_db()
        self.stdout.write(
            f"{release}: {release.rows:,} rows, {release.bytes / 1e6:,.1f} MB, {release.state}{_changed(release)}"
        )


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip()


def _changed(release: Release) -> str:
    changes = release.told.changes
    if changes is None:
        return ""
    return f"; against v{release.previous.number}: {changes.added} added, {changes.removed} removed, {changes.changed} changed"
