"""Listings over HTTP: as files, streamed, and not at all where the reader has them already."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from email.utils import format_datetime

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.utils.http import parse_http_date_safe, quote_etag

from almagest.core.listings.listing import Listing
from almagest.core.listings.streaming import measured_batches, read_batches
from almagest.formats import Document, Format


def file_response(listing: Listing, form: Format, *, limit: int | None = None) -> StreamingHttpResponse:
    """The listing as a file, streamed while it is read."""
    return streamed(file_pieces(listing, form, limit=limit), form, name=listing.name)


def streamed(pieces: Iterator[bytes], form: Format, *, name: str) -> StreamingHttpResponse:
    """Pieces of a file as they come; `name` is the file's, without an ending."""
    # What is wrong with the question shows with the first piece, while there is still time to say so.
    first = next(pieces, b"")
    response = StreamingHttpResponse(_joined(first, pieces), content_type=form.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form.extension}"'
    return response


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    # A generator, and no chain: the server closes it when the reader goes away, and with it the connection that reads.
    yield first
    yield from rest


def file_pieces(listing: Listing, form: Format, *, limit: int | None = None) -> Iterator[bytes]:
    """The bytes of the listing as a file, some at a time."""
    document = Document(listing.given, listing.infos)
    if not form.needs_sizes:
        yield from form.write(document, read_batches(listing, limit=limit))
        return
    with measured_batches(listing, limit=limit) as (sizes, batches):
        yield from form.write(replace(document, sizes=sizes), batches)


def unchanged(request: HttpRequest, listing: Listing) -> HttpResponse | None:
    """An answer without content when the reader has this state of the listing, asked for in the same words; else None."""
    if not listing.revision:
        return None
    given, since = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
    if given is not None:
        is_same = given.strip() == "*" or etag(request, listing) in [
            tag.strip().removeprefix("W/") for tag in given.split(",")
        ]
    else:
        seen = parse_http_date_safe(since) if since and listing.modified else None
        is_same = seen is not None and int(listing.modified.timestamp()) <= seen
    return stamped(HttpResponseNotModified(), request, listing) if is_same else None


def stamped(response: HttpResponse, request: HttpRequest, listing: Listing) -> HttpResponse:
    """The answer with what tells the reader when to ask again."""
    if listing.revision:
        response.headers["ETag"] = etag(request, listing)
        if listing.modified:
            response.headers["Last-Modified"] = format_datetime(listing.modified, usegmt=True)
    response.headers["Cache-Control"] = "no-cache" if request.user.is_anonymous else "private, no-cache"
    return response


def etag(request: HttpRequest, listing: Listing) -> str:
    """Name of what the reader gets: the listing's revision and state, the address with its parameters, the format and the reader."""
    parts = (
        listing.revision + listing.state,
        request.get_full_path(),
        request.headers.get("Accept", ""),
        str(request.user.pk),
    )
    return quote_etag(hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest())
