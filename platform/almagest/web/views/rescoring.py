"""A catalog's history: its revisions, the passes that made them, what differs between any two; starting a pass, going back."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from almagest.accounts.selectors import may_change, owner_check
from almagest.catalogs.history import is_kept
from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import catalog_get
from almagest.core.listings import count_rows, parse_filters, read_page
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.listings import pass_listing, revision_listing
from almagest.rescoring.plans import pass_plan
from almagest.rescoring.selectors import difference_get, pass_get, pass_under_way
from almagest.rescoring.services import pass_start, restore_start
from almagest.web.downloads import download
from almagest.web.rescoring import (
    difference_context,
    difference_listing_of,
    difference_numbers,
    pass_numbers,
    revision_rows,
)

PAGE_SIZE = 50


def revisions(request: HttpRequest, slug: str) -> HttpResponse:
    """What a catalog has been: every revision, how it came and what it changed; and the pass that is under way."""
    edition = catalog_get(user=request.user, slug=slug)
    listing = parse_filters(revision_listing(user=request.user, catalog=slug), request.GET)
    if file := download(request, listing):
        return file
    under_way = pass_under_way(user=request.user, catalog=slug)
    if request.headers.get("HX-Target") == "under-way":
        # With its end the list is another.
        done = HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "rescoring/_under_way.html", {"under_way": under_way}) if under_way else done
    page = read_page(listing.choosing("all"), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    rows = revision_rows(request.user, edition, page.rows)
    context = {
        "edition": edition, "page": page, "rows": rows, "count": count_rows(listing)[0], "under_way": under_way,
        "may_change": may_change(request.user, edition.catalog), "kept": [row["revision"] for row in rows if row["is_kept"]],
    }  # fmt: skip
    return render(request, "rescoring/revisions.html", context)


def passes(request: HttpRequest, slug: str) -> HttpResponse:
    """The passes over a catalog, also those that failed."""
    edition = catalog_get(user=request.user, slug=slug)
    listing = parse_filters(pass_listing(user=request.user, catalog=slug), request.GET)
    if file := download(request, listing):
        return file
    page = read_page(listing.choosing("all"), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    return render(request, "rescoring/passes.html", {"edition": edition, "page": page, "count": count_rows(listing)[0]})


def rescoring_pass(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One pass: what it has scored, what came, went and crossed, and whether the sky has drifted from the sample."""
    found = pass_get(user=request.user, catalog=slug, pk=pk)
    context = {"found_pass": found, "catalog": found.catalog, **pass_numbers(found)}
    if found.after is None or not (is_kept(found.before) and is_kept(found.after)):
        if request.GET.get("format"):
            raise RescoringError(
                f"{found} has no list of rows: it has not ended, or its rows are not kept any more", absent=True
            )
        return render(request, "rescoring/pass.html", context)
    asked = {"earlier": found.before.revision, "later": found.after.revision}
    difference = difference_get(user=request.user, catalog=slug, **asked)
    listing = difference_listing_of(request, difference)
    if file := download(request, listing):
        return file
    context |= difference_context(request, difference, listing)
    template = "rescoring/_rows.html" if request.headers.get("HX-Target") == "rows" else "rescoring/pass.html"
    return render(request, template, context)


def difference(request: HttpRequest, slug: str, earlier: int, later: int) -> HttpResponse:
    """What differs between two revisions."""
    found = difference_get(user=request.user, catalog=slug, earlier=earlier, later=later)
    listing = difference_listing_of(request, found)
    if file := download(request, listing):
        return file
    context = {"catalog": found.later.catalog, **difference_context(request, found, listing)}
    if request.headers.get("HX-Target") == "rows":
        return render(request, "rescoring/_rows.html", context)
    return render(request, "rescoring/difference.html", context | difference_numbers(found))


def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """To the difference of the two revisions that the form names; without any to the list of them."""
    catalog_get(user=request.user, slug=slug)
    chosen = [request.GET.get(name, "").strip() for name in ("from", "to")]
    if not any(chosen):
        return redirect("revisions", slug)
    return redirect("difference", slug, *(_number(text) for text in chosen))


@login_required
def rescore(request: HttpRequest, slug: str) -> HttpResponse:
    """What a pass would do now, and starting it."""
    edition = _mine(request, slug, "rescore it")
    if request.method == "POST":
        return redirect("run", pass_start(edition=edition, owner=request.user).run_id)
    plan = pass_plan(edition=edition)
    return render(request, "rescoring/rescore.html", {"edition": edition, "plan": plan})


@login_required
def roll_back(request: HttpRequest, slug: str, revision: int) -> HttpResponse:
    """What going back to a revision would change, and doing it."""
    edition = _mine(request, slug, "roll it back")
    if request.method == "POST":
        return redirect("run", restore_start(edition=edition, revision=revision, owner=request.user).run_id)
    found = difference_get(user=request.user, catalog=slug, earlier=edition.revision, later=revision)
    context = {"edition": edition, "wanted": found.later, "is_of_one_table": found.later.base == edition.base}
    return render(request, "rescoring/roll_back.html", context | difference_numbers(found))


def _mine(request: HttpRequest, slug: str, what: str) -> Edition:
    edition = catalog_get(user=request.user, slug=slug)
    owner_check(user=request.user, thing=edition.catalog, name=slug, what=what)
    return edition


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise RescoringError(f"{text[:40]!r} is no revision; choose two of those that the list has")
    return int(text)
