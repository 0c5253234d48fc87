"""Where a thing's services are, for its page."""

from django import template
from django.urls import reverse
from django.utils.html import format_html

from almagest.contract import AlmagestError
from almagest.vo.resources import resource_get
from almagest.vo.scs.views import base_url

register = template.Library()


@register.simple_tag(takes_context=True)
def cone_search(context: dict, kind: str, slug: str) -> str:
    """A line with the address of its cone search; nothing where it is not public."""
    request = context["request"]
    # A page that nobody has logged in to see is of a public thing.
    if request.user.is_authenticated and not _is_public(kind, slug):
        return ""
    return format_html(
        '<p class="soft small">Cone search: <code>{}</code> (<a href="{}">how to use it</a>)</p>',
        base_url(request, kind, slug),
        reverse("vo:index"),
    )


def _is_public(kind: str, slug: str) -> bool:
    try:
        resource_get(kind, slug)
    except AlmagestError:
        return False
    return True
