"""The demo of unusual spectra: what it would run, with and without real spectra at hand."""

import argparse

import pytest
from django.core.management import call_command, get_commands, load_command_class

from almagest.server.management.commands import demo_steps
from almagest.server.outliers_demo import (
    LIBRARIES,
    SCORED,
    SIMULATED,
    add_outliers_argument,
    outlier_steps,
    simulate_outliers,
)


@pytest.fixture
def simulated(tmp_path):
    for name in ("galaxies-simulated-00.fits", "stars-simulated-00.fits", "done"):
        (tmp_path / name).touch()
    return tmp_path


def parsed(step):
    """A step's arguments as its command reads them: words that it does not know end the test."""
    command = load_command_class(get_commands()[step.command], step.command)
    return vars(command.create_parser("manage.py", step.command).parse_args([*step.arguments, "--if-missing"]))


def test_without_real_spectra_everything_is_simulated(simulated):
    steps = {step.title: parsed(step) for step in outlier_steps(simulated, None)}
    assert [title for title in steps if title.startswith("Ingest")] == [f"Ingest {SIMULATED}"]
    assert len(steps[f"Ingest {SIMULATED}"]["paths"]) == 2
    assert steps["Freeze the sample of spectra"]["surveys"] == [SIMULATED]


def test_real_stars_are_learned_from_and_real_galaxies_only_scored(simulated, shared_data):
    steps = {step.title: parsed(step) for step in outlier_steps(simulated, shared_data)}
    assert {"Ingest miles", "Ingest stelib", "Ingest sdss-spectra", "Ingest desi-spectra"} <= set(steps)
    assert steps["Freeze the sample of spectra"]["surveys"] == [SIMULATED, *LIBRARIES]
    assert steps["Reconstruct the most unusual"]["catalog"] == steps["Publish their catalog"]["slug"]


def test_the_demo_finds_the_real_spectra_beside_the_real_tables(shared_data, tmp_path, monkeypatch):
    """The command itself: what it simulates from, and the steps that it runs."""
    told = {}

    def simulated(home, size, data):
        told["data"] = data
        return tmp_path

    monkeypatch.setenv("ALMAGEST_DATA", str(shared_data))
    monkeypatch.setattr(demo_steps, "simulate_outliers", simulated)
    monkeypatch.setattr(demo_steps, "run_steps", lambda project, home, console, more: told.update(steps=list(more)))
    call_command("demo_steps", "--outliers", "200")
    assert told["data"] == shared_data.resolve()
    assert {f"Ingest {name}" for name in (*LIBRARIES, *SCORED)} <= {step.title for step in told["steps"]}


def test_without_data_stars_of_formulas_stand_in(tmp_path):
    folder = simulate_outliers(tmp_path, 200, None)
    assert {path.name for path in folder.iterdir()} == {"galaxies-simulated-00.fits", "stars-simulated-00.fits", "done"}
    made = (folder / "galaxies-simulated-00.fits").stat().st_mtime_ns
    simulate_outliers(tmp_path, 200, None)
    assert (folder / "galaxies-simulated-00.fits").stat().st_mtime_ns == made


@pytest.mark.parametrize("given", ["-1", "3", "many", "1e4"])
def test_a_number_that_cannot_teach_is_refused(given, capsys):
    parser = argparse.ArgumentParser()
    add_outliers_argument(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([f"--outliers={given}"])
    assert "200" in capsys.readouterr().err
