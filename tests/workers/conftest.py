"""A small simulated sky, then a forest trained on it, then a catalog of its candidates: each made once, and cloned."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

SURVEYS = {
    "evcc-simulated": "evcc.fits",
    "sdss-dr14-simulated": "sdss_dr14_skyserver_10k.csv",
    "sami-dr3-simulated": "sami_dr3.InputCatGAMADR3.csv",
}
FOREST = {"plugin": "dwarf_galaxies", "method": "forest"}


@pytest.fixture(scope="session")
def simulated_files(tmp_path_factory) -> Path:
    """Small tables of the surveys' columns."""
    folder = tmp_path_factory.mktemp("simulated")
    command = [sys.executable, "-m", "dwarf_galaxies.simulate", str(folder), "--size", "1200"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def load_sky(simulated_files: Path) -> Callable[[], None]:
    """A function that ingests the three simulated surveys and cross-matches them."""

    def load() -> None:
        for survey, name in SURVEYS.items():
            call_command("ingest", survey, str(simulated_files / name), verbosity=0)
        call_command("cross_match", "evcc-simulated", "sdss-dr14-simulated", "--radius-arcsec", "2", verbosity=0)
        call_command("cross_match", "sami-dr3-simulated", "sdss-dr14-simulated", "--radius-arcsec", "2", verbosity=0)

    return load


@pytest.fixture(scope="session")
def trained_database(template_database, loaded, load_sky) -> Iterator[str]:
    """Name of a database with the sky, and with a small forest that was trained on a frozen sample."""

    def load(_, worker) -> None:
        load_sky()
        worker("data", "classical", beat=True)
        call_command("freeze_sample", "dwarfs", **FOREST, surveys=["evcc-simulated", "sdss-dr14-simulated"])
        call_command("train", *FOREST.values(), sample="dwarfs", set=["trees=40"])

    with loaded(template_database, load) as name:
        yield name


@pytest.fixture(scope="session")
def catalog_database(trained_database, loaded) -> Iterator[str]:
    """The same, with the forest's scores and a catalog of its candidates, ``dwarfs``."""

    def load(_, worker) -> None:
        worker("data", "classical", beat=True)
        call_command("score", *FOREST.values())
        call_command("publish_catalog", "dwarfs", **FOREST, threshold=0.4, verbosity=0)

    with loaded(trained_database, load) as name:
        yield name


@pytest.fixture
def simulated_sky(cloned_database: str, load_sky) -> str:
    """The clone with the three simulated surveys."""
    load_sky()
    return cloned_database
