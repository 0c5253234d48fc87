"""A catalog's gallery: the candidates of its list as small spectra, and verdicts on them without leaving the page."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST

from almagest.accounts.errors import http_status
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get
from almagest.contract import AlmagestError
from almagest.vetting.choices import choice_list
from almagest.vetting.services import verdict_give, verdict_withdraw
from almagest.web.candidates import candidates_asked, filter_fields, orders
from almagest.web.downloads import download
from almagest.web.gallery import cards, said_of
from almagest.web.pages import page_context
from almagest.web.verdicts import typed_tags


@gzip_page
def gallery(request: HttpRequest, slug: str) -> HttpResponse:
    """The same candidates as the list of this address, in the same order, as cards."""
    edition = _edition(request, slug)
    listing = candidates_asked(request, edition)
    if file := download(request, listing):
        return file
    context = page_context(request, listing)
    context |= {
        "edition": edition, "rank_by": edition.rank_by, "cards": cards(user=request.user, edition=edition, rows=context["page"].rows),
        "choices": choice_list(edition), "orders": orders(listing),
    }  # fmt: skip
    if request.headers.get("HX-Target") == "rows":
        return render(request, "gallery/_rows.html", context)
    return render(request, "gallery/page.html", context | filter_fields(edition, listing))


@require_POST
def give(request: HttpRequest, slug: str, object_id: int) -> HttpResponse:
    """Say what a candidate is, or withdraw it, and stay in the gallery, whose address this one's query says."""
    asked = request.GET.urlencode()
    there = f"{reverse('gallery', args=[slug])}{asked and '?'}{asked}#o{object_id}"
    is_scripted = "HX-Request" in request.headers
    if not request.user.is_authenticated:
        login = f"{reverse('login')}?{urlencode({'next': there})}"
        return HttpResponse(headers={"HX-Redirect": login}) if is_scripted else redirect(login)
    edition = _edition(request, slug)
    try:
        _say(request, edition, object_id)
    except AlmagestError as error:
        if is_scripted:
            return _said(request, edition, object_id, error)
        raise
    return _said(request, edition, object_id) if is_scripted else redirect(there)


def _say(request: HttpRequest, edition: Edition, object_id: int) -> None:
    """What the card does not ask, how sure the person is and their comment, stays as they have said it before."""
    said = {"user": request.user, "catalog": edition.catalog.slug, "object_id": object_id}
    if "withdraw" in request.POST:
        verdict_withdraw(**said)
        return
    mine = said_of(user=request.user, edition=edition, object_ids=[object_id])[object_id].mine
    kept = {"confidence": mine.confidence, "comment": mine.comment} if mine else {}
    verdict_give(**said, choice=request.POST.get("choice", ""), tags=typed_tags(request.POST), **kept)


def _said(request: HttpRequest, edition: Edition, object_id: int, error: AlmagestError | None = None) -> HttpResponse:
    """The part of the card that has changed, with what was wrong in it."""
    said = said_of(user=request.user, edition=edition, object_ids=[object_id])[object_id]
    context = {"edition": edition, "said": said, "error": error}
    return render(request, "gallery/_said.html", context, status=http_status(error) if error else 200)


def _edition(request: HttpRequest, slug: str) -> Edition:
    edition = catalog_get(user=request.user, slug=slug)
    if not edition.version.method.spectra:
        raise CatalogError(f"{slug} has no gallery: {edition.version} takes no spectra; see its list", absent=True)
    return edition
