"""The declared table behind a catalog: who and where, what was measured, what the model says."""

from dataclasses import replace

from almagest.catalogs.errors import CatalogError
from almagest.contract import Column, Table
from almagest.core.tables import DeclaredTable
from almagest.registry.models import Method, ModelVersion

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
    """Declaration of a catalog's table: every number and every indexed word can be filtered and sorted by.

    Where the method declares its catalogs' columns, these and the position are what is shown; the platform's own are
    there on demand, and so is where a candidate lies in the method's latent space.
    """
    if version.method.catalog:
        columns = _declared_columns(version)
    else:
        outputs = version.output_table.columns
        taken = {column.name for column in (*KEYS, *outputs, *SAMPLE)}
        columns = (*KEYS, *outputs, *SAMPLE, *(c for c in version.method.shown_columns if c.name not in taken))
    table = Table(name, f"Candidates of {version}", columns)
    sortable = [c.name for c in table.columns if is_sortable(c)]
    return DeclaredTable(table, ("object_id",), indexes=(*((name, "object_id") for name in sortable), ("healpix",)))


def _declared_columns(version: ModelVersion) -> tuple[Column, ...]:
    ours = [c if c.name in ("ra", "dec") else replace(c, level=3) for c in (*KEYS, *SAMPLE)]
    taken = {column.name for column in ours}
    declared = [c for c in Table.from_json(version.method.catalog).columns if c.name not in taken]
    latents, sources = version.latents, {source_name(version.method, c.name) for c in declared}
    is_left_out = latents and latents.name not in sources and latents.name not in {c.name for c in declared}
    return (*ours[: len(KEYS)], *declared, *ours[len(KEYS) :], *((replace(latents, level=3),) if is_left_out else ()))


def source_name(method: Method, name: str) -> str:
    """The output or survey column that a catalog's column of that name comes from."""
    return method.catalog_names.get(name, name) if method.catalog else name


def rank_column(method: Method, table: Table) -> str:
    """The catalog's column of what candidates are ranked by.

    Raises
    ------
    CatalogError
        When the method's declared columns leave it out.
    """
    for column in table.columns:
        if source_name(method, column.name) == method.rank_by:
            return column.name
    raise CatalogError(f"the catalog of {method} has no column of {method.rank_by}; declare one, to rank candidates by")


def latent_column(version: ModelVersion, table: Table) -> Column | None:
    """The catalog's column of where a candidate lies in the method's latent space; None where it has none."""
    latents = version.latents
    found = (c for c in table.columns if latents and source_name(version.method, c.name) == latents.name)
    return next((column for column in found if column.shape == latents.shape), None)


def is_sortable(column: Column) -> bool:
    """Whether pages may be sorted by the column: an index stands behind it."""
    return (column.is_number and column.level < 3) or column.indexed


def declared_tables() -> list[DeclaredTable]:
    """Catalog tables are made by publishing, not by `sync_tables`."""
    return []
