"""A catalog's revisions, on the catalog's page."""

from django import template

from almagest.catalogs.models import Edition
from almagest.rescoring.selectors import pass_list

register = template.Library()


@register.inclusion_tag("rescoring/_of_catalog.html", takes_context=True)
def revisions_of(context, edition: Edition) -> dict:
    """The number of the current one, and what the last pass has changed."""
    if edition.revision == 1:
        return {"edition": edition, "last": None}
    made = pass_list(user=context["user"]).filter(catalog=edition.catalog_id, after__isnull=False)
    return {"edition": edition, "last": made.first()}
