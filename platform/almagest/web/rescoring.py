"""Revisions and passes as pages show them: what may be done, drift as bars and as a table, differences row by row."""

from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from almagest.accounts.selectors import may_change
from almagest.catalogs.models import Edition
from almagest.core.listings import Listing, parse_filters
from almagest.rescoring.drift import THRESHOLD
from almagest.rescoring.models import Pass
from almagest.rescoring.reporting import NO_MAJORITY
from almagest.rescoring.selectors import Difference, difference_summary
from almagest.runs.models import Run
from almagest.vetting.choices import choice_list
from almagest.vetting.filters import parse_verdicts
from almagest.vetting.selectors import consensus_of
from almagest.web.charts.scales import Frame
from almagest.web.pages import page_context
from almagest.web.verdicts import verdict_cell

FRAME = Frame(width=360, height=150, left=34, right=4, top=8, bottom=34)
# Charts that are seen at once, the largest drift first; the table has all.
FIRST = 6


def revision_rows(user, edition: Edition, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Revisions with what the reader may follow and do: runs that are theirs to see, and the way back."""
    runs = Run.objects.visible_to(user).filter(pk__in=[row["run_id"] for row in rows if row["run_id"]])
    seen, mine = set(runs.values_list("pk", flat=True)), may_change(user, edition.catalog)
    return [
        row | {
            "is_run_seen": row["run_id"] in seen,
            "may_restore": mine and row["is_kept"] and row["base"] == edition.base and row["revision"] != edition.revision,
        } for row in rows
    ]  # fmt: skip


def difference_context(request: HttpRequest, found: Difference, listing: Listing) -> dict[str, Any]:
    """The rows that differ, one page of them; `listing` has the filters and the order of the address."""
    context, rank_by = page_context(request, listing), found.later.rank_by
    has_scores = f"{rank_by}_before" in listing.table
    ranks = [(when, f"{rank_by}_{when}") for when in ("before", "after")] if has_scores else []
    choices, rows = choice_list(found.later), context["page"].rows
    said = consensus_of(found.later, [row["object_id"] for row in rows])
    return context | {
        "filters": listing, "choices": choices, "is_vetted": any(choice.pk for choice in choices),
        "found": found, "earlier": found.earlier, "later": found.later, "shown": listing.shown, "rank_by": rank_by,
        "ranks": [{"when": when, "name": name, "minimum": listing.shown.get(f"{name}__min", ""),
                   "maximum": listing.shown.get(f"{name}__max", "")} for when, name in ranks],
        "rows": [row | {"scores": [row[name] for _, name in ranks], "said": verdict_cell(row, said.get(row["object_id"]), found.later)}
                 for row in rows],
        "kinds": ("added", "removed", "changed"), "surveys": sorted({**found.earlier.survey_counts, **found.later.survey_counts}),
    }  # fmt: skip


def difference_listing_of(request: HttpRequest, found: Difference) -> Listing:
    """The difference with the filters and the order of the address."""
    listing = parse_verdicts(parse_filters(found.listing, request.GET), request.GET, found.later, request.user)
    return listing.sorted_by(request.GET.get("sort", ""))


def difference_numbers(found: Difference) -> dict[str, Any]:
    """What stands above the rows: counts by kind, thresholds that were crossed, columns that are others."""
    counts, crossings = difference_summary(found)
    words = {
        "columns_added": "New columns",
        "columns_removed": "Columns that are gone",
        "columns_changed": "Columns declared otherwise",
    }
    columns = [(words[name], names) for name, names in found.columns.items() if names]
    return {"counts": counts.items(), "crossings": crossings, "columns": columns}


def pass_numbers(found: Pass) -> dict[str, Any]:
    """How many objects were scored in what time, and what drifted."""
    seconds, report = found.run and found.run.seconds, found.report
    scored = report.get("scored")
    drifts = [drift_chart(each) for each in report.get("drift", [])]
    return {
        "seconds": seconds, "rate": scored / seconds if scored and seconds else None, "scored": scored,
        "stale": [each | {"count": each["new"] + each["changed"] + each["unscored"]} for each in found.stale],
        "drifts": drifts, "first": drifts[:FIRST], "rest": drifts[FIRST:], "exceeding": [d for d in drifts if d["exceeds"]],
        "threshold": report.get("drift_threshold", THRESHOLD),
        "flipped": [each | {"query": _flipped(each)} for each in report.get("flipped", [])],
    }  # fmt: skip


def _flipped(each: dict[str, Any]) -> str:
    """The filters that give just these of the rows that differ."""
    verdict = {"verdict__null": "true"} if each["verdict"] == NO_MAJORITY else {"verdict": each["verdict"]}
    return urlencode({"change": each["change"]} | verdict)


def drift_chart(drift: dict[str, Any]) -> dict[str, Any]:
    """A column's two distributions in the same bins: shares as pairs of bars, and all numbers as rows."""
    expected, found = drift["expected"], drift["found"]
    # The last place is of those without a value; it is drawn where there are any.
    names = [*_names(drift["edges"]), "no value"]
    shares = [[count / (sum(counts) or 1) for count in counts] for counts in (expected, found)]
    rows = [
        {"name": name, "expected": e, "found": f, "expected_share": a, "found_share": b}
        for name, e, f, a, b in zip(names, expected, found, *shares, strict=True)
    ]
    drawn = [row for row in rows if row["name"] != "no value" or row["expected"] or row["found"]]
    largest = max((row[f"{side}_share"] for row in drawn for side in ("expected", "found")), default=0) or 1
    return drift | {
        "rows": rows, "total_expected": sum(expected), "total_found": sum(found), "frame": FRAME, "largest": largest,
        "bars": [_bars(i, len(drawn), row, largest) for i, row in enumerate(drawn)],
    }  # fmt: skip


def _bars(i: int, n: int, row: dict[str, Any], largest: float) -> dict[str, Any]:
    width = FRAME.inner_width / n
    pair = []
    for side, (name, begin) in enumerate((("expected", 0.12), ("found", 0.5))):
        top = FRAME.y(row[f"{name}_share"] / largest)
        pair.append({
            "x": round(FRAME.left + (i + begin) * width, 2), "y": top, "width": round(0.36 * width, 2),
            "height": round(FRAME.floor - top, 2), "is_found": bool(side),
        })  # fmt: skip
    return row | {"pair": pair, "middle": round(FRAME.left + (i + 0.5) * width, 2)}


def _names(edges: list[float]) -> list[str]:
    if not edges:
        return ["any"]
    between = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
    return [f"below {edges[0]:.4g}", *between, f"{edges[-1]:.4g} and more"]
