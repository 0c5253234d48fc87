"""Verifications: the page of one, its pairs as files, and starting one."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from almagest.predictions.listings import pair_listing
from almagest.predictions.models import Verification
from almagest.predictions.verification.selectors import PAIRS, verification_get, verification_pairs
from almagest.predictions.verification.services import verification_start
from almagest.registry.selectors import version_get
from almagest.sky.models import Survey
from almagest.web.downloads import download
from almagest.web.figures import verification_plots
from almagest.web.positions import parse_radius
from almagest.web.scores import METRICS
from almagest.web.verifications import blocks, funnel, scored_surveys

LISTS = {"misses": "Misses", "false_alarms": "False alarms", "hits": "Hits"}


def verification(request: HttpRequest, pk: int) -> HttpResponse:
    """How a version's scores stand against another catalog: counts, scores, and the objects that disagree."""
    found = verification_get(user=request.user, pk=pk)
    if file := download(request, pair_listing(user=request.user, verification=found, kind=request.GET.get("kind", ""))):
        return file
    context = {
        "verification": found,
        "version": found.version,
        "signal": found.version.method.plugin.signal,
        "rank_by": found.version.method.rank_by,
        "funnel": funnel(found),
        "scored": scored_surveys(found),
        "surveys": Survey.objects.visible_to(request.user).filter(slug__in=found.surveys),
        "metric_names": METRICS,
        "blocks": blocks(found),
        "lists": [_pairs(request, found, kind) for kind in LISTS],
        "columns": PAIRS.columns,
        "scatters": verification_plots(found),
    }
    return render(request, "verifications/detail.html", context)


def _pairs(request: HttpRequest, found: Verification, kind: str) -> dict:
    text = request.GET.get(kind, "")
    number = int(text) if text.isdecimal() and len(text) < 9 else 1
    page = verification_pairs(user=request.user, verification=found, kind=kind, page=number)
    addresses = {way: _address(request, kind, getattr(page, way)) for way in ("previous", "next")}
    return {"kind": kind, "title": LISTS[kind], "page": page} | addresses


def _address(request: HttpRequest, kind: str, number: int | None) -> str:
    """This page with another part of one list; empty where there is none."""
    query = request.GET.copy()
    query[kind] = str(number)
    return f"?{query.urlencode()}#{kind}" if number else ""


@require_POST
@login_required
def verify(request: HttpRequest, plugin: str, method: str, number: int) -> HttpResponse:
    """Start a verification, and go to its run."""
    version = version_get(user=request.user, plugin=plugin, method=method, number=number)
    run = verification_start(
        version=version,
        survey=request.POST.get("survey", ""),
        radius_arcsec=parse_radius(request.POST.get("radius_arcsec", "")),
        owner=request.user,
    )
    return redirect("run", run.pk)
