"""A release as plain words and numbers, and as the schema has them: its facts are described by their own declaration."""

from dataclasses import asdict, fields, is_dataclass, replace
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from django.http import HttpRequest
from django.urls import reverse
from rest_framework import serializers

from almagest.accounts.selectors import may_see
from almagest.api.describing import columns_described
from almagest.api.rows import ColumnWords, row_serializer
from almagest.contract import Column, Table
from almagest.releases.content import FileEntry, ReleaseFacts, bibtex, citation_line
from almagest.releases.content.data import HATS
from almagest.releases.listings import RELEASES
from almagest.releases.models import Release
from almagest.releases.selectors import download_totals, latest_number
from almagest.sky.models import Survey

FILES = Table(
    "release_files",
    "Files of a data release",
    (
        Column("path", "string", "", "meta.id;meta.main", "Path within the release", nullable=False, level=1),
        Column("what", "string", "", "meta.note", "What it holds", nullable=False, level=1),
        Column("media_type", "string", "", "meta.code", "Media type", nullable=False),
        Column("bytes", "int64", "byte", "meta.number", "Size", nullable=False),
        Column("rows", "int64", "", "meta.number", "Number of rows, where it has any"),
        Column("sha256", "string", "", "meta.code", "SHA-256 of its content", nullable=False),
        Column("downloads", "int64", "", "meta.number", "How often it was fetched; parts of a HATS catalog are counted together"),
        Column("url", "string", "", "meta.ref.url", "Where to fetch it", nullable=False, level=1),
    ),
)  # fmt: skip
KINDS = {
    str: (serializers.CharField, {"allow_blank": True}), int: (serializers.IntegerField, {}),
    bool: (serializers.BooleanField, {}), datetime: (serializers.DateTimeField, {}), dict: (serializers.DictField, {}),
}  # fmt: skip


def facts_serializer(declared: type) -> type[serializers.Serializer]:
    """Words of the schema for a dataclass of facts and for those within it."""
    hints = get_type_hints(declared)
    named = {field.name: _field(hints[field.name]) for field in fields(declared)}
    return type(declared.__name__, (serializers.Serializer,), named | {"__doc__": declared.__doc__.split("\n")[0]})


def _field(kind: Any, **given) -> serializers.Field:
    if isinstance(kind, UnionType):
        # The last: of `str | int` a version here is the number.
        *_, kept = (each for each in get_args(kind) if each is not NoneType)
        return _field(kept, allow_null=NoneType in get_args(kind))
    if is_dataclass(kind):
        return facts_serializer(kind)(**given)
    if get_origin(kind) is tuple:
        return serializers.ListField(child=_field(get_args(kind)[0]), **given)
    field, more = KINDS[get_origin(kind) or kind]
    return field(**more, **given)


class FrozenColumn(ColumnWords):
    """A column of a release, whose files nobody filters here."""

    filters = None


class ReleaseWords(row_serializer(RELEASES)):
    """A release: where it stands, what is said of it, what it holds, and how it is cited."""

    visibility = serializers.CharField()
    owner_name = serializers.CharField(allow_null=True)
    run = serializers.IntegerField(allow_null=True, help_text="The run that makes it.")
    checked = serializers.DateTimeField(allow_null=True, help_text="When all files had been read again.")
    latest = serializers.CharField(allow_null=True, help_text="The newest version that is published.")
    url = serializers.URLField(help_text="Its page.")
    facts = facts_serializer(ReleaseFacts)(
        help_text="What its files say of it, which never changes, but for the surveys and the sample that are not yours to see."
    )
    filters = serializers.DictField(child=serializers.CharField(), help_text="What chose the rows.")
    formats = serializers.ListField(child=serializers.CharField())
    with_weights = serializers.BooleanField(help_text="Whether the model's files are among them.")
    bytes = serializers.IntegerField(help_text="Size of all files.")
    columns = FrozenColumn(many=True)
    files = serializers.ListField(child=row_serializer(FILES)(), help_text="Empty until they are built.")
    downloads = serializers.DictField(child=serializers.IntegerField(), help_text="How often each was fetched.")
    citation = serializers.CharField(help_text="As it stands in a list of references.")
    bibtex = serializers.CharField()


def release_told(release: Release, request: HttpRequest, *, user) -> dict[str, Any]:
    """A release, as far as it is built and the user may see what it is from; cited by its page where it says no address."""
    facts, latest = release.told, latest_number(release, user=user)
    kept = ("id", "label", "number", "state", "rows", "created", "checked", "published", "retracted", "reason",
            "visibility", "filters", "formats", "with_weights", "bytes")  # fmt: skip
    url = request.build_absolute_uri(reverse("release", args=[release.catalog.slug, release.label]))
    cited = replace(facts, url=facts.url or url)
    columns = [
        {name: value for name, value in column.items() if name != "filters"}
        for column in columns_described(release.table)
    ]
    return {name: getattr(release, name) for name in kept} | {
        "catalog_slug": release.catalog.slug, "title": facts.title, "doi": facts.doi, "licence": facts.licence,
        "model": str(facts.model), "owner_name": release.owner and release.owner.username, "run": release.run_id,
        "url": url, "latest": latest and f"v{latest}", "facts": _facts_seen(release, user), "columns": columns,
        "files": files_told(release, request), "downloads": download_totals(release), "citation": citation_line(cited),
        "bibtex": bibtex(cited),
    }  # fmt: skip


def _facts_seen(release: Release, user) -> dict[str, Any]:
    slugs = [survey["slug"] for survey in release.facts["surveys"]]
    seen = set(Survey.objects.visible_to(user).filter(slug__in=slugs).values_list("slug", flat=True))
    is_sample_seen = may_see(user, release.edition.version.sample)
    return release.facts | {
        "surveys": [survey for survey in release.facts["surveys"] if survey["slug"] in seen],
        "sample": release.facts["sample"] if is_sample_seen else None,
    }


def files_told(release: Release, request: HttpRequest) -> list[dict[str, Any]]:
    """Its files, with how often each was fetched and from where."""
    totals, at = download_totals(release), [release.catalog.slug, release.label]

    def told(entry: FileEntry) -> dict[str, Any]:
        downloads = None if entry.path.startswith(f"{HATS}/") else totals.get(entry.path, 0)
        url = request.build_absolute_uri(reverse("release-file", args=[*at, entry.path]))
        return asdict(entry) | {"downloads": downloads, "url": url}

    return [told(entry) for entry in release.entries]
