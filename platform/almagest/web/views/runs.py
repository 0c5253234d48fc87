"""Runs: a list, a page that follows one, and cancelling."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from almagest.accounts.selectors import may_change, owner_check
from almagest.catalogs import services as catalogs
from almagest.catalogs.selectors import edition_list
from almagest.core.listings import parse_filters
from almagest.predictions import services as predictions
from almagest.predictions.selectors import whole_sets
from almagest.predictions.verification import services as verifications
from almagest.predictions.verification.selectors import verification_list
from almagest.registry import comparisons, training
from almagest.registry.selectors import comparison_list, version_list
from almagest.releases import services as releases
from almagest.releases.selectors import release_list
from almagest.rescoring import services as rescoring
from almagest.rescoring.selectors import pass_list
from almagest.runs.listings import run_listing
from almagest.runs.models import Chunk, Run
from almagest.runs.selectors import run_get, run_list, run_log
from almagest.runs.services import run_cancel
from almagest.samples import services as samples
from almagest.samples.selectors import sample_list
from almagest.web.downloads import download

PAGE_SIZE = 50
LOG_LINES = 500
# What each kind of run makes, in the order of the page.
MADE = {
    samples.KIND: (("sample", sample_list),),
    training.KIND: (("model_version", version_list),),
    comparisons.KIND: (("comparison", comparison_list), ("model_version", version_list)),
    predictions.KIND: (("prediction_set", whole_sets),),
    verifications.KIND: (("verification", verification_list),),
    catalogs.KIND: (("edition", edition_list),),
    rescoring.KIND: (("edition", edition_list), ("pass", pass_list)),
    releases.KIND: (("release", release_list),),
}


def runs(request: HttpRequest) -> HttpResponse:
    """Runs, newest first."""
    if file := download(request, parse_filters(run_listing(user=request.user), request.GET)):
        return file
    state = request.GET.get("state", "")
    found = run_list(user=request.user, state=state if state in Run.State.values else "")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "runs/list.html", {"page": page, "states": Run.State.values, "state": state})


def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run; htmx asks for the moving part alone while it goes on."""
    found = run_get(user=request.user, run_id=run_id)
    log = list(run_log(user=request.user, run_id=run_id).order_by("-pk")[:LOG_LINES])[::-1]
    chunks = found.chunks.aggregate(total=Count("pk"), done=Count("pk", filter=Q(state=Chunk.State.DONE)))
    context = {
        "run": found,
        "log": log,
        "chunks": chunks,
        "may_change": may_change(request.user, found),
        "made": made_by(request.user, found),
    }
    template = "runs/_live.html" if request.headers.get("HX-Target") == "live" else "runs/detail.html"
    return render(request, template, context)


def made_by(user, run: Run) -> list[tuple[str, object]]:
    """What came out of a run, as far as the user may see it."""
    return [
        (name, thing)
        for name, things in MADE.get(run.kind, ())
        for thing in things(user=user).filter(run=run).order_by("pk")
    ]


@require_POST
@login_required
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Ask a run to stop."""
    found = run_get(user=request.user, run_id=run_id)
    owner_check(user=request.user, thing=found, name=f"run {run_id}", what="cancel it")
    run_cancel(run_id=run_id)
    return redirect("run", run_id)
