"""What tests of a catalog on real workers share: waiting, publishing, and the survey's table, read and ingested anew."""

import csv
import time
from pathlib import Path

from django.core.management import call_command

from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get
from almagest.rescoring.models import Policy
from almagest.runs.models import Run

MODEL = ("dwarf_galaxies", "forest")
SURVEY, TABLE = "sdss-dr14-simulated", "sdss_dr14_skyserver_10k.csv"


def until(condition, *, pause_s: float = 0.05):
    """Wait for something to become true; fail with what the runs and policies say when that takes too long."""
    deadline = time.monotonic() + 90
    while not (value := condition()):
        assert time.monotonic() < deadline, [
            *((run.title, run.state, run.error) for run in Run.objects.all()),
            *Policy.objects.values_list("note", flat=True),
        ]
        time.sleep(pause_s)
    return value


def publish(**given) -> None:
    """Publish the candidates of the forest as ``dwarfs``, again."""
    plugin, method = MODEL
    call_command("publish_catalog", "dwarfs", plugin=plugin, method=method, threshold=0.4, verbosity=0, **given)


def current() -> Edition:
    """The catalog as it is now."""
    return catalog_get(user=None, slug="dwarfs")


def galaxies(folder: Path) -> list[dict[str, str]]:
    """Rows of the survey's table that are galaxies."""
    with (folder / TABLE).open() as file:
        return [row for row in csv.DictReader(file) if row["class"] == "GALAXY"]


def named(row: dict[str, str]) -> str:
    """The object's name in the survey."""
    return f"{row['plate']}-{row['mjd']}-{row['fiberid']}"


def ingest(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as a table of the survey, and ingest it."""
    with path.open("w") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    call_command("ingest", SURVEY, str(path), verbosity=0)
