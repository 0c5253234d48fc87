"""Reading catalogs."""

from collections.abc import Iterable
from itertools import accumulate

from django.db import connection
from django.db.models import Max, QuerySet

from almagest.catalogs.errors import CatalogError
from almagest.catalogs.history import edition_source, is_kept
from almagest.catalogs.models import Catalog, Edition
from almagest.core.tables import quote, sql_type
from almagest.registry.models import ModelVersion
from almagest.runs.models import Run
from almagest.sky.models import Survey

# So many are counted in the time that readers wait.
MOST_RANKED = 200_000


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


def candidate_ranks(*, edition: Edition, scores: Iterable[float]) -> dict[float, int]:
    """Places of some of a catalog's scores among all of them, the best from 1, whatever a page is filtered by; equals share theirs.

    Nothing where more than `MOST_RANKED` are better than the worst: to count them would take longer than the rest of a page.
    """
    # Falling scores as rising numbers: a bucket then has all that are better than its edge, and none that is equal.
    edges = sorted({-score for score in scores if score is not None})
    if not edges:
        return {}
    # As the column has them: 0.9 as a float32 is another number than as a float64.
    rank, kind, table = quote(edition.rank_by), sql_type(edition.table[edition.rank_by]), edition_source(edition)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT width_bucket(-r, %s::{kind}[]), count(*) FROM (SELECT {rank} AS r FROM {table} "
            f"WHERE {rank} > %s::{kind} LIMIT %s) AS better GROUP BY 1",
            [edges, -edges[-1], MOST_RANKED + 1],
        )
        better = dict(cursor.fetchall())
    places = list(accumulate(better.get(bucket, 0) for bucket in range(len(edges))))
    return {} if places[-1] > MOST_RANKED else {-edge: place + 1 for edge, place in zip(edges, places, strict=True)}


def next_revision(catalog: Catalog) -> int:
    """A revision that no edition of the catalog has yet; the caller holds the catalog's lock."""
    return (catalog.editions.aggregate(last=Max("revision"))["last"] or 0) + 1


def editions_in_use() -> QuerySet[Edition]:
    """Those that a run which is not over names, and whose tables it may still read."""
    named = Run.objects.filter(state__in=(Run.State.QUEUED, Run.State.RUNNING), parameters__has_key="edition")
    return Edition.objects.filter(pk__in=[run.parameters["edition"] for run in named])
