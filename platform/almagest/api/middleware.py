"""Around every request: what no text can hold is refused at the door, and below the API's address all errors are problems."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from almagest.api.problems import PREFIX, problem

# Services that answer errors in their own way.
ELSEWHERE = "/vo/"
NUL = "a character with the number 0 is in this request; no name and no text has one"
# What Django itself answers with a page, before any view is found or read.
TOLD = {
    400: "this request cannot be read",
    404: "there is nothing at this address; /api/v1/ lists what there is",
    405: "this address does not take this method",
}


class SpeakToPrograms:
    """A request with a NUL, which PostgreSQL keeps in no text, is answered with 400; errors below /api/ are problems."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(ELSEWHERE):
            return self.get_response(request)
        address = "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")
        if address or any("\0" in text for text in request.COOKIES.values()):
            return _refused(request)
        response = self.get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and response.status_code in TOLD and request.path.startswith(PREFIX):
            return problem(response.status_code, TOLD[response.status_code])
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        """Forms of pages, which have been read for their CSRF token already; the API's bodies are its parser's to read."""
        is_form = request.method == "POST" and not getattr(view, "csrf_exempt", False)
        return _refused(request) if is_form and "%00" in request.POST.urlencode() else None


def _refused(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(PREFIX):
        return problem(400, NUL)
    # Without the request: who asks is not known when its cookies are what is wrong.
    return render(None, "error.html", {"status": 400, "message": NUL}, status=400)
