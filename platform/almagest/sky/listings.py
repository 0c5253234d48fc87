"""The sky as listings: surveys, objects, the measurements of a survey, and what lies within a cone."""

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import F, Max

from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.core.tables import quote
from almagest.sky.models import Ingest, Survey
from almagest.sky.selectors import survey_list, survey_slugs
from almagest.sky.surveys import declaration_get

OBJECT_COLUMNS = (
    Column("object_id", "int64", "", "meta.record", "Object in this database", nullable=False, level=1),
    Column("survey", "string", "", "meta.dataset", "Survey release of the object", nullable=False, level=1),
    Column("source_id", "string", "", "meta.id;meta.main", "Name within the survey release", nullable=False, level=1),
    Column("ra", "float64", "deg", "pos.eq.ra;meta.main", "Right ascension (ICRS)", level=1),
    Column("dec", "float64", "deg", "pos.eq.dec;meta.main", "Declination (ICRS)", level=1),
    Column("healpix", "int64", "", "pos.healpix", "HEALPix number, NESTED, order 29", level=3),
)
REVISION = Column(
    "revision", "int32", "", "meta.version", "Revision of the measurements", nullable=False, level=3
)  # fmt: skip
OBJECTS = Table("objects", "Sources, each of one survey release", OBJECT_COLUMNS)
SURVEYS = Table(
    "surveys",
    "Survey releases whose objects are here",
    (
        Column("slug", "string", "", "meta.id;meta.main", "Name in addresses", nullable=False, level=1),
        Column("name", "string", "", "meta.title", "Name", nullable=False, level=1),
        Column("release", "string", "", "meta.version", "Release", nullable=False),
        Column("description", "string", "", "meta.note", "What it holds", nullable=False),
        Column("object_count", "int64", "", "meta.number", "Number of objects", nullable=False),
        Column("observed", "bool", "", "meta.code", "False: its objects are simulated", nullable=False),
        Column("licence", "string", "", "meta.note", "What may be done with the data", nullable=False),
        Column("citation", "string", "", "meta.bib", "What to cite", nullable=False),
        Column("url", "string", "", "meta.ref.url", "Where it comes from", nullable=False),
        Column("visibility", "string", "", "meta.code", "Who may see it", nullable=False, level=3),
    ),
)


def survey_listing(*, user) -> Listing:
    """The surveys that the user may see."""
    return from_queryset(survey_list(user=user), table=SURVEYS, key="slug", sort="slug")


def object_listing(*, user, surveys: Iterable[str] | None = None) -> Listing:
    """Objects of these surveys, or of all that the user may see.

    Raises
    ------
    SearchError
        When a survey is not there for the user.
    """
    slugs = survey_slugs(user, surveys)
    return Listing(
        name="objects", table=OBJECTS, values=(list(slugs),), key="object_id", sort="object_id",
        source="(SELECT o.id AS object_id, s.slug AS survey, o.source_id, o.ra, o.dec, o.healpix FROM objects o "
        "JOIN sky_survey s ON s.id = o.survey_id WHERE o.survey_id = ANY(%s)) AS objects",
        sortable=frozenset({"object_id"}), infos=simulated_info(slugs.values()), **_state(slugs),
    )  # fmt: skip


def measurement_listing(*, survey: Survey) -> Listing:
    """The current measurements of a survey's objects; positions are the objects'."""
    table = measurement_columns(survey)
    ours = {"object_id": "m.object_id", "revision": "m.revision", "survey": "s.slug"}
    ours |= {name: f"o.{name}" for name in ("source_id", "ra", "dec", "healpix")}
    columns = ", ".join(f"{ours.get(name, f'm.{quote(name)}')} AS {quote(name)}" for name in table.names)
    # Outer joins: those of which no column is asked for are not made.
    return Listing(
        name=survey.slug, table=table, values=(survey.pk, survey.pk), key="object_id", sort="object_id",
        source=f"(SELECT {columns} FROM {quote(survey.table_name)} m "
        "LEFT JOIN objects o ON o.id = m.object_id AND o.survey_id = %s "
        "LEFT JOIN sky_survey s ON s.id = %s) AS measurements",
        sortable=frozenset({"object_id"}), infos=simulated_info([survey.slug]), **_state({survey.pk: survey.slug}),
    )  # fmt: skip


def measurement_columns(survey: Survey) -> Table:
    """Object, then what the survey declares; what says the same as the object does is left out."""
    keys = (*OBJECT_COLUMNS, REVISION)
    taken = {column.name for column in keys}
    declared = declaration_get(survey.slug).table
    own = (replace(c, ucd=c.ucd.replace(";meta.main", "")) for c in declared.columns if c.name not in taken)
    return Table(declared.name, f"{survey.name}: {declared.description}", (*keys, *own))


def simulated_info(slugs: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    """What files say when some of these surveys' objects are simulated."""
    names = Survey.objects.filter(slug__in=list(slugs), observed=False).values_list("slug", flat=True)
    return tuple(("SIMULATED", name, "The objects of this survey are simulated") for name in names)


def _state(slugs: dict[int, str]) -> dict:
    """Revision and time of the newest ingest into these surveys, which are part of it: others may see others."""
    newest = Ingest.objects.filter(survey__in=slugs).aggregate(id=Max("id"), at=Max(F("finished")))
    return {"revision": f"ingest {newest['id'] or 0} {','.join(sorted(slugs.values()))}", "modified": newest["at"]}
