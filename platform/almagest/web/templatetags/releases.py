"""A catalog's releases, on the catalog's page."""

from django import template
from django.urls import reverse

from almagest.accounts.selectors import may_change
from almagest.catalogs.models import Catalog
from almagest.releases.models import Release
from almagest.releases.selectors import release_list

register = template.Library()
# More are on the page of all releases.
SHOWN = 5


@register.inclusion_tag("releases/_of_catalog.html", takes_context=True)
def releases_of(context, catalog: Catalog) -> dict:
    """The newest releases that the reader may see; for those who may release it, where they do: with this page's filters."""
    found = release_list(user=context["user"], catalog=catalog.slug).order_by("-number")
    rows = [
        {
            "label": f"v{number}",
            "state": state,
            "published": published,
            "address": reverse("release", args=[catalog.slug, f"v{number}"]),
        }
        for number, state, published in found.values_list("number", "state", "published")[:SHOWN]
    ]
    newest = next((row for row in rows if row["state"] == Release.State.PUBLISHED), None)
    for row in rows:
        row["is_latest"] = row is newest
    query = context["request"].GET.copy()
    for name in ("cursor", "format", "size", "sort"):
        query.pop(name, None)
    chosen = {name: value for name, value in query.items() if value}
    address = reverse("release-new", args=[catalog.slug])
    return {
        "releases": rows, "may_release": may_change(context["user"], catalog), "is_filtered": bool(chosen),
        "address": f"{address}?{query.urlencode()}" if chosen else address,
    }  # fmt: skip
