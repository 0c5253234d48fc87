"""Reading verifications. A private survey never shows through the pairs that it is in."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from almagest.contract import Column, Table
from almagest.core.tables import quote
from almagest.predictions.models import Verification
from almagest.predictions.tables import VERIFICATION_PAIRS
from almagest.predictions.verification.errors import VerificationError
from almagest.registry.models import ModelVersion

PAGE_SIZE = 200
# Kinds of pairs that have a page: how label and prediction compare with the signal class, and the order.
KINDS = {
    "misses": ("=", "<>", "trained_on, score"),
    "false_alarms": ("<>", "=", "trained_on, score DESC"),
    "hits": ("=", "=", "trained_on, score DESC"),
}
NAMES = (
    Column("label_survey", "string", "", "meta.id.part", "Catalog that gives the label"),
    Column("label_source_id", "string", "", "meta.id", "The object's name in that catalog"),
    Column("source_id", "string", "", "meta.id", "Name of the scored object in its survey"),
    Column("ra", "float64", "deg", "pos.eq.ra", "Right ascension (ICRS) of the scored object"),
    Column("dec", "float64", "deg", "pos.eq.dec", "Declination (ICRS) of the scored object"),
)
# What a pair is told with: on pages, and as the columns of the CSV.
PAIRS = Table("verified_pairs", "One row a pair with a score", (*NAMES, *VERIFICATION_PAIRS.table.columns[1:]))


@dataclass(frozen=True)
class PairPage:
    """Some pairs as dictionaries with the columns of `PAIRS`, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int
    number: int

    @property
    def previous(self) -> int | None:
        """Number of the page before."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """Number of the page after."""
        return self.number + 1 if self.number * PAGE_SIZE < self.total else None


def verification_list(*, user, version: ModelVersion | None = None) -> QuerySet[Verification]:
    """Finished verifications of which the user may see the version, the catalog and every scored survey; newest first."""
    found = Verification.objects.visible_to(user).filter(published__isnull=False)
    found = found.filter(version=version) if version else found
    return found.select_related("version__method__plugin", "version__sample", "prediction_set", "survey", "run")


def verification_get(*, user, pk: int) -> Verification:
    """One verification, or `VerificationError` when there is none that the user may see."""
    verification = verification_list(user=user).filter(pk=pk).first()
    if verification is None:
        raise VerificationError(f"there is no verification {pk}", absent=True)
    return verification


def verification_pairs(*, user, verification: Verification, kind: str, page: int = 1) -> PairPage:
    """One page of the misses, false alarms or hits; those that the model has not learned from come first."""
    verification = verification_get(user=user, pk=verification.pk)
    label, predicted, order = KINDS[kind]
    values = {"id": verification.pk, "signal": verification.version.method.plugin.signal}
    where = f"p.verification_id = %(id)s AND label {label} %(signal)s AND predicted_class {predicted} %(signal)s"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {quote(VERIFICATION_PAIRS.name)} p WHERE {where}", values)
        total = cursor.fetchone()[0]
    number = max(1, min(page, -(-total // PAGE_SIZE)))
    limit = f"ORDER BY {order}, scored_object_id LIMIT {PAGE_SIZE} OFFSET {(number - 1) * PAGE_SIZE}"
    return PairPage(_fetch(verification, where, limit, values), total, number)


def _fetch(verification: Verification, where: str, limit: str, values: dict) -> list[dict[str, Any]]:
    own = VERIFICATION_PAIRS.table.names[1:]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT a.source_id, b.source_id, b.ra, b.dec, {', '.join(f'p.{quote(name)}' for name in own)} "
            f"FROM (SELECT * FROM {quote(VERIFICATION_PAIRS.name)} p WHERE {where} {limit}) p "
            "JOIN objects a ON a.id = p.label_object_id AND a.survey_id = %(catalog)s "
            "JOIN sky_survey s ON s.slug = p.survey JOIN objects b ON b.id = p.scored_object_id AND b.survey_id = s.id "
            f"{limit.split(' LIMIT')[0]}",
            values | {"catalog": verification.survey_id},
        )
        names = ("label_source_id", "source_id", "ra", "dec", *own)
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{"label_survey": verification.survey.slug} | row for row in found]
