"""Files of a model: numbers and text, and nothing that runs when it is read."""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

KERAS_MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
KERAS_CODE = {"Lambda", "__lambda__", "__bytes__"}


def unsafe_files(folder: Path) -> list[str]:
    """Name each file that could run code, or is not what its name says, and why."""
    found = [(path, _fault(path)) for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]
    return [f"{path.relative_to(folder)} ({fault})" for path, fault in found if fault]


def _fault(path: Path) -> str:
    if path.is_symlink():
        return "a link"
    if path.suffix not in READERS:
        return f"not one of {', '.join(READERS)}"
    try:
        return READERS[path.suffix](path) or ""
    except Exception as error:  # whatever a reader says of a file that it cannot read
        return f"cannot be read as {path.suffix}: {error}"


def _read_arrays(path: Path) -> None:
    loaded = np.load(path, allow_pickle=False)
    for name in getattr(loaded, "files", ()):
        loaded[name]


def _read_keras(path: Path) -> str | None:
    with zipfile.ZipFile(path) as archive:
        if extra := set(archive.namelist()) - KERAS_MEMBERS:
            return f"holds {', '.join(sorted(extra))}"
        words = set(_words(json.loads(archive.read("config.json"))))
    return "holds code as a Lambda" if words & KERAS_CODE else None


def _words(config: Any) -> Iterator[str]:
    """All class names in a Keras configuration, however deep."""
    if isinstance(config, dict):
        yield str(config.get("class_name"))
    for part in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from _words(part)


def _read_safetensors(path: Path) -> None:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        json.loads(file.read(min(length, path.stat().st_size)))


def _read_ubj(path: Path) -> str | None:
    with path.open("rb") as file:
        return None if file.read(1) == b"{" else "does not begin as UBJSON"


def _read_json(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))


def _read_text(path: Path) -> None:
    path.read_text(encoding="utf-8")


def _read_parquet(path: Path) -> None:
    pq.read_metadata(path)


READERS: dict[str, Callable[[Path], str | None]] = {
    ".keras": _read_keras,
    ".npz": _read_arrays,
    ".npy": _read_arrays,
    ".json": _read_json,
    ".safetensors": _read_safetensors,
    ".ubj": _read_ubj,
    ".txt": _read_text,
    ".parquet": _read_parquet,
}
