"""Making, checking and revoking tokens; changing who may see a thing."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from almagest.accounts.errors import AccountError
from almagest.accounts.models import Owned, Token, User, Visibility
from almagest.accounts.selectors import group_names, owner_check
from almagest.accounts.sharing import narrowest
from almagest.accounts.tokens import PREFIX_LENGTH, Scope, new_text, text_sha256

LONGEST_NAME = 80
LONGEST_DAYS = 365
MOST_TOKENS = 50
# A program that asks a hundred times a second is written down once.
NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def token_create(*, user, name: str, scopes: Iterable[str], days: int) -> tuple[Token, str]:
    """Make a token; its text is given back this once and kept nowhere.

    Parameters
    ----------
    days
        How long it lives, from 1 to `LONGEST_DAYS`.

    Raises
    ------
    AccountError
        When there is no name or a longer one than `LONGEST_NAME`, no scope or an unknown one, the days are out of range, or
        the person has `MOST_TOKENS` live ones.
    """
    name, scopes = name.strip(), set(scopes)
    _check(name, scopes, days)
    User.objects.select_for_update().get(pk=user.pk)  # two requests at once do not both find the last place free
    if Token.objects.filter(user=user, revoked=None, expires__gt=timezone.now()).count() >= MOST_TOKENS:
        raise AccountError(f"you have {MOST_TOKENS} live tokens, the most that one may have; revoke one first")
    text = new_text()
    token = Token.objects.create(
        user=user,
        name=name,
        prefix=text[:PREFIX_LENGTH],
        sha256=text_sha256(text),
        scopes=[scope.value for scope in Scope if scope in scopes],
        expires=timezone.now() + timedelta(days=days),
    )
    return token, text


def _check(name: str, scopes: set[str], days: int) -> None:
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise AccountError(
            f"a token's name is one line of 1 to {LONGEST_NAME} characters; name the program that has it"
        )
    if not scopes:
        raise AccountError(f"token {name!r} would allow nothing; choose among the scopes {', '.join(Scope.values)}")
    if unknown := sorted(scopes - set(Scope.values)):
        raise AccountError(f"no scope is named {', '.join(unknown)}; there is {', '.join(Scope.values)}")
    if not 1 <= days <= LONGEST_DAYS:
        raise AccountError(f"days = {days} is not between 1 and {LONGEST_DAYS}; a token can be made anew when it ends")


def token_revoke(*, user, token_id: int) -> Token:
    """Make one of the person's own tokens useless, for good; once revoked it stays as it is."""
    token = Token.objects.filter(user=user, pk=token_id).first()
    if token is None:
        raise AccountError(f"there is no token {token_id} of yours", absent=True)
    Token.objects.filter(pk=token.pk, revoked=None).update(revoked=Now())
    token.refresh_from_db()
    return token


def token_check(*, text: str) -> Token:
    """The live token with this text, and with it its `user`; notes that it was used.

    It is looked up by its hash: how long that takes says nothing about how nearly a guess was right.

    Raises
    ------
    AccountError
        When the token is unknown, revoked or expired, or its person may no longer log in.
    """
    token = Token.objects.select_related("user").filter(sha256=text_sha256(text)).first()
    if token is None:
        raise AccountError("this token is unknown; make one on the page /account/")
    if token.revoked:
        raise AccountError(f"token {token} was revoked on {token.revoked:%Y-%m-%d}; make another on the page /account/")
    if token.expires <= timezone.now():
        raise AccountError(f"token {token} expired on {token.expires:%Y-%m-%d}; make another on the page /account/")
    if not token.user.is_active:
        raise AccountError(f"the account of token {token} is closed; ask the staff")
    if token.last_used is None or token.last_used < timezone.now() - NOTED_EVERY:
        token.last_used = timezone.now()
        token.save(update_fields=["last_used"])
    return token


@transaction.atomic
def visibility_change(*, user, thing: Owned, visibility: str, group_name: str = "") -> None:
    """Show a thing to more people, or to fewer; runs that name it are then seen by no more than it is.

    Parameters
    ----------
    visibility
        One of `Visibility`; with ``group``, `group_name` says whose members see it.

    Raises
    ------
    NotAllowed
        When the user is neither its owner nor of the staff.
    AccountError
        When there is no such visibility, or the group is none of the user's own; the staff may name any.
    """
    owner_check(user=user, thing=thing, name=thing, what="change who sees it")
    if visibility not in Visibility.values:
        raise AccountError(f"visibility {visibility!r} is none of {', '.join(Visibility.values)}")
    thing.visibility = visibility
    thing.group = _group(user, group_name) if visibility == Visibility.GROUP else None
    thing.save(update_fields=["visibility", "group"])
    runs_narrow(thing=thing)


def runs_narrow(*, thing: Owned) -> None:
    """Show the runs that name a thing to nobody who may not see it; those that are narrower stay so."""
    for run in thing.runs():
        type(run).objects.filter(pk=run.pk).update(**narrowest([run, thing]))


def _group(user, name: str) -> Group:
    names = group_names(user=user)
    if name not in names:
        there = f"you are in {', '.join(names)}" if names else "you are in none; the staff put people into groups"
        raise AccountError(f"you cannot show things to a group {name!r}: {there}")
    return Group.objects.get(name=name)
