"""The system user that PostgreSQL runs as when root starts it, and whether that user can reach a folder."""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from almagest.server.processes import ServerError

SYSTEM_USER = "almagest"


def system_user() -> pwd.struct_passwd:
    """The system user that PostgreSQL runs as when root starts it; made where it is missing."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerError(f"the system user {SYSTEM_USER} cannot be made: {done.stderr.strip()}")
    return pwd.getpwnam(SYSTEM_USER)


def may_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether the folder's mode lets the user pass through it."""
    found = folder.stat()
    if found.st_uid == user.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == user.pw_gid else stat.S_IXOTH))


def blocked_at(folder: Path, user: pwd.struct_passwd) -> Path | None:
    """The first folder on the way from the root that the user may not enter."""
    way = [*reversed(folder.resolve().parents), folder.resolve()]
    return next((step for step in way if not may_enter(step, user)), None)


def let_in(home: Path, user: pwd.struct_passwd) -> None:
    """Open the home folder, and no other, to the user's group; a parent that bars the way is an error."""
    if not may_enter(home, user):
        os.chown(home, -1, user.pw_gid)
        home.chmod(stat.S_IMODE(home.stat().st_mode) | stat.S_IXGRP)
    if barrier := blocked_at(home, user):
        raise ServerError(
            f"ALMAGEST_HOME {home}: PostgreSQL does not run as root, and its system user {user.pw_name} may not enter "
            f"{barrier}; choose a home outside of {barrier}, such as /var/lib/almagest"
        )


def copy_programs(package: Path, target: Path) -> Path:
    """Copy its programs and their libraries, whose places are fixed relative to each other; once per version."""
    stamp = target / "copied-from"
    identity = f"{package} {(package / '__init__.py').stat().st_mtime_ns}"
    if not stamp.exists() or stamp.read_text() != identity:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(package / "pginstall18", target / package.name / "pginstall18", symlinks=True)
        shutil.copytree(package.parent / f"{package.name}.libs", target / f"{package.name}.libs", symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", target], check=True)
        stamp.write_text(identity)
    return target / package.name
