"""What the words of a release are made from. Nothing here changes with time: the same facts give the same bytes."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Creator:
    """A person, or an organisation where `is_person` is false, who made the release."""

    name: str
    given: str = ""
    family: str = ""
    orcid: str = ""
    affiliation: str = ""
    ror: str = ""
    is_person: bool = True


@dataclass(frozen=True)
class IngestFacts:
    """One file that a survey was read from."""

    file_name: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class SurveyFacts:
    """A survey whose rows are in the release, or whose labels the model learned from."""

    slug: str
    name: str
    release: str
    citation: str
    licence: str
    url: str = ""
    observed: bool = True
    ingests: tuple[IngestFacts, ...] = ()

    @property
    def title(self) -> str:
        """Name and release, which some names say already."""
        return self.name if self.release in self.name else f"{self.name} {self.release}"


@dataclass(frozen=True)
class ModelFacts:
    """The model version whose scores the release holds, and the paper of its method."""

    plugin: str
    method: str
    number: int
    plugin_version: str
    code_version: str
    weights_sha256: str
    seed: int
    parameters: dict[str, Any] = field(default_factory=dict)
    paper_title: str = ""
    paper_authors: str = ""
    paper_year: int | None = None
    paper_reference: str = ""
    paper_url: str = ""

    def __str__(self):
        return f"{self.plugin}/{self.method} v{self.number}"


@dataclass(frozen=True)
class SampleFacts:
    """The frozen sample that the model was trained on; `counts` of what the caller counts, e.g. of each class."""

    name: str
    checksum: str
    rows: int
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step of the selection, and how many rows were left after it."""

    name: str
    count: int


@dataclass(frozen=True)
class Previous:
    """The release before this one."""

    version: str | int
    doi: str = ""
    url: str = ""

    @property
    def label(self) -> str:
        """As file names and pages have it."""
        return version_label(self.version)


@dataclass(frozen=True)
class Changes:
    """How the release differs from the previous one: numbers of rows, and names of columns."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_changed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReleaseFacts:
    """All that is said of a release.

    Parameters
    ----------
    slug
        Of the catalog; file names begin with it.
    version
        ``"1.0"`` or a number.
    created
        The release's own time, which every file says: never the clock's. Taken to whole seconds.
    licence
        SPDX identifier (``CC-BY-4.0``), or words.
    selection
        In words: which rows are in it.
    steps
        What each step of the selection left.
    prediction_set
        Number of the set of scores.
    """

    slug: str
    title: str
    version: str | int
    created: datetime
    creators: tuple[Creator, ...]
    publisher: str
    licence: str
    description: str = ""
    licence_url: str = ""
    doi: str = ""
    url: str = ""
    keywords: tuple[str, ...] = ()
    known_issues: tuple[str, ...] = ()
    selection: str = ""
    steps: tuple[Step, ...] = ()
    is_simulated: bool = False
    catalog_revision: int
    prediction_set: int
    model: ModelFacts
    sample: SampleFacts | None = None
    surveys: tuple[SurveyFacts, ...] = ()
    previous: Previous | None = None
    changes: Changes | None = None

    @property
    def label(self) -> str:
        """The version as file names and pages have it: ``v1``, ``v1.0``."""
        return version_label(self.version)

    @property
    def stem(self) -> str:
        """What the names of the data files begin with."""
        return f"{self.slug}-{self.label}"

    @property
    def time(self) -> str:
        """When it was made, UTC, ``2026-03-01T12:00:00``."""
        naive = self.created.astimezone(UTC) if self.created.tzinfo else self.created
        return naive.strftime("%Y-%m-%dT%H:%M:%S")

    @property
    def date(self) -> str:
        """The day of it."""
        return self.time[:10]

    def to_json(self) -> dict:
        """Plain dictionary; the time as text."""
        return asdict(self) | {"created": f"{self.time}Z"}

    @classmethod
    def from_json(cls, data: dict) -> "ReleaseFacts":
        """Read what `to_json` wrote."""
        surveys = tuple(
            SurveyFacts(**{**each, "ingests": tuple(IngestFacts(**i) for i in each["ingests"])})
            for each in data["surveys"]
        )
        parts = {
            "created": datetime.fromisoformat(data["created"]), "surveys": surveys,
            "creators": tuple(Creator(**each) for each in data["creators"]),
            "steps": tuple(Step(**each) for each in data["steps"]), "model": ModelFacts(**data["model"]),
            "sample": data["sample"] and SampleFacts(**data["sample"]),
            "previous": data["previous"] and Previous(**data["previous"]),
            "changes": data["changes"] and Changes(**_tuples(data["changes"])),
        }  # fmt: skip
        return cls(**_tuples(data) | parts)


def version_label(version: str | int) -> str:
    """``v1`` for 1 and ``v1.0`` for ``1.0``."""
    return f"v{str(version).removeprefix('v')}"


def _tuples(data: dict) -> dict:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
