"""`manage.py up` and `manage.py demo` as a person runs them: what they say, and that they leave nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from almagest.server import plan as plans
from almagest.server.demo import TABLES, data_folder, first_rows, steps
from almagest.server.plan import Plan, choose_queues
from almagest.server.processes import ServerError, end_all, living_in

PROJECT = Path(__file__).resolve().parents[2]
UP = ("up", "--no-web", "--workers", "data")


@pytest.fixture
def home():
    """A home of its own; what a failed test leaves running there is ended."""
    folder = Path(tempfile.mkdtemp(prefix="almagest-home-"))
    yield folder
    end_all(all_in(folder), signal.SIGKILL)
    shutil.rmtree(folder)


def all_in(home: Path) -> list[psutil.Process]:
    return [process for name in ("run", "postgres", "valkey") for process in living_in(home / name)]


def start(home: Path, *command: str) -> subprocess.Popen:
    given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.Popen(
        [sys.executable, PROJECT / "manage.py", *command], env=given | {"ALMAGEST_HOME": str(home)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def read_until(process: subprocess.Popen, words: str) -> str:
    """Its output up to the line with these words."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    pytest.fail(f"'{words}' was never said, but:\n{''.join(lines)}")


def test_ctrl_c_stops_everything_and_leaves_no_process(home):
    up = start(home, *UP)
    read_until(up, "The workers are running")
    running = all_in(home)
    assert len(running) > 4
    second = start(home, *UP)
    assert f"already runs in {home} (process {up.pid})" in second.communicate(timeout=60)[0]
    assert second.returncode == 1
    up.send_signal(signal.SIGINT)
    said = up.communicate(timeout=60)[0]
    assert (up.returncode, all_in(home)) == (0, []), said
    assert not any(process.is_running() for process in running)
    assert not (home / "services.json").exists()


def test_a_worker_that_dies_is_named_and_all_is_stopped(home):
    up = start(home, *UP)
    read_until(up, "The workers are running")
    worker = next(process for process in living_in(home / "run") if "worker" in process.cmdline())
    worker.kill()
    said = up.communicate(timeout=60)[0]
    assert (up.returncode, all_in(home)) == (1, []), said
    assert "error: worker-data has stopped" in said and "Traceback" not in said


def test_a_new_start_replaces_what_a_killed_supervisor_left(home):
    first = start(home, *UP)
    read_until(first, "The workers are running")
    left = [*psutil.Process(first.pid).children(recursive=True), *all_in(home)]
    first.kill()
    first.wait()
    second = start(home, *UP)
    read_until(second, "The workers are running")
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in left)
    # Also before everything is up, a stop is clean.
    second.send_signal(signal.SIGTERM)
    second.communicate(timeout=60)
    assert (second.returncode, all_in(home)) == (0, [])


@pytest.mark.parametrize("moment", ["lock", "postgres", "run"])
def test_a_stop_in_the_middle_of_the_start_is_clean(home, moment):
    up = start(home, *UP)
    while not (home / moment).exists():
        time.sleep(0.001)
    up.send_signal(signal.SIGTERM)
    said = up.communicate(timeout=60)[0]
    assert (up.returncode, all_in(home)) == (0, []), said
    assert "Traceback" not in said


def test_a_busy_port_is_an_error_before_anything_starts(home):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=rf"cannot listen on 127.0.0.1:{port} .*--port"):
            Plan(home, project_with_static(home), port=port).check()
    assert not (home / "postgres").exists()


def test_missing_static_files_are_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(ServerError, match="make static"):
        Plan(tmp_path, tmp_path).check()


def project_with_static(folder: Path) -> Path:
    (folder / "static_root").mkdir()
    (folder / "static_root" / "staticfiles.json").touch()
    return folder


def test_queues_are_those_whose_libraries_are_installed(monkeypatch):
    monkeypatch.setattr(plans, "find_spec", lambda module: module != "torch")
    assert choose_queues(None) == ["data", "classical", "keras"]
    assert choose_queues(("keras", "data")) == ["keras", "data"]
    with pytest.raises(ServerError, match="queue 'torch' needs torch and pytorch_tabnet: install the extra 'torch'"):
        choose_queues(("torch",))
    with pytest.raises(ServerError, match="no queue 'tourch'; the queues are data, classical, torch, keras"):
        choose_queues(("tourch",))


def test_the_demo_takes_real_tables_where_they_are(tmp_path, monkeypatch):
    monkeypatch.delenv("ALMAGEST_DATA", raising=False)
    project = tmp_path / "project"
    assert data_folder(project) is None
    photometry = tmp_path / "shared" / "data" / "photometry"
    photometry.mkdir(parents=True)
    for name in TABLES.values():
        (photometry / name).touch()
    assert data_folder(project) == photometry
    monkeypatch.setenv("ALMAGEST_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(ServerError, match=r"ALMAGEST_DATA .*elsewhere has no photometry/evcc.fits"):
        data_folder(project)


def test_the_demos_steps_go_from_tables_to_a_catalog():
    todo = list(steps(Path("/tables"), Path("/home/first.csv"), "-simulated"))
    assert [step.command for step in todo] == (
        ["ingest"] * 3
        + ["cross_match"] * 3
        + ["freeze_sample", "train", "score", "publish_catalog", "release"]
        + ["ingest", "cross_match", "cross_match", "rescore", "policy"]
        + ["train", "score", "verify"]
    )
    assert todo[-1].arguments[-4:] == ("--against", "sami-dr3-simulated", "--radius-arcsec", "2")
    assert todo[0].arguments == ("evcc-simulated", "/tables/evcc.fits")
    parts = [step.arguments for step in todo if step.command == "ingest" and step.arguments[0] == "sdss-dr14-simulated"]
    assert [table for _, table in parts] == ["/home/first.csv", "/tables/sdss_dr14_skyserver_10k.csv"]
    assert todo[3].arguments == ("evcc-simulated", "sdss-dr14-simulated", "--radius-arcsec", "2")
    assert "dwarfs" in todo[6].arguments and todo[6].arguments[-2:] == ("--seed", "1")


def test_the_demo_keeps_galaxies_of_a_table_for_later(tmp_path):
    table = tmp_path / "table.csv"
    rows = [f"{n},{'STAR' if n % 3 else 'GALAXY'},{'' if n == 999 else 0.15 if n % 2 else 0.3}" for n in range(3000)]
    table.write_text("\n".join(["name,class,redshift", *rows, ""]))
    first = first_rows(table, tmp_path)
    later = [row for n, row in enumerate(rows) if n % 6 == 3 and n != 999][-250:]
    assert table.name in first.name and len(later) == 250
    assert first.read_text().splitlines() == ["name,class,redshift", *(row for row in rows if row not in later)]
    table.write_text("no table\nat all\n")
    assert first_rows(table, tmp_path).read_text() == table.read_text()


def test_the_demo_verifies_against_50_mgc_where_its_table_is(tmp_path):
    first = tmp_path / "first.csv"
    assert "50mgc" not in str(list(steps(tmp_path, first)))
    (tmp_path / "50MGC_catalog_short.fits").touch()
    assert [(step.command, "50mgc" in step.arguments) for step in steps(tmp_path, first)][-2:] == [
        ("ingest", True),
        ("verify", True),
    ]
    assert "50mgc" not in str(list(steps(tmp_path, first, "-simulated")))


def test_spectra_beside_the_tables_are_shown(tmp_path):
    """Folders, coadds and archives that are there; nothing is asked of those that are not, and nothing is simulated."""
    first, tables, spectra = tmp_path / "first.csv", tmp_path / "photometry", tmp_path / "spectra"
    tables.mkdir()
    assert "ingest_spectra" not in {step.command for step in steps(tables, first)}
    (spectra / "sdss").mkdir(parents=True), (spectra / "desi").mkdir()
    (spectra / "desi" / "coadd-1.fits").touch(), (spectra / "desi" / "redrock-1.fits").touch()
    todo = [
        (step.command, step.arguments)
        for step in steps(tables, first)
        if {"sdss-spectra", "desi-spectra"} & set(step.arguments)
    ]
    options = ("--skip-bad", "--if-missing")
    assert todo == [
        ("ingest_spectra", ("sdss-spectra", str(spectra / "sdss"), *options)),
        ("ingest_spectra", ("desi-spectra", str(spectra / "desi" / "coadd-1.fits"), *options)),
    ]
    assert "ingest_spectra" not in {step.command for step in steps(tables, first, "-simulated")}
