"""The numbers of one figure, for the script that draws it: whoever sees the page sees them, and nobody else."""

from collections.abc import Callable, Iterable

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from almagest.catalogs.selectors import catalog_get
from almagest.predictions.selectors import current_sets
from almagest.predictions.verification.selectors import verification_get
from almagest.registry.selectors import version_get
from almagest.web.context import VERSION
from almagest.web.figures import (
    catalog_plots,
    catalog_state,
    model_plots,
    model_state,
    verification_plots,
    verification_state,
)


@gzip_page
@require_safe
def catalog_figure(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """A figure of a catalog's candidates."""
    edition = catalog_get(user=request.user, slug=slug)
    return _answer(request, name, catalog_state(edition), lambda: catalog_plots(edition))


@gzip_page
@require_safe
def model_figure(request: HttpRequest, plugin: str, method: str, number: int, name: str) -> HttpResponse:
    """A figure of a model version's training or scores."""
    version = version_get(user=request.user, plugin=plugin, method=method, number=number)
    scores = current_sets(user=request.user).filter(version=version).first()

    def found() -> list[dict]:
        drawn = model_plots(request.user, version, scores)
        return drawn["scatters"] + drawn["sky_plots"]

    return _answer(request, name, model_state(version, scores), found)


@gzip_page
@require_safe
def verification_figure(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A relation of what a verification has confirmed."""
    verification = verification_get(user=request.user, pk=pk)
    return _answer(request, name, verification_state(verification), lambda: verification_plots(verification))


def _answer(request: HttpRequest, name: str, state: str, plots: Callable[[], Iterable[dict]]) -> HttpResponse:
    if request.GET.get("state", state) != state:
        raise Http404("what this figure shows has changed since the page was opened; reload the page")
    etag = quote_etag(f"{VERSION}-{state}-{name}")
    response = get_conditional_response(request, etag=etag)
    if response is None:
        data = next((plot["data"] for plot in plots() if plot["id"] == name), None)
        if data is None:
            raise Http404(f"there is no figure {name!r}")
        response = JsonResponse(data)
    # Kept, but never shown without asking whether it may still be seen.
    response.headers["ETag"], response.headers["Cache-Control"] = etag, "private, no-cache"
    return response
