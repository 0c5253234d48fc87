"""Errors as ``application/problem+json`` (RFC 9457): what is wrong, and what to do."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import server_error as server_error_page
from rest_framework import exceptions

from almagest.accounts.errors import http_status
from almagest.contract import AlmagestError

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/"


def problem(status: int, detail: str, **more: Any) -> JsonResponse:
    """A problem as an answer."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail} | more
    return JsonResponse(content, status=status, content_type=MEDIA_TYPE)


def on_exception(error: Exception, context: dict) -> HttpResponse | None:
    """Turn what a view raised into a problem; None for what nobody foresaw, which is logged and answered with 500."""
    if isinstance(error, AlmagestError):
        return problem(http_status(error), str(error))
    if isinstance(error, Http404):
        return problem(404, "there is nothing at this address; /api/v1/ lists what there is")
    if isinstance(error, PermissionDenied):
        return problem(403, str(error) or "this is not yours to do")
    if not isinstance(error, exceptions.APIException):
        return None
    response = problem(error.status_code, *_told(error))
    for header, value in (("WWW-Authenticate", getattr(error, "auth_header", None)), ("Retry-After", _wait(error))):
        if value:
            response.headers[header] = str(value)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """The answer when something broke that nobody foresaw."""
    if request.path.startswith(PREFIX):
        return problem(500, "this is our fault; the server's log has what happened")
    return server_error_page(request)


def _told(error: exceptions.APIException) -> list[str]:
    if isinstance(error, exceptions.ValidationError):
        return ["; ".join(_sentences(error.detail))]
    if isinstance(error, exceptions.NotAuthenticated):
        return ["log in, or send 'Authorization: Token alm_…'; tokens are made on the page /account/"]
    if isinstance(error, exceptions.Throttled):
        return [f"too many requests; wait {_wait(error) or 'some'} seconds, or log in for a higher rate"]
    return [str(error.detail)]


def _sentences(detail: Any, where: str = "") -> list[str]:
    """A serializer's errors as one sentence for each wrong value."""
    if isinstance(detail, dict):
        parts = [_sentences(value, f"{where}.{name}".strip(".")) for name, value in detail.items()]
        return [sentence for part in parts for sentence in part]
    if isinstance(detail, list):
        return [sentence for value in detail for sentence in _sentences(value, where)]
    return [f"{where.removesuffix('.non_field_errors') or 'the request'}: {detail}"]


def _wait(error: exceptions.APIException) -> int | None:
    wait = getattr(error, "wait", None)
    return None if wait is None else max(1, int(wait + 0.999))
