"""Files of the file store over HTTP, whole or in parts: an interrupted download goes on where it stopped (RFC 9110)."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

from almagest.core.files import FileStoreError

Answer = TypeVar("Answer")
BLOCK = 1 << 20
# Other units, several ranges and numbers longer than any file's are no match: such a request is answered with the whole.
ONE_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII | re.IGNORECASE)
# Read in the browser where they are short; everything else is saved.
WORDS, SHORT = ("text/plain", "text/markdown", "application/json"), 1 << 20
# nginx would judge these by its own idea of the file; having passed here, they are not asked there again.
JUDGED_HERE = ("If-Match", "If-Unmodified-Since")


@dataclass(frozen=True)
class _Stored:
    """A file of the store, as `send_file` is told of it."""

    name: str
    size: int
    sha256: str
    media_type: str
    modified: datetime
    filename: str
    is_public: bool

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'

    @property
    def last_modified(self) -> int:
        return int(self.modified.timestamp())

    def validators(self) -> dict[str, str]:
        """Headers that name this state of the file, and say for how long an answer holds."""
        cache = "public, max-age=31536000, immutable" if self.is_public else "private, no-cache"
        return {"ETag": self.etag, "Last-Modified": http_date(self.last_modified), "Cache-Control": cache}

    def description(self) -> dict[str, str]:
        """Headers that say what the file is; the digest is the whole file's, also beside a part of it."""
        is_read = self.media_type.partition(";")[0].strip().lower() in WORDS and self.size <= SHORT
        has_charset = not self.media_type.startswith("text/") or "charset" in self.media_type
        # Neither folders nor characters that nobody sees, such as line ends, belong in the name of a saved file.
        safe = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in self.filename)
        return {
            "Content-Type": self.media_type if has_charset else f"{self.media_type}; charset=utf-8",
            "Content-Disposition": content_disposition_header(not is_read, safe or "file"),
            "X-Content-Type-Options": "nosniff",
            "Accept-Ranges": "bytes",
            "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(self.sha256)).decode()}:",
        }


class _Blocks:
    """A part of an open file, block by block. The server closes it, also when the reader went away before the first."""

    def __init__(self, file: File, part: range):
        self.file, self.part = file, part

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.part.start)
        left = len(self.part)
        while left:
            block = self.file.read(min(BLOCK, left))
            if not block:
                # Too late to say so in words: the connection breaks, and nobody takes what came for the whole.
                raise FileStoreError(f"{self.file.name} became shorter while it was sent; restore it from a backup")
            left -= len(block)
            yield block

    def close(self) -> None:
        self.file.close()


def send_file(
    request: HttpRequest,
    *,
    name: str,
    size: int,
    sha256: str,
    media_type: str,
    modified: datetime,
    filename: str,
    is_public: bool = False,
) -> HttpResponseBase:
    """The answer to a request for a file that never changes: all of it, a part, or that the reader has it already.

    Who may have the file is the caller's to decide, before this. The setting `SEND_FILES` says how it travels.

    Parameters
    ----------
    name
        What it is called in the file store.
    size, sha256
        Bytes, and the hexadecimal SHA-256 of them.
    media_type
        What the Content-Type says; texts are UTF-8 where it names nothing else.
    modified
        When it came to be, with a time zone.
    filename
        What it is saved as.
    is_public
        Whether everybody may have it, so that caches may keep it for all.

    Raises
    ------
    FileStoreError
        When the store has no such file, or has it in another size.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    file = _Stored(name, size, sha256, media_type, modified, filename, is_public)
    stored = _ask(default_storage.size, file)
    if stored != size:
        raise FileStoreError(
            f"{filename} is damaged: the file store has {stored} bytes of it and not {size}; "
            f"whoever runs this site can restore {name} from a backup",
            absent=True,
        )
    if settings.SEND_FILES == "redirect":
        # Such an address is signed for a while and for one reader: it is asked for each time.
        return HttpResponseRedirect(default_storage.url(name), headers={"Cache-Control": "private, no-store"})
    # The same judgement as that of ConditionalGetMiddleware, which so never replaces an answer with an open file in it.
    answer = get_conditional_response(request, etag=file.etag, last_modified=file.last_modified)
    answer = _content(request, file) if answer is None else answer
    for header, value in file.validators().items():
        answer.headers.setdefault(header, value)
    if answer.status_code >= 400:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def is_first_part(request: HttpRequest, size: int) -> bool:
    """Whether this request fetches a file of so many bytes from its beginning, as each download does once.

    The rest of an interrupted download and HEAD do not. Whether the answer has content is the answer's to say: where its
    status is 304 or an error, nothing was fetched.
    """
    part = _part(request, size)
    return request.method == "GET" and (part is None or (bool(part) and part.start == 0))


def _content(request: HttpRequest, file: _Stored) -> HttpResponseBase:
    """The file, as far as it is asked for, by this process or by the web server in front of it."""
    part = _part(request, file.size) if _range_holds(request, file) else None
    if part is not None and not part:
        words = f"the file has {file.size} bytes, and none where this range begins\n"
        refused = {"Content-Range": f"bytes */{file.size}", "Accept-Ranges": "bytes"}
        return HttpResponse(words, status=416, content_type="text/plain; charset=utf-8", headers=refused)
    status, sent = (200, range(file.size)) if part is None else (206, part)
    headers = file.description() | {"Content-Length": str(len(sent))}
    if part is not None:
        headers["Content-Range"] = f"bytes {sent.start}-{sent.stop - 1}/{file.size}"
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    if settings.SEND_FILES and not any(header in request.headers for header in JUDGED_HERE):
        address = settings.SEND_FILES + quote(file.name)
        return HttpResponse(headers=file.description() | {"X-Accel-Redirect": address})
    return StreamingHttpResponse(_Blocks(_ask(default_storage.open, file), sent), status=status, headers=headers)


def _part(request: HttpRequest, size: int) -> range | None:
    """The bytes that a request asks for, none where they are beyond the end; None where it asks for the whole file."""
    match = ONE_RANGE.fullmatch(request.headers.get("Range", "").strip())
    if request.method != "GET" or not match:
        return None
    first, last, suffix = match.groups()
    if suffix:
        # All there is of an empty file satisfies this, but no Content-Range can say so.
        return range(max(0, size - int(suffix)), size) if size or not int(suffix) else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def _range_holds(request: HttpRequest, file: _Stored) -> bool:
    """Whether the reader has the beginning of this very file, where he says what he has; else he gets the whole."""
    given = request.headers.get("If-Range")
    return given is None or given.strip() == file.etag or parse_http_date_safe(given) == file.last_modified


def _ask(operation: Callable[[str], Answer], file: _Stored) -> Answer:
    """What the store says of a file, or words for the reader when it has no such file."""
    try:
        return operation(file.name)
    except OSError as error:
        raise FileStoreError(
            f"{file.filename} is not in the file store any more; "
            f"whoever runs this site can restore {file.name} from a backup",
            absent=True,
        ) from error
