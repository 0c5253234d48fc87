"""A file store with a file."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from almagest.web import serving

from .files import CONTENT, MODIFIED


@pytest.fixture
def put(file_store: Path) -> Callable[..., dict]:
    """A function that puts a file into the store; gives what `send_file` is told of it."""

    def put(content: bytes = CONTENT, name: str = "releases/dr1/dwarfs.parquet", **given) -> dict:
        (file_store / name).parent.mkdir(parents=True, exist_ok=True)
        (file_store / name).write_bytes(content)
        told = {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "modified": MODIFIED}
        return told | {"media_type": "application/vnd.apache.parquet", "filename": "dwarfs.parquet"} | given

    return put


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks so small that a test's file has many."""
    monkeypatch.setattr(serving, "BLOCK", 7)
