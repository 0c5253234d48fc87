"""Tags that a catalog offers: those of its plugin at first, changed by its owner. Others can be written all the same."""

from collections.abc import Iterable

from almagest.accounts.selectors import owner_check
from almagest.catalogs.models import Edition
from almagest.vetting.models import OfferedTags
from almagest.vetting.words import parse_tags


def tag_list(edition: Edition) -> list[str]:
    """What is offered in a catalog, in its order."""
    kept = OfferedTags.objects.filter(catalog=edition.catalog_id).first()
    return kept.names if kept else edition.version.method.plugin.tags


def tags_change(*, user, edition: Edition, tags: str | Iterable[str]) -> list[str]:
    """Offer these from now on; verdicts keep the tags that they have.

    Parameters
    ----------
    tags
        Words, or a text of words with commas or spaces between them.

    Raises
    ------
    NotAllowed
        When the catalog is somebody else's, and the user is not of the staff.
    VettingError
        When a tag is no short word, or there are too many.
    """
    owner_check(user=user, thing=edition.catalog, name=edition.catalog.slug, what="change its tags")
    names = parse_tags(tags)
    OfferedTags.objects.update_or_create(catalog_id=edition.catalog_id, defaults={"names": names})
    return names
