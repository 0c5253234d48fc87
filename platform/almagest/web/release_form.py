"""The form with which a catalog is released: what stands in it at first, what was typed, and what it says."""

from typing import Any

from django.http import HttpRequest, QueryDict

from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.core.listings import count_rows, parse_filters
from almagest.formats import FORMATS
from almagest.releases.content.citing import SPDX
from almagest.releases.content.data import ALL, HATS
from almagest.releases.freezing import KEYS
from almagest.releases.models import Release
from almagest.releases.selectors import release_list
from almagest.releases.services import NEEDED
from almagest.releases.words import parse_creator, written
from almagest.sky.cone_filter import CONE
from almagest.vetting.filters import VERDICTS

TITLES = {name: HATS.upper() if name == HATS else FORMATS[name].title for name in ALL}


def form_context(request: HttpRequest, edition: Edition) -> dict:
    """What the page needs: words, choices, and the rows that the address chooses, as on the catalog's page."""
    listing = parse_filters(candidate_listing(edition), request.GET)
    count, is_exact = count_rows(listing)
    before = release_list(user=request.user, catalog=edition.catalog.slug)
    typed = _typed(request.POST) if request.method == "POST" else _first(request.user, edition, before.first())
    chosen = {*typed["columns"], *KEYS}
    return {
        "edition": edition, "typed": typed, "filters": listing.shown, "count": count, "is_exact": is_exact, "licences": list(SPDX),
        "waiting": before.filter(state__in=(Release.State.DRAFT, Release.State.CHECKED)).first(),
        "is_limited": any(request.GET.get(name, "").strip() for name in (*CONE, *VERDICTS)),
        "formats": [_choice(name, TITLES[name], typed["formats"], (NEEDED,)) for name in ALL],
        "columns": [{"column": c} | _choice(c.name, c.name, chosen, KEYS) for c in edition.table.columns],
    }  # fmt: skip


def read_form(form: QueryDict) -> dict[str, Any]:
    """The arguments of `release_start`.

    Raises
    ------
    ReleaseError
        When a creator's line cannot be read.
    """
    return {
        **{name: form.get(name, "").strip() for name in ("title", "description", "licence", "doi")},
        "creators": [parse_creator(line) for line in _lines(form.get("creators", ""))],
        "known_issues": _lines(form.get("known_issues", "")),
        "columns": ",".join(form.getlist("columns")),
        "formats": form.getlist("formats"),
        "with_weights": "with_weights" in form,
    }


def _first(user, edition: Edition, before: Release | None) -> dict:
    """As the release before said it; else what is known of the catalog and of whoever asks."""
    chosen = {"columns": edition.table.names, "formats": ALL, "with_weights": False, "doi": ""}
    if before is None:
        name = f"{user.last_name}, {user.first_name}" if user.last_name and user.first_name else user.username
        words = {"title": edition.catalog.title, "description": edition.catalog.description, "licence": "CC-BY-4.0"}
        return words | chosen | {"creators": name, "known_issues": ""}
    told = before.told
    words = {"title": told.title, "description": told.description, "licence": told.licence}
    lines = {"creators": "\n".join(map(written, told.creators)), "known_issues": "\n".join(told.known_issues)}
    return words | lines | chosen | {"formats": before.formats, "with_weights": before.with_weights}


def _typed(form: QueryDict) -> dict:
    words = {
        name: form.get(name, "") for name in ("title", "description", "licence", "doi", "creators", "known_issues")
    }
    chosen = {name: form.getlist(name) for name in ("columns", "formats")}
    return words | chosen | {"with_weights": "with_weights" in form}


def _choice(name: str, title: str, chosen, needed) -> dict:
    return {"name": name, "title": title, "is_chosen": name in chosen or name in needed, "is_needed": name in needed}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
