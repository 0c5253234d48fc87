"""Plugins, model versions and comparisons as listings."""

from django.db.models import Case, F, When
from django.db.models.fields.json import KT

from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.registry.models import Method
from almagest.registry.selectors import comparison_list, version_links, version_list

METHODS = Table(
    "methods",
    "What published methods are here",
    (
        Column("plugin_name", "string", "", "meta.id", "Plugin", nullable=False, level=1),
        Column("method_name", "string", "", "meta.id", "Method", nullable=False, level=1),
        Column("id", "int64", "", "meta.id;meta.main", "Number of the method", nullable=False, level=3),
        Column("plugin_title", "string", "", "meta.title", "Title of the plugin", nullable=False),
        Column("method_title", "string", "", "meta.title", "Title of the method", nullable=False),
        Column("plugin_version", "string", "", "meta.version", "Version of the plugin", nullable=False),
        Column("runtime", "string", "", "meta.code", "Kind of worker that it needs", nullable=False),
        Column("signal", "string", "", "meta.code.class", "The class that is looked for", nullable=False),
        Column("summary", "string", "", "meta.note", "What the plugin does", nullable=False),
    ),
)
VERSIONS = Table(
    "models",
    "Trained models",
    (
        Column("id", "int64", "", "meta.id;meta.main", "Number of the model", nullable=False, level=3),
        Column("plugin_name", "string", "", "meta.id", "Plugin", nullable=False, level=1),
        Column("method_name", "string", "", "meta.id", "Method", nullable=False, level=1),
        Column("version_number", "int32", "", "meta.version", "Number of the version", nullable=False, level=1),
        Column("sample_name", "string", "", "meta.dataset", "Sample that it learned from, where the reader may see it"),
        Column("seed", "int64", "", "meta.number", "Seed of its random numbers", nullable=False),
        Column("code_version", "string", "", "meta.version", "Version of the code", nullable=False),
        Column("weights_sha256", "string", "", "meta.checksum", "SHA-256 of its files", nullable=False),
        Column("is_variant", "bool", "", "meta.code", "One of several variants of an ablation", nullable=False),
        Column("is_production", "bool", "", "meta.code", "Whether catalogs of its method follow it", nullable=False),
        Column("seconds", "float64", "s", "time.duration", "What its training took"),
        Column("created", "timestamp", "", "time.creation", "When it was trained", nullable=False),
    ),
)
COMPARISONS = Table(
    "comparisons",
    "Studies: several contenders trained on one sample",
    (
        Column("id", "int64", "", "meta.id;meta.main", "Number of the comparison", nullable=False, level=1),
        Column("plugin_name", "string", "", "meta.id", "Plugin", nullable=False, level=1),
        Column("title", "string", "", "meta.title", "Title of the study", nullable=False, level=1),
        Column("sample_name", "string", "", "meta.dataset", "Sample that all learned from", nullable=False),
        Column("created", "timestamp", "", "time.creation", "When it was asked for", nullable=False),
    ),
)


def method_listing() -> Listing:
    """All methods of all plugins."""
    found = Method.objects.annotate(
        plugin_name=F("plugin__name"), method_name=F("name"), plugin_title=F("plugin__title"), method_title=F("title"),
        plugin_version=F("plugin__version"), signal=F("plugin__signal"), summary=F("plugin__summary"),
    )  # fmt: skip
    return from_queryset(found, table=METHODS, key="id", sort="id")


def version_listing(*, user) -> Listing:
    """The model versions that the user may see, newest first."""
    found = version_links(version_list(user=user), user=user).annotate(
        plugin_name=F("method__plugin__name"), method_name=F("method__name"), version_number=F("number"),
        sample_name=Case(When(sample_is_seen=True, then=F("sample__name"))),
        is_production=Case(When(method__production=F("pk"), then=True), default=False),
    )  # fmt: skip
    return from_queryset(found, table=VERSIONS, key="id", sort="-id", name="models")


def comparison_listing(*, user) -> Listing:
    """The comparisons that the user may see, newest first."""
    found = comparison_list(user=user).annotate(
        plugin_name=F("plugin__name"), title=KT("study__title"), sample_name=F("sample__name")
    )
    return from_queryset(found, table=COMPARISONS, key="id", sort="-id")
