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
        "resource": found, "base": base_url(request, found.kind, found.slug), "test": test_query(found), "max_sr": MAX_SR,
        "max_records": HARD_MAXREC, "default_maxrec": DEFAULT_MAXREC,
        "availability": request.build_absolute_uri(reverse("vo:availability")),
    }  # fmt: skip
    return render(request, "vo/capabilities.xml", context, content_type="text/xml")


def base_url(request: HttpRequest, kind: str, slug: str) -> str:
    """Address that clients add parameters to; it ends in a question mark, which old ones need."""
    return request.build_absolute_uri(reverse("vo:cone", args=[kind, slug])) + "?"


def test_query(resource: Resource) -> dict[str, float]:
    """A cone, in degrees, in which something is found; where there is nothing at all, the whole sky."""
    rows = read_page(resource.listing().choosing("ra,dec"), size=1).rows
    return rows[0] | {"sr": TEST_SR} if rows else {"ra": 0.0, "dec": 0.0, "sr": MAX_SR}
