"""What the Virtual Observatory is given: every public survey and catalog."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get, catalog_list
from almagest.contract import Column
from almagest.core.listings import Listing
from almagest.sky.listings import measurement_listing
from almagest.sky.models import Survey
from almagest.sky.selectors import survey_get, survey_list
from almagest.vo.errors import VoError

SLUG = re.compile(r"[-a-zA-Z0-9_]+")
# The objects of a catalog come from several surveys, whose names may be the same.
WHOLE_NAME = Column(
    "survey_source_id", "string", "", "meta.id;meta.main", "Survey and name within it", nullable=False, level=1
)


@dataclass(frozen=True)
class Resource:
    """A table of positions that everybody may see.

    Attributes
    ----------
    kind, slug
        Its place in addresses: ``surveys`` or ``catalogs``, and its name there.
    identifier
        Name of the column whose values are unique and stay.
    listing
        Makes the listing of its rows.
    """

    kind: str
    slug: str
    title: str
    description: str
    is_simulated: bool
    rows: int
    identifier: str
    listing: Callable[[], Listing]


def resource_list() -> list[Resource]:
    """All of them: catalogs by title, then surveys by slug."""
    return [*map(_catalog, catalog_list(user=None)), *map(_survey, survey_list(user=None))]


def resource_get(kind: str, slug: str) -> Resource:
    """One of them, or an `AlmagestError` saying that it is not here."""
    if kind not in KINDS or not SLUG.fullmatch(slug):
        raise VoError(f"there is no service {kind}/{slug} here; /vo/ lists what there is", absent=True)
    get, make = KINDS[kind]
    return make(get(user=None, slug=slug))


def _survey(survey: Survey) -> Resource:
    title = _title(survey.name, not survey.observed)
    return Resource(
        "surveys", survey.slug, title, survey.description, not survey.observed, survey.object_count, "source_id",
        partial(_measurements, survey),
    )  # fmt: skip


def _catalog(edition: Edition) -> Resource:
    catalog, simulated = edition.catalog, edition.is_simulated
    return Resource(
        "catalogs", catalog.slug, _title(catalog.title, simulated), catalog.description, simulated, edition.rows,
        WHOLE_NAME.name, partial(_candidates, edition),
    )  # fmt: skip


def _measurements(survey: Survey) -> Listing:
    listing = measurement_listing(survey=survey)
    terms = (
        ("CITATION", survey.citation, "What to cite"),
        ("LICENCE", survey.licence, "What may be done with the data"),
    )
    return replace(listing, infos=(*listing.infos, *terms))


def _candidates(edition: Edition) -> Listing:
    listing = candidate_listing(edition)
    source = f"(SELECT *, survey || '/' || source_id AS {WHOLE_NAME.name} FROM {listing.source}) AS named"
    return replace(listing, table=listing.table.with_columns(WHOLE_NAME, first=True), source=source)


def _title(title: str, is_simulated: bool) -> str:
    return f"{title} (simulated)" if is_simulated and "simulated" not in title.lower() else title


KINDS = {"surveys": (survey_get, _survey), "catalogs": (catalog_get, _catalog)}
