"""Catalogs: a list, and the page on which people browse candidates."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from almagest.catalogs.filters import Filters, parse_filters, parse_sort
from almagest.catalogs.models import Edition
from almagest.catalogs.paging import count_rows, read_page, stream_rows
from almagest.catalogs.selectors import catalog_get, catalog_list
from almagest.catalogs.tables import is_sortable
from almagest.predictions.funnel import funnel
from almagest.web.charts.histogram import histogram
from almagest.web.downloads import csv_response
from almagest.web.figures import catalog_plots
from almagest.web.rows import candidate_row

PAGE_SIZES = (25, 50, 100, 200)
# What the table shows when nobody has chosen otherwise: level 1 and 2, less the keys that the link already says.
HIDDEN = {"source_id", "dec"}


def catalogs(request: HttpRequest) -> HttpResponse:
    """Published catalogs."""
    return render(request, "catalogs/list.html", {"editions": catalog_list(user=request.user)})


def catalog(request: HttpRequest, slug: str) -> HttpResponse:
    """One catalog: header, histogram, filters, table; the whole state is in the address."""
    edition = catalog_get(user=request.user, slug=slug)
    filters = parse_filters(edition.table, request.GET)
    if request.GET.get("format") == "csv":
        return _csv(edition, filters, request)
    page_context = _page(edition, filters, request)
    if request.headers.get("HX-Target") == "rows":
        return render(request, "catalogs/_rows.html", page_context)
    context = page_context | {
        "chart": histogram(
            edition.histogram, threshold=edition.threshold, x_label=edition.table[edition.rank_by].description,
            of="candidates" if edition.prediction_set.has_candidates else "scored objects",
        ),
        "plots": catalog_plots(edition),
        "funnel": funnel(edition.prediction_set, (f"{edition.rank_by} ≥ {edition.threshold:g}", edition.rows)),
        "ranges": [_range(edition, column, filters) for column in edition.table.columns if column.is_number and is_sortable(column)],
        "words": [_words(edition, column, filters) for column in edition.table.columns if column.dtype == "string" and column.indexed],
    }  # fmt: skip
    return render(request, "catalogs/detail.html", context)


def _page(edition: Edition, filters: Filters, request: HttpRequest) -> dict:
    sort, descending = parse_sort(edition.table, request.GET.get("sort", ""), f"-{edition.rank_by}")
    size = request.GET.get("size", "")
    size = int(size) if size.isdecimal() and int(size) in PAGE_SIZES else PAGE_SIZES[1]
    page = read_page(
        edition, filters, sort=sort, descending=descending, cursor=request.GET.get("cursor", ""), size=size
    )
    count, is_exact = count_rows(edition, filters)
    columns = [c for c in edition.table.columns if c.level < 3 and c.name not in HIDDEN]
    return {
        "edition": edition, "page": page, "rows": [candidate_row(row, columns) for row in page.rows], "columns": columns, "count": count,
        "is_exact": is_exact, "sort": sort, "size": size, "descending": descending, "filters": filters, "sizes": PAGE_SIZES,
        "rank_by": edition.rank_by,
        "sortable": {c.name for c in columns if is_sortable(c)},
    }  # fmt: skip


def _range(edition: Edition, column, filters: Filters) -> dict:
    low, high = edition.ranges.get(column.name) or (None, None)
    shown = filters.shown
    return {"column": column, "low": low, "high": high, "minimum": shown.get(f"{column.name}__min", ""),
            "maximum": shown.get(f"{column.name}__max", ""), "is_empty": low is None}  # fmt: skip


def _words(edition: Edition, column, filters: Filters) -> dict:
    choices = list(edition.survey_counts) if column.name == "survey" else edition.words.get(column.name, [])
    return {"column": column, "choices": choices, "chosen": filters.shown.get(column.name, "")}


def _csv(edition: Edition, filters: Filters, request: HttpRequest) -> StreamingHttpResponse:
    """What the table is made of; with ``columns=all`` also what is there on demand alone (level 3)."""
    sort, descending = parse_sort(edition.table, request.GET.get("sort", ""), f"-{edition.rank_by}")
    rows = stream_rows(edition, filters, sort=sort, descending=descending)
    highest = 3 if request.GET.get("columns") == "all" else 2
    names = [column.name for column in edition.table.columns if column.level <= highest]
    return csv_response(f"{edition.catalog.slug}-r{edition.revision}.csv", names, rows)
