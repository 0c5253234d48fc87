"""The demo from empty to served, with real workers: everything once, then a second start that only serves."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pytest

from almagest.server.processes import end_all, living_in
from almagest.server.valkey import free_port

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home():
    """A home outside of pytest's own folders, which only their owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="almagest-demo-"))
    yield folder
    end_all(left_in(folder), signal.SIGKILL)
    shutil.rmtree(folder)


@pytest.fixture
def environment(home, tmp_path) -> dict[str, str]:
    """No servers given, and small tables of the surveys' columns in place of the real ones."""
    tables = tmp_path / "photometry"
    tables.mkdir()
    command = [sys.executable, "-m", "dwarf_galaxies.simulate", str(tables), "--size", "800"]
    subprocess.run(command, check=True, capture_output=True)
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return kept | {"ALMAGEST_HOME": str(home), "ALMAGEST_DATA": str(tmp_path)}


def left_in(home: Path) -> list:
    return [process for name in ("run", "postgres", "valkey") for process in living_in(home / name)]


def demo(environment: dict[str, str], *options: str) -> subprocess.Popen:
    command = [sys.executable, str(PROJECT / "manage.py"), "demo", *options]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def test_the_demo_loads_once_and_then_serves(home, environment):
    loading = demo(environment, "--load-only", "--legacy", "5000")
    said = loading.communicate(timeout=500)[0]
    assert (loading.returncode, left_in(home)) == (0, []), said
    assert "[10/27] Publish the catalog" in said and "[26/27] Publish their catalog" in said
    assert "[15/27] Rescore the catalog" in said and "revision 2: " in said and "every hour; new objects" in said
    assert "dwarf-candidates v1: " in said and "MB, published" in said
    assert said.count("candidates at") == 2 and "mag_z ≤ 22.5" in said

    port = free_port()
    serving = demo(environment, "--port", str(port), "--legacy", "5000")
    lines = []
    for line in serving.stdout:
        lines.append(line)
        if "Almagest is ready at" in line:
            break
    said = "".join(lines)
    assert said.count("nothing to do") >= 6 and "epoch" not in said and "candidates at" not in said
    assert f"http://localhost:{port}/" in said
    with urllib.request.urlopen(f"http://localhost:{port}/") as page:
        assert "Local dwarf galaxy candidates" in page.read().decode()
    with urllib.request.urlopen(f"http://localhost:{port}/catalogs/legacy-dwarf-candidates/?format=csv") as table:
        assert table.readline().decode() == "ra,dec,mag_g,mag_r,mag_z,mag_w1,mag_w2,prob,r50\n"
    with urllib.request.urlopen(f"http://localhost:{port}/catalogs/dwarf-candidates/passes/1/") as page:
        assert "revision 1 → 2" in page.read().decode()
    verify = ("verify", "dwarf_galaxies", "network", "--against", "sami-dr3", "--radius-arcsec", "2")
    command = [sys.executable, str(PROJECT / "manage.py"), *verify]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "have a counterpart within 2 arcsec" in done.stdout, done.stdout + done.stderr
    with urllib.request.urlopen(f"http://localhost:{port}/verifications/1/") as page:
        assert "<h2>All objects</h2>" in page.read().decode()
    serving.send_signal(signal.SIGINT)
    said = serving.communicate(timeout=60)[0]
    assert (serving.returncode, left_in(home)) == (0, []), said


def test_a_step_that_fails_stops_the_demo_with_its_reason(home, environment):
    table = Path(environment["ALMAGEST_DATA"]) / "photometry" / "sdss_dr14_skyserver_10k.csv"
    table.write_text("this is not\na table\n")
    loading = demo(environment, "--load-only")
    said = loading.communicate(timeout=120)[0]
    assert (loading.returncode, left_in(home)) == (1, []), said
    assert table.name in said and "a step failed" in said and str(home / "logs" / "almagest.log") in said
    assert "Traceback" not in said
