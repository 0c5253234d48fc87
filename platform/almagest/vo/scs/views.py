"""Cone searches over HTTP."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from almagest.core.listings import read_page
from almagest.vo.dali import for_programs
from almagest.vo.resources import Resource, resource_get
from almagest.vo.scs.answer import cone_answer
from almagest.vo.scs.request import DEFAULT_MAXREC, HARD_MAXREC, MAX_SR, read_cone

TEST_SR = 0.01  # degrees


@for_programs(error_status=200)
def cone(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """The rows around a position. Errors are answers like others: old clients read nothing else."""
    return cone_answer(request, resource_get(kind, slug), read_cone(request))


@for_programs()
def capabilities(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """What the service can do, for registries (VOSI)."""
    found = resource_get(kind, slug)
    context = {
        "resource": found, "base": base_url(request, found), "max_sr": MAX_SR, "max_records": HARD_MAXREC, "default_maxrec": DEFAULT_MAXREC,
        "test": test_position(found), "test_sr": TEST_SR,
        "availability": request.build_absolute_uri(reverse("vo:availability")),
    }  # fmt: skip
    return render(request, "vo/capabilities.xml", context, content_type="text/xml")


def base_url(request: HttpRequest, resource: Resource) -> str:
    """Address that clients add parameters to; it ends in a question mark, which old ones need."""
    return request.build_absolute_uri(reverse("vo:cone", args=[resource.kind, resource.slug])) + "?"


def test_position(resource: Resource) -> dict[str, float] | None:
    """A position, in degrees, at which something is found; None where there is nothing at all."""
    rows = read_page(resource.listing().choosing("ra,dec"), size=1).rows
    return rows[0] if rows else None
