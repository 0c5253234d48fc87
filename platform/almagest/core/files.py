"""The file store: folders of samples and models, kept through Django's storage API so that they may live anywhere."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files import File
from django.core.files.storage import default_storage

from almagest.contract import AlmagestError


class FileStoreError(AlmagestError):
    """A stored folder is missing or damaged."""


def folder_checksum(folder: Path) -> str:
    """SHA-256 over the names and contents of all files, in the order of their names."""
    digest = hashlib.sha256()
    for path in _files(folder):
        with path.open("rb") as file:
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def store_folder(folder: Path, prefix: str) -> tuple[str, str]:
    """Keep a folder's files below ``prefix/<checksum>``; return that key and the checksum.

    The same contents have the same key, so that storing twice is storing once.
    """
    checksum = folder_checksum(folder)
    key = f"{prefix}/{checksum}"
    _save(folder, key)
    return key, checksum


def move_folder(folder: Path, key: str) -> None:
    """Give a folder to the store under a key that its contents have chosen, whole or not at all; the folder is gone then.

    On the store's own disk it is renamed, so that files of any size take neither time nor room.
    """
    home = stored_path(key)
    if home and not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        if home.parent.stat().st_dev == folder.stat().st_dev:
            folder.rename(home)
            return
    try:
        _save(folder, key)
    except BaseException:
        delete_folder(key)
        raise
    shutil.rmtree(folder)


def delete_folder(key: str) -> None:
    """Delete a stored folder; nothing when it is not there."""
    if home := stored_path(key):
        shutil.rmtree(home, ignore_errors=True)
        return
    folders, files = _listed(key)
    for name in files:
        default_storage.delete(f"{key}/{name}")
    for name in folders:
        delete_folder(f"{key}/{name}")


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder for what is made to be given to the store, where the store is if it is on this machine's disks; gone afterwards."""
    place = stored_path(".")
    if place:
        place.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".work-", dir=place) as folder:
        yield Path(folder)


@contextmanager
def opened_folder(key: str) -> Iterator[Path]:
    """A stored folder to look into: in its place where the store is on this machine's disks, else a temporary copy."""
    if home := stored_path(key):
        yield home
        return
    with local_copy(key) as folder:
        yield Path(folder)


def fetch_file(name: str, into: Path) -> Path:
    """A stored file to read: in its place where the store is on this machine's disks, else copied to `into`."""
    if home := stored_path(name):
        return home
    with default_storage.open(name) as source, into.open("wb") as target:
        shutil.copyfileobj(source, target)
    return into


def stored_path(name: str) -> Path | None:
    """Where a stored file or folder lies on this machine's disks; None where the store is elsewhere."""
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        return None


def fetch_folder(key: str, into: Path) -> Path:
    """Copy a stored folder to a local one and check it; raise `FileStoreError` when it is not what was stored."""
    checksum = key.rsplit("/", 1)[-1]
    _fetch(key, into)
    if not into.exists() or folder_checksum(into) != checksum:
        raise FileStoreError(f"stored folder {key} is missing or damaged; restore it from a backup or make it again")
    return into


def local_copy(key: str) -> TemporaryDirectory:
    """A temporary local copy of a stored folder, to be used in a `with` statement."""
    temporary = TemporaryDirectory(prefix="almagest-")
    try:
        fetch_folder(key, Path(temporary.name))
    except BaseException:
        temporary.cleanup()
        raise
    return temporary


def _save(folder: Path, key: str) -> None:
    for path in _files(folder):
        name = f"{key}/{path.relative_to(folder).as_posix()}"
        if default_storage.exists(name):
            if default_storage.size(name) == path.stat().st_size:
                continue
            default_storage.delete(name)  # whoever wrote it was killed
        with path.open("rb") as file:
            default_storage.save(name, File(file))


def _listed(key: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(key)
    except OSError:
        return [], []


def _fetch(key: str, into: Path) -> None:
    folders, files = _listed(key)
    if not folders and not files:
        return
    into.mkdir(parents=True, exist_ok=True)
    for name in files:
        with default_storage.open(f"{key}/{name}") as source, (into / name).open("wb") as target:
            for chunk in source.chunks():
                target.write(chunk)
    for name in folders:
        _fetch(f"{key}/{name}", into / name)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
