"""Spellings of units: surveys write what they like, Almagest writes VOUnit."""

import warnings
from functools import lru_cache

import astropy.units as u

from almagest.contract.errors import TableError

# Spellings met in real files that astropy does not read, or reads as something else.
ALIASES = {
    "1/deg^2": "deg**-2",
    "1/arcsec^2": "arcsec**-2",
    "1/mas^2": "mas**-2",
    "1/nanomaggy^2": "nmgy**-2",
    "1/nanomaggies^2": "nmgy**-2",
    "1/(mas/yr)^2": "mas**-2.yr**2",
    "nanomaggy": "nmgy",
    "nanomaggies": "nmgy",
    "nanomaggy/arcsec^2": "nmgy.arcsec**-2",
    "sec": "s",
    "days": "d",
    "day": "d",
    "mags": "mag",
    "degrees": "deg",
    "degree": "deg",
    "arcseconds": "arcsec",
    "angstroms": "Angstrom",
    "dex(solmass)": "",  # a logarithm has no unit; the column's name and description say of what
    "None": "",
    "unitless": "",
    "dimensionless": "",
}


@lru_cache(maxsize=4096)
def parse_unit(spelling: str | None) -> u.UnitBase:
    """Read a unit as surveys spell it.

    Raises
    ------
    TableError
        When the spelling means nothing to us.
    """
    text = ALIASES.get((spelling or "").strip(), (spelling or "").strip())
    if not text:
        return u.dimensionless_unscaled
    with warnings.catch_warnings():
        # The standard would rather have 0.1 nm than angstroms; astronomers would not.
        warnings.simplefilter("ignore", u.UnitsWarning)
        for form in ("vounit", "fits", "generic"):
            try:
                return u.Unit(text, format=form)
            except (ValueError, TypeError):
                continue
    raise TableError(
        f"unit {spelling!r} is not known; write it as VOUnit, or add it to the aliases in contract/units.py"
    )


def unit_factor(found: str | None, declared: str | None) -> float:
    """Factor that turns a value in the unit `found` into one in the unit `declared`.

    Raises
    ------
    TableError
        When one of the two is unknown, or they measure different things.
    """
    if (found or "") == (declared or ""):
        return 1.0
    try:
        return float(parse_unit(found).to(parse_unit(declared)))
    except u.UnitConversionError:
        raise TableError(f"unit {found!r} cannot be converted to the declared {declared!r}") from None
