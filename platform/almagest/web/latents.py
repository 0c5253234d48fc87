"""The map of a catalog's latent space: what its form offers, and its points as a script draws them."""

import math
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from almagest.catalogs.lasso import AXES, BOUNDS, LASSO, NAMES, Axis, corners, latents_of
from almagest.catalogs.latents import (
    MOST_BEST,
    MOST_OTHERS,
    LatentPoints,
    colour_column,
    colour_columns,
    latent_points,
    parse_plane,
    principal_directions,
    with_places,
)
from almagest.catalogs.models import Edition
from almagest.core.listings import Listing, count_rows

# What belongs to the map or to a page of the list, and is no filter of what both show.
OWN = {*NAMES, "colour", "sort", "size", "cursor", "format", "columns"}


def kept_filters(request: HttpRequest) -> list[tuple[str, str]]:
    """Filters of the list that hold on the map too."""
    return [(name, value) for name, value in request.GET.items() if name not in OWN and value]


def map_context(request: HttpRequest, edition: Edition, listing: Listing) -> dict[str, Any]:
    """What the page shows; `listing` has the filters, and not the lasso."""
    axes = parse_plane(request.GET, edition)
    if text := request.GET.get(LASSO, "").strip():
        corners(text)
    count, is_exact = count_rows(with_places(edition, listing))
    kept = kept_filters(request)
    return {
        "edition": edition, "column": latents_of(edition), "count": count, "is_exact": is_exact, "kept": kept,
        "axes": [
            {"name": name, "letter": name[-1], "options": _options(edition, axis), "text": axis.text, "title": axis_title(edition, axis)}
            for name, axis in zip(AXES, axes, strict=True)
        ],
        "not_drawn": count > MOST_BEST + MOST_OTHERS, "best": MOST_BEST, "others": MOST_OTHERS,
        "colours": colour_columns(edition), "colour": colour_column(edition, request.GET.get("colour", "")),
        "bounds": {name: request.GET.get(name, "") for name in BOUNDS}, "lasso": text,
        "list": f"{reverse('catalog', args=[edition.catalog.slug])}?{urlencode(kept)}",
        "without": _without_places(edition, listing, count, is_exact),
    }  # fmt: skip


def _without_places(edition: Edition, listing: Listing, count: int, is_exact: bool) -> int:
    every, both_exact = count_rows(listing)
    return every - count if is_exact and both_exact else 0


def _options(edition: Edition, chosen: Axis) -> list[tuple[str, str, bool]]:
    """Axes to choose among: value, title, whether it is chosen."""
    (size,) = latents_of(edition).shape
    directions = [direction.axis for direction in principal_directions(edition)]
    axes = [*directions, *(Axis(number) for number in range(1, size + 1))]
    if chosen.text not in [axis.text for axis in axes]:
        axes.append(chosen)
    return [(axis.text, axis_title(edition, axis), axis.text == chosen.text) for axis in axes]


def axis_title(edition: Edition, axis: Axis) -> str:
    """What an axis is called."""
    if not axis.weights:
        return f"latent {axis.number}"
    for number, direction in enumerate(principal_directions(edition), 1):
        if direction.axis.text == axis.text:
            return f"principal component {number} ({direction.share:.0%})"
    return "sum of latents, as the address says"


def points_data(request: HttpRequest, edition: Edition, listing: Listing) -> dict[str, Any]:
    """The points as columns of few digits, for the script that draws them."""
    colour = colour_column(edition, request.GET.get("colour", ""))
    axes = parse_plane(request.GET, edition)
    points = latent_points(edition, listing, axes=axes, colour=colour)
    return _columns(points) | {
        "axes": [{"text": axis.text, "title": axis_title(edition, axis)} for axis in axes], "is_whole": points.is_whole,
        "colour": {"name": colour.name, "unit": colour.unit, "description": colour.description}, "classes": points.classes,
    }  # fmt: skip


def _columns(points: LatentPoints) -> dict[str, Any]:
    rows = points.rows
    surveys = sorted({row["survey"] for row in rows})
    places = {slug: place for place, slug in enumerate(surveys)}
    return {
        "surveys": surveys, "survey": [places[row["survey"]] for row in rows], "name": [row["source_id"] for row in rows],
        "id": [row["object_id"] for row in rows], **{name: [short(row[name]) for row in rows] for name in ("x", "y", "value")},
    }  # fmt: skip


def short(value: float | None) -> float | None:
    """A number with the digits that a picture can show; None where it is none."""
    return float(f"{value:.5g}") if value is not None and math.isfinite(value) else None
