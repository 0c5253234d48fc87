"""The declared table behind a catalog: who and where, what was measured, what the model says."""

from almagest.contract import Column, Table
from almagest.core.tables import DeclaredTable
from almagest.registry.models import ModelVersion

KEYS = (
    Column("object_id", "int64", ucd="meta.record", description="Object in this database", nullable=False, level=3),
    Column(
        "survey",
        "string",
        ucd="meta.dataset",
        description="Survey release of the object",
        nullable=False,
        level=1,
        indexed=True,
    ),
    Column(
        "source_id", "string", ucd="meta.id;meta.main", description="Identifier in the survey", nullable=False, level=1
    ),
    Column("ra", "float64", "deg", "pos.eq.ra;meta.main", "Right ascension, ICRS", nullable=False, level=1),
    Column("dec", "float64", "deg", "pos.eq.dec;meta.main", "Declination, ICRS", nullable=False, level=1),
    Column(
        "healpix", "int64", ucd="pos.healpix", description="HEALPix number, nested, order 29", nullable=False, level=3
    ),
    Column(
        "revision",
        "int32",
        ucd="meta.version",
        description="Revision of the measurements that the model saw",
        nullable=False,
        level=3,
    ),
)
SAMPLE = (
    Column(
        "sample_split",
        "string",
        ucd="meta.code",
        level=2,
        indexed=True,
        description="Part of the model's own sample that the object is in: train or test; empty for objects new to it",
    ),
    Column(
        "sample_label",
        "string",
        ucd="meta.code.class",
        level=2,
        indexed=True,
        description="Class that the sample gives the object",
    ),
)


def catalog_table(version: ModelVersion, name: str) -> DeclaredTable:
    """Declaration of a catalog's table: every number and every indexed word can be filtered and sorted by."""
    taken = {column.name for column in (*KEYS, *SAMPLE)}
    outputs = version.output_table.columns
    shown = [c for c in version.method.shown_columns if c.name not in taken | {o.name for o in outputs}]
    table = Table(name, f"Candidates of {version}", (*KEYS, *outputs, *SAMPLE, *shown))
    sortable = [c.name for c in table.columns if is_sortable(c)]
    return DeclaredTable(table, ("object_id",), indexes=(*((name, "object_id") for name in sortable), ("healpix",)))


def is_sortable(column: Column) -> bool:
    """Whether pages may be sorted by the column: an index stands behind it."""
    return (column.is_number and column.level < 3) or column.indexed


def declared_tables() -> list[DeclaredTable]:
    """Catalog tables are made by publishing, not by `sync_tables`."""
    return []
