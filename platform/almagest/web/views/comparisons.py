"""Comparisons: the page of one, its numbers as files, and starting one."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from almagest.registry.comparisons import comparison_start
from almagest.registry.score_tables import comparison_versions
from almagest.registry.selectors import comparison_get, plugin_get
from almagest.runs.selectors import run_list
from almagest.samples.selectors import sample_get
from almagest.web.comparisons import SCORES_TABLE, blocks, contender_rows, score_rows, sizes
from almagest.web.downloads import download_rows


def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """The contenders' scores side by side, survey by survey; it follows the run while that goes on."""
    found = comparison_get(user=request.user, pk=pk)
    versions = comparison_versions(found, user=request.user)
    run = run_list(user=request.user).filter(pk=found.run_id).first()
    if file := download_rows(request, f"comparison-{found.pk}", SCORES_TABLE, score_rows(found, versions)):
        return file
    context = {
        "comparison": found,
        "plugin": found.plugin,
        "run": run,
        "given": run.parameters.get("given") if run else None,
        "blocks": blocks(found, versions),
        "contenders": contender_rows(found, versions),
        "made": len(versions),
        "sizes": sizes(found),
    }
    return render(request, "comparisons/detail.html", context)


@require_POST
@login_required
def compare(request: HttpRequest, name: str) -> HttpResponse:
    """Start a study of a plugin on a sample, and go to its page."""
    sample = sample_get(user=request.user, name=request.POST.get("sample", ""))
    started = comparison_start(
        plugin=plugin_get(name=name), study=request.POST.get("study", ""), sample=sample, owner=request.user
    )
    return redirect("comparison", started.pk)
