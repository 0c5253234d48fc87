"""The demo: from survey tables to a browsable catalog with a history, as a list of management commands.

Each step leaves what is already there as it is, so the list is run anew at every start.
"""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from django.core.management import call_command
from rich.console import Console

from almagest.server.processes import ServerError

PLUGIN = "dwarf_galaxies"
# Survey -> its table, as the file is called both in the data folder and in a simulated one.
TABLES = {
    "evcc": "evcc.fits",
    "sdss-dr14": "sdss_dr14_skyserver_10k.csv",
    "sami-dr3": "sami_dr3.InputCatGAMADR3.csv",
}
# Those whose objects make the sample; SAMI lends its masses to matched objects.
SAMPLED = ("evcc", "sdss-dr14")
# The last of this one's galaxies between two redshifts come after the catalog is published, as new observations do. In the real
# table they are of no class that a sample has, so that it is the same with them and without.
LATER, LATER_ROWS, LATER_REDSHIFTS = "sdss-dr14", 250, (0.115, 0.2)
# Catalogs of labels against which the network is verified, with the radius in arcsec: SAMI, whose masses the labels use
# too, and 50 MGC, which has no part in the sample and whose positions are coarser. 50 MGC is never simulated.
SAMI, MGC, MGC_TABLE = ("sami-dr3", "2"), ("50mgc", "5"), "50MGC_catalog_short.fits"
# Spectroscopic surveys -> their files below the folder of spectra.
SPECTRA = {"sdss-spectra": "sdss*", "desi-spectra": "desi/coadd-*", "stelib": "stelib*"}
TITLE = "Local dwarf galaxy candidates"


@dataclass(frozen=True)
class Step:
    """A management command with the words that people read."""

    title: str
    command: str
    arguments: tuple[str, ...]


def data_folder(project: Path) -> Path | None:
    """The folder of real tables, ``ALMAGEST_DATA`` or ``../shared/data``; None where there is none."""
    given = os.environ.get("ALMAGEST_DATA")
    folder = Path(given).expanduser() if given else project.parent / "shared" / "data"
    photometry = folder / "photometry"
    missing = [name for name in TABLES.values() if not (photometry / name).is_file()]
    if given and missing:
        raise ServerError(f"ALMAGEST_DATA {folder} has no photometry/{missing[0]}; name another folder, or unset it")
    return None if missing else photometry.resolve()


def simulate(home: Path) -> Path:
    """Tables of the same columns drawn by the plugin's own simulation; made once."""
    folder = home / "simulated"
    if not all((folder / name).is_file() for name in TABLES.values()):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A process of its own: the platform knows plugins by their contract only.
        command = [sys.executable, "-m", f"{PLUGIN}.simulate", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"'{' '.join(command[1:])}' failed:\n{done.stderr.strip()}")
    return folder


def first_rows(table: Path, home: Path) -> Path:
    """A table of all rows but those that come later, under a name that says so."""
    lines = table.read_text().splitlines(keepends=True)
    later = set([n for n, row in enumerate(csv.DictReader(lines), 1) if _is_later(row)][-LATER_ROWS:])
    path = home / "demo" / f"first-rows-of-{table.name}"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text("".join(line for n, line in enumerate(lines) if n not in later))
    return path


def _is_later(row: dict[str, str]) -> bool:
    low, high = LATER_REDSHIFTS
    with suppress(ValueError):  # the ingest says what is wrong with a table
        return row.get("class") == "GALAXY" and low < float(row.get("redshift") or "nan") < high
    return False


def steps(folder: Path, first: Path, suffix: str = "") -> Iterator[Step]:
    """All steps for the tables in a folder, of one of which `first` has the first rows; surveys' names end in `suffix`."""
    tables = {survey: folder / name for survey, name in TABLES.items()}
    for survey, table in (tables | {LATER: first}).items():
        yield Step(f"Ingest {survey}{suffix}", "ingest", (survey + suffix, str(table)))
    for pair in combinations(TABLES, 2):
        yield cross_match(*pair, suffix)
    sampled = [survey + suffix for survey in SAMPLED]
    network = ("--plugin", PLUGIN, "--method", "network")
    freeze = ("dwarfs", *network, "--surveys", *sampled, "--seed", "1")
    yield Step("Freeze the sample", "freeze_sample", freeze)
    yield from train("network")
    publish = ("dwarf-candidates", *network, "--threshold", "0.5", "--title", TITLE)
    yield Step("Publish the catalog", "publish_catalog", publish)
    issue = "Made by the demonstration, to show what a release is: not a catalog for science."
    release = ("dwarf-candidates", "--creator", "Almagest demonstration", "--known-issue", issue, "--publish")
    yield Step("Release the catalog", "release", release)
    yield from rescore(tables[LATER], suffix)
    if not suffix:
        yield from spectra(folder.parent / "spectra")
    yield from train("forest")
    yield verify(SAMI[0] + suffix, SAMI[1])
    if not suffix and (folder / MGC_TABLE).is_file():
        yield Step(f"Ingest {MGC[0]}", "ingest", (MGC[0], str(folder / MGC_TABLE)))
        yield verify(*MGC)


def spectra(folder: Path) -> Iterator[Step]:
    """Spectra beside the tables, where there are some: none of them is ever simulated here."""
    for survey, pattern in SPECTRA.items():
        if paths := sorted(folder.glob(pattern)):
            yield Step(f"Ingest {survey}", "ingest_spectra", (survey, *map(str, paths), "--skip-bad", "--if-missing"))


def rescore(table: Path, suffix: str) -> Iterator[Step]:
    """The rest of a table arrives, the catalog follows it, and does so by itself from then on."""
    yield Step(f"Ingest the rest of {LATER}{suffix}", "ingest", (LATER + suffix, str(table)))
    for pair in combinations(TABLES, 2):
        if LATER in pair:
            yield cross_match(*pair, suffix)
    yield Step("Rescore the catalog", "rescore", ("dwarf-candidates",))
    policy = ("add", "dwarf-candidates", "--schedule", "every hour", "--reasons", "new", "changed")
    yield Step("Have it rescored every hour", "policy", policy)


def cross_match(one: str, other: str, suffix: str) -> Step:
    """Links of two surveys, as they are now."""
    pair = (one + suffix, other + suffix)
    return Step(f"Cross-match {' and '.join(pair)}", "cross_match", (*pair, "--radius-arcsec", "2"))


def train(method: str) -> Iterator[Step]:
    """A method's first version, and its scores."""
    yield Step(f"Train the {method}", "train", (PLUGIN, method, "--sample", "dwarfs"))
    yield Step(f"Score with the {method}", "score", (PLUGIN, method))


def verify(survey: str, radius_arcsec: str, method: str = "network") -> Step:
    """A method's newest version against a catalog of labels."""
    arguments = (PLUGIN, method, "--against", survey, "--radius-arcsec", radius_arcsec)
    return Step(f"Verify against {survey}", "verify", arguments)


def run_steps(project: Path, home: Path, console: Console, more: Iterable[Step] = ()) -> None:
    """Run all steps in order, and `more` after them, each with its title, its own progress and its time."""
    folder, suffix = data_folder(project), ""
    if folder is None:
        console.print("No folder of real tables here (ALMAGEST_DATA): simulated ones take their place.")
        folder, suffix = simulate(home), "-simulated"
    todo = [*steps(folder, first_rows(folder / TABLES[LATER], home), suffix), *more]
    for number, step in enumerate(todo, 1):
        console.print(f"[bold cyan]\\[{number:>2}/{len(todo)}][/] [bold]{step.title}[/]")
        started = time.monotonic()
        call_command(step.command, *step.arguments, "--if-missing")
        console.print(f"[green]        done[/] in {time.monotonic() - started:.1f} s", highlight=False)
