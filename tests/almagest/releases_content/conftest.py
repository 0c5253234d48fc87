"""A release that is built once for all tests of its content."""

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from .folders import SIZE, release, rows_of


@pytest.fixture(scope="session")
def data() -> pa.Table:
    return rows_of(SIZE)


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    (folder / "deep").mkdir()
    (folder / "deep" / "net.safetensors").write_bytes(bytes(range(256)))
    (folder / "scaler.json").symlink_to(folder / "deep" / "net.safetensors")
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory, data, weights) -> Path:
    """A release with all there can be in one; tests only read it."""
    folder = tmp_path_factory.mktemp("release")
    release(folder, data, weights=weights)
    return folder


@pytest.fixture
def copy(built, tmp_path) -> Path:
    """The same, to be damaged."""
    return Path(shutil.copytree(built, tmp_path / "copy"))
