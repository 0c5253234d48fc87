"""Freezing verdicts as labels: a Parquet file with what people agree on, and beside it where it is from."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from almagest.accounts.sharing import narrowest
from almagest.catalogs.models import Edition
from almagest.contract import Column, Table
from almagest.core.files import opened_folder, store_folder
from almagest.core.listings import Listing, from_rows
from almagest.samples.given import ABOUT, LABELS
from almagest.sky.models import Survey
from almagest.vetting.errors import VettingError
from almagest.vetting.models import Consensus, LabelSet, Verdict
from almagest.vetting.words import LONGEST_SET, SLUG

TABLE = Table(
    "labels",
    "What people agree that candidates are",
    (
        Column("object_id", "int64", "", "meta.record", "Object in this database", nullable=False),
        Column("label", "string", "", "meta.code.class", "Class of the plugin", nullable=False, level=1),
        Column("verdicts", "int32", "", "meta.number", "Number of verdicts", nullable=False),
        Column("agreement", "float64", "", "stat.value", "Share of them that say this", nullable=False),
    ),
)


@transaction.atomic
def labels_freeze(
    *, user, edition: Edition, name: str, minimum_verdicts: int = 1, minimum_agreement: float = 0.5
) -> LabelSet:
    """Keep what people say of a catalog's candidates now as labels that never change.

    A candidate is among them where most say one thing, that stands for a class of the plugin, and enough people agree.

    Parameters
    ----------
    edition
        Of the catalog; its revision is written down.
    name
        A word that no other set has.
    minimum_verdicts, minimum_agreement
        Least number of current verdicts on an object, and least share of them that say what most say, from 0 to 1.

    Raises
    ------
    VettingError
        When the name is taken, a limit is out of range, or nothing is left.
    """
    _check(name, minimum_verdicts, minimum_agreement)
    found = _agreed(user, edition, minimum_verdicts, minimum_agreement)
    rows = list(found.values_list("object_id", "choice__sample_class", "verdicts", "agreement").order_by("object_id"))
    if not rows:
        raise VettingError(
            f"label set {name}: no candidate of {edition.catalog.slug} has {minimum_verdicts} verdicts with an agreement of "
            f"{minimum_agreement:g} on a choice that stands for a class; vet more, ask for less, or give choices a class"
        )
    surveys = Survey.objects.filter(pk__in=found.order_by().values("survey").distinct())
    told = {
        "criteria": {"minimum_verdicts": minimum_verdicts, "minimum_agreement": minimum_agreement},
        "revision": edition.revision, "surveys": sorted(survey.slug for survey in surveys), "rows": len(rows),
        "counts": dict(found.order_by("choice__sample_class").values_list("choice__sample_class").annotate(n=Count("pk"))),
        "people": Verdict.objects.filter(catalog=edition.catalog_id, is_current=True, object_id__in=found.values("object_id"))
        .aggregate(n=Count("user", distinct=True))["n"],
    }  # fmt: skip
    folder, checksum = _stored(
        rows, told | {"name": name, "catalog": edition.catalog.slug, "by": user and user.username}
    )
    sources = [edition.catalog, edition.version, *surveys]
    return LabelSet.objects.create(
        name=name, catalog=edition.catalog, folder=folder, checksum=checksum, owner=user, **told, **narrowest(sources)
    )


def label_rows(labels: LabelSet) -> Listing:
    """The labels of a set as a listing, by object."""
    with opened_folder(labels.folder) as folder:
        rows = pq.read_table(Path(folder) / LABELS).to_pylist()
    return from_rows(TABLE, rows, name=labels.name)


def _check(name: str, verdicts: int, agreement: float) -> None:
    if len(name) > LONGEST_SET or not SLUG.fullmatch(name):
        raise VettingError(
            f"label set {name[:60]!r}: its name is a word of a to z, 0 to 9, - and _, of at most {LONGEST_SET}"
        )
    if LabelSet.objects.filter(name=name).exists():
        raise VettingError(f"a label set named {name!r} exists; sets never change, choose another name")
    if verdicts < 1:
        raise VettingError(f"minimum_verdicts = {verdicts}: at least 1")
    if not 0 <= agreement <= 1:
        raise VettingError(f"minimum_agreement = {agreement} is not between 0 and 1")


def _agreed(user, edition: Edition, verdicts: int, agreement: float):
    seen = Consensus.objects.filter(catalog=edition.catalog_id, survey__in=Survey.objects.visible_to(user))
    # As a share like 2/3 is written, it may be a hair larger than what is kept.
    enough = seen.filter(verdicts__gte=verdicts, agreement__gte=agreement - 1e-9)
    return enough.filter(choice__isnull=False).exclude(choice__sample_class="")


def _stored(rows: list[tuple], told: dict) -> tuple[str, str]:
    schema = TABLE.arrow_schema
    columns = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)]
    told |= {"created": timezone.now().isoformat(timespec="seconds")}
    with TemporaryDirectory(prefix="almagest-") as folder:
        pq.write_table(pa.Table.from_arrays(columns, schema=schema), Path(folder) / LABELS, compression="zstd")
        (Path(folder) / ABOUT).write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")
        return store_folder(Path(folder), "labels")
