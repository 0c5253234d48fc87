"""What the schema says of a route: its answers and its problems."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers

from almagest.api.negotiation import TABLES
from almagest.api.problems import MEDIA_TYPE
from almagest.api.rows import Problem, Row, page_serializer, row_serializer
from almagest.contract import Table

READING = {400: "Something that was asked means nothing here", 401: "The token is unknown, expired or revoked",
           406: "None of the formats is accepted", 429: "Too many requests"}  # fmt: skip
ABSENT = {404: "It is not here, or not for you"}
FILES = {(200, renderer.media_type): OpenApiTypes.BINARY for renderer in TABLES if renderer.format != "json"}
WRITING = {403: "It is not yours to do", 413: "The body is too large", 415: "The body is no JSON"}


def problems(*kinds: dict[int, str]) -> dict:
    """Answers that are problems."""
    told = {status: words for kind in kinds for status, words in kind.items()}
    return {(status, MEDIA_TYPE): OpenApiResponse(Problem, words) for status, words in sorted(told.items())}


def lists(name: str, words: str, table: Table | None = None, *, absent: bool = False):
    """For a view: its GET gives a listing; without a table the columns depend on the address."""
    row = row_serializer(table) if table else Row
    page = {(200, "application/json"): page_serializer(name, row)}
    same = {304: OpenApiResponse(None, "You have this state already")}
    answers = page | FILES | same | problems(READING, ABSENT if absent else {})
    return extend_schema_view(get=extend_schema(operation_id=name, summary=words, responses=answers))


def tells(name: str, words: str, answer: type[serializers.Serializer], *, absent: bool = True):
    """A GET that gives one thing."""
    return extend_schema(
        operation_id=name, summary=words, responses={200: answer} | problems(READING, ABSENT if absent else {})
    )


def looks_up(name: str, words: str, body: type[serializers.Serializer], *, absent: bool = True):
    """A POST that brings a list and gives a row for each of its places."""
    fields = {
        "rows": Row(many=True),
        "missing": serializers.ListField(help_text="What was asked for and is not there, in the list's order."),
    }
    answer = type(f"{name.title().replace('_', '')}Answer", (serializers.Serializer,), fields)
    return extend_schema(
        operation_id=name, summary=words, request=body,
        responses={(200, "application/json"): answer} | FILES | problems(READING, WRITING, ABSENT if absent else {}),
    )  # fmt: skip


def does(
    name: str,
    words: str,
    body: type[serializers.Serializer] | None,
    answer,
    *,
    status: int = 200,
    more: dict | None = None,
):
    """A method that writes."""
    return extend_schema(
        operation_id=name, summary=words, request=body,
        responses={status: answer} | problems(READING, WRITING, ABSENT, more or {}),
    )  # fmt: skip
