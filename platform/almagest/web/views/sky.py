"""Objects and surveys."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from almagest.core.listings import parse_filters
from almagest.predictions.selectors import object_predictions
from almagest.sky.listings import measurement_listing, survey_listing
from almagest.sky.selectors import (
    ingest_list,
    object_counterparts,
    object_get,
    object_history,
    survey_get,
    survey_list,
)
from almagest.sky.surveys import declaration_get
from almagest.web.downloads import download
from almagest.web.similar import similar_panel
from almagest.web.spectra import spectra_panel


def object_page(request: HttpRequest, survey: str, source_id: str) -> HttpResponse:
    """Everything known of one object."""
    return object_shown(request, survey, source_id)


def object_shown(request: HttpRequest, survey: str, source_id: str, *, status: int = 200, **more) -> HttpResponse:
    """An object's page; `more` is what a form on it was refused for."""
    found = object_get(user=request.user, survey=survey, source_id=source_id)
    counterparts = object_counterparts(user=request.user, object_id=found.id)
    predictions = object_predictions(user=request.user, object_id=found.id, revision=found.revision)
    asked = request.GET.get("similar", "")
    # Most objects lie in no latent space: nothing is asked for them.
    has_place = asked or any(each.version.method.latents for each in predictions)
    context = {
        "object": found,
        "ingest": ingest_list(user=request.user).filter(pk=found.ingest_id).first(),
        "spectra": spectra_panel(user=request.user, found=found, counterparts=counterparts),
        "counterparts": counterparts,
        "predictions": predictions,
        "history": object_history(user=request.user, object_id=found.id),
        "alike": similar_panel(user=request.user, object_id=found.id, model_version=asked) if has_place else None,
    }
    return render(request, "objects/detail.html", context | more, status=status)


def surveys(request: HttpRequest) -> HttpResponse:
    """Surveys with their objects."""
    if file := download(request, survey_listing(user=request.user)):
        return file
    return render(request, "surveys/list.html", {"surveys": survey_list(user=request.user)})


def survey(request: HttpRequest, slug: str) -> HttpResponse:
    """One survey: terms, ingests, declared columns; as a file its measurements."""
    row = survey_get(user=request.user, slug=slug)
    if file := download(request, parse_filters(measurement_listing(survey=row), request.GET)):
        return file
    context = {
        "survey": row,
        "ingests": ingest_list(user=request.user, survey=row)[:100],
        "columns": declaration_get(slug).table.columns,
    }
    return render(request, "surveys/detail.html", context)
