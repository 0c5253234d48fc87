"""Who may see what is made of other things."""

from collections.abc import Iterable
from typing import Any

from almagest.accounts.models import Owned, Visibility


def narrowest(things: Iterable[Owned]) -> dict[str, Any]:
    """Visibility of what is made of `things`, as the fields ``visibility`` and ``group`` of an `Owned`.

    Public where all are; a group's where all that are not public are that one group's; else private, its new owner's alone.
    """
    narrow = [thing for thing in things if thing.visibility != Visibility.PUBLIC]
    if not narrow:
        return {"visibility": Visibility.PUBLIC, "group": None}
    groups = {thing.group_id if thing.visibility == Visibility.GROUP else None for thing in narrow}
    if len(groups) == 1 and None not in groups:
        return {"visibility": Visibility.GROUP, "group": narrow[0].group}
    return {"visibility": Visibility.PRIVATE, "group": None}
