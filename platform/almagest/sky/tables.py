"""Declared tables of the sky: objects, links, and for each survey its measurements and their history."""

from almagest.contract import Column, Table
from almagest.core.tables import DeclaredTable
from almagest.sky.surveys import DECLARED, SurveyDeclaration

# Made by this room's first migration, partitioned by survey; a survey's first ingest makes its partition.
OBJECTS = DeclaredTable(
    Table(
        "objects",
        "One source of one survey release.",
        (
            Column("id", "int64", "", "meta.id;meta.main", "Object", nullable=False, level=1),
            Column("survey_id", "int32", "", "meta.id.part", "Survey", nullable=False),
            Column("source_id", "string", "", "meta.id", "Name within the survey release", nullable=False, level=1),
            Column("ra", "float64", "deg", "pos.eq.ra;meta.main", "Right ascension (ICRS)", level=1),
            Column("dec", "float64", "deg", "pos.eq.dec;meta.main", "Declination (ICRS)", level=1),
            Column("healpix", "int64", "", "pos.healpix", "HEALPix number, NESTED, order 29", level=3),
            Column("ingest_id", "int64", "", "meta.id", "Ingest that brought the object", nullable=False, level=3),
        ),
    ),
    primary_key=("id", "survey_id"),
    # The name first: PostgreSQL sorts by the leading column's abbreviation, and in a partition all surveys are the same.
    unique=(("source_id", "survey_id"),),
    indexes=(("healpix",),),
)

LINKS = DeclaredTable(
    Table(
        "links",
        "Pairs of objects that a cross-match found within its radius.",
        (
            Column("cross_match_id", "int64", "", "meta.id", "Cross-match", nullable=False),
            Column("object_a", "int64", "", "meta.id", "Object of the first survey", nullable=False),
            Column("object_b", "int64", "", "meta.id", "Object of the second survey", nullable=False),
            Column("separation_arcsec", "float64", "arcsec", "pos.angDistance", "Distance on the sky", nullable=False),
        ),
    ),
    primary_key=("cross_match_id", "object_a", "object_b"),
    indexes=(("object_b",),),
)

KEYS = (
    Column("object_id", "int64", "", "meta.id;meta.main", "Object", nullable=False),
    Column("revision", "int32", "", "meta.version", "1, and one more with each change", nullable=False),
    Column("ingest_id", "int64", "", "meta.id", "Ingest that brought this revision", nullable=False, level=3),
    Column("row_hash", "int64", "", "meta.checksum", "Hash of the declared values", nullable=False, level=3),
)
SUPERSEDED_BY = Column("superseded_by", "int64", "", "meta.id", "Ingest that brought the next revision", nullable=False)


def measurement_table(declaration: SurveyDeclaration) -> DeclaredTable:
    """The current measurements of a survey's objects."""
    table = declaration.table.with_columns(*KEYS, first=True)
    return DeclaredTable(table, primary_key=("object_id",), ranges=("ingest_id",))


def history_table(declaration: SurveyDeclaration) -> DeclaredTable:
    """Measurements that a later file has changed."""
    table = declaration.table.with_columns(*KEYS, SUPERSEDED_BY, name=f"{declaration.table_name}_history", first=True)
    return DeclaredTable(table, primary_key=("object_id", "revision"), ranges=("ingest_id",))


def declared_tables() -> list[DeclaredTable]:
    """All tables of this room."""
    both = (measurement_table, history_table)
    return [OBJECTS, LINKS, *(make(declaration) for declaration in DECLARED for make in both)]
