"""Plugins, model versions and samples."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from almagest.catalogs.selectors import catalog_list
from almagest.core.listings import parse_filters
from almagest.predictions.funnel import funnel
from almagest.predictions.selectors import current_sets, whole_sets
from almagest.registry.listings import method_listing, version_listing
from almagest.registry.selectors import (
    comparison_list,
    plugin_get,
    plugin_list,
    study_list,
    version_get,
    version_links,
    version_list,
    version_measures,
)
from almagest.registry.services import may_promote, version_promote
from almagest.samples.selectors import sample_get, sample_list
from almagest.sky.models import Survey
from almagest.sky.selectors import ingest_list
from almagest.web.charts.confusion import confusion_matrix
from almagest.web.charts.curves import charts
from almagest.web.downloads import download
from almagest.web.figures import model_plots
from almagest.web.markdown import to_html
from almagest.web.scores import METRICS, metric_rows, own_metrics
from almagest.web.searches import searched
from almagest.web.verifications import model_verifications


def plugins(request: HttpRequest) -> HttpResponse:
    """Methods from papers."""
    if file := download(request, method_listing()):
        return file
    return render(request, "plugins/list.html", {"plugins": plugin_list()})


def plugin(request: HttpRequest, name: str) -> HttpResponse:
    """About a plugin, from its README; as a file its model versions."""
    found = plugin_get(name=name)
    if file := download(request, parse_filters(version_listing(user=request.user), {"plugin_name": found.name})):
        return file
    versions = version_list(user=request.user).filter(method__plugin=found, is_variant=False)
    context = {
        "plugin": found,
        "readme": to_html(found.readme),
        # Variants stand in their comparison alone: nine of them would hide the models that score.
        "versions": version_links(versions, user=request.user),
        "studies": study_list(user=request.user, plugin=found),
        "samples": sample_list(user=request.user).filter(plugin_name=name).exclude(checksum=""),
    }
    return render(request, "plugins/detail.html", context)


def model(request: HttpRequest, plugin: str, method: str, number: int) -> HttpResponse:
    """A model version: how good, on what, from where."""
    version = version_get(user=request.user, plugin=plugin, method=method, number=number)
    metrics, figures = version_measures(user=request.user, version=version)
    surveys = Survey.objects.visible_to(request.user).filter(slug__in=version.sample.definition["surveys"])
    scores = current_sets(user=request.user).filter(version=version).first()
    # Numbers of a set as a whole would tell of the surveys in it that the reader does not see.
    is_whole = bool(scores) and whole_sets(user=request.user).filter(pk=scores.pk).exists()
    drawn = model_plots(request.user, version, scores)
    context = {
        "version": version,
        "metrics": metric_rows(metrics),
        "metric_names": METRICS,
        "own_metrics": own_metrics(metrics),
        "matrices": [confusion_matrix(f) for f in figures if f["kind"] == "confusion_matrix"],
        "charts": charts(figures),
        "surveys": surveys,
        "ingests": ingest_list(user=request.user).filter(survey__in=surveys, pk__lte=version.sample.ingest_id),
        "scores": scores,
        "is_whole": is_whole,
        "funnel": funnel(scores) if is_whole and drawn["sky_plots"] else [],
        "editions": catalog_list(user=request.user).filter(version=version),
        "search": searched(version),
        "comparison": comparison_list(user=request.user).filter(pk=version.comparison_id).first(),
        "may_promote": not version.is_variant and may_promote(request.user, version),
    }
    context |= drawn | model_verifications(request.user, version, scores)
    return render(request, "models/detail.html", context)


@require_POST
@login_required
def promote(request: HttpRequest, plugin: str, method: str, number: int) -> HttpResponse:
    """Make a version its method's production version, and go back to its page."""
    version = version_get(user=request.user, plugin=plugin, method=method, number=number)
    version_promote(user=request.user, version=version)
    messages.success(request, "It is the production version: catalogs of its method follow it when they are rescored.")
    return redirect("model", plugin, method, number)


def sample(request: HttpRequest, name: str) -> HttpResponse:
    """A frozen sample: definition, counts, what was left out, what was trained on it."""
    found = sample_get(user=request.user, name=name)
    versions = version_list(user=request.user).filter(sample=found, is_variant=False)
    return render(
        request, "samples/detail.html", {"sample": found, "versions": version_links(versions, user=request.user)}
    )
