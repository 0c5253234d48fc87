"""What people have said as a filter of a catalog's candidates, and of those that came or went: ``vetted``, ``verdict``, ``mine``."""

from collections.abc import Mapping
from dataclasses import replace

from django.db import connection
from django.db.models import Max

from almagest.catalogs.models import Edition
from almagest.core.listings import Listing, ListingError
from almagest.core.listings.filters import BOOLEANS
from almagest.vetting.choices import choice_list
from almagest.vetting.models import Verdict

# So many rows are looked up and sorted in the time that readers wait.
FEW = 20_000
VERDICTS = ("vetted", "verdict", "verdict__null", "mine")
# The name of the inner column is its own, so that the outer one is the candidate's, whatever the candidates are read from.
SETTLED = "SELECT object_id AS vetted_id FROM vetting_consensus WHERE catalog_id = %s AND verdicts > 0"
OWN = "SELECT object_id AS vetted_id FROM vetting_verdict WHERE catalog_id = %s AND is_current AND user_id = %s"


def parse_verdicts(listing: Listing, query: Mapping[str, str], edition: Edition, user) -> Listing:
    """Limit rows of a catalog's objects by what people have said of them, where an address asks for it.

    ``vetted`` true or false, ``verdict`` one choice or several with commas between them (what most say), ``verdict__null`` true
    for those that are vetted but split, ``mine`` true for those that the reader has a verdict on and false for those still to do.

    Raises
    ------
    ListingError
        When a value is neither true nor false, a choice is none of the catalog's, or nobody is logged in to have verdicts.
    """
    asked = {name: text for name in VERDICTS if (text := query.get(name, "").strip())}
    if not asked:
        return listing
    limited = listing
    if "vetted" in asked:
        limited = _among(limited, _boolean("vetted", asked["vetted"]), SETTLED, [edition.catalog_id])
    if "verdict" in asked:
        chosen = _choices(edition, asked["verdict"])
        limited = _among(limited, True, f"{SETTLED} AND choice_id = ANY(%s)", [edition.catalog_id, chosen])
    if "verdict__null" in asked:
        is_split = "NULL" if _boolean("verdict__null", asked["verdict__null"]) else "NOT NULL"
        limited = _among(limited, True, f"{SETTLED} AND choice_id IS {is_split}", [edition.catalog_id])
    if "mine" in asked:
        if user is None or not user.is_authenticated:
            raise ListingError("mine: log in first; without a login nobody has verdicts of their own")
        limited = _among(limited, _boolean("mine", asked["mine"]), OWN, [edition.catalog_id, user.pk])
    return replace(_dated(limited, edition), shown=listing.shown | asked)


def _among(listing: Listing, wanted: bool, inner: str, values: list) -> Listing:
    """Rows whose object is, or is not, among those of a query.

    Where these are few, they are looked up one by one and sorted: a walk along the order would pass all others before it
    meets them, for what people have vetted lies together at one end.
    """
    there = f'EXISTS (SELECT 1 FROM ({inner}) AS said WHERE vetted_id = "object_id")'
    if not wanted:
        return listing.limited_to((f"NOT {there}", values))
    if _count(inner, values) > FEW:
        return listing.limited_to((there, values))
    # The planner looks through no OFFSET, and so makes these rows before it orders them.
    source = f"(SELECT * FROM {listing.source} WHERE {there} OFFSET 0) AS candidates"
    return replace(listing, source=source, values=(*listing.values, *values), total=None)


def _count(inner: str, values: list) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({inner} LIMIT {FEW + 1}) AS few", values)
        return cursor.fetchone()[0]


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in BOOLEANS:
        raise ListingError(f"{name}={text!r} is neither true nor false")
    return BOOLEANS[text.lower()]


def _choices(edition: Edition, text: str) -> list[int]:
    """Numbers of the choices with these names, also of retired ones; none for those that are not kept yet."""
    known = {choice.name: choice.pk for choice in choice_list(edition, with_retired=True)}
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        raise ListingError(
            f"verdict: {edition.catalog.slug} has no choice {', '.join(unknown)}; there is {', '.join(known)}"
        )
    return [known[name] for name in names if known[name]]


def _dated(listing: Listing, edition: Edition) -> Listing:
    """Named by the newest word on any candidate: withdrawals are rows too. A time in whole seconds would not tell."""
    newest = Verdict.objects.filter(catalog=edition.catalog_id).order_by().aggregate(id=Max("pk"))["id"]
    return replace(listing, state=f" verdicts {newest or 0}", modified=None)
