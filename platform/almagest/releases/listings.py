"""Releases as a listing."""

from django.db.models import CharField, F, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat

from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.releases.selectors import release_list

RELEASES = Table(
    "releases",
    "Data releases of catalogs",
    (
        Column("catalog_slug", "string", "", "meta.id;meta.main", "Name of the catalog in addresses", nullable=False, level=1),
        Column("label", "string", "", "meta.version", "Version", nullable=False, level=1),
        Column("title", "string", "", "meta.title", "Title", nullable=False, level=1),
        Column("state", "string", "", "meta.code", "draft, checked, published or retracted", nullable=False, level=1),
        Column("rows", "int64", "", "meta.number", "Number of rows"),
        Column("doi", "string", "", "meta.ref.doi", "Digital object identifier"),
        Column("licence", "string", "", "meta.note", "Licence", nullable=False),
        Column("model", "string", "", "meta.id", "Model version whose scores it holds", nullable=False),
        Column("created", "timestamp", "", "time.creation", "When it was frozen", nullable=False),
        Column("published", "timestamp", "", "time.release", "When it was published"),
        Column("retracted", "timestamp", "", "time", "When it was retracted"),
        Column("reason", "string", "", "meta.note", "Why it was retracted"),
        Column("number", "int32", "", "meta.version", "Number within the catalog", nullable=False, level=3),
        Column("id", "int64", "", "meta.record", "Number in this database", nullable=False, level=3),
    ),
)  # fmt: skip


def release_listing(*, user, catalog: str = "") -> Listing:
    """The releases that the user may see, newest first."""
    method = "edition__version__method__"
    found = release_list(user=user, catalog=catalog).annotate(
        catalog_slug=F("catalog__slug"), title=KT("facts__title"), doi=KT("facts__doi"), licence=KT("facts__licence"),
        label=Concat(Value("v"), Cast("number", CharField())),
        model=Concat(f"{method}plugin__name", Value("/"), f"{method}name", Value(" v"),
                     Cast("edition__version__number", CharField()), output_field=CharField()),
    )  # fmt: skip
    return from_queryset(found, table=RELEASES, key="id", sort="-id")
