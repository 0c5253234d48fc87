"""The API's own page, made from its schema: what is written there is what is checked."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from almagest.api.reference import chapters
from almagest.api.schema import public_schema
from almagest.catalogs.selectors import catalog_list
from almagest.formats import FORMATS

UNITS = {
    "s": "a second",
    "sec": "a second",
    "min": "a minute",
    "m": "a minute",
    "hour": "an hour",
    "h": "an hour",
    "day": "a day",
}


def documentation(request: HttpRequest) -> HttpResponse:
    """Every route with its parameters and an example."""
    base = request.build_absolute_uri(reverse("api:root")).removesuffix("/")
    edition = catalog_list(user=request.user).first()
    context = {
        "chapters": chapters(public_schema(), base), "base": base, "example": edition.catalog.slug if edition else "SLUG",
        "formats": [(form.title, form.media_type.partition(";")[0]) for form in FORMATS.values()],
        "rates": {who: _in_words(rate) for who, rate in settings.API_RATES.items()},
    }  # fmt: skip
    return render(request, "api/documentation.html", context)


def _in_words(rate: str) -> str:
    number, _, unit = rate.partition("/")
    return f"{number} times {UNITS.get(unit, unit)}"
