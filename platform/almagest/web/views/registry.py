"""Plugins, model versions and samples."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from almagest.catalogs.selectors import catalog_list
from almagest.predictions.selectors import current_sets
from almagest.registry.models import ModelVersion
from almagest.registry.selectors import plugin_get, plugin_list, version_get, version_list
from almagest.samples.selectors import sample_get
from almagest.sky.models import Survey
from almagest.sky.selectors import ingest_list
from almagest.web.charts.confusion import confusion_matrix
from almagest.web.charts.curves import curves
from almagest.web.markdown import to_html

# The survey whose share of dwarfs is nearest to nature's comes first: its row is the headline.
HEADLINE = "sdss"
METRICS = ("precision", "recall", "prevalence", "accuracy")


def plugins(request: HttpRequest) -> HttpResponse:
    """Methods from papers."""
    return render(request, "plugins/list.html", {"plugins": plugin_list()})


def plugin(request: HttpRequest, name: str) -> HttpResponse:
    """About a plugin, from its README."""
    found = plugin_get(name=name)
    versions = version_list(user=request.user).filter(method__plugin=found)
    return render(
        request, "plugins/detail.html", {"plugin": found, "readme": to_html(found.readme), "versions": versions}
    )


def model(request: HttpRequest, plugin: str, method: str, number: int) -> HttpResponse:
    """A model version: how good, on what, from where."""
    version = version_get(user=request.user, plugin=plugin, method=method, number=number)
    figures = version.figures
    surveys = Survey.objects.visible_to(request.user).filter(slug__in=version.sample.definition["surveys"])
    context = {
        "version": version,
        "metrics": metric_rows(version),
        "metric_names": METRICS,
        "matrices": [confusion_matrix(f) for f in figures if f["kind"] == "confusion_matrix"],
        "curves": [curves(f) for f in figures if f["kind"] == "curves"],
        "surveys": surveys,
        "ingests": ingest_list(user=request.user).filter(survey__in=surveys, pk__lte=version.sample.ingest_id),
        "scores": current_sets(user=request.user).filter(version=version).first(),
        "editions": catalog_list(user=request.user).filter(version=version),
    }
    return render(request, "models/detail.html", context)


def metric_rows(version: ModelVersion) -> list[dict]:
    """One row a group: the headline survey first, the pooled one last."""
    groups = list(dict.fromkeys(metric["group"] for metric in version.metrics))
    groups.sort(key=lambda name: (name == "all", not name.startswith(HEADLINE), name))
    by_key = {(m["group"], m["name"]): m for m in version.metrics if m["of"] != "others" and m["split"] == "test"}
    return [{"group": group, "cells": [by_key.get((group, name)) for name in METRICS]} for group in groups]


def sample(request: HttpRequest, name: str) -> HttpResponse:
    """A frozen sample: definition, counts, what was left out, what was trained on it."""
    found = sample_get(user=request.user, name=name)
    versions = version_list(user=request.user).filter(sample=found)
    return render(request, "samples/detail.html", {"sample": found, "versions": versions})
