"""The API's own page, made from its schema: what is written there is what is checked."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from almagest.api.reference import chapters


def documentation(request: HttpRequest) -> HttpResponse:
    """Every route with its parameters and an example."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    base = request.build_absolute_uri(reverse("api:root")).removesuffix("/")
    return render(
        request, "api/documentation.html", {"chapters": chapters(schema, base), "schema": schema, "base": base}
    )
