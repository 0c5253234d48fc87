"""`manage.py reconstruct PLUGIN/METHOD (--catalog SLUG [--top 200] | --objects ID …) [--number N]`."""

from django.core.management.base import BaseCommand

from almagest.catalogs.selectors import best_objects
from almagest.predictions.reconstruction.selectors import has_reconstructions
from almagest.predictions.reconstruction.services import reconstruction_start
from almagest.registry.selectors import version_get
from almagest.runs.waiting import run_wait


class Command(BaseCommand):
    """Have a version say what it makes of spectra, and wait until their pages show it."""

    help = "Make a model version's reconstructions of a catalog's best candidates, or of some objects."

    def add_arguments(self, parser):
        """Which version, which objects."""
        parser.add_argument("model", metavar="PLUGIN/METHOD")
        parser.add_argument("--number", type=int, help="version number; the newest without it")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--catalog", metavar="SLUG", help="whose best candidates")
        which.add_argument("--objects", type=int, nargs="+", action="extend", metavar="ID", help="object numbers")
        parser.add_argument("--if-missing", action="store_true", help="do nothing when the version has reconstructions")
        parser.add_argument("--top", type=int, default=200, help="how many of the catalog's candidates; 200 without it")

    def handle(self, *, model, number, catalog, objects, top, if_missing, **options):
        """Start the run and follow it."""
        plugin, _, method = model.partition("/")
        version = version_get(user=None, plugin=plugin, method=method, number=number)
        if if_missing and has_reconstructions(version=version):
            self.stdout.write(f"{version} has reconstructions: nothing to do")
            return
        ids = objects or best_objects(user=None, slug=catalog, count=top)
        run = run_wait(reconstruction_start(user=None, version=version, object_ids=ids))
        results = list(run.chunks.values_list("result", flat=True))
        made, unknown = (sum(result[name] for result in results) for name in ("rows", "unknown"))
        self.stdout.write(
            f"{version}: {made:,} spectra reconstructed in {run.seconds:.1f} s; nothing to say of {unknown:,}"
        )
