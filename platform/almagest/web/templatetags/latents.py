"""The latent space on a catalog's pages: the way to its map, and a lasso that is kept while other filters change."""

from django import template
from django.urls import reverse

from almagest.catalogs.lasso import LASSO, NAMES
from almagest.catalogs.models import Edition
from almagest.catalogs.tables import latent_column

register = template.Library()
# What belongs to a page of the list, and not to the map.
OF_LISTS = ("sort", "size", "cursor", "format", "columns")


@register.inclusion_tag("latents/_of_catalog.html", takes_context=True)
def latents_of(context, edition: Edition) -> dict:
    """The way to the map, with the filters of this page; nothing where the candidates have no latents."""
    if latent_column(edition.version, edition.table) is None:
        return {"address": ""}
    query = context["request"].GET.copy()
    for name in OF_LISTS:
        query.pop(name, None)
    return {"address": f"{reverse('latents', args=[edition.catalog.slug])}?{query.urlencode()}".rstrip("?")}


@register.inclusion_tag("latents/_kept.html", takes_context=True)
def lasso_kept(context, edition: Edition) -> dict:
    """The part of the space that the address names, as hidden fields, in words and as a way to the map."""
    shown = context["filters"].shown
    kept = {name: shown[name] for name in NAMES if name in shown}
    return latents_of(context, edition) | {
        "kept": kept,
        "corners": shown.get(LASSO, "").count(",") // 2 + 1 if LASSO in shown else 0,
    }
