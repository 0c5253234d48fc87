"""`manage.py freeze_sample NAME --plugin P --method M --surveys A B …`."""

from django.core.management.base import BaseCommand

from almagest.runs.waiting import run_wait
from almagest.samples.models import Sample
from almagest.samples.services import sample_start


class Command(BaseCommand):
    """Define a sample and wait until a worker has frozen it."""

    help = "Freeze a sample: objects of surveys with a plugin's labels and a split by cross-match group."

    def add_arguments(self, parser):
        """Name, what for, which surveys."""
        parser.add_argument("name")
        parser.add_argument("--plugin", required=True)
        parser.add_argument("--method", required=True)
        parser.add_argument("--surveys", nargs="+", action="extend", required=True)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--test-fraction", type=float, default=0.2)
        parser.add_argument("--if-missing", action="store_true", help="do nothing when the sample is there")

    def handle(self, *, name, if_missing, **options):
        """Start the run and follow it."""
        if if_missing and Sample.objects.filter(name=name).exclude(rows=None).exists():
            return
        Sample.objects.filter(name=name, rows=None, run__state__in=["failed", "cancelled"]).delete()
        asked = {key: options[key] for key in ("plugin", "method", "surveys", "seed", "test_fraction")}
        run_wait(sample_start(name=name, **asked, **self.given(options)))
        sample = Sample.objects.get(name=name)
        self.stdout.write(f"sample {name}: {sample.rows:,} objects, checksum {sample.checksum[:12]}")
        for left in sample.left_out:
            self.stdout.write(f"  left out: {left['count']:>7,} {left['name']}")

    def given(self, options: dict) -> dict:
        """What else `sample_start` is given; commands of later rooms know of labels that people gave."""
        return {}
