"""What lies in a release's folder, written and checked; nothing here knows of Django or the database."""

from almagest.releases.content.building import build, empty
from almagest.releases.content.checking import check
from almagest.releases.content.citing import bibtex, citation_line
from almagest.releases.content.data import ALL, data_files
from almagest.releases.content.facts import (
    Changes,
    Creator,
    IngestFacts,
    ModelFacts,
    Previous,
    ReleaseFacts,
    SampleFacts,
    Step,
    SurveyFacts,
)
from almagest.releases.content.manifest import MANIFEST, FileEntry, entries
from almagest.releases.content.rows import Rows

__all__ = [
    "ALL",
    "MANIFEST",
    "Changes",
    "Creator",
    "FileEntry",
    "IngestFacts",
    "ModelFacts",
    "Previous",
    "ReleaseFacts",
    "Rows",
    "SampleFacts",
    "Step",
    "SurveyFacts",
    "bibtex",
    "build",
    "check",
    "citation_line",
    "data_files",
    "empty",
    "entries",
]
