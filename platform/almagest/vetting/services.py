"""Giving and withdrawing verdicts."""

from collections import Counter
from collections.abc import Iterable

from django.db import connection, transaction

from almagest.accounts.errors import NotAllowed
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get
from almagest.vetting.choices import choice_get
from almagest.vetting.errors import VettingError
from almagest.vetting.models import Confidence, Consensus, Verdict
from almagest.vetting.selectors import Candidate, candidate_get
from almagest.vetting.words import check_verdict, parse_tags


@transaction.atomic
def verdict_give(
    *, user, catalog: str, object_id: int, choice: str, confidence: int = Confidence.LIKELY, tags: str | Iterable[str] = (),
    comment: str = "",
) -> Verdict:  # fmt: skip
    """Say what a candidate is; what the same person has said of it before is kept as history.

    Parameters
    ----------
    catalog
        Its slug.
    choice
        Name of one of the catalog's choices.
    confidence
        From 1, a guess, to 3, sure.

    Raises
    ------
    CatalogError, VettingError
        When there is no such catalog or candidate for the user, or no such choice, or a word is not as it should be.
    NotAllowed
        When nobody is logged in.
    """
    edition = _edition(user, catalog)
    tags, comment = parse_tags(tags), comment.strip()
    check_verdict(confidence=confidence, comment=comment)
    seen = candidate_get(user=user, edition=edition, object_id=object_id)
    chosen = choice_get(edition, choice)
    consensus = _locked(edition, object_id, seen)
    _current(consensus, user).update(is_current=False)
    verdict = _written(
        consensus,
        edition,
        seen,
        user=user,
        choice=chosen,
        confidence=confidence,
        tags=tags,
        comment=comment,
        is_current=True,
    )
    _settle(consensus)
    return verdict


@transaction.atomic
def verdict_withdraw(*, user, catalog: str, object_id: int) -> Verdict:
    """Take back one's own verdict; the history keeps it, and says that it was withdrawn.

    Raises
    ------
    CatalogError, VettingError
        When there is no such catalog or candidate for the user, or no current verdict of theirs on it.
    NotAllowed
        When nobody is logged in.
    """
    edition = _edition(user, catalog)
    seen = candidate_get(user=user, edition=edition, object_id=object_id)
    consensus = Consensus.objects.select_for_update().filter(catalog=edition.catalog_id, object_id=object_id).first()
    if consensus is None or not _current(consensus, user).update(is_current=False):
        raise VettingError(f"you have no verdict on object {object_id} in {catalog} to withdraw", absent=True)
    verdict = _written(consensus, edition, seen, user=user, is_current=False)
    _settle(consensus)
    return verdict


def _edition(user, catalog: str) -> Edition:
    edition = catalog_get(user=user, slug=catalog)
    if user is None or not user.is_authenticated:
        raise NotAllowed(f"log in to say what a candidate of {catalog} is: a verdict is a person's")
    return edition


def _locked(edition: Edition, object_id: int, seen: Candidate) -> Consensus:
    """The object's row, held until the end of the transaction: verdicts on one object are given one after another."""
    key = {"catalog_id": edition.catalog_id, "object_id": object_id}
    with connection.cursor() as cursor:
        # Several first verdicts at once would each put in a row, wait for the others', and one be refused as a deadlock.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [edition.catalog_id, object_id % 2**31])
    Consensus.objects.bulk_create(
        [Consensus(**key, survey_id=seen.survey_id, source_id=seen.source_id)], ignore_conflicts=True
    )
    return Consensus.objects.select_for_update().get(**key)


def _current(consensus: Consensus, user=None):
    found = Verdict.objects.filter(catalog=consensus.catalog_id, object_id=consensus.object_id, is_current=True)
    return found if user is None else found.filter(user=user)


def _written(consensus: Consensus, edition: Edition, seen: Candidate, **said) -> Verdict:
    of = {name: getattr(consensus, name) for name in ("catalog_id", "object_id", "survey_id", "source_id")}
    return Verdict.objects.create(**of, revision=edition.revision, score=seen.score, **said)


def _settle(consensus: Consensus) -> None:
    """Write down what the current verdicts come to."""
    counts = Counter(_current(consensus).values_list("choice", flat=True))
    (most, n), *others = counts.most_common() or [(None, 0)]
    consensus.verdicts = counts.total()
    consensus.choice_id = None if others and others[0][1] == n else most
    consensus.agreement = n / counts.total() if counts else None
    consensus.save(update_fields=["verdicts", "choice", "agreement", "updated"])
