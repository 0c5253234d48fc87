"""The file store: folders of samples and models, kept through Django's storage API so that they may live anywhere."""

import hashlib
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
    for path in _files(folder):
        name = f"{key}/{path.relative_to(folder).as_posix()}"
        if not default_storage.exists(name):
            with path.open("rb") as file:
                default_storage.save(name, File(file))
    return key, checksum


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


def _fetch(key: str, into: Path) -> None:
    try:
        folders, files = default_storage.listdir(key)
    except OSError:
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
