"""Scores and verifications as listings."""

from django.db.models import F

from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.core.tables import quote
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.tables import KEYS, VERIFICATION_PAIRS, set_table
from almagest.predictions.verification.errors import VerificationError
from almagest.predictions.verification.selectors import KINDS, PAIRS, verification_get, verification_list
from almagest.sky.listings import OBJECT_COLUMNS, simulated_info
from almagest.sky.selectors import survey_slugs

VERIFICATIONS = Table(
    "verifications",
    "Model versions held against catalogs of labels",
    (
        Column("id", "int64", "", "meta.id;meta.main", "Number of the verification", nullable=False, level=1),
        Column("plugin_name", "string", "", "meta.id", "Plugin", nullable=False, level=1),
        Column("method_name", "string", "", "meta.id", "Method", nullable=False, level=1),
        Column("version_number", "int32", "", "meta.version", "Number of the model version", nullable=False, level=1),
        Column("label_survey", "string", "", "meta.dataset", "Catalog that gives the labels", nullable=False, level=1),
        Column("radius_arcsec", "float64", "arcsec", "pos.angDistance", "Radius of the match", nullable=False),
        Column("published", "timestamp", "", "time", "When it was made"),
    ),
)


def prediction_listing(*, user, scores: PredictionSet) -> Listing:
    """A set's scores of the objects that the user may see, with where they are."""
    seen = survey_slugs(user)
    table = prediction_columns(scores)
    ours = {name: f"o.{name}" for name in ("source_id", "ra", "dec", "healpix")} | {"survey": "s.slug"}
    columns = ", ".join(f"{ours.get(name, f'p.{quote(name)}')} AS {quote(name)}" for name in table.names)
    hidden = set(scores.surveys) - set(seen.values())
    version = scores.version
    # Outer joins: those of which no column is asked for are not made.
    return Listing(
        name=f"{version.method.plugin.name}-{version.method.name}-v{version.number}", table=table,
        source=f"(SELECT {columns} FROM {quote(scores.table_name)} p "
        "LEFT JOIN objects o ON o.id = p.object_id AND o.survey_id = p.survey_id "
        f"LEFT JOIN sky_survey s ON s.id = p.survey_id{' WHERE p.survey_id = ANY(%s)' if hidden else ''}) AS scores",
        values=(list(seen),) if hidden else (), key="object_id", sort="object_id",
        sortable=frozenset({"object_id", version.method.rank_by}), total=None if hidden else scores.rows,
        revision=f"scores {scores.pk}.{scores.revision} {','.join(sorted(set(scores.surveys) - hidden))}", modified=scores.published,
        infos=(("MODEL", str(version), "Model version whose scores these are"), *simulated_info(set(scores.surveys) - hidden)),
    )  # fmt: skip


def prediction_columns(scores: PredictionSet) -> Table:
    """Object, then what the model says of it."""
    declared = set_table(scores).table
    taken = {column.name for column in (*OBJECT_COLUMNS, *KEYS)}
    own = tuple(column for column in declared.columns if column.name not in taken)
    return Table(declared.name, f"Scores of {scores.version}", (*OBJECT_COLUMNS, declared["revision"], *own))


def verification_listing(*, user) -> Listing:
    """The verifications that the user may see."""
    found = verification_list(user=user).annotate(
        plugin_name=F("version__method__plugin__name"), method_name=F("version__method__name"), version_number=F("version__number"),
        label_survey=F("survey__slug"),
    )  # fmt: skip
    return from_queryset(found, table=VERIFICATIONS, key="id", sort="-id")


def pair_listing(*, user, verification: Verification, kind: str = "") -> Listing:
    """The pairs of a verification in the order of the scored objects: all, or one of `KINDS`.

    Raises
    ------
    VerificationError
        When the user may not see it, or there is no such kind.
    """
    found = verification_get(user=user, pk=verification.pk)
    if kind and kind not in KINDS:
        raise VerificationError(f"kind={kind!r} is none of {', '.join(KINDS)}")
    ours = {
        "label_survey": "c.slug",
        "label_source_id": "a.source_id",
        "source_id": "b.source_id",
        "ra": "b.ra",
        "dec": "b.dec",
    }
    columns = ", ".join(f"{ours.get(name, f'p.{quote(name)}')} AS {quote(name)}" for name in PAIRS.names)
    listing = Listing(
        name=f"verification-{found.pk}", table=PAIRS, key="scored_object_id", sort="scored_object_id",
        source=f"(SELECT {columns} FROM {quote(VERIFICATION_PAIRS.name)} p "
        "JOIN objects a ON a.id = p.label_object_id AND a.survey_id = %s JOIN sky_survey c ON c.id = a.survey_id "
        "JOIN sky_survey s ON s.slug = p.survey JOIN objects b ON b.id = p.scored_object_id AND b.survey_id = s.id "
        "WHERE p.verification_id = %s) AS pairs",
        values=(found.survey_id, found.pk), sortable=frozenset({"scored_object_id"}), revision=f"verification {found.pk}",
        modified=found.published, infos=(("MODEL", str(found.version), "Model version that was verified"),),
    )  # fmt: skip
    if not kind:
        return listing
    label, predicted, _ = KINDS[kind]
    return listing.limited_to(
        (f"label {label} %s AND predicted_class {predicted} %s", [found.version.method.plugin.signal] * 2)
    )
