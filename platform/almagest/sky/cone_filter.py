"""A cone as a filter of any listing with ``healpix``, ``ra`` and ``dec``."""

from collections.abc import Mapping
from dataclasses import replace

from almagest.core.listings import Listing
from almagest.core.listings.filters import parse_number
from almagest.sky.search import cone_condition

CONE = ("cone_ra", "cone_dec", "radius_arcsec")


def parse_cone(listing: Listing, query: Mapping[str, str]) -> Listing:
    """Limit a listing to ``cone_ra``, ``cone_dec`` and ``radius_arcsec``, where an address has any of them.

    Raises
    ------
    ListingError, SearchError
        When one of the three is missing, no number, or out of range.
    """
    if not any(query.get(name, "").strip() for name in CONE):
        return listing
    ra, dec, radius = (parse_number(query, name) for name in CONE)
    limited = listing.limited_to(cone_condition(ra=ra, dec=dec, radius_arcsec=radius))
    return replace(limited, shown=limited.shown | {name: query[name] for name in CONE})
