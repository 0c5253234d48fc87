"""What stands around every page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from almagest.accounts.errors import http_status
from almagest.contract import AlmagestError

# Scripts and styles are our own files: nothing written into a page can run.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)


class SpeakPlainly:
    """Errors that are meant for people become a page that says them: 404 where a thing is not there, else 400."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn an `AlmagestError` into a page; leave the rest to Django."""
        if not isinstance(error, AlmagestError):
            return None
        status = http_status(error)
        return render(request, "error.html", {"status": status, "message": str(error)}, status=status)
