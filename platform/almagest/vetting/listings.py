"""Verdicts as listings: each that was given, and what they come to."""

from collections.abc import Mapping
from dataclasses import replace

from django.db.models import F

from almagest.catalogs.models import Edition
from almagest.contract import Column, Table
from almagest.core.listings import Listing, from_queryset
from almagest.sky.models import Survey
from almagest.vetting.selectors import label_set_list
from almagest.vetting.words import parse_tags

OBJECT = (
    Column("object_id", "int64", "", "meta.record", "Object in this database", nullable=False),
    Column("survey", "string", "", "meta.dataset", "Survey release of the object", nullable=False, level=1),
    Column("source_id", "string", "", "meta.id", "Identifier in the survey", nullable=False, level=1),
)
VERDICTS = Table(
    "verdicts",
    "What people have said of candidates",
    (
        Column("id", "int64", "", "meta.record;meta.main", "Number of the verdict; later ones are larger", nullable=False),
        *OBJECT,
        Column("choice", "string", "", "meta.code.class", "What the person said; null where they withdrew it", level=1),
        Column("sample_class", "string", "", "meta.code.class", "Class of the plugin that this stands for, where it does"),
        Column("confidence", "int16", "", "meta.code.qual", "1 a guess, 2 likely, 3 sure"),
        Column("person", "string", "", "meta.id", "Who; null for readers without a login", level=1),
        Column("tags", "string", "", "meta.note", "Words, with spaces between them", nullable=False),
        Column("comment", "string", "", "meta.note", "What they wrote; null for readers without a login"),
        Column("revision", "int32", "", "meta.version", "Revision of the catalog that they saw", nullable=False),
        Column("score", "float64", "", "stat.probability", "What the object was ranked by then; null where it had left the catalog"),
        Column("created", "timestamp", "", "time.creation", "When", nullable=False),
        Column("is_current", "bool", "", "meta.code", "False: followed by a later one, or withdrawn", nullable=False),
    ),
)  # fmt: skip
CONSENSUS = Table(
    "vetted",
    "What the verdicts on each vetted object come to",
    (
        *OBJECT,
        Column("choice", "string", "", "meta.code.class", "What most say; null where as many say something else", level=1),
        Column("sample_class", "string", "", "meta.code.class", "Class of the plugin that this stands for, where it does"),
        Column("verdicts", "int32", "", "meta.number", "Number of current verdicts", nullable=False, level=1),
        Column("agreement", "float64", "", "stat.value", "Share of the verdicts that say what most say", level=1),
        Column("updated", "timestamp", "", "time", "When the last one was given or withdrawn", nullable=False),
    ),
)  # fmt: skip
LABEL_SETS = Table(
    "label_sets",
    "Verdicts frozen as labels",
    (
        Column("name", "string", "", "meta.id;meta.main", "Name in addresses", nullable=False, level=1),
        Column("catalog_slug", "string", "", "meta.id", "Catalog whose verdicts these are", nullable=False, level=1),
        Column("revision", "int32", "", "meta.version", "Revision of the catalog then", nullable=False),
        Column("rows", "int32", "", "meta.number", "Number of labels", nullable=False),
        Column("people", "int32", "", "meta.number", "Number of people whose verdicts these are", nullable=False),
        Column("checksum", "string", "", "meta.checksum", "SHA-256 of its files", nullable=False),
        Column("created", "timestamp", "", "time.creation", "When it was frozen", nullable=False),
    ),
)  # fmt: skip
NAMES = "v.object_id, s.slug AS survey, v.source_id, c.name AS choice, c.sample_class"
JOINED = "v JOIN sky_survey s ON s.id = v.survey_id LEFT JOIN vetting_choice c ON c.id = v.choice_id"
SEEN = "v.catalog_id = %s AND NOT (v.survey_id = ANY(%s))"
# Without a login people have no names, and what they wrote may name them.
KNOWN, UNKNOWN = "u.username AS person, v.comment", "NULL::text AS person, NULL::text AS comment"


def verdict_listing(*, user, edition: Edition) -> Listing:
    """Verdicts in a catalog, newest first. Who they are from and what was written is for readers with a login."""
    told = KNOWN if user is not None and user.is_authenticated else UNKNOWN
    return _listing(
        VERDICTS, edition, user, key="id", sort="-id", name="verdicts",
        source=f"(SELECT v.id, {NAMES}, v.confidence, {told}, v.revision, v.score, v.created, v.is_current, "
        "coalesce((SELECT string_agg(tag, ' ') FROM jsonb_array_elements_text(v.tags) AS tag), '') AS tags "
        f"FROM vetting_verdict {JOINED} LEFT JOIN accounts_user u ON u.id = v.user_id WHERE {SEEN}) AS verdicts",
    )  # fmt: skip


def parse_tag(listing: Listing, query: Mapping[str, str]) -> Listing:
    """Limit verdicts to those with all the tags in the address's ``tag``; `VettingError` where one is none."""
    tags = parse_tags(query.get("tag", ""))
    conditions = [("%s = ANY(string_to_array(tags, ' '))", [tag]) for tag in tags]
    shown = {"tag": " ".join(tags)} if tags else {}
    return replace(listing.limited_to(*conditions), shown=listing.shown | shown)


def consensus_listing(*, user, edition: Edition) -> Listing:
    """Vetted objects of a catalog, the last that was first."""
    return _listing(
        CONSENSUS, edition, user, key="object_id", sort="-updated", name="vetted",
        source=f"(SELECT {NAMES}, v.verdicts, v.agreement, v.updated FROM vetting_consensus {JOINED} "
        f"WHERE {SEEN} AND v.verdicts > 0) AS vetted",
    )  # fmt: skip


def label_set_listing(*, user) -> Listing:
    """Sets of labels that the user may see, newest first."""
    found = label_set_list(user=user).annotate(catalog_slug=F("catalog__slug"))
    return from_queryset(found, table=LABEL_SETS, key="name", sort="-created")


def _listing(table: Table, edition: Edition, user, *, name: str, **more) -> Listing:
    slug, hidden = edition.catalog.slug, list(Survey.objects.hidden_from(user).values_list("pk", flat=True))
    return Listing(
        table=table, name=f"{slug}-{name}", values=(edition.catalog_id, hidden), sortable=frozenset(table.names),
        infos=(("CATALOG", slug, edition.catalog.title),), **more,
    )  # fmt: skip
