"""What candidates of a catalog may be found to be: made from its plugin's classes, changed by its owner."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.text import slugify

from almagest.accounts.selectors import owner_check
from almagest.catalogs.models import Catalog, Edition
from almagest.vetting.errors import VettingError
from almagest.vetting.models import Choice
from almagest.vetting.words import LONGEST_NAME, LONGEST_TITLE, parse_choices

# What every catalog offers at first beside its plugin's classes.
ALWAYS = {
    "artifact": ("Artifact", "Nothing of the sky: a ghost, a trail, a piece of something larger"),
    "unsure": ("Unsure", "Looked at, and not to be told from this"),
}


def classes_of(edition: Edition) -> list[str]:
    """Classes that the labels of the catalog's plugin have."""
    return edition.version.method.plugin.classes


def choice_list(edition: Edition, *, with_retired: bool = False) -> list[Choice]:
    """What is offered in a catalog; before anybody has vetted or changed anything, what would be, not kept yet."""
    kept = list(Choice.objects.filter(catalog=edition.catalog_id))
    return [choice for choice in kept if with_retired or not choice.retired] if kept else _first(edition)


def choice_get(edition: Edition, name: str) -> Choice:
    """A choice that is offered, by its name, or `VettingError`; makes the catalog's choices where there are none."""
    choices_make(edition)
    offered = choice_list(edition)
    for choice in offered:
        if choice.name == name:
            return choice
    raise VettingError(f"{edition.catalog.slug} has no choice {name[:60]!r}; choose {_names(offered)}")


@transaction.atomic
def choices_make(edition: Edition) -> None:
    """Keep the first choices of a catalog; nothing where it has any."""
    if Choice.objects.filter(catalog=edition.catalog_id).exists():
        return
    # Two people at once would make them twice. Verdicts that are being written hold the catalog's key, which this leaves to them.
    Catalog.objects.select_for_update(no_key=True).get(pk=edition.catalog_id)
    if not Choice.objects.filter(catalog=edition.catalog_id).exists():
        Choice.objects.bulk_create(_first(edition))


@transaction.atomic
def choices_change(*, user, edition: Edition, choices: Iterable[Mapping[str, str]]) -> list[Choice]:
    """Offer these from now on, in this order; those that are left out are retired, and keep the verdicts that name them.

    Parameters
    ----------
    choices
        Each with ``name`` and ``title``, and where there are any ``description`` and ``sample_class``.

    Raises
    ------
    NotAllowed
        When the catalog is somebody else's, and the user is not of the staff.
    VettingError
        When a name, a title or a class is not as it should be.
    """
    owner_check(user=user, thing=edition.catalog, name=edition.catalog.slug, what="change its choices")
    wanted = parse_choices(choices, classes_of(edition))
    choices_make(edition)
    Catalog.objects.select_for_update(no_key=True).get(pk=edition.catalog_id)
    Choice.objects.filter(catalog=edition.catalog_id).exclude(name__in=[each.name for each in wanted]).update(
        retired=True
    )
    for order, each in enumerate(wanted):
        values = {"title": each.title, "description": each.description, "sample_class": each.sample_class}
        Choice.objects.update_or_create(
            catalog_id=edition.catalog_id, name=each.name, defaults=values | {"order": order, "retired": False}
        )
    return choice_list(edition)


def _first(edition: Edition) -> list[Choice]:
    given: dict[str, tuple[str, str, str]] = {}
    for number, name in enumerate(classes_of(edition), 1):
        slug = slugify(name)[:LONGEST_NAME].strip("-_")
        given[slug if slug and slug not in given else f"class-{number}"] = (name[:LONGEST_TITLE], "", name)
    for name, (title, description) in ALWAYS.items():
        given.setdefault(name, (title, description, ""))
    return [
        Choice(
            catalog_id=edition.catalog_id, name=name, title=title, description=description, sample_class=of, order=order
        )
        for order, (name, (title, description, of)) in enumerate(given.items())
    ]


def _names(choices: Iterable[Choice]) -> str:
    return ", ".join(choice.name for choice in choices)
