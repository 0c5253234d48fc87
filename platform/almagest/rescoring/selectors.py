"""Reading passes, and two revisions of a catalog beside each other."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from almagest.catalogs.differences import KINDS, difference_listing, schema_differences
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import edition_get, edition_list
from almagest.core.listings import Listing
from almagest.core.listings.paging import fetch
from almagest.core.tables import quote, sql_type
from almagest.registry.models import ModelVersion
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.models import Pass
from almagest.runs.models import Run


@dataclass(frozen=True)
class Crossing:
    """How many rows have come to have at least so high a score, and how many have so no more."""

    threshold: float
    up: int
    down: int

    @property
    def net(self) -> int:
        """By how much there are more."""
        return self.up - self.down


@dataclass(frozen=True)
class Difference:
    """Two editions of a catalog, and the rows that are not the same in both."""

    earlier: Edition
    later: Edition
    listing: Listing

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Names of the columns that were added, removed, and whose type or unit is another."""
        return schema_differences(self.later.table, self.earlier.table)


def pass_list(*, user, catalog: str = "") -> QuerySet[Pass]:
    """Passes over catalogs that the user may see, newest first; of one catalog, or of all."""
    seen, versions = edition_list(user=user), ModelVersion.objects.visible_to(user)
    found = Pass.objects.filter(
        Q(after=None) | Q(after__in=seen), before__in=seen, prediction_set__version__in=versions
    )
    found = found.select_related(
        "catalog", "run", "before__version__method__plugin", "after__version__method__plugin", "wanted"
    )
    found = found.defer("before__figures", "after__figures", "wanted__figures")
    return found.filter(catalog__slug=catalog) if catalog else found


def pass_get(*, user, catalog: str, pk: int) -> Pass:
    """A pass over a catalog, or `RescoringError`."""
    found = pass_list(user=user, catalog=catalog).filter(pk=pk).first()
    if found is None:
        raise RescoringError(f"there is no pass {pk} over {catalog!r}", absent=True)
    return found


def pass_under_way(*, user, catalog: str) -> Pass | None:
    """The one that has not ended yet, where there is one."""
    going = (Run.State.QUEUED, Run.State.RUNNING)
    return pass_list(user=user, catalog=catalog).filter(is_open=True, run__state__in=going).first()


def difference_get(*, user, catalog: str, earlier: int, later: int) -> Difference:
    """What differs from one revision of a catalog to another.

    Raises
    ------
    CatalogError
        When one of them is not there, or its rows are not kept any more.
    """
    editions = [edition_get(user=user, slug=catalog, revision=revision) for revision in (earlier, later)]
    return Difference(*editions, difference_listing(*editions))


def difference_summary(found: Difference) -> tuple[dict[str, int], list[Crossing]]:
    """How many rows were added, removed and changed, and how many have crossed each of the catalog's thresholds.

    A row that was not in the catalog counts as one below every threshold.
    """
    columns = [f"count(*) FILTER (WHERE change = '{kind}') AS {quote(kind)}" for kind in KINDS]
    thresholds = _thresholds(found)
    columns += [
        f"count(*) FILTER (WHERE {_passes(found, there, n)} AND {_passes(found, here, n)} IS NOT TRUE) AS {way}{n}"
        for n in range(len(thresholds))
        for way, there, here in (("up", "after", "before"), ("down", "before", "after"))
    ]
    values = [float(t) for t in thresholds for _ in range(4)]
    counted = fetch(f"SELECT {', '.join(columns)} FROM {found.listing.source}", values)[0]
    crossings = [Crossing(t, counted[f"up{n}"], counted[f"down{n}"]) for n, t in enumerate(thresholds)]
    return {kind: counted[kind] for kind in KINDS}, crossings


def _thresholds(found: Difference) -> list[float]:
    """The catalog's own, and those above it that it is counted at; none where the two have not the same score."""
    if f"{found.later.rank_by}_before" not in found.listing.table:
        return []
    lowest = max(found.earlier.threshold, found.later.threshold)
    return [lowest, *(each["threshold"] for each in found.later.thresholds if each["threshold"] > lowest)]


def _passes(found: Difference, when: str, n: int) -> str:
    """Condition on the score at a time; with a number of the score's own width, as candidates are chosen by it."""
    column = found.listing.table[f"{found.later.rank_by}_{when}"]
    return f"{quote(column.name)} >= %s::{sql_type(column)}"
