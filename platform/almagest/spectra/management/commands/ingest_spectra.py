"""`manage.py ingest_spectra SURVEY PATH...`: load files of spectra."""

from pathlib import Path

from django.core.management.base import BaseCommand
from rich.console import Console

from almagest.sky.management.commands.ingest import print_summary
from almagest.sky.progress import progress_bar
from almagest.spectra.readers import SUPPORTED, Assumed
from almagest.spectra.services import ingest_spectra


class Command(BaseCommand):
    """Load files, folders and archives as one ingest, whole or not at all."""

    help = f"Load spectra of a survey: {SUPPORTED}. The same spectrum twice is one spectrum."

    def add_arguments(self, parser):
        """Survey, files, and what to make of them."""
        parser.add_argument("survey", help="slug of a spectroscopic survey, e.g. sdss-spectra")
        parser.add_argument("paths", nargs="+", type=Path, help="files, folders, tar archives")
        parser.add_argument("--skip-bad", action="store_true", help="leave out and count what cannot be read")
        parser.add_argument("--if-missing", action="store_true", help="do nothing when these files were loaded before")
        parser.add_argument("--flux-unit", help="unit of the flux, where the files say none or a wrong one")
        parser.add_argument("--medium", choices=("vacuum", "air"), help="what the wavelengths are in")
        parser.add_argument("--frame", choices=("observed", "rest"), help="whose wavelengths they are")

    def handle(self, *, survey, paths, skip_bad, if_missing, flux_unit, medium, frame, **options):
        """Load them."""
        console = Console(file=self.stdout, highlight=False)
        with progress_bar(console, survey) as report:
            done = ingest_spectra(
                survey=survey, paths=paths, assumed=Assumed(flux_unit, medium, frame), skip_bad=skip_bad,
                if_missing=if_missing, report=report,
            )  # fmt: skip
        if done is None:
            console.print("loaded before, nothing to do")
        else:
            print_summary(console, done)
