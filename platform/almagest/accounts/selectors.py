"""Reading accounts: tokens, groups, and who may change what."""

from django.contrib.auth.models import Group
from django.db.models import QuerySet

from almagest.accounts.errors import NotAllowed
from almagest.accounts.models import Owned, Token


def token_list(*, user) -> QuerySet[Token]:
    """A person's tokens, also those that are over, newest first."""
    return Token.objects.filter(user=user)


def group_names(*, user) -> list[str]:
    """Groups whose members the person may show things to: one's own; for the staff all."""
    groups = Group.objects.all() if user.is_staff else user.groups.all()
    return list(groups.order_by("name").values_list("name", flat=True))


def may_see(user, thing: Owned) -> bool:
    """Whether `thing` is among what the person may see; None is an anonymous reader."""
    return type(thing).objects.visible_to(user).filter(pk=thing.pk).exists()


def may_change(user, thing: Owned) -> bool:
    """The owner and the staff may."""
    return user is not None and user.is_authenticated and (user.is_staff or thing.owner_id == user.pk)


def owner_check(*, user, thing: Owned, name: object, what: str) -> None:
    """Refuse, with `NotAllowed`, what `thing`'s owner and the staff alone may do; `user` None is whoever runs commands here.

    Parameters
    ----------
    name
        What people call it.
    what
        What they may do, in words that follow "may".
    """
    if user is not None and not may_change(user, thing):
        raise NotAllowed(f"only the owner of {name} and the staff may {what}")
