"""Distances on the sky, in PostgreSQL and in numpy, by the one formula that is right at every distance.

Vincenty's formula on the sphere: the arc tangent of (sine, cosine) keeps its digits near 0 and near 180 degrees alike,
where the arc cosine and the haversine lose theirs.
"""

import numpy as np

ARCSEC_PER_DEG = 3600.0


def separation_sql(ra_1: str, dec_1: str, ra_2: str, dec_2: str) -> str:
    """SQL expression of the distance in arcsec between two positions given as expressions in degrees."""
    dec_1, dec_2 = _tame(dec_1), _tame(dec_2)
    delta = f"radians({_tame(f'({ra_2} - {ra_1})')})"
    # cosd(90) is 0; cos(radians(90)) is not, and would tear the pole apart.
    sin_1, cos_1, sin_2, cos_2 = (f"{f}({dec})" for dec in (dec_1, dec_2) for f in ("sind", "cosd"))
    across = f"{cos_2} * sin({delta})"
    along = f"({cos_1} * {sin_2} - {sin_1} * {cos_2} * cos({delta}))"
    cosine = f"{sin_1} * {sin_2} + {cos_1} * {cos_2} * cos({delta})"
    # The square root takes no negative number, and squares are none.
    return f"degrees(atan2(sqrt(({across}) * ({across}) + {along} * {along}), {cosine})) * {ARCSEC_PER_DEG}"


def _tame(degrees: str) -> str:
    """PostgreSQL refuses products of numbers too small for a float; a difference of 1e-100 degrees is none."""
    return f"(CASE WHEN abs({degrees}) < 1e-100 THEN 0 ELSE {degrees} END)"


def separation_arcsec(ra_1, dec_1, ra_2, dec_2) -> np.ndarray:
    """Distances in arcsec between positions in degrees, arrays of one shape or numbers."""
    delta = np.radians(np.subtract(ra_2, ra_1))
    (sin_1, cos_1), (sin_2, cos_2) = _sin_cos(dec_1), _sin_cos(dec_2)
    across = cos_2 * np.sin(delta)
    along = cos_1 * sin_2 - sin_1 * cos_2 * np.cos(delta)
    cosine = sin_1 * sin_2 + cos_1 * cos_2 * np.cos(delta)
    return np.degrees(np.arctan2(np.hypot(across, along), cosine)) * ARCSEC_PER_DEG


def _sin_cos(dec) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of degrees; the cosine from the distance to the pole, which is exactly 0 there."""
    return np.sin(np.radians(dec)), np.sin(np.radians(90 - np.abs(dec)))
