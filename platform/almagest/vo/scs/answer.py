"""The rows of a cone, nearest first, streamed while they are read; behind them whether there were more."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from urllib.parse import quote

import pyarrow as pa
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from almagest.core.listings import Listing, read_batches
from almagest.core.listings.responses import stamped, unchanged
from almagest.formats import FORMATS, VOTABLE, Document
from almagest.formats.text import text_bytes
from almagest.sky.search import within_cone
from almagest.sky.separation import ARCSEC_PER_DEG
from almagest.vo.dali import MEDIA_TYPES
from almagest.vo.resources import Resource
from almagest.vo.scs.columns import verbose, with_main_columns
from almagest.vo.scs.request import Cone

OK = ("QUERY_STATUS", "OK", "")
OVERFLOW = (
    "QUERY_STATUS",
    "OVERFLOW",
    "There are more rows than these, farther away; give a smaller SR or a larger MAXREC",
)
KEPT = "".join(map(chr, range(32, 127))).replace("%", "")


def cone_answer(request: HttpRequest, resource: Resource, cone: Cone) -> HttpResponse:
    """The VOTable, or that the reader has it already."""
    listing = cone_listing(resource, cone)
    is_form = request.method == "POST"
    if not is_form and (same := unchanged(request, listing)):
        return same
    media_type = MEDIA_TYPES["binary2"][-1] if cone.serialization == "binary2" else VOTABLE
    pieces = _pieces(listing, resource.identifier, cone) if request.method != "HEAD" else ()
    response = StreamingHttpResponse(pieces, content_type=media_type)
    # What a form asks does not stand in the address, by which states are told apart.
    return response if is_form else stamped(response, request, listing)


def cone_listing(resource: Resource, cone: Cone) -> Listing:
    """The rows within the radius with the columns that are wanted."""
    listing = resource.listing()
    table = with_main_columns(listing.table, identifier=resource.identifier, title=resource.title)
    found = within_cone(replace(listing, table=table), ra=cone.ra, dec=cone.dec, radius_arcsec=cone.sr * ARCSEC_PER_DEG)
    return verbose(found, cone.verb, identifier=resource.identifier)


def _pieces(listing: Listing, identifier: str, cone: Cone) -> Iterator[bytes]:
    after = []  # is read when the last row is written
    # One more row than are given: whether there is one is known then.
    batches = read_batches(listing, limit=cone.most_rows + 1) if cone.most_rows else iter(())
    rows = (_in_ascii(batch, identifier) for batch in _cut(_started(batches), cone.most_rows, after))
    document = Document(listing.given, (OK, *listing.infos), after, ascii=frozenset({identifier}))
    return FORMATS["votable"].write(document, rows, serialization=cone.serialization)


def _started(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same with the first one read: a query that fails does so before anything is answered."""
    return chain([batch for batch in [next(batches, None)] if batch is not None], batches)


def _cut(batches: Iterator[pa.RecordBatch], limit: int, after: list) -> Iterator[pa.RecordBatch]:
    """So many rows at most; `after` is told when there were more."""
    for batch in batches:
        yield batch.slice(0, limit)
        if batch.num_rows > limit:
            after.append(OVERFLOW)
        limit = max(0, limit - batch.num_rows)


def _in_ascii(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    """The names of objects as the protocol's characters; others are written as addresses write them."""
    place = batch.schema.get_field_index(name)
    if text_bytes(batch.column(place).cast(pa.string())).isascii():
        return batch
    names = [text if text.isascii() else quote(text, safe=KEPT) for text in batch.column(place).to_pylist()]
    return batch.set_column(place, batch.schema.field(place), pa.array(names, batch.schema.field(place).type))
