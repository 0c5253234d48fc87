"""The latent space of a catalog's method as a map: the page, its points, and the card of a point."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from almagest.catalogs.lasso import latents_of
from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get
from almagest.contract import Column
from almagest.core.listings import Listing, read_page
from almagest.core.listings.responses import stamped, unchanged
from almagest.predictions.similar import SIMILAR
from almagest.sky.selectors import object_redshifts, object_survey
from almagest.spectra.thumbnails import thumbnails
from almagest.web.candidates import candidates_anywhere
from almagest.web.latents import map_context, points_data


@require_safe
def latents(request: HttpRequest, slug: str) -> HttpResponse:
    """The map; the whole state is in the address."""
    edition, listing = _asked(request, slug)
    return render(request, "latents/page.html", map_context(request, edition, listing))


@gzip_page
@require_safe
def points(request: HttpRequest, slug: str) -> HttpResponse:
    """Its points: of the list's candidates that pass the filters of the address, whatever the lasso."""
    edition, listing = _asked(request, slug)
    if same := unchanged(request, listing):
        return same
    return stamped(JsonResponse(points_data(request, edition, listing)), request, listing)


@require_safe
def card(request: HttpRequest, slug: str, object_id: int) -> HttpResponse:
    """A candidate's name, score, redshift and small spectrum."""
    edition = catalog_get(user=request.user, slug=slug)
    latents_of(edition)
    listing = candidate_listing(edition).limited_to(("object_id = %s", [min(object_id, 2**63 - 1)]))
    row = next(iter(read_page(listing.choosing("all"), size=1).rows), None)
    if row is None:
        raise Http404(f"{slug} has no candidate {object_id}")
    return render(request, "latents/_card.html", _card(request, edition, row))


def _asked(request: HttpRequest, slug: str) -> tuple[Edition, Listing]:
    edition = catalog_get(user=request.user, slug=slug)
    latents_of(edition)
    return edition, candidates_anywhere(request, edition)


def _card(request: HttpRequest, edition: Edition, row: dict) -> dict:
    number, rank = row["object_id"], edition.table[edition.rank_by]
    survey = object_survey(user=request.user, object_id=number)
    facts: list[tuple[Column, float | None]] = [(rank, row[rank.name])]
    if redshift := object_redshifts({number: survey.pk}).get(number):
        facts.append((SIMILAR["redshift"], redshift))
    drawings = thumbnails(user=request.user, object_ids=[number]) if edition.version.method.spectra else {}
    return {"row": row, "facts": facts, "drawing": drawings.get(number, "")}
