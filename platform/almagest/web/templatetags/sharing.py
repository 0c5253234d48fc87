"""Who may see what, in templates."""

from django import template
from django.urls import reverse

from almagest.accounts.models import Owned, Visibility
from almagest.accounts.selectors import may_change, may_see
from almagest.web.sharing import choices, shown_to

register = template.Library()


@register.inclusion_tag("account/_visibility.html", takes_context=True)
def who_sees(context, kind: str, thing: Owned) -> dict:
    """A form for those who may change it; for others a line, where the thing is not everybody's."""
    if may_change(context["user"], thing):
        action = reverse("visibility", args=[kind, thing.pk])
        return {"choices": choices(context["user"], thing), "action": action, "shown_to": shown_to(thing)}
    return {"shown_to": "" if thing.visibility == Visibility.PUBLIC else shown_to(thing)}


@register.filter
def seen_by(thing: Owned | None, user) -> bool:
    """Whether the thing is there, and the user may see it: what one may not see is neither named nor linked."""
    return thing is not None and may_see(user, thing)
