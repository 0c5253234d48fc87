"""Listings: rows that somebody may read, as pages by cursor, as streams of any size, and as files.

One `Listing` is made by a room's selectors; pages, the API, the Virtual Observatory and downloads are made from it.
"""

from almagest.core.listings.errors import ListingError
from almagest.core.listings.filters import parse_filters
from almagest.core.listings.listing import Listing, from_queryset, from_rows
from almagest.core.listings.paging import Page, count_rows, read_page
from almagest.core.listings.streaming import read_batches

__all__ = [
    "Listing",
    "ListingError",
    "Page",
    "count_rows",
    "from_queryset",
    "from_rows",
    "parse_filters",
    "read_batches",
    "read_page",
]
