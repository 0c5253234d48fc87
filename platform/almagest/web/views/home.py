"""The front door: what is here, and finding an object by name or place."""

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from almagest.catalogs.selectors import catalog_list
from almagest.predictions.models import PredictionSet
from almagest.predictions.selectors import whole_sets
from almagest.registry.selectors import version_list
from almagest.runs.selectors import run_list
from almagest.sky.listings import object_listing
from almagest.sky.search import cone_search, within_cone
from almagest.sky.selectors import survey_list
from almagest.web.charts.histogram import histogram
from almagest.web.charts.scales import Frame
from almagest.web.downloads import download
from almagest.web.positions import find_by_name, parse_position, parse_radius

MOST_FOUND = 200
SMALL = Frame(width=320, height=72, left=4, right=4, top=4, bottom=14)


def home(request: HttpRequest) -> HttpResponse:
    """Catalogs, totals, latest runs."""
    editions = list(catalog_list(user=request.user))
    for edition in editions:
        edition.chart = histogram(edition.histogram, threshold=edition.threshold, x_label="probability", frame=SMALL)
    surveys = list(survey_list(user=request.user))
    current = whole_sets(user=request.user).filter(state=PredictionSet.State.CURRENT)
    totals = {
        "objects": sum(survey.object_count for survey in surveys),
        "surveys": sum(survey.object_count > 0 for survey in surveys),
        "model versions": version_list(user=request.user).filter(is_variant=False).count(),
        "predictions": current.aggregate(sum=Sum("rows"))["sum"] or 0,
    }
    runs = run_list(user=request.user)[:6]
    return render(request, "home.html", {"editions": editions, "totals": totals, "runs": runs})


def search(request: HttpRequest) -> HttpResponse:
    """Objects near a position, or the object of that name."""
    text = request.GET.get("q", "").strip()
    context = {"q": text, "radius_arcsec": request.GET.get("radius_arcsec", "30")}
    if text:
        if found := find_by_name(user=request.user, text=text):
            return redirect("object", found.survey.slug, found.source_id)
        ra, dec = parse_position(text)
        radius = parse_radius(context["radius_arcsec"])
        near = within_cone(object_listing(user=request.user), ra=ra, dec=dec, radius_arcsec=radius)
        if file := download(request, near):
            return file
        found = cone_search(user=request.user, ra=ra, dec=dec, radius_arcsec=radius, limit=MOST_FOUND + 1)
        context |= {"found": found[:MOST_FOUND], "is_cut": len(found) > MOST_FOUND, "ra": ra, "dec": dec}
    return render(request, "search.html", context)


def about(request: HttpRequest) -> HttpResponse:
    """What Almagest is."""
    return render(request, "about.html")


def health(request: HttpRequest) -> HttpResponse:
    """Answers when the web server and the database do."""
    survey_list(user=None).exists()
    return HttpResponse("ok\n", content_type="text/plain")
