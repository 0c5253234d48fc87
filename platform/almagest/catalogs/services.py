"""Publishing catalogs."""

from datetime import timedelta

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from almagest.accounts.errors import NotAllowed
from almagest.accounts.selectors import may_change
from almagest.accounts.sharing import narrowest
from almagest.catalogs.build import catalog_fill, catalog_statistics
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.figures import catalog_figures
from almagest.catalogs.history import table_is_there
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.selectors import editions_in_use, next_revision
from almagest.catalogs.tables import catalog_table, rank_column
from almagest.core.tables import create_indexes, create_table, drop_table, table_exists
from almagest.predictions.models import PredictionSet
from almagest.registry.models import ModelVersion
from almagest.runs.leases import Claim, claim_complete
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start
from almagest.sky.models import Survey

KIND = "publish_catalog"
READERS_LEAVE_WITHIN = timedelta(minutes=2)
# Of each catalog, those of the newest editions that made their own: one can be gone back to.
KEPT_TABLES = 3
OLD = Q(is_current=False, retired__lt=Now() - READERS_LEAVE_WITHIN)


@transaction.atomic
def catalog_publish_start(
    *, slug: str, version: ModelVersion, threshold: float, title: str = "", description: str = "", owner=None
) -> Run:
    """Send a catalog, new or known, to be filled from a version's current scores.

    Raises
    ------
    CatalogError
        When the version has no scores or some of a survey that the owner may not see, the threshold is not between 0 and 1,
        or the catalog would lack the ranking.
    NotAllowed
        When the catalog is known and somebody else's, and `owner` is not of the staff.
    """
    scores = version.prediction_sets.filter(state=PredictionSet.State.CURRENT).first()
    if scores is None:
        raise CatalogError(f"{version} has no scores yet; run `manage.py score` first")
    if hidden := set(scores.surveys) & set(Survey.objects.hidden_slugs(owner)):
        raise CatalogError(
            f"the scores of {version} are of {len(hidden)} survey(s) that you may not see too; score it anew on those that you may"
        )
    if not 0 <= threshold <= 1:
        raise CatalogError(f"threshold {threshold} is not between 0 and 1")
    sources = [version, *Survey.objects.filter(slug__in=scores.surveys)]
    defaults = {"title": title or slug, "description": description, "owner": owner} | narrowest(sources)
    catalog, is_new = Catalog.objects.get_or_create(slug=slug, defaults=defaults)
    if owner and not is_new and not may_change(owner, catalog):
        raise NotAllowed(
            f"a catalog {slug!r} exists; only its owner and the staff may publish it anew: choose another slug"
        )
    edition = edition_begin(catalog=catalog, scores=scores, threshold=threshold)
    edition.run = run_start(
        kind=KIND,
        title=f"Publish {catalog.title}",
        chunks=[ChunkSpec("data", {"edition_id": edition.pk})],
        owner=owner,
        parameters={"catalog": slug, "version": str(version), "surveys": scores.surveys, "threshold": threshold},
        **narrowest([catalog, *sources]),
    )
    edition.save(update_fields=["run"])
    return edition.run


def edition_begin(*, catalog: Catalog, scores: PredictionSet, threshold: float, run: Run | None = None) -> Edition:
    """The catalog's next edition, empty yet, from a set of scores; within the caller's transaction."""
    Catalog.objects.select_for_update(no_key=True).get(pk=catalog.pk)
    revision, version = next_revision(catalog), scores.version
    edition = Edition(
        catalog=catalog, revision=revision, base=revision, version=version, prediction_set=scores,
        set_revision=scores.revision, threshold=threshold, run=run,
    )  # fmt: skip
    table = catalog_table(version, edition.table_name).table
    edition.columns, edition.rank_by = table.to_json(), rank_column(version.method, table)
    edition.is_simulated = Survey.objects.filter(slug__in=scores.surveys, observed=False).exists()
    edition.save()
    return edition


def catalog_publish(*, claim: Claim, edition: Edition) -> None:
    """Fill the edition's table and move the catalog to it, in one transaction."""
    with transaction.atomic():
        edition_publish(edition=edition)
        claim_complete(
            claim, outcome={"catalog": edition.catalog.slug, "revision": edition.revision, "rows": edition.rows}
        )


def edition_publish(*, edition: Edition) -> None:
    """The same for a run that has more to do, within its transaction."""
    Catalog.objects.select_for_update(no_key=True).get(pk=edition.catalog_id)
    scores = PredictionSet.objects.select_for_update(of=("self",)).get(pk=edition.prediction_set_id)
    edition.prediction_set, edition.set_revision = scores, scores.revision
    declared = catalog_table(edition.version, edition.table_name)
    drop_table(edition.table_name)
    create_table(declared, with_indexes=False)
    catalog_fill(edition)
    create_indexes(declared)
    catalog_statistics(edition)
    edition.figures = catalog_figures(edition)
    if edition.catalog.editions.filter(revision__gt=edition.revision, published__isnull=False).exists():
        edition.revision = next_revision(edition.catalog)  # others came first: a catalog's revision only goes up
    edition.catalog.editions.filter(is_current=True).update(is_current=False, retired=Now())
    edition.is_current, edition.published = True, Now()
    edition.save()


def catalogs_sweep() -> list[str]:
    """Drop the tables of editions that were replaced a while ago, that no run is reading, and that are not kept to go back to."""
    current = Edition.objects.filter(catalog=OuterRef("catalog"), base=OuterRef("base"), is_current=True)
    late = Edition.objects.filter(catalog=OuterRef("catalog"), base=OuterRef("base")).exclude(OLD)
    in_use = editions_in_use().filter(catalog=OuterRef("catalog"), base=OuterRef("base"))
    gone = Edition.objects.filter(OLD, table_is_there()).exclude(Exists(current) | Exists(late) | Exists(in_use))
    dropped = []
    for edition in gone.order_by("catalog_id", "base").distinct("catalog_id", "base").defer("figures"):
        if not _is_to_go_back_to(edition):
            dropped += _dropped(edition)
    return dropped


def _is_to_go_back_to(edition: Edition) -> bool:
    """Whether its table is one of the newest of its catalog."""
    bases = (
        Edition.objects.filter(catalog=edition.catalog_id, published__isnull=False)
        .order_by()
        .values_list("base", flat=True)
    )
    return edition.base in sorted(set(bases))[-KEPT_TABLES:]


def _dropped(edition: Edition) -> list[str]:
    names = [name for name in (edition.history_name, edition.table_name) if table_exists(name)]
    try:
        for name in names:
            drop_table(name)
    except OperationalError:  # somebody still reads it: the next sweep gets it
        return []
    return names
