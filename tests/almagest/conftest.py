"""What the tests of the platform may take as given: survey tables, a published catalog and its releases, people, one of everything."""

from .given.catalogs import published, version
from .given.everything import everything, people
from .given.latents import spacious
from .given.releases import drafted, released
from .given.rescoring import begun
from .given.surveys import file_store, simulated_files, survey_file
from .given.toys import toys

__all__ = [
    "begun", "drafted", "everything", "file_store", "people", "published", "released", "simulated_files", "spacious",
    "survey_file", "toys", "version",
]  # fmt: skip
