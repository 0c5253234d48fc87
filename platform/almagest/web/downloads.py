"""Every list can be had as a file: the same address with ``format=`` in it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from almagest.contract import Table
from almagest.core.listings import Listing, from_rows
from almagest.core.listings.responses import file_response, stamped, unchanged
from almagest.formats import FORMATS, format_named


def download(request: HttpRequest, listing: Listing) -> HttpResponse | None:
    """The listing as the file that the address asks for; None where it asks for the page.

    ``columns`` chooses columns as in the API; without it those of level 1 and 2.
    """
    name = request.GET.get("format", "")
    if not name:
        return None
    form, chosen = format_named(name), listing.choosing(request.GET.get("columns", ""))
    return unchanged(request, chosen) or stamped(file_response(chosen, form), request, chosen)


def download_rows(
    request: HttpRequest, name: str, table: Table, rows: Iterable[Mapping[str, Any]]
) -> HttpResponse | None:
    """The same for rows that are at hand."""
    return download(request, from_rows(table, rows, name=name)) if request.GET.get("format") else None


def formats() -> list[tuple[str, str]]:
    """Names and titles of the formats."""
    return [(form.name, form.title) for form in FORMATS.values()]
