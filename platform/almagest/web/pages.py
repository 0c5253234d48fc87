"""One page of a long table, as the address asks for it."""

from typing import Any

from django.http import HttpRequest

from almagest.core.listings import Listing, count_rows, read_page

SIZES = (25, 50, 100, 200)


def page_context(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """The page with all columns, how many rows there are, and their order; `listing` has the filters of the address."""
    wanted = request.GET.get("size", "")
    size = next((size for size in SIZES if str(size) == wanted), SIZES[1])
    page = read_page(listing.choosing("all"), cursor=request.GET.get("cursor", ""), size=size)
    count, is_exact = count_rows(listing)
    sort, descending = listing.order
    return {
        "page": page, "size": size, "sizes": SIZES, "count": count, "is_exact": is_exact, "sort": sort, "descending": descending,
    }  # fmt: skip
