"""A small simulated sky in a database of the test's own, with a frozen sample and a trained forest."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

SURVEYS = {
    "evcc-simulated": "evcc.fits",
    "sdss-dr14-simulated": "sdss_dr14_skyserver_10k.csv",
    "sami-dr3-simulated": "sami_dr3.InputCatGAMADR3.csv",
}


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


@pytest.fixture
def simulated_sky(cloned_database: str, load_sky) -> str:
    """The clone with the three simulated surveys."""
    load_sky()
    return cloned_database
