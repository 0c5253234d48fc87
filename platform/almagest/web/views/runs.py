"""Runs: a list, a page that follows one, and cancelling."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from almagest.runs.models import Chunk, Run
from almagest.runs.selectors import run_get, run_list, run_log
from almagest.runs.services import run_cancel

PAGE_SIZE = 50
LOG_LINES = 500


def runs(request: HttpRequest) -> HttpResponse:
    """Runs, newest first."""
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
        "may_cancel": may_cancel(request.user, found),
        "made": made_by(found),
    }
    template = "runs/_live.html" if request.headers.get("HX-Target") == "live" else "runs/detail.html"
    return render(request, template, context)


def may_cancel(user, run: Run) -> bool:
    """The owner and the staff may."""
    return user.is_authenticated and (user.is_staff or run.owner_id == user.pk)


def made_by(run: Run) -> list[tuple[str, object]]:
    """What came out of a run: comparison, sample, model version, scores, edition."""
    found = [("comparison", run.comparison)] if hasattr(run, "comparison") else []
    found += [("sample", sample) for sample in run.samples.all()]
    found += [
        ("model_version", version)
        for version in run.model_versions.order_by("pk").select_related("method__plugin").defer("figures")
    ]
    for name in ("prediction_set", "verification", "edition"):
        if hasattr(run, name):
            found.append((name, getattr(run, name)))
    return [(kind, thing) for kind, thing in found if kind != "verification" or thing.published]


@require_POST
@login_required
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Ask a run to stop."""
    found = run_get(user=request.user, run_id=run_id)
    if not may_cancel(request.user, found):
        raise PermissionDenied("only the owner of a run and the staff may cancel it")
    run_cancel(run_id=run_id)
    return redirect("run", run_id)
