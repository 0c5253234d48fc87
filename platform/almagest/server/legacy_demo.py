"""The demo's second half: dwarf galaxies among simulated Legacy Surveys sources, by the commands that real sweeps would take."""

import subprocess
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path

from almagest.server.demo import PLUGIN, Step, verify
from almagest.server.processes import ServerError

SKY, LABELS = "ls-dr9-simulated", "ls-labels-simulated"
METHOD, SAMPLE, CATALOG = "legacy_network", "legacy", "legacy-dwarf-candidates"
TITLE = "Local dwarf galaxy candidates in a simulated Legacy Surveys sky"
# Labels lie on their sources.
RADIUS_ARCSEC = "1"
# The rarest class, LM, is one in ninety.
SMALLEST = 5000
# One of these is made of sources with labels, the other of the sky at large.
PARTS = {"labelled": (), "sky": ("--sky",)}


def add_legacy_argument(parser: ArgumentParser) -> None:
    """``--legacy N``."""
    words = "simulate N Legacy Surveys sources with labels and N without, and find the dwarfs among them; 0: none"
    parser.add_argument("--legacy", type=_size, default=0, metavar="N", help=words)


def _size(text: str) -> int:
    if not text.isdecimal() or 0 < int(text) < SMALLEST:
        raise ArgumentTypeError(f"{text!r}: 0, or a number from {SMALLEST} on, so that every class appears")
    return int(text)


def simulate_legacy(home: Path, size: int) -> Path:
    """Tractor files and a table of labels of `size` sources each, drawn by the plugin's own simulation; made once."""
    folder = home / "simulated" / f"legacy-{size}"
    for seed, (part, options) in enumerate(PARTS.items(), 1):
        if (folder / part / "done").is_file():
            continue
        arguments = [str(folder / part), "--survey", "legacy", "--size", str(size), "--seed", str(seed), *options]
        command = [sys.executable, "-m", f"{PLUGIN}.simulate", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"'{' '.join(command[1:])}' failed:\n{done.stderr.strip()}")
        (folder / part / "done").touch()
    return folder


def legacy_steps(folder: Path) -> Iterator[Step]:
    """From simulated tractor files to a catalog with the columns of the paper's Table 8."""
    tables = [str(path) for part in PARTS for path in sorted((folder / part).glob("tractor-simulated*.fits"))]
    yield Step(f"Ingest {SKY}", "ingest", (SKY, *tables))
    yield Step(f"Ingest {LABELS}", "ingest", (LABELS, str(folder / "labelled" / "ls_labels.csv")))
    yield Step(f"Cross-match {SKY} and {LABELS}", "cross_match", (SKY, LABELS, "--radius-arcsec", RADIUS_ARCSEC))
    what = ("--plugin", PLUGIN, "--method", METHOD)
    yield Step("Freeze the Legacy sample", "freeze_sample", (SAMPLE, *what, "--surveys", SKY, "--seed", "1"))
    yield Step("Train the network on the 91 features", "train", (PLUGIN, METHOD, "--sample", SAMPLE))
    yield Step("Score the simulated sky", "score", (PLUGIN, METHOD))
    # All that are called dwarfs, as the paper's catalog has them: its readers choose a probability themselves.
    yield Step("Publish their catalog", "publish_catalog", (CATALOG, *what, "--threshold", "0", "--title", TITLE))
    yield verify(LABELS, RADIUS_ARCSEC, method=METHOD)
