"""Parameters and errors as all protocols have them (DALI 1.1): names in any case, errors as VOTables, open to every page."""

import logging
import re
from collections.abc import Callable, Collection
from functools import wraps
from http import HTTPStatus

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt

from almagest.accounts.errors import http_status
from almagest.contract import AlmagestError
from almagest.formats import VOTABLE, error_document
from almagest.vo.errors import VoError

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
LONGEST = 200  # characters of a value
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MEDIA_TYPES = {
    "tabledata": ("votable", "votable/td", "text/xml", "application/xml", "text/xml;content=x-votable", VOTABLE,
                  f"{VOTABLE};serialization=tabledata"),
    "binary2": ("votable/b2", f"{VOTABLE};serialization=binary2"),
}  # fmt: skip
UNREADABLE = (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError)
log = logging.getLogger(__name__)


def for_programs(*, error_status: int | None = None) -> Callable:
    """A view for programs of all origins, which answers everybody alike, and errors with a VOTable that says them.

    Parameters
    ----------
    error_status
        What errors are over HTTP; None: what they are elsewhere.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **path: str) -> HttpResponse:
            # Whoever is logged in is nobody here: what is kept of an answer may be given to anyone.
            request.user = AnonymousUser()
            response = _answer(view, request, path, error_status)
            response.headers["Access-Control-Allow-Origin"] = "*"
            return response

        return answer

    return decorate


def _answer(view: Callable, request: HttpRequest, path: dict[str, str], error_status: int | None) -> HttpResponse:
    if request.method not in METHODS:
        return problem(
            f"{request.method}: this service only reads; ask with GET or POST", HTTPStatus.METHOD_NOT_ALLOWED
        )
    if request.method == "OPTIONS":
        return HttpResponse(headers={"Allow": ", ".join(METHODS), "Access-Control-Allow-Methods": ", ".join(METHODS)})
    try:
        return view(request, **path)
    except AlmagestError as error:
        return problem(str(error), error_status or http_status(error))
    except UNREADABLE as error:
        return problem(f"the request cannot be read: {error}", error_status or HTTPStatus.BAD_REQUEST)
    except Exception:
        log.exception("%s failed", request.path)
        message = "this is our fault; the server's log has what happened. Ask again later"
        return problem(message, error_status or HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(message: str, status: int) -> HttpResponse:
    """An error as clients look for it: the Simple Cone Search's INFO, and DALI's."""
    content = error_document(message, infos=(("QUERY_STATUS", "ERROR", message),))
    return HttpResponse(content, status=status, content_type=VOTABLE)


def read_parameters(request: HttpRequest, names: Collection[str]) -> dict[str, str]:
    """Values of these parameters, of the address and of a form; what is empty or has another name is left out.

    Raises
    ------
    VoError
        When one is too long, or given with several values.
    """
    found: dict[str, set[str]] = {}
    for source in (request.GET, request.POST):
        for name, values in source.lists():
            if name.upper() in names:
                found.setdefault(name.upper(), set()).update(value.strip() for value in values if value.strip())
    for name, values in found.items():
        if len(values) > 1:
            raise VoError(f"{name} is given {len(values)} times with different values; give it once")
        if any(len(value) > LONGEST for value in values):
            raise VoError(f"{name} is longer than {LONGEST} characters")
    return {name: values.pop() for name, values in found.items() if values}


def parse_degrees(given: dict[str, str], name: str, low: float, high: float) -> float:
    """A number of degrees between two others, or `VoError`."""
    if name not in given:
        raise VoError(f"{name} is missing: give RA, DEC and SR in decimal degrees, like RA=187.7&DEC=12.4&SR=0.1")
    if not NUMBER.fullmatch(given[name]):
        raise VoError(f"{name}={given[name]!r} is not a number; give decimal degrees, like 187.7")
    value = float(given[name])
    if not low <= value <= high:
        raise VoError(f"{name}={given[name]} is not between {low:g} and {high:g} degrees")
    return value


def parse_maxrec(given: dict[str, str], default: int, highest: int) -> int:
    """The largest number of rows to give, or `VoError`; more than the highest are never given."""
    text = given.get("MAXREC", str(default))
    if not re.fullmatch("[0-9]+", text):
        raise VoError(f"MAXREC={text!r} is not a number of rows: give 0 for the columns alone, or up to {highest:,}")
    return min(int(text), highest)


def parse_serialization(given: dict[str, str]) -> str:
    """How the rows of a VOTable are to be written, or `VoError`."""
    text = given.get("RESPONSEFORMAT", "votable")
    # In an address that nobody has encoded, the plus of the media type is a space.
    asked = re.sub(r"\s*;\s*", ";", text.lower()).replace(" ", "+").replace('"', "")
    for serialization, names in MEDIA_TYPES.items():
        if asked in names:
            return serialization
    raise VoError(
        f"RESPONSEFORMAT={text!r} is not given here; ask for {MEDIA_TYPES['tabledata'][-1]} or {MEDIA_TYPES['binary2'][-1]}"
    )
