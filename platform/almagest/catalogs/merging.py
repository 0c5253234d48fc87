"""Changing a catalog in place: a few rows replaced by others in one transaction, and those before them kept."""

from collections.abc import Callable

from django.db import connection
from django.db.models.functions import Now

from almagest.catalogs.build import catalog_fill, catalog_statistics
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.figures import catalog_figures
from almagest.catalogs.history import UNTIL, WAS_THERE, edition_source, history_table, touched
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.selectors import next_revision
from almagest.core.tables import column_list, quote, sync_table
from almagest.predictions.models import PredictionSet
from almagest.predictions.tables import UNTIL as SCORED_UNTIL
from almagest.runs.models import Run

# Names of this transaction's own tables: which objects are looked at, their rows as they shall be, and which are others.
TOUCHED, INCOMING, REPLACED = "touched_objects", "incoming_candidates", "replaced_candidates"
COPIED = ("rows", "histogram", "thresholds", "survey_counts", "ranges", "words", "figures", "is_simulated")


def edition_follow(*, edition: Edition, run: Run) -> tuple[Edition, dict[str, int]]:
    """Bring a catalog to where its scores have been brought, within the caller's transaction.

    The work goes with the number of objects that were scored anew.

    Returns
    -------
    The edition that is current now, the same where the scores have not moved, and how many candidates were ``added``,
    ``removed`` and ``changed``.

    Raises
    ------
    CatalogError
        When the edition is not current any more.
    """
    edition = _locked(edition)
    scores = PredictionSet.objects.select_for_update(of=("self",)).get(pk=edition.prediction_set_id)
    if scores.revision == edition.set_revision:
        return edition, {"added": 0, "removed": 0, "changed": 0}
    those = f"SELECT DISTINCT object_id FROM {quote(scores.history_name)} WHERE {SCORED_UNTIL.name} > {int(edition.set_revision)}"
    follower = _follower(edition, run, prediction_set=scores, set_revision=scores.revision)

    def fill(into: str) -> None:
        catalog_fill(follower, into=into, only=TOUCHED)

    counts = _replace(follower, those, fill)
    catalog_statistics(follower)
    follower.figures = catalog_figures(follower)
    _make_current(edition, follower)
    return follower, counts


def edition_restore(*, edition: Edition, wanted: Edition, run: Run) -> tuple[Edition, dict[str, int]]:
    """Give a catalog the rows of an earlier edition of the same table again, as its next revision; as `edition_follow` does."""
    edition = _locked(edition)
    names = column_list(edition.table.names)
    rows = edition_source(wanted, only=f"SELECT object_id FROM {quote(TOUCHED)}")
    follower = _follower(edition, run, **{name: getattr(wanted, name) for name in COPIED})

    def fill(into: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {quote(into)} ({names}) SELECT {names} FROM {rows}")

    counts = _replace(follower, f"SELECT DISTINCT object_id FROM ({touched(wanted, edition)}) AS t", fill)
    _make_current(edition, follower)
    return follower, counts


def _locked(edition: Edition) -> Edition:
    Catalog.objects.select_for_update(no_key=True).get(pk=edition.catalog_id)
    edition = Edition.objects.select_related("catalog", "version__method__plugin", "prediction_set").get(pk=edition.pk)
    if not edition.is_current:
        raise CatalogError(
            f"{edition} is not current any more: somebody else has changed the catalog; start another run"
        )
    return edition


def _follower(edition: Edition, run: Run, **values) -> Edition:
    kept = {
        field.attname: getattr(edition, field.attname) for field in Edition._meta.concrete_fields if field.name != "id"
    }
    return Edition(
        **kept | {"revision": next_revision(edition.catalog), "run_id": run.pk, "is_current": False} | values
    )


def _replace(follower: Edition, those: str, fill: Callable[[str], None]) -> dict[str, int]:
    """Look at these objects alone, and let their rows be what `fill` puts into the table that it is given."""
    sync_table(history_table(follower))
    table, history, names = quote(follower.table_name), quote(follower.history_name), follower.table.names
    row, columns = ", ".join(f"{{0}}.{quote(name)}" for name in names), column_list(names)
    old = ", ".join("r.object_id" if name == "object_id" else f"t.{quote(name)}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {TOUCHED} ON COMMIT DROP AS {those}")
        cursor.execute(f"CREATE TEMPORARY TABLE {INCOMING} (LIKE {table}) ON COMMIT DROP")
        cursor.execute(f"ANALYZE {TOUCHED}")
        fill(INCOMING)
        cursor.execute(
            f"CREATE TEMPORARY TABLE {REPLACED} ON COMMIT DROP AS SELECT object_id, t.object_id IS NOT NULL AS was_there, "
            f"i.object_id IS NOT NULL AS is_there FROM (SELECT t.* FROM {table} t JOIN {TOUCHED} USING (object_id)) t "
            f"FULL JOIN {INCOMING} i USING (object_id) WHERE ({row.format('t')}) IS DISTINCT FROM ({row.format('i')})"
        )
        cursor.execute(
            f"INSERT INTO {history} ({columns}, {UNTIL.name}, {WAS_THERE.name}) "
            f"SELECT {old}, %s, r.was_there FROM {REPLACED} r LEFT JOIN {table} t USING (object_id)",
            [follower.revision],
        )
        cursor.execute(f"DELETE FROM {table} t USING {REPLACED} r WHERE t.object_id = r.object_id")
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {row.format('i')} FROM {INCOMING} i JOIN {REPLACED} USING (object_id)"
        )
        cursor.execute(
            "SELECT count(*) FILTER (WHERE NOT was_there), count(*) FILTER (WHERE NOT is_there), "
            f"count(*) FILTER (WHERE was_there AND is_there) FROM {REPLACED}"
        )
        counts = dict(zip(("added", "removed", "changed"), cursor.fetchone(), strict=True))
        for name in (TOUCHED, INCOMING, REPLACED):
            cursor.execute(f"DROP TABLE {name}")
    return counts


def _make_current(edition: Edition, follower: Edition) -> None:
    Edition.objects.filter(pk=edition.pk).update(is_current=False, retired=Now())
    follower.is_current, follower.published, follower.retired = True, Now(), None
    follower.save()
    follower.refresh_from_db(fields=["published"])
