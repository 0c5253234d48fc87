"""When a catalog is rescored: its policies, and what owners do with them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from almagest.accounts.selectors import may_change, owner_check
from almagest.catalogs.selectors import catalog_get
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.policies import policy_change, policy_create, policy_delete
from almagest.rescoring.policy_selectors import policy_get, policy_list
from almagest.web.policies import first_typed, form_context, form_typed, policy_rows, policy_typed, read_form


def policies(request: HttpRequest, slug: str) -> HttpResponse:
    """A catalog's policies, and for its owner the form of another."""
    return _add(request, slug) if request.method == "POST" else _policies(request, slug)


@login_required
def _add(request: HttpRequest, slug: str) -> HttpResponse:
    edition = catalog_get(user=request.user, slug=slug)
    try:
        policy_create(user=request.user, catalog=edition.catalog, **read_form(request.POST))
    except RescoringError as error:
        return _policies(request, slug, str(error))
    messages.success(request, "The policy is made.")
    return redirect("policies", slug)


def _policies(request: HttpRequest, slug: str, error: str = "") -> HttpResponse:
    edition = catalog_get(user=request.user, slug=slug)
    typed = form_typed(request.POST) if error else first_typed(request.user, edition)
    rows = policy_rows(request.user, list(policy_list(user=request.user, catalog=slug)))
    is_mine = may_change(request.user, edition.catalog)
    context = {"edition": edition, "rows": rows, "error": error, "may_change": is_mine, **form_context(typed)}
    return render(request, "policies/list.html", context, status=400 if error else 200)


@login_required
def policy(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The form with which a policy is changed."""
    edition, found = catalog_get(user=request.user, slug=slug), policy_get(user=request.user, catalog=slug, pk=pk)
    owner_check(user=request.user, thing=edition.catalog, name=slug, what="say when it is rescored")
    error, typed = "", policy_typed(found)
    if request.method == "POST":
        try:
            policy_change(user=request.user, policy=found, **read_form(request.POST))
            messages.success(request, "The policy is changed.")
            return redirect("policies", slug)
        except RescoringError as refused:
            error, typed = str(refused), form_typed(request.POST)
    context = {"edition": edition, "policy": found, "error": error, **form_context(typed)}
    return render(request, "policies/change.html", context, status=400 if error else 200)


@require_POST
@login_required
def pause(request: HttpRequest, slug: str, pk: int, *, is_paused: bool) -> HttpResponse:
    """Have a policy wait, or go on."""
    found = policy_get(user=request.user, catalog=slug, pk=pk)
    policy_change(user=request.user, policy=found, is_paused=is_paused)
    messages.success(request, f"The policy {'is paused' if is_paused else 'goes on'}.")
    return redirect("policies", slug)


@require_POST
@login_required
def delete(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a policy away."""
    policy_delete(user=request.user, policy=policy_get(user=request.user, catalog=slug, pk=pk))
    messages.success(request, "The policy is gone; its passes stay.")
    return redirect("policies", slug)
