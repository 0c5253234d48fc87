"""Reading verdicts: of a catalog, of an object, of people; what they come to."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Avg, Count, F, Func, QuerySet, TextField

from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get, catalog_list
from almagest.core.tables import quote
from almagest.sky.models import Survey
from almagest.vetting.agreement import catalog_alpha
from almagest.vetting.choices import choice_list
from almagest.vetting.errors import VettingError
from almagest.vetting.models import Choice, Consensus, LabelSet, Verdict
from almagest.vetting.tags import tag_list

MOST_TAGS_SHOWN = 50


@dataclass(frozen=True)
class Candidate:
    """An object as a catalog has it; where it had it earlier, it is not there any more and has no score."""

    survey_id: int
    source_id: str
    score: float | None
    is_there: bool


@dataclass(frozen=True)
class Standing:
    """How far a catalog is vetted: objects, how much people agree on average, and where it was asked for alpha."""

    vetted: int
    agreement: float | None


@dataclass(frozen=True)
class ObjectVerdicts:
    """What is said of an object in one catalog; `mine` is the reader's own current verdict, `tags` those that are offered."""

    edition: Edition
    is_candidate: bool
    consensus: Consensus | None
    current: list[Verdict]
    history: list[Verdict]
    choices: list[Choice]
    mine: Verdict | None
    tags: list[str]


def candidate_get(*, user, edition: Edition, object_id: int) -> Candidate:
    """The object as it stands in the catalog now, or as it stood when somebody vetted it; else `VettingError`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT survey, source_id, {quote(edition.rank_by)} FROM {quote(edition.table_name)} WHERE object_id = %s",
            [object_id],
        )
        row = cursor.fetchone()
    if row:
        return Candidate(Survey.objects.only("pk").get(slug=row[0]).pk, row[1], row[2], True)
    before = Consensus.objects.filter(catalog=edition.catalog_id, object_id=object_id)
    before = before.filter(survey__in=Survey.objects.visible_to(user)).first()
    if before is None:
        raise VettingError(
            f"object {object_id} is no candidate of {edition.catalog.slug} and was never vetted there; "
            "vet the objects that the catalog lists",
            absent=True,
        )
    return Candidate(before.survey_id, before.source_id, None, False)


def verdict_list(*, user, catalog: str, object_id: int | None = None) -> QuerySet[Verdict]:
    """Verdicts in a catalog, current and earlier ones and withdrawals, newest first; of one object, or of all."""
    found = _seen(Verdict, user, catalog_get(user=user, slug=catalog)).select_related("choice", "user", "survey")
    return found if object_id is None else found.filter(object_id=object_id)


def consensus_list(*, user, catalog: str) -> QuerySet[Consensus]:
    """Vetted objects of a catalog, the last that was first."""
    found = _seen(Consensus, user, catalog_get(user=user, slug=catalog)).filter(verdicts__gt=0)
    return found.select_related("choice", "survey")


def consensus_of(edition: Edition, object_ids: Iterable[int]) -> dict[int, Consensus]:
    """What the verdicts on these candidates come to, by object."""
    found = Consensus.objects.filter(catalog=edition.catalog_id, object_id__in=list(object_ids), verdicts__gt=0)
    return {each.object_id: each for each in found.select_related("choice")}


def current_verdicts(edition: Edition, object_ids: Iterable[int]) -> dict[int, list[Verdict]]:
    """What people say of these candidates now, by object, the newest first."""
    found: dict[int, list[Verdict]] = {}
    chosen = Verdict.objects.filter(catalog=edition.catalog_id, object_id__in=list(object_ids), is_current=True)
    for verdict in chosen.select_related("choice"):
        found.setdefault(verdict.object_id, []).append(verdict)
    return found


def standing(*, user, edition: Edition) -> Standing:
    """How far the catalog is vetted."""
    found = _seen(Consensus, user, edition).filter(verdicts__gt=0).order_by()
    return Standing(**found.aggregate(vetted=Count("pk"), agreement=Avg("agreement")))


def alpha(*, user, edition: Edition) -> tuple[float | None, int]:
    """Krippendorff's alpha of the catalog, and the number of objects with two verdicts or more."""
    return catalog_alpha(edition.catalog, Survey.objects.hidden_from(user).values_list("pk", flat=True))


def choice_counts(*, user, edition: Edition) -> list[tuple[Choice | None, int]]:
    """Vetted objects by what most say of them, retired choices among them; None where people say different things."""
    found = _seen(Consensus, user, edition).filter(verdicts__gt=0).order_by()
    counts = dict(found.values_list("choice").annotate(n=Count("pk")))
    kept = choice_list(edition, with_retired=True)
    told = [(choice, counts.get(choice.pk, 0)) for choice in kept if not choice.retired or counts.get(choice.pk)]
    return [*told, (None, counts[None])] if None in counts else told


def people_counts(*, user, edition: Edition) -> list[tuple[str, int]]:
    """Current verdicts by person, most first; nothing for readers without a login."""
    if user is None or not user.is_authenticated:
        return []
    found = _seen(Verdict, user, edition).filter(is_current=True, user__isnull=False).order_by()
    return list(found.values_list("user__username").annotate(n=Count("pk")).order_by("-n", "user__username"))


def tag_counts(*, user, edition: Edition) -> list[tuple[str, int]]:
    """Current verdicts by tag, the most frequent first."""
    each = Func(F("tags"), function="jsonb_array_elements_text", output_field=TextField())
    found = _seen(Verdict, user, edition).filter(is_current=True).exclude(tags=[]).order_by()
    found = found.annotate(tag=each).values_list("tag").annotate(n=Count("pk"))
    return list(found.order_by("-n", "tag")[:MOST_TAGS_SHOWN])


def object_verdicts(*, user, object_id: int, survey: Survey) -> list[ObjectVerdicts]:
    """For each catalog that has the object, or in which it was vetted: what is said of it there, by the catalog's title."""
    editions = list(catalog_list(user=user))
    there = _holding([each for each in editions if survey.slug in each.prediction_set.surveys], object_id)
    settled = {each.catalog_id: each for each in Consensus.objects.filter(object_id=object_id).select_related("choice")}
    said = Verdict.objects.filter(object_id=object_id, catalog__in=settled).select_related("choice", "user")
    verdicts = list(said)
    return [
        _of_object(edition, edition.pk in there, settled.get(edition.catalog_id), verdicts, user)
        for edition in editions if edition.pk in there or edition.catalog_id in settled
    ]  # fmt: skip


def label_set_list(*, user) -> QuerySet[LabelSet]:
    """Sets of labels that the user may see, newest first."""
    return LabelSet.objects.visible_to(user).select_related("catalog", "owner")


def label_set_get(*, user, name: str) -> LabelSet:
    """A set of labels by its name, or `VettingError`."""
    found = label_set_list(user=user).filter(name=name).first()
    if found is None:
        raise VettingError(f"there is no label set {name[:80]!r}; freeze the verdicts of a catalog first", absent=True)
    return found


def _seen(model, user, edition: Edition) -> QuerySet:
    """What the catalog says of objects whose surveys the user may see: earlier editions may have had others."""
    return model.objects.filter(catalog=edition.catalog_id, survey__in=Survey.objects.visible_to(user))


def _holding(editions: list[Edition], object_id: int) -> set[int]:
    """Numbers of the editions that have the object, by one look into the index of each."""
    if not editions:
        return set()
    each = [f"SELECT {edition.pk} FROM {quote(edition.table_name)} WHERE object_id = %s" for edition in editions]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each), [object_id] * len(each))
        return {row[0] for row in cursor.fetchall()}


def _of_object(
    edition: Edition, is_there: bool, settled: Consensus | None, verdicts: list[Verdict], user
) -> ObjectVerdicts:
    here = [verdict for verdict in verdicts if verdict.catalog_id == edition.catalog_id]
    current = [verdict for verdict in here if verdict.is_current]
    known = user is not None and user.is_authenticated
    mine = next((verdict for verdict in current if known and verdict.user_id == user.pk), None)
    history = here if len(here) > len(current) else []
    choices, tags = (choice_list(edition), tag_list(edition)) if known else ([], [])
    return ObjectVerdicts(edition, is_there, settled, current, history, choices, mine, tags)
