"""What is asked of releases in any state."""

from pathlib import Path

from almagest.releases.models import Release
from almagest.releases.selectors import release_list
from almagest.releases.words import parse_creator
from almagest.runs.leases import chunk_claim

State = Release.State
PTOLEMY = parse_creator("Ptolemy, Claudius")


def claimed(release: Release):
    return chunk_claim(run_id=release.run_id, queue="data", worker="test")


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def seen_by(user) -> list[str]:
    return [str(release) for release in release_list(user=user)]
