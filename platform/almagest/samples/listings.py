"""Samples as a listing."""

from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.samples.selectors import sample_list

SAMPLES = Table(
    "samples",
    "Frozen samples: objects, labels and a split",
    (
        Column("name", "string", "", "meta.id;meta.main", "Name in addresses", nullable=False, level=1),
        Column("plugin_name", "string", "", "meta.id", "Plugin that labels it", nullable=False, level=1),
        Column("rows", "int32", "", "meta.number", "Number of objects; null until it is frozen"),
        Column("checksum", "string", "", "meta.checksum", "SHA-256 of its content", nullable=False),
        Column("ingest_id", "int64", "", "meta.id", "Newest ingest that is in it", nullable=False),
        Column("created", "timestamp", "", "time.creation", "When it was asked for", nullable=False),
    ),
)


def sample_listing(*, user) -> Listing:
    """The samples that the user may see, newest first."""
    return from_queryset(sample_list(user=user), table=SAMPLES, key="name", sort="-created")
