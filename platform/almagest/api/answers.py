"""A listing as an answer: a page of JSON, or a file in any format, streamed."""

from math import isfinite
from typing import Any

from django.http import HttpResponse, JsonResponse

from almagest.core.listings import Listing, count_rows, read_page
from almagest.core.listings.errors import ListingError
from almagest.core.listings.paging import fetch, walks
from almagest.core.listings.responses import file_response, stamped, unchanged
from almagest.formats import FORMATS

PAGE_SIZE = 100


def listing_answer(request, listing: Listing, asked: dict[str, Any]) -> HttpResponse:
    """The listing in the format that was negotiated, or that nothing has changed."""
    if same := unchanged(request, listing):
        return same
    form, limit = FORMATS[request.accepted_renderer.format], asked.get("limit", "")
    if form.name == "json" and limit != "all":
        return stamped(_page(request, listing, asked, int(limit or PAGE_SIZE)), request, listing)
    if asked.get("cursor"):
        raise ListingError(f"a cursor is for pages of JSON; a stream and a file ({form.name}) begin with the first row")
    return stamped(
        file_response(listing, form, limit=int(limit) if limit not in ("", "all") else None), request, listing
    )


def lookup_answer(request, listing: Listing) -> HttpResponse:
    """Rows in the caller's order; in JSON what is missing stands beside them too."""
    form = FORMATS[request.accepted_renderer.format]
    if form.name != "json":
        return file_response(listing, form)
    ((sql, values),) = walks(listing, listing.given.names)
    rows = fetch(sql, values)
    missing = [row["position"] if row["requested"] is None else row["requested"] for row in rows if not row["is_found"]]
    return JsonResponse({"rows": [plain(row) for row in rows], "missing": missing})


def plain(value: Any) -> Any:
    """A value as JSON has it: what is not a number is null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def _page(request, listing: Listing, asked: dict[str, Any], size: int) -> JsonResponse:
    page = read_page(listing, cursor=asked.get("cursor", ""), size=size)
    links = {"next": _address(request, page.next_cursor), "previous": _address(request, page.previous_cursor)}
    content = links | {"rows": [plain(row) for row in page.rows]}
    if asked.get("count"):
        content["count"], content["count_is_exact"] = count_rows(listing)
    response = JsonResponse(content)
    told = {"next": "next", "previous": "prev"}
    if links_told := [f'<{links[name]}>; rel="{rel}"' for name, rel in told.items() if links[name]]:
        response.headers["Link"] = ", ".join(links_told)
    return response


def _address(request, cursor: str) -> str | None:
    if not cursor:
        return None
    query = request._request.GET.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
