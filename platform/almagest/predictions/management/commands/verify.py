"""`manage.py verify PLUGIN METHOD --against SURVEY --radius-arcsec R [--number N]`."""

from django.core.management.base import BaseCommand
from django.db.models import Max

from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.verification.services import verification_start
from almagest.registry.models import ModelVersion
from almagest.registry.selectors import version_get
from almagest.runs.waiting import run_wait
from almagest.sky.models import Ingest

TITLES = {"not_trained_on": "pairs that the model has not learned from", "all": "all pairs"}


class Command(BaseCommand):
    """Compare a version's scores with another catalog's labels, and say how they stand."""

    help = "Verify a model version's current scores against the labels that another catalog gives."

    def add_arguments(self, parser):
        """Which version, which catalog, how near."""
        parser.add_argument("plugin")
        parser.add_argument("method")
        parser.add_argument("--against", required=True, metavar="SURVEY", help="slug of a survey that was ingested")
        parser.add_argument("--radius-arcsec", type=float, required=True, help="objects this near are taken for one")
        parser.add_argument("--number", type=int, help="version number; the newest without it")
        parser.add_argument(
            "--if-missing",
            action="store_true",
            help="do nothing when it was done on these scores since the last ingest",
        )

    def handle(self, *, plugin, method, against, radius_arcsec, number, if_missing, **options):
        """Start the run and follow it."""
        version = version_get(user=None, plugin=plugin, method=method, number=number)
        if if_missing and is_done(version, against, radius_arcsec):
            self.stdout.write(f"{version} against {against}: verified before, nothing to do")
            return
        run = run_wait(verification_start(version=version, survey=against, radius_arcsec=radius_arcsec))
        verification = Verification.objects.get(run=run)
        self.stdout.write(f"{verification}:")
        for step in verification.counts:
            self.stdout.write(f"  {step['count']:>9,} {step['name']}")
        for part, title in TITLES.items():
            self.stdout.write(f"{title}:")
            for metric in verification.metrics[part]:
                if metric["denominator"] is not None:
                    self.stdout.write(line(metric))


def is_done(version: ModelVersion, survey: str, radius_arcsec: float) -> bool:
    """Whether the version's current scores were verified so, on the newest tables."""
    newest = Ingest.objects.aggregate(newest=Max("id"))["newest"] or 0
    same = version.verifications.filter(survey__slug=survey, radius_arcsec=radius_arcsec, ingest_id__gte=newest)
    return same.filter(published__isnull=False, prediction_set__state=PredictionSet.State.CURRENT).exists()


def line(metric: dict) -> str:
    """A proportion with its interval and the counts behind it."""
    of = f"{metric['numerator']}/{metric['denominator']}"
    where = f"  {metric['group']:<12} {metric['name']:<10}"
    if metric["value"] is None:
        return f"{where} not measurable  {of}"
    return f"{where} {metric['value']:.3f} [{metric['low']:.3f}, {metric['high']:.3f}]  {of}"
