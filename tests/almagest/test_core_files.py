"""The file store: same contents, same key; what comes back is checked."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from almagest.core.files import FileStoreError, fetch_folder, folder_checksum, local_copy, store_folder


@pytest.fixture
def store(settings, tmp_path):
    """A file store of this test's own."""
    options = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = settings.STORAGES | {"default": options}
    return tmp_path / "store"


@pytest.fixture
def folder(tmp_path):
    """A folder with a file in a folder."""
    (tmp_path / "model" / "parts").mkdir(parents=True)
    (tmp_path / "model" / "model.json").write_text("{}")
    (tmp_path / "model" / "parts" / "a.bin").write_bytes(b"\x00\x01" * 100_000)
    return tmp_path / "model"


def test_a_folder_comes_back_whole(store, folder, tmp_path):
    key, checksum = store_folder(folder, "models")
    assert key == f"models/{checksum}"
    assert folder_checksum(fetch_folder(key, tmp_path / "back")) == checksum
    with local_copy(key) as copy:
        assert sorted(p.name for p in Path(copy).rglob("*") if p.is_file()) == ["a.bin", "model.json"]


def test_storing_twice_is_storing_once(store, folder):
    assert store_folder(folder, "models") == store_folder(folder, "models")
    assert len(default_storage.listdir("models")[0]) == 1


def test_other_contents_or_names_have_another_checksum(folder):
    before = folder_checksum(folder)
    (folder / "model.json").rename(folder / "other.json")
    assert folder_checksum(folder) != before


def test_damage_and_absence_are_noticed(store, folder, tmp_path):
    key, _ = store_folder(folder, "models")
    (store / key / "model.json").write_text("{ }")
    with pytest.raises(FileStoreError, match="missing or damaged"):
        fetch_folder(key, tmp_path / "back")
    with pytest.raises(FileStoreError, match="missing or damaged"):
        local_copy("models/" + "0" * 64)
