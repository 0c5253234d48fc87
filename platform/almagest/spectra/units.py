"""Units of spectra as files spell them, and the factors to ours."""

import re

import astropy.units as u

from almagest.contract import TableError
from almagest.contract.units import parse_unit
from almagest.spectra.errors import SpectrumError
from almagest.spectra.spectrum import FLUX_UNIT

# "A" and "Ang" mean angstroms wherever a spectrum is meant; to astropy the first is the ampere.
ANGSTROM = re.compile(r"(?<![A-Za-z])(angstroms?|ang|aa?)(?![A-Za-z])", re.IGNORECASE)
SCALE = re.compile(r"^\s*(10(?:\*\*|\^)\(?[-+]?[0-9]+\)?|[0-9.]+(?:e[-+]?[0-9]+)?)[ .*]*(?=[A-Za-z(])", re.IGNORECASE)
RELATIVE = {"", "none", "relative", "normalized", "normalised", "unitless", "dimensionless", "arbitrary"}


def flux_factor(spelling: str | None) -> tuple[float, str]:
    """The factor from a file's flux to ours, and our unit: `FLUX_UNIT`, or none where the file's flux is relative.

    Raises
    ------
    SpectrumError
        When the unit is no flux density per wavelength.
    """
    text = (spelling or "").strip()
    if text.lower() in RELATIVE:
        return 1.0, ""
    try:
        return _in(text, parse_unit(FLUX_UNIT)), FLUX_UNIT
    except (u.UnitConversionError, TableError, ValueError):
        raise SpectrumError(
            f"flux unit {text!r} is no flux density per wavelength, such as {FLUX_UNIT}; --flux-unit says what is meant"
        ) from None


def wavelength_factor(spelling: str | None) -> float:
    """The factor from a file's wavelengths to angstroms; without a unit they are angstroms already."""
    text = (spelling or "").strip()
    if not text:
        return 1.0
    try:
        return _in(text, u.Angstrom)
    except (u.UnitConversionError, TableError, ValueError):
        raise SpectrumError(f"wavelength unit {text!r} is no length; write angstrom, nm or um") from None


def _in(text: str, ours: u.UnitBase) -> float:
    """How much one of the spelled unit is of ours."""
    scale, rest = 1.0, text
    if found := SCALE.match(text):
        scale, rest = _number(found[1]), text[found.end() :]
    spelled = ANGSTROM.sub("Angstrom", re.sub(r"\s*/\s*", "/", rest.replace("^", "**")))
    return scale * parse_unit(spelled).to(ours)


def _number(text: str) -> float:
    power = re.fullmatch(r"10(?:\*\*|\^)\(?([-+]?[0-9]+)\)?", text)
    return 10.0 ** int(power[1]) if power else float(text)
