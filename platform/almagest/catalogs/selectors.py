"""Reading catalogs."""

from django.db import connection
from django.db.models import Max, QuerySet

from almagest.catalogs.errors import CatalogError
from almagest.catalogs.history import edition_source, is_kept
from almagest.catalogs.models import Catalog, Edition
from almagest.core.tables import quote
from almagest.registry.models import ModelVersion
from almagest.runs.models import Run
from almagest.sky.models import Survey


def edition_list(*, user) -> QuerySet[Edition]:
    """Published editions, also earlier ones, of which the user may see the catalog, the version and every scored survey."""
    editions = Edition.objects.filter(
        published__isnull=False,
        catalog__in=Catalog.objects.visible_to(user),
        version__in=ModelVersion.objects.visible_to(user),
    ).exclude(prediction_set__surveys__has_any_keys=Survey.objects.hidden_slugs(user))
    # Sample and run are read by those that need them: joined here too, planning alone would take most of a page's time.
    editions = editions.select_related("catalog", "version__method__plugin", "prediction_set")
    return editions.defer("figures", "version__figures", "prediction_set__figures")


def catalog_list(*, user) -> QuerySet[Edition]:
    """Current editions of the catalogs that the user may see, by title."""
    return edition_list(user=user).filter(is_current=True).order_by("catalog__title")


def catalog_get(*, user, slug: str) -> Edition:
    """The current edition of a catalog, or `CatalogError`."""
    edition = catalog_list(user=user).filter(catalog__slug=slug).first()
    if edition is None:
        raise CatalogError(f"there is no published catalog {slug!r}", absent=True)
    return edition


def edition_get(*, user, slug: str, revision: int | None = None) -> Edition:
    """A revision of a catalog whose rows can still be read, the current one without a number.

    Raises
    ------
    CatalogError
        When there is none that the user may see, or its rows are not kept any more.
    """
    if revision is None:
        return catalog_get(user=user, slug=slug)
    edition = edition_list(user=user).filter(catalog__slug=slug, revision=revision).first()
    if edition is None:
        raise CatalogError(f"{slug!r} has no revision {revision}", absent=True)
    if not is_kept(edition):
        raise CatalogError(
            f"the rows of {edition} are not kept any more: of tables that another publishing has replaced, the last few alone "
            "are; releases keep theirs for good",
            absent=True,
        )
    return edition


def best_objects(*, user, slug: str, count: int) -> list[int]:
    """Ids of a catalog's best candidates, the best first."""
    edition = catalog_get(user=user, slug=slug)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT object_id FROM {edition_source(edition)} ORDER BY {quote(edition.rank_by)} DESC, object_id LIMIT %s",
            [count],
        )
        return [number for (number,) in cursor.fetchall()]


def next_revision(catalog: Catalog) -> int:
    """A revision that no edition of the catalog has yet; the caller holds the catalog's lock."""
    return (catalog.editions.aggregate(last=Max("revision"))["last"] or 0) + 1


def editions_in_use() -> QuerySet[Edition]:
    """Those that a run which is not over names, and whose tables it may still read."""
    named = Run.objects.filter(state__in=(Run.State.QUEUED, Run.State.RUNNING), parameters__has_key="edition")
    return Edition.objects.filter(pk__in=[run.parameters["edition"] for run in named])
