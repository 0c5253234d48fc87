"""Catalogs: a list, and the page on which people browse candidates."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from almagest.catalogs.funnel import edition_funnel
from almagest.catalogs.listings import catalog_listing
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get, catalog_list
from almagest.catalogs.tables import is_sortable
from almagest.contract import Column
from almagest.core.listings import Listing
from almagest.vetting.choices import choice_list
from almagest.vetting.selectors import consensus_of
from almagest.web.candidates import candidates_asked, filter_fields
from almagest.web.charts.histogram import histogram
from almagest.web.downloads import download
from almagest.web.figures import catalog_plots
from almagest.web.pages import page_context
from almagest.web.rows import candidate_row
from almagest.web.verdicts import verdict_cell

# What the table shows when nobody has chosen otherwise: level 1 and 2, less what the link and the position already say.
HIDDEN, SAID_BY_LINK = {"source_id", "dec"}, "meta.id;meta.main"


def catalogs(request: HttpRequest) -> HttpResponse:
    """Published catalogs."""
    if file := download(request, catalog_listing(user=request.user)):
        return file
    return render(request, "catalogs/list.html", {"editions": catalog_list(user=request.user)})


def catalog(request: HttpRequest, slug: str) -> HttpResponse:
    """One catalog: header, histogram, filters, table; the whole state is in the address."""
    edition = catalog_get(user=request.user, slug=slug)
    listing = candidates_asked(request, edition)
    if file := download(request, listing):
        return file
    context = _page(edition, listing, request)
    if request.headers.get("HX-Target") == "rows":
        return render(request, "catalogs/_rows.html", context)
    context |= filter_fields(edition, listing) | {
        "chart": histogram(
            edition.histogram, threshold=edition.threshold, x_label=edition.table[edition.rank_by].description,
            of="candidates" if edition.prediction_set.has_candidates else "scored objects",
        ),
        "plots": catalog_plots(edition),
        "funnel": edition_funnel(edition, "≥"),
    }  # fmt: skip
    return render(request, "catalogs/detail.html", context)


def _page(edition: Edition, listing: Listing, request: HttpRequest) -> dict:
    # With all columns: the link to an object needs its survey and its name, whatever the catalog shows.
    context = page_context(request, listing)
    columns = [c for c in edition.table.columns if c.level < 3 and c.name not in HIDDEN and c.ucd != SAID_BY_LINK]
    choices = choice_list(edition)
    # They are kept from the first verdict on.
    has_verdicts = any(choice.pk for choice in choices)
    return context | {
        "edition": edition, "rows": _rows(edition, context["page"].rows, columns, has_verdicts), "columns": columns,
        "filters": listing, "rank_by": edition.rank_by, "is_vetted": has_verdicts, "choices": choices,
        "sortable": {c.name for c in columns if is_sortable(c)},
    }  # fmt: skip


def _rows(edition: Edition, rows: list[dict], columns: list[Column], with_verdicts: bool) -> list[str]:
    """The rows as HTML; in a catalog that somebody has vetted, with what is said of each."""
    if not with_verdicts:
        return [candidate_row(row, columns) for row in rows]
    said = consensus_of(edition, [row["object_id"] for row in rows])
    return [candidate_row(row, columns, verdict_cell(row, said.get(row["object_id"]), edition)) for row in rows]
