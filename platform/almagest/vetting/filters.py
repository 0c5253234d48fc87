"""What people have said as a filter of a catalog's candidates: ``vetted``, ``verdict`` and ``mine``."""

from collections.abc import Mapping
from dataclasses import replace

from django.db.models import Max

from almagest.catalogs.models import Edition
from almagest.core.listings import Listing, ListingError
from almagest.core.listings.filters import BOOLEANS
from almagest.vetting.choices import choice_list
from almagest.vetting.models import Verdict

VERDICTS = ("vetted", "verdict", "mine")
# The name of the inner column is its own, so that the outer one is the candidate's, whatever the candidates are read from.
SETTLED = "SELECT object_id AS vetted_id FROM vetting_consensus WHERE catalog_id = %s AND verdicts > 0"
OWN = "SELECT object_id AS vetted_id FROM vetting_verdict WHERE catalog_id = %s AND is_current AND user_id = %s"


def parse_verdicts(listing: Listing, query: Mapping[str, str], edition: Edition, user) -> Listing:
    """Limit a catalog's candidates by what people have said of them, where an address asks for it.

    ``vetted`` true or false, ``verdict`` one choice or several with commas between them (what most say), ``mine`` true for
    those that the reader has a verdict on and false for those still to do.

    Raises
    ------
    ListingError
        When a value is neither true nor false, a choice is none of the catalog's, or nobody is logged in to have verdicts.
    """
    asked = {name: text for name in VERDICTS if (text := query.get(name, "").strip())}
    if not asked:
        return listing
    conditions = []
    if "vetted" in asked:
        conditions.append(_among(_boolean("vetted", asked["vetted"]), SETTLED, [edition.catalog_id]))
    if "verdict" in asked:
        chosen = _choices(edition, asked["verdict"])
        conditions.append(_among(True, f"{SETTLED} AND choice_id = ANY(%s)", [edition.catalog_id, chosen]))
    if "mine" in asked:
        if user is None or not user.is_authenticated:
            raise ListingError("mine: log in first; without a login nobody has verdicts of their own")
        conditions.append(_among(_boolean("mine", asked["mine"]), OWN, [edition.catalog_id, user.pk]))
    return replace(_dated(listing.limited_to(*conditions), edition), shown=listing.shown | asked)


def _among(wanted: bool, inner: str, values: list) -> tuple[str, list]:
    return f'{"" if wanted else "NOT "}EXISTS (SELECT 1 FROM ({inner}) AS said WHERE vetted_id = "object_id")', values


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
