"""`manage.py train PLUGIN METHOD --sample NAME [--set epochs=50 …]`."""

from django.core.management.base import BaseCommand

from almagest.registry.management.pairs import parse_pairs
from almagest.registry.models import ModelVersion
from almagest.registry.selectors import method_get
from almagest.registry.training import training_start
from almagest.runs.waiting import run_wait
from almagest.samples.selectors import sample_get


class Command(BaseCommand):
    """Train a model on a worker and wait for its version."""

    help = "Train a plugin's method on a frozen sample."

    def add_arguments(self, parser):
        """What, on what, how."""
        parser.add_argument("plugin")
        parser.add_argument("method")
        parser.add_argument("--sample", required=True)
        parser.add_argument(
            "--set", nargs="*", action="extend", default=[], metavar="NAME=VALUE", help="parameters of the method"
        )
        parser.add_argument(
            "--if-missing", action="store_true", help="do nothing when a version on this sample is there"
        )

    def handle(self, *, plugin, method, sample, if_missing, **options):
        """Start the run and follow it."""
        row, frozen = method_get(plugin=plugin, name=method), sample_get(user=None, name=sample)
        if if_missing and row.versions.filter(sample=frozen, is_variant=False).exists():
            return
        run = run_wait(training_start(method=row, sample=frozen, parameters=parse_pairs(options["set"])))
        version = ModelVersion.objects.get(run=run)
        self.stdout.write(f"{version}: weights sha256 {version.weights_sha256[:12]}, {run.seconds:.1f} s")
        for metric in version.metrics:
            if metric["value"] is not None:
                self.stdout.write(_line(metric))


def _line(metric: dict) -> str:
    """A score with whatever is known of how sure it is."""
    name = metric["name"] + {"others": " of the others"}.get(metric["of"], "")
    text = f"  {metric['group']:<22} {metric['split']:<10} {name:<24} {metric['value']:.3f}"
    if metric["std"] is not None:
        return f"{text} ± {metric['std']:.3f}"
    if metric["low"] is None:
        return text
    return f"{text} [{metric['low']:.3f}, {metric['high']:.3f}]  {metric['numerator']}/{metric['denominator']}"
