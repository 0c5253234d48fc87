"""What owners do with releases: start, publish, retract, discard and build them, and give out links."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from almagest.accounts.selectors import owner_check
from almagest.catalogs.selectors import catalog_get
from almagest.contract import AlmagestError
from almagest.releases.downloads import LONGEST_HOURS, link_sign
from almagest.releases.errors import ReleaseError
from almagest.releases.selectors import release_get
from almagest.releases.services import (
    release_build_start,
    release_discard,
    release_publish,
    release_retract,
    release_start,
)
from almagest.web.release_form import form_context, read_form
from almagest.web.releases import link_query, release_address, release_context


@require_POST
@login_required
def publish(request: HttpRequest, catalog: str, label: str) -> HttpResponse:
    """Show a checked release to everybody who may see it."""
    found = release_get(user=request.user, catalog=catalog, label=label)
    release_publish(user=request.user, release=found)
    messages.success(request, f"{found} is published.")
    return redirect(release_address(found))


@require_POST
@login_required
def retract(request: HttpRequest, catalog: str, label: str) -> HttpResponse:
    """Say that a release is not to be used, and why."""
    found = release_get(user=request.user, catalog=catalog, label=label)
    release_retract(user=request.user, release=found, reason=request.POST.get("reason", ""))
    messages.success(request, f"{found} is retracted; its page says why.")
    return redirect(release_address(found))


@require_POST
@login_required
def discard(request: HttpRequest, catalog: str, label: str) -> HttpResponse:
    """Take away a release that was never published."""
    found = release_get(user=request.user, catalog=catalog, label=label)
    release_discard(user=request.user, release=found)
    messages.success(request, f"{found} is gone, with its files.")
    return redirect("releases")


@require_POST
@login_required
def build(request: HttpRequest, catalog: str, label: str) -> HttpResponse:
    """Build a draft again whose run has failed."""
    found = release_get(user=request.user, catalog=catalog, label=label)
    release_build_start(user=request.user, release=found)
    return redirect(release_address(found))


@require_POST
@login_required
@never_cache
def links(request: HttpRequest, catalog: str, label: str) -> HttpResponse:
    """Make a link that opens a release for a while; it is in this answer and nowhere else."""
    found = release_get(user=request.user, catalog=catalog, label=label)
    hours = request.POST.get("hours", "")
    if not (hours.isascii() and hours.isdecimal() and len(hours) < 9):
        raise ReleaseError(f"hours = {hours[:40]!r} is not a whole number; write one from 1 to {LONGEST_HOURS}")
    text = link_sign(user=request.user, release=found, hours=int(hours))
    address = request.build_absolute_uri(release_address(found))
    context = release_context(request, found) | {"made": address + link_query(text), "hours": int(hours)}
    return render(request, "releases/detail.html", context)


@login_required
def release_new(request: HttpRequest, slug: str) -> HttpResponse:
    """The form of a catalog's next release, for the rows that the address chooses; sending it starts the run."""
    edition = catalog_get(user=request.user, slug=slug)
    owner_check(user=request.user, thing=edition.catalog, name=slug, what="release it")
    context = form_context(request, edition)
    if request.method == "POST":
        try:
            started = release_start(
                edition=edition, owner=request.user, filters=context["filters"], **read_form(request.POST)
            )
            return redirect(release_address(started))
        except AlmagestError as error:
            context["error"] = str(error)
    return render(request, "releases/new.html", context, status=400 if "error" in context else 200)
