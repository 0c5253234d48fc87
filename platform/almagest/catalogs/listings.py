"""Catalogs as listings: the candidates of one, and which there are."""

from django.db.models import F

from almagest.catalogs.history import edition_source
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_list
from almagest.catalogs.tables import is_sortable
from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.core.tables import quote

CATALOGS = Table(
    "catalogs",
    "Published candidate catalogs",
    (
        Column("slug", "string", "", "meta.id;meta.main", "Name in addresses", nullable=False, level=1),
        Column("title", "string", "", "meta.title", "Title", nullable=False, level=1),
        Column("description", "string", "", "meta.note", "What it holds"),
        Column("revision", "int32", "", "meta.version", "Raised by each publishing", nullable=False),
        Column("plugin_name", "string", "", "meta.id", "Plugin of the model", nullable=False),
        Column("method_name", "string", "", "meta.id", "Method of the model", nullable=False),
        Column("version_number", "int32", "", "meta.version", "Number of the model version", nullable=False),
        Column("rank_by", "string", "", "meta.id", "Column that candidates are ranked by", nullable=False),
        Column(
            "threshold", "float64", "", "stat.probability;stat.min", "Candidates have at least this", nullable=False
        ),
        Column("rows", "int32", "", "meta.number", "Number of candidates"),
        Column("is_simulated", "bool", "", "meta.code", "Whether simulated objects are among them", nullable=False),
        Column("published", "timestamp", "", "time.release", "When this revision was published"),
    ),
)


def candidate_listing(edition: Edition) -> Listing:
    """The candidates of an edition, best first."""
    table = edition.table
    sortable = frozenset(column.name for column in table.columns if is_sortable(column))
    return Listing(
        name=f"{edition.catalog.slug}-r{edition.revision}", table=table, source=edition_source(edition), key="object_id",
        sort=f"-{edition.rank_by}", sortable=sortable, revision=f"catalog {edition.pk}", modified=edition.published,
        total=edition.rows, infos=_infos(edition), still=_still(edition) if edition.is_current else "",
    )  # fmt: skip


def catalog_listing(*, user) -> Listing:
    """The catalogs that the user may see."""
    found = catalog_list(user=user).annotate(
        slug=F("catalog__slug"), title=F("catalog__title"), description=F("catalog__description"),
        plugin_name=F("version__method__plugin__name"), method_name=F("version__method__name"),
        version_number=F("version__number"),
    )  # fmt: skip
    return from_queryset(found, table=CATALOGS, key="slug", sort="slug")


def _still(edition: Edition) -> str:
    """The next revision changes the table of the current one in place."""
    table = quote(Edition._meta.db_table)
    return f"SELECT count(*) AS still FROM {table} WHERE id = {int(edition.pk)} AND is_current"


def _infos(edition: Edition) -> tuple[tuple[str, str, str], ...]:
    simulated = (("SIMULATED", "true", "Simulated objects are among the rows"),) * edition.is_simulated
    return (
        ("CATALOG", edition.catalog.slug, edition.catalog.title),
        ("REVISION", str(edition.revision), "Revision of the catalog"),
        ("MODEL", str(edition.version), "Model version whose scores these are"),
        *simulated,
    )
