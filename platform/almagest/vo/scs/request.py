"""What a cone search is asked: a position, a radius, how much of it, and in which form."""

from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest

from almagest.vo.dali import parse_degrees, parse_maxrec, parse_serialization, read_parameters
from almagest.vo.errors import VoError

MAX_SR = 180  # degrees: the whole sky
DEFAULT_MAXREC = 10_000
HARD_MAXREC = 1_000_000
VERBOSITIES = {"1": 1, "2": 2, "3": 3}
NAMES = ("RA", "DEC", "SR", "VERB", "MAXREC", "RESPONSEFORMAT")


@dataclass(frozen=True)
class Cone:
    """A request.

    Attributes
    ----------
    ra, dec, sr
        Position (ICRS) and radius in degrees.
    verb
        1: name and position; 2: the principal columns; 3: all columns.
    maxrec
        Most rows that are wanted.
    """

    ra: float
    dec: float
    sr: float
    verb: int
    maxrec: int
    serialization: Literal["tabledata", "binary2"]

    @property
    def most_rows(self) -> int:
        """Most rows to give; a cone without extent asks for the columns alone."""
        return self.maxrec if self.sr else 0


def read_cone(request: HttpRequest) -> Cone:
    """Read the request's parameters.

    Raises
    ------
    VoError
        When one of RA, DEC and SR is missing, or any is not what it must be.
    """
    given = read_parameters(request, NAMES)
    return Cone(
        ra=parse_degrees(given, "RA", 0, 360),
        dec=parse_degrees(given, "DEC", -90, 90),
        sr=parse_degrees(given, "SR", 0, MAX_SR),
        verb=_verbosity(given.get("VERB", "2")),
        maxrec=parse_maxrec(given, DEFAULT_MAXREC, HARD_MAXREC),
        serialization=parse_serialization(given),
    )


def _verbosity(text: str) -> int:
    if text not in VERBOSITIES:
        raise VoError(f"VERB={text!r} is not 1 (name and position), 2 (principal columns) or 3 (all columns)")
    return VERBOSITIES[text]
