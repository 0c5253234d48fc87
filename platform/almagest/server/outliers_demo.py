"""The demo's third part: unusual spectra, by models of simulated galaxies and of real stars where a library of them is at hand."""

import subprocess
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path

from almagest.server.demo import Step
from almagest.server.processes import ServerError

PLUGIN, METHOD, SAMPLE, CATALOG = "spectral_outliers", "autoencoder_flow", "spectra", "unusual-spectra"
TITLE = "Unusual spectra among galaxies"
SIMULATED = "desi-spectra-simulated"
# Real spectra -> their files below the folder of spectra; stars are learned from, the others only scored.
LIBRARIES = {"miles": "miles*", "stelib": "stelib*"}
SCORED = {"sdss-spectra": "sdss*", "desi-spectra": "desi/coadd-*", "manga-spaxels": "MaNGA*"}
SMALLEST = 200
# Where no library is, one star of formulas to so many galaxies.
GALAXIES_TO_A_STAR = 3
# Reconstructed for the viewer.
TOP = 200


def add_outliers_argument(parser: ArgumentParser) -> None:
    """``--outliers N``."""
    words = "simulate N spectra of galaxies, learn from them and from stars, and look for unusual spectra; 0: none"
    parser.add_argument("--outliers", type=_size, default=0, metavar="N", help=words)


def _size(text: str) -> int:
    if not text.isdecimal() or 0 < int(text) < SMALLEST:
        raise ArgumentTypeError(f"{text!r}: 0, or a number from {SMALLEST} on, so that there is something to learn")
    return int(text)


def simulate_outliers(home: Path, size: int, data: Path | None) -> Path:
    """Spectra of galaxies, and of stars where there are no real ones, by the plugin's own simulation; made once."""
    spectra = data / "spectra" if data and (data / "spectra" / "templates").is_dir() else None
    folder = home / "simulated" / f"spectra-{size}-of-{'templates' if spectra else 'formulas'}"
    if not (folder / "done").is_file():
        options = ["--data", str(spectra)] if spectra else ["--stars", str(size // GALAXIES_TO_A_STAR)]
        command = [sys.executable, "-m", f"{PLUGIN}.simulation", str(folder), "--size", str(size), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"'{' '.join(command[1:])}' failed:\n{done.stderr.strip()}")
        (folder / "done").touch()
    return folder


def outlier_steps(folder: Path, data: Path | None) -> Iterator[Step]:
    """From spectra to a catalog, its gallery and the map of its latent space."""
    yield _ingest(SIMULATED, sorted(folder.glob("*-simulated-*.fits")))
    found = {
        survey: sorted((data / "spectra").glob(pattern)) if data else []
        for survey, pattern in (LIBRARIES | SCORED).items()
    }
    for survey, paths in found.items():
        if paths:
            yield _ingest(survey, paths)
    surveys = (SIMULATED, *(survey for survey in LIBRARIES if found[survey]))
    what = ("--plugin", PLUGIN, "--method", METHOD)
    freeze = (SAMPLE, *what, "--surveys", *surveys, "--seed", "1", "--test-fraction", "0.15")
    yield Step("Freeze the sample of spectra", "freeze_sample", freeze)
    yield Step("Train both autoencoders and their flows", "train", (PLUGIN, METHOD, "--sample", SAMPLE))
    scored = (SIMULATED, *(survey for survey in SCORED if found[survey]))
    yield Step("Score the spectra", "score", (PLUGIN, METHOD, "--surveys", *scored))
    # The paper releases the probabilities of all.
    yield Step("Publish their catalog", "publish_catalog", (CATALOG, *what, "--threshold", "0", "--title", TITLE))
    best = (f"{PLUGIN}/{METHOD}", "--catalog", CATALOG, "--top", str(TOP))
    yield Step("Reconstruct the most unusual", "reconstruct", best)


def _ingest(survey: str, paths: list[Path]) -> Step:
    return Step(f"Ingest {survey}", "ingest_spectra", (survey, *map(str, paths), "--skip-bad"))
