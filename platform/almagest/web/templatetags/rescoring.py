"""A catalog's revisions, on the catalog's page."""

from django import template

from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import edition_list
from almagest.rescoring.selectors import pass_list

register = template.Library()


@register.inclusion_tag("rescoring/_of_catalog.html", takes_context=True)
def revisions_of(context, edition: Edition) -> dict:
    """How many there are, and what the last pass has changed."""
    count = edition_list(user=context["user"]).filter(catalog=edition.catalog_id).count()
    made = pass_list(user=context["user"]).filter(catalog=edition.catalog_id, after__isnull=False)
    return {"edition": edition, "count": count, "last": made.first() if count > 1 else None}
