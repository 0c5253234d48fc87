"""A catalog's candidates as an address asks for them, and the form in which people ask: the same for its list and its gallery."""

from typing import Any

from django.http import HttpRequest

from almagest.catalogs.lasso import parse_lasso
from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.catalogs.tables import is_sortable
from almagest.contract import Column
from almagest.core.listings import Listing, parse_filters
from almagest.sky.cone_filter import parse_cone
from almagest.vetting.filters import parse_verdicts


def candidates_asked(request: HttpRequest, edition: Edition) -> Listing:
    """The candidates, filtered and sorted as the address says."""
    listing = parse_lasso(candidates_anywhere(request, edition), request.GET, edition)
    return listing.sorted_by(request.GET.get("sort", ""))


def candidates_anywhere(request: HttpRequest, edition: Edition) -> Listing:
    """Those that pass the address's filters, wherever they lie in the latent space."""
    listing = parse_cone(parse_filters(candidate_listing(edition), request.GET), request.GET)
    return parse_verdicts(listing, request.GET, edition, request.user)


def filter_fields(edition: Edition, listing: Listing) -> dict[str, Any]:
    """Fields of the form, with what is chosen in them."""
    columns = edition.table.columns
    return {
        "filters": listing,
        "ranges": [_range(edition, column, listing) for column in columns if column.is_number and is_sortable(column)],
        "words": [
            _words(edition, column, listing) for column in columns if column.dtype == "string" and column.indexed
        ],
    }


def orders(listing: Listing) -> list[tuple[str, str, bool]]:
    """Ways to sort by numbers, as a gallery offers them that has no heads of columns: for the address, in words, whether it is so."""
    names = [column.name for column in listing.table.columns if column.is_number and column.name in listing.sortable]
    return [
        (f"{sign}{name}", f"{name}, {words} first", listing.sort == f"{sign}{name}")
        for name in names for sign, words in (("-", "largest"), ("", "smallest"))
    ]  # fmt: skip


def _range(edition: Edition, column: Column, filters: Listing) -> dict[str, Any]:
    low, high = edition.ranges.get(column.name) or (None, None)
    shown = filters.shown
    return {"column": column, "low": low, "high": high, "minimum": shown.get(f"{column.name}__min", ""),
            "maximum": shown.get(f"{column.name}__max", ""), "is_empty": low is None}  # fmt: skip


def _words(edition: Edition, column: Column, filters: Listing) -> dict[str, Any]:
    choices = list(edition.survey_counts) if column.name == "survey" else edition.words.get(column.name, [])
    return {"column": column, "choices": choices, "chosen": filters.shown.get(column.name, "")}
