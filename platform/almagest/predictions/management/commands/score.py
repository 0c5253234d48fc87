"""`manage.py score PLUGIN METHOD [--version N] [--surveys A B …]`."""

from django.core.management.base import BaseCommand

from almagest.predictions.funnel import funnel
from almagest.predictions.models import PredictionSet
from almagest.predictions.services import scoring_start
from almagest.registry.selectors import version_get
from almagest.runs.waiting import run_wait


class Command(BaseCommand):
    """Score the sky with a model version and wait until the scores are visible."""

    help = "Score all objects that a model version can be fed with."

    def add_arguments(self, parser):
        """Which version, which surveys."""
        parser.add_argument("plugin")
        parser.add_argument("method")
        parser.add_argument("--number", type=int, help="version number; the newest without it")
        parser.add_argument("--surveys", nargs="+", action="extend", help="slugs; all that have the inputs without it")
        parser.add_argument("--if-missing", action="store_true", help="do nothing when the version has scores")

    def handle(self, *, plugin, method, number, surveys, if_missing, **options):
        """Start the run and follow it."""
        version = version_get(user=None, plugin=plugin, method=method, number=number)
        if if_missing and version.prediction_sets.filter(state=PredictionSet.State.CURRENT).exists():
            return
        run = run_wait(scoring_start(version=version, surveys=surveys))
        scores = PredictionSet.objects.get(run=run)
        self.stdout.write(
            f"{version}: {scores.rows:,} of {scores.objects_read:,} objects scored in {run.seconds:.1f} s"
        )
        for cut in scores.left_out:
            self.stdout.write(f"  left out: {cut['count']:>7,} {cut['name']}")
        if scores.has_candidates:
            self.stdout.write("  from the objects read to the candidates:")
            for step in funnel(scores):
                self.stdout.write(f"  {step['count']:>15,} {step['share']:>9.3%} {step['name']}")
