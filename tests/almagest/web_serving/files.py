"""A file of the store, and requests for it."""

import hashlib
from datetime import UTC, datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from almagest.web.serving import send_file

MODIFIED = datetime(2026, 3, 1, 12, 0, 0, 987654, UTC)
STAMP, EARLIER, LATER = (f"Sun, 01 Mar 2026 {clock} GMT" for clock in ("12:00:00", "11:59:59", "12:00:01"))
CONTENT = bytes(range(256)) * 4
SHA = hashlib.sha256(CONTENT).hexdigest()
ETAG, OTHER = f'"{SHA}"', f'"{"0" * 64}"'
FROM_10 = {"Range": "bytes=10-"}
many = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def asks(method: str = "GET", **headers: str) -> HttpRequest:
    """A request for a file."""
    return RequestFactory().generic(method, "/f", headers=headers)


def ask(told: dict, method: str = "GET", **headers: str) -> HttpResponseBase:
    """The answer to a request, its content read to `body` and its file closed, as a server does."""
    answer = send_file(asks(method, **headers), **told)
    answer.body = b"".join(answer)
    answer.close()
    return answer
