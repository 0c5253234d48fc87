"""Positions and names as people type them."""

import math
import re

import astropy.units as u
from astropy.coordinates import SkyCoord

from almagest.contract import AlmagestError
from almagest.sky.errors import SurveyError
from almagest.sky.selectors import SkyObject, object_get, object_get_by_id

LARGEST_RADIUS_ARCSEC = 36_000
DECIMAL = re.compile(r"\s*([+-]?\d+(?:\.\d*)?)[\s,]+([+-]?\d+(?:\.\d*)?)\s*")


class PositionError(AlmagestError):
    """What was typed is no position."""


def parse_position(text: str) -> tuple[float, float]:
    """Right ascension and declination in degrees from ``187.7 +12.39`` or ``12h30m49s +12d23m28s`` or ``12:30:49 +12:23:28``.

    Raises
    ------
    PositionError
        When the text is neither.
    """
    try:
        if pair := DECIMAL.fullmatch(text):
            ra, dec = float(pair[1]), float(pair[2])
            return float(SkyCoord(ra * u.deg, dec * u.deg).ra.deg), dec
        sky = SkyCoord(text.replace(",", " "), unit=(u.hourangle, u.deg), frame="icrs")
        return float(sky.ra.deg), float(sky.dec.deg)
    except (ValueError, TypeError, IndexError):
        raise PositionError(
            f"{text!r} is neither an object nor a position; write 187.7059 +12.3911, 12:30:49.4 +12:23:28, or survey/name"
        ) from None


def parse_radius(text: str) -> float:
    """A radius in arcsec, above 0 and at most 10 degrees."""
    try:
        radius = float(text)
    except ValueError:
        raise PositionError(f"radius_arcsec={text!r} is not a number") from None
    if not (math.isfinite(radius) and 0 < radius <= LARGEST_RADIUS_ARCSEC):
        raise PositionError(f"radius_arcsec={text} is not between 0 and {LARGEST_RADIUS_ARCSEC:,}")
    return radius


def find_by_name(*, user, text: str) -> SkyObject | None:
    """The object that ``survey/name`` or an object's number names, if there is one."""
    survey, slash, source_id = text.partition("/")
    try:
        if slash:
            return object_get(user=user, survey=survey.strip(), source_id=source_id.strip())
        return object_get_by_id(user=user, object_id=int(text)) if text.isdecimal() and len(text) < 19 else None
    except SurveyError:
        return None
