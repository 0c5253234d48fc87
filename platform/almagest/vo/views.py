"""The page that lists the services, and whether they are available."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from almagest.vo.dali import for_programs
from almagest.vo.resources import resource_list
from almagest.vo.scs.request import DEFAULT_MAXREC, HARD_MAXREC
from almagest.vo.scs.views import base_url, test_query


def index(request: HttpRequest) -> HttpResponse:
    """All services with their addresses, and how to use them."""
    services = [(resource, base_url(request, resource.kind, resource.slug)) for resource in resource_list()]
    first = next((service for service in services if service[0].rows), None)
    context = {
        "services": services, "default_maxrec": DEFAULT_MAXREC, "hard_maxrec": HARD_MAXREC,
        "example": first, "position": test_query(first[0]) if first else None,
    }  # fmt: skip
    return render(request, "vo/index.html", context)


@for_programs()
def availability(request: HttpRequest) -> HttpResponse:
    """Whether the services can be used (VOSI)."""
    try:
        connection.ensure_connection()
        connection.cursor().execute("SELECT 1")
        is_available = True
    except DatabaseError:
        is_available = False
    return render(request, "vo/availability.xml", {"is_available": is_available}, content_type="text/xml")
