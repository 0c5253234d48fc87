"""What is alike by a model version: the objects nearest to one in its latent space."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from almagest.contract import AlmagestError, Column, Table
from almagest.core.listings import Listing, from_rows
from almagest.core.nearest import distance_sql, look_around, place_text
from almagest.core.tables import quote
from almagest.predictions.models import PredictionSet
from almagest.predictions.selectors import current_sets
from almagest.registry.models import ModelVersion
from almagest.sky.selectors import object_redshifts, object_survey, survey_slugs

HOW_MANY = 10
SIMILAR = Table(
    "similar",
    "Objects nearest to one in a model version's latent space, by Euclid's distance",
    (
        Column("object_id", "int64", "", "meta.record", "Object in this database", nullable=False, level=1),
        Column("survey", "string", "", "meta.dataset", "Survey release of the object", nullable=False, level=1),
        Column("source_id", "string", "", "meta.id;meta.main", "Name within the survey", nullable=False, level=1),
        Column("ra", "float64", "deg", "pos.eq.ra;meta.main", "Right ascension (ICRS)"),
        Column("dec", "float64", "deg", "pos.eq.dec;meta.main", "Declination (ICRS)"),
        Column("redshift", "float32", "", "src.redshift", "Redshift, where its survey has one"),
        Column("score", "float32", "", "stat.likelihood", "What the model ranks by", level=1),
        Column("distance", "float32", "", "stat.value", "Distance in the latent space", nullable=False, level=1),
        Column(
            "model_version", "string", "", "meta.version", "Whose space it is: plugin/method/number", nullable=False
        ),
    ),
)


class LatentsError(AlmagestError):
    """An object or a catalog has no place in a latent space, or what is asked of the space makes no sense."""


@dataclass(frozen=True)
class Similar:
    """An object, and how far it lies from the one that was asked for."""

    object_id: int
    survey: str
    source_id: str
    ra: float | None
    dec: float | None
    score: float | None
    distance: float
    redshift: float | None = None


@dataclass(frozen=True)
class Alike:
    """What is near an object in the space of `version`; `others` are the versions in whose spaces it lies too."""

    version: ModelVersion
    objects: list[Similar]
    others: list[ModelVersion]


def version_name(version: ModelVersion) -> str:
    """How an address names a model version: ``plugin/method/number``."""
    return f"{version.method.plugin.name}/{version.method.name}/{version.number}"


def similar_objects(*, user, object_id: int, model_version: str = "", count: int = HOW_MANY) -> Alike:
    """The objects nearest to one in a latent space, the nearest first, of surveys that the user may see.

    Parameters
    ----------
    model_version
        ``plugin/method/number``; without it the version in production, or else the newest, in whose space the object lies.

    Raises
    ------
    SurveyError
        When there is no such object that the user may see.
    LatentsError
        When it lies in no such version's space.
    """
    object_survey(user=user, object_id=object_id)
    found = [(scores, place) for scores in latent_sets(user=user) if (place := _place(scores, object_id))]
    if not found:
        raise LatentsError(f"object {object_id} has no place in the latent space of any model version", absent=True)
    names = [version_name(scores.version) for scores, _ in found]
    if model_version and model_version not in names:
        raise LatentsError(
            f"object {object_id} has no place in the latent space of model_version={model_version!r}; it has one in "
            f"{', '.join(names)}",
            absent=True,
        )
    scores, place = found[names.index(model_version) if model_version else 0]
    near = _nearest(user, scores, object_id, place, count)
    return Alike(scores.version, near, [each.version for each, _ in found if each is not scores])


def similar_listing(*, user, object_id: int, model_version: str = "") -> Listing:
    """The same as rows."""
    alike = similar_objects(user=user, object_id=object_id, model_version=model_version)
    named = {"model_version": version_name(alike.version)}
    return from_rows(SIMILAR, [vars(each) | named for each in alike.objects], name=f"similar-to-{object_id}")


def latent_sets(*, user) -> list[PredictionSet]:
    """Current scores of versions that have a latent space: those in production first, then the newest."""
    sets = current_sets(user=user).exclude(version__method__latents="").select_related("version__method")
    sets = sets.annotate(production=F("version__method__production")).order_by("-version_id")
    return sorted((s for s in sets if s.version.latents), key=lambda scores: not scores.version.is_production)


def _place(scores: PredictionSet, object_id: int) -> list[float] | None:
    name = quote(scores.version.latents.name)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {quote(scores.table_name)} WHERE object_id = %s", [object_id])
        found = cursor.fetchone()
    return found[0] if found else None


def _nearest(user, scores: PredictionSet, object_id: int, place: list[float], count: int) -> list[Similar]:
    seen, latents = survey_slugs(user), scores.version.latents
    hidden = set(scores.surveys) - set(seen.values())
    name, rank_by = quote(latents.name), quote(scores.version.method.rank_by)
    of_seen, values = (" AND survey_id = ANY(%s)", [list(seen)]) if hidden else ("", [])
    # Ties are settled outside: the index knows distances alone.
    nearest = (
        f"SELECT object_id, survey_id, {rank_by} AS score, {distance_sql(latents, name)} AS distance "
        f"FROM {quote(scores.table_name)} WHERE object_id <> %s AND {name} IS NOT NULL{of_seen} ORDER BY 4 LIMIT %s"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        look_around(cursor)
        cursor.execute(
            f"SELECT o.id, o.survey_id, o.source_id, o.ra, o.dec, n.score, n.distance FROM ({nearest}) n "
            "JOIN objects o ON o.id = n.object_id AND o.survey_id = n.survey_id ORDER BY n.distance, o.id",
            [place_text(place), object_id, *values, count],
        )
        rows = cursor.fetchall()
    redshifts = object_redshifts({row[0]: row[1] for row in rows})
    return [Similar(row[0], seen[row[1]], *row[2:], redshift=redshifts.get(row[0])) for row in rows]
