"""What lies in a release's folder: each file with its size and checksum, as ``sha256sum -c`` reads it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from almagest.releases.errors import ReleaseError

MANIFEST = "MANIFEST.sha256"
RELEASE = "release.json"
MEDIA_TYPES = {
    "fits": "application/fits", "vot": "application/x-votable+xml", "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8", "md": "text/markdown; charset=utf-8", "json": "application/json",
    "cff": "application/yaml", "properties": "text/plain; charset=utf-8", "sha256": "text/plain; charset=utf-8",
    "bib": "application/x-bibtex; charset=utf-8", "hats": "application/vnd.apache.parquet",
}  # fmt: skip
OTHER = "application/octet-stream"
WORDS = {
    "README.md": "What the release is, and how to read it",
    "LICENSE.md": "Licences and citations of the release and of every survey in it",
    "CITATION.cff": "How to cite it, for programs",
    "citation.bib": "How to cite it, BibTeX",
    "datacite.json": "Metadata, DataCite 4.5",
    "CHANGELOG.md": "What is new since the previous release",
    "known_issues.md": "Known issues",
    "provenance.json": "Where every number is from",
    "moc.fits": "Coverage on the sky, MOC",
    "moc.json": "Coverage on the sky, MOC",
    RELEASE: "What the release holds, for programs",
    MANIFEST: "SHA-256 of every other file",
}


@dataclass(frozen=True)
class FileEntry:
    """One file of a release; `path` is relative to its folder, `bytes` its size, `rows` None where it has none."""

    path: str
    bytes: int
    sha256: str
    rows: int | None
    media_type: str
    what: str


def write_manifest(folder: Path) -> None:
    """Write ``MANIFEST.sha256`` over all files but itself, in the order of their paths."""
    lines = [f"{sha256(folder / path)}  {path}\n" for path in paths(folder)]
    (folder / MANIFEST).write_text("".join(lines))


def read_manifest(folder: Path) -> dict[str, str]:
    """The checksums by path, as the manifest has them; `ReleaseError` where it cannot be read."""
    try:
        lines = (folder / MANIFEST).read_text().splitlines()
        return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{MANIFEST} cannot be read: {error}; build the release anew") from None


def verify(folder: Path) -> None:
    """Compare all files with the manifest; `ReleaseError` names the first that differs, lacks, or is too many."""
    digests = read_manifest(folder)
    found = set(paths(folder))
    if missing := sorted(set(digests) - found):
        raise ReleaseError(f"{missing[0]} is missing; build the release anew")
    if extra := sorted(found - set(digests)):
        raise ReleaseError(f"{extra[0]} is not in {MANIFEST}; delete it, or build the release anew")
    for path, digest in digests.items():
        if (other := sha256(folder / path)) != digest:
            raise ReleaseError(
                f"{path} is damaged: its SHA-256 is {other[:12]}…, not {digest[:12]}…; build the release anew"
            )


def entries(folder: Path) -> tuple[FileEntry, ...]:
    """All files that the manifest names, and the manifest, without reading their contents."""
    digests = read_manifest(folder) | {MANIFEST: sha256(folder / MANIFEST)}
    data = json.loads((folder / RELEASE).read_text())["data"]
    return tuple(_entry(folder, path, digest, data) for path, digest in digests.items())


def paths(folder: Path) -> list[str]:
    """Relative paths of all files but the manifest, sorted; `ReleaseError` for names that a manifest cannot hold."""
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    if odd := [path for path in found if not path.isprintable() or "\\" in path]:
        raise ReleaseError(f"file {odd[0]!r}: a release's file names have neither control characters nor backslashes")
    return [path for path in found if path != MANIFEST]


def sha256(path: Path) -> str:
    """Of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(folder: Path, path: str, digest: str, data: dict[str, dict]) -> FileEntry:
    rows = data[path]["rows"] if path in data else None
    if rows is None and path.startswith("hats/") and path.endswith(".parquet"):
        rows = pq.read_metadata(folder / path).num_rows
    media_type = (
        MEDIA_TYPES["parquet"] if "/_" in path else MEDIA_TYPES.get(path.rpartition("/")[2].rpartition(".")[2], OTHER)
    )
    return FileEntry(path, (folder / path).stat().st_size, digest, rows, media_type, _what(path, data))


def _what(path: str, data: dict[str, dict]) -> str:
    if path in data or path in WORDS:
        return data[path]["what"] if path in data else WORDS[path]
    beginnings = {
        "datamodel/": "Columns of a file",
        "weights/": "Weights of the model",
        "hats/": "Part of the HATS catalog",
    }
    return next((what for beginning, what in beginnings.items() if path.startswith(beginning)), "")
