"""An object's spectra: as numbers for the viewer on its page, and as files."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from almagest.core.listings.responses import streamed
from almagest.formats import Format, format_named
from almagest.predictions.reconstruction.selectors import taken_by
from almagest.predictions.reconstruction.services import reconstruction_start
from almagest.registry.selectors import version_get
from almagest.sky.selectors import object_get
from almagest.spectra.documents import spectrum_pieces
from almagest.spectra.errors import SpectrumError
from almagest.spectra.selectors import ObjectSpectrum, object_spectra, spectrum_get
from almagest.web.spectra import spectra_data, spectra_models, spectra_state


@gzip_page
@require_safe
def spectra_json(request: HttpRequest, survey: str, source_id: str) -> HttpResponse:
    """The object's own spectrum and those of its counterparts, with what models make of them."""
    spectra = _shown(request.user, survey, source_id)
    models = spectra_models(user=request.user, spectra=spectra)
    etag = quote_etag(spectra_state(spectra, models))
    response = get_conditional_response(request, etag=etag) or JsonResponse(spectra_data(spectra, models))
    # Kept, but never shown without asking whether it may still be seen.
    response.headers["ETag"], response.headers["Cache-Control"] = etag, "private, no-cache"
    return response


@require_safe
def spectrum(request: HttpRequest, survey: str, source_id: str) -> HttpResponse:
    """The object's own spectrum as the file that ``format`` names."""
    found = object_get(user=request.user, survey=survey, source_id=source_id)
    own, form = spectrum_get(user=request.user, object_id=found.id), format_named(request.GET.get("format", ""))
    etag = quote_etag(f"{form.name}-{spectra_state([own])}")
    response = get_conditional_response(request, etag=etag) or _file(own, form)
    response.headers["ETag"], response.headers["Cache-Control"] = etag, "private, no-cache"
    return response


@require_POST
@login_required
def reconstruct(
    request: HttpRequest, survey: str, source_id: str, plugin: str, method: str, number: int
) -> HttpResponse:
    """Have a model say what it makes of the page's spectra, and go back to the page."""
    spectra = _shown(request.user, survey, source_id)
    version = version_get(user=request.user, plugin=plugin, method=method, number=number)
    run = reconstruction_start(user=request.user, version=version, object_ids=taken_by(version, spectra))
    told = f"Run {run.pk} asks {version} what it makes of this spectrum. Reload the page in a moment to see it."
    messages.success(request, told)
    return redirect("object", survey, source_id)


def _shown(user, survey: str, source_id: str) -> list[ObjectSpectrum]:
    """What the object's page shows, or `SpectrumError` where that is nothing."""
    found = object_get(user=user, survey=survey, source_id=source_id)
    if spectra := object_spectra(user=user, object_id=found.id):
        return spectra
    raise SpectrumError(f"neither {survey} {source_id} nor a counterpart of it has a spectrum here", absent=True)


def _file(own: ObjectSpectrum, form: Format) -> HttpResponse:
    name = "".join(c if c.isalnum() or c in "+-._" else "_" for c in f"{own.survey.slug}-{own.source_id}")
    return streamed(spectrum_pieces(own, form), form, name=name)
