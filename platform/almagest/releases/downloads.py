"""Counting downloads, and links that open a release for a while to whoever has them."""

from datetime import timedelta

from django.core import signing
from django.db import connection
from django.utils import timezone

from almagest.accounts.models import User
from almagest.accounts.selectors import may_see, owner_check
from almagest.core.tables import quote
from almagest.releases.content.data import HATS
from almagest.releases.errors import ReleaseError
from almagest.releases.models import DownloadCount, Release

SALT = "almagest.releases.link"
LONGEST_HOURS = 24 * 90


def count_download(*, release: Release, path: str) -> None:
    """Add one to a file's count of today; the parts of a HATS catalog are counted together."""
    counted = HATS if path.startswith(f"{HATS}/") else path
    table = quote(DownloadCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS t (release_id, path, day, count) VALUES (%s, %s, %s, 1) "
            "ON CONFLICT (release_id, path, day) DO UPDATE SET count = t.count + 1",
            [release.pk, counted, timezone.now().date()],
        )


def link_sign(*, user, release: Release, hours: int) -> str:
    """Words for an address, with which anybody may fetch the release's files for so many hours.

    They hold as long as `user` may see the release: who shows it to fewer people, or closes an account, ends its links.

    Raises
    ------
    NotAllowed
        When the release is somebody else's, and `user` is not of the staff.
    ReleaseError
        When the hours are not from 1 to `LONGEST_HOURS`.
    """
    owner_check(user=user, thing=release, name=release, what="make a link to it")
    if not 1 <= hours <= LONGEST_HOURS:
        raise ReleaseError(
            f"hours = {hours} is not between 1 and {LONGEST_HOURS}; a link can be made anew when it ends"
        )
    ends = timezone.now() + timedelta(hours=hours)
    return signing.dumps([release.pk, user.pk, int(ends.timestamp())], salt=SALT)


def link_release(text: str) -> Release:
    """The release that a signed link opens.

    Raises
    ------
    ReleaseError
        When the link is not one of ours, has ended, or whoever made it may not see the release any more.
    """
    try:
        pk, user_pk, ends = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise ReleaseError("this link is not whole; copy it again, to its last character", absent=True) from None
    if ends < timezone.now().timestamp():
        raise ReleaseError("this link has ended; ask whoever gave it to you for another", absent=True)
    release = Release.objects.filter(pk=pk).first()
    user = User.objects.filter(pk=user_pk, is_active=True).first()
    if release is None or user is None or not may_see(user, release):
        raise ReleaseError("this link opens nothing any more; ask whoever gave it to you", absent=True)
    return release
