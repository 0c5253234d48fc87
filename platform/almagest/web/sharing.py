"""Things with a visibility, as pages name them."""

from collections.abc import Callable

from django.urls import reverse

from almagest.accounts.errors import AccountError
from almagest.accounts.models import Owned, Visibility
from almagest.accounts.selectors import group_names
from almagest.catalogs.models import Catalog
from almagest.predictions.models import Verification
from almagest.registry.models import Comparison, ModelVersion
from almagest.releases.models import Release
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.vetting.models import LabelSet

# By the name in the address: what it is, and the name and the words of its page's address.
KINDS: dict[str, tuple[type[Owned], str, Callable[[Owned], list]]] = {
    "catalog": (Catalog, "catalog", lambda it: [it.slug]),
    "comparison": (Comparison, "comparison", lambda it: [it.pk]),
    "labels": (LabelSet, "label-set", lambda it: [it.name]),
    "model": (ModelVersion, "model", lambda it: [it.method.plugin.name, it.method.name, it.number]),
    "release": (Release, "release", lambda it: [it.catalog.slug, it.label]),
    "run": (Run, "run", lambda it: [it.pk]),
    "sample": (Sample, "sample", lambda it: [it.name]),
    "survey": (Survey, "survey", lambda it: [it.slug]),
    "verification": (Verification, "verification", lambda it: [it.pk]),
}


def owned_get(*, user, kind: str, pk: int) -> Owned:
    """A thing that the user may see, or `AccountError`."""
    found = KINDS[kind][0].objects.visible_to(user).filter(pk=pk).first() if kind in KINDS else None
    if found is None:
        raise AccountError(f"there is no {kind} {pk}", absent=True)
    return found


def address_of(kind: str, thing: Owned) -> str:
    """The thing's page."""
    _, name, words = KINDS[kind]
    return reverse(name, args=words(thing))


def shown_to(thing: Owned) -> str:
    """Who sees it, in words."""
    if thing.visibility == Visibility.GROUP and thing.group:
        return f"the members of {thing.group.name}"
    return Visibility.PRIVATE.label if thing.visibility == Visibility.GROUP else thing.get_visibility_display()


def choices(user, thing: Owned) -> list[dict]:
    """What the form offers: everybody, the owner and the staff, each group that the user may name, and what is so now."""
    named = group_names(user=user)
    now = thing.visibility
    if now == Visibility.GROUP and thing.group:
        now = f"{now}:{thing.group.name}"
        named = sorted({*named, thing.group.name})
    found = [(Visibility.PUBLIC.value, Visibility.PUBLIC.label), (Visibility.PRIVATE.value, Visibility.PRIVATE.label)]
    found += [(f"{Visibility.GROUP.value}:{name}", f"the members of {name}") for name in named]
    return [{"value": value, "text": text, "is_so": value == now} for value, text in found]
