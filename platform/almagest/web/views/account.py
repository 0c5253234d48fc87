"""A person's own page: groups and tokens; and changing who may see a thing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from almagest.accounts.errors import AccountError
from almagest.accounts.selectors import token_list
from almagest.accounts.services import LONGEST_DAYS, LONGEST_NAME, token_create, token_revoke, visibility_change
from almagest.accounts.tokens import Scope
from almagest.web.sharing import address_of, owned_get, shown_to

DEFAULT_DAYS = 90


@never_cache
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Who one is, one's groups and tokens; a new token's text is in the answer that made it and nowhere else."""
    made = {}
    if request.method == "POST":
        token, text = token_create(
            user=request.user,
            name=request.POST.get("name", ""),
            scopes=request.POST.getlist("scopes"),
            days=_days(request.POST.get("days", "")),
        )
        made = {"made": token, "text": text, "address": request.build_absolute_uri("/api/v1/")}
    context = {
        "tokens": token_list(user=request.user),
        "groups": list(request.user.groups.order_by("name")),
        "scopes": [{"value": scope.value, "label": scope.label, "is_first": scope == Scope.READ} for scope in Scope],
        "default_days": DEFAULT_DAYS,
        "longest_days": LONGEST_DAYS,
        "longest_name": LONGEST_NAME,
    }
    return render(request, "account/page.html", context | made)


def _days(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise AccountError(f"days = {text!r} is not a whole number; write one from 1 to {LONGEST_DAYS}") from None


@require_POST
@login_required
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Make a token useless."""
    token = token_revoke(user=request.user, token_id=token_id)
    messages.success(request, f"Token {token} opens nothing any more.")
    return redirect("account")


@require_POST
@login_required
def visibility(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Show a thing to others than before, and go back to its page; the form says ``group:NAME`` for a group."""
    thing = owned_get(user=request.user, kind=kind, pk=pk)
    wanted, _, group = request.POST.get("visibility", "").partition(":")
    visibility_change(user=request.user, thing=thing, visibility=wanted, group_name=group)
    messages.success(request, f"Seen by {shown_to(thing)} from now on.")
    return redirect(address_of(kind, thing))
