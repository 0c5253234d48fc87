"""The declared tables of scorings (keys, then the columns that the method declares), and those that all versions share."""

from dataclasses import replace

from almagest.contract import Column, Table
from almagest.core.tables import DeclaredTable
from almagest.predictions.models import PredictionSet
from almagest.registry.models import ModelVersion

KEYS = (
    Column("object_id", "int64", ucd="meta.id", description="Object that was scored", nullable=False),
    Column(
        "revision",
        "int32",
        ucd="meta.version",
        description="Revision of the measurements that the model saw",
        nullable=False,
    ),
    Column("survey_id", "int32", ucd="meta.id.part", description="Survey of the object", nullable=False),
)
IS_CANDIDATE = Column(
    "is_candidate",
    "bool",
    ucd="meta.code",
    description="Whether the object is called the signal and passes all candidate cuts",
    nullable=False,
)

IS_SCORED = Column(
    "is_scored", "bool", ucd="meta.code", description="False: it passes the cuts no more", nullable=False
)
WAS_THERE = Column("was_there", "bool", ucd="meta.code", description="False: it came with the next", nullable=False)
UNTIL = Column(
    "until_revision",
    "int32",
    ucd="meta.version",
    description="Revision from which on it was so no more",
    nullable=False,
)

VERIFICATION_PAIRS = DeclaredTable(
    Table(
        "verification_pairs",
        "Objects of a labelled catalog with their counterparts that a model has scored.",
        (
            Column("verification_id", "int64", "", "meta.id", "Verification", nullable=False, level=3),
            Column("label_object_id", "int64", "", "meta.id", "Object that gives the label", nullable=False),
            Column("scored_object_id", "int64", "", "meta.id", "Its counterpart that was scored", nullable=False),
            Column("survey", "string", "", "meta.id.part", "Survey of the scored object", nullable=False),
            Column("separation_arcsec", "float64", "arcsec", "pos.angDistance", "Distance of the two", nullable=False),
            Column("label", "string", "", "meta.code.class", "Class by the catalog; null: in none"),
            Column("reason", "string", "", "meta.note", "Why it is in no class"),
            Column("predicted_class", "string", "", "meta.code.class", "Class by the model", nullable=False),
            Column("score", "float32", "", "stat.probability", "What candidates are ranked by", nullable=False),
            Column("trained_on", "bool", "", "meta.code", "Whether the model has learned from it", nullable=False),
        ),
    ),
    primary_key=("verification_id", "scored_object_id"),
    indexes=(("verification_id", "label", "predicted_class"),),
)

RECONSTRUCTIONS = DeclaredTable(
    Table(
        "reconstructions",
        "What model versions expect of objects' spectra.",
        (
            Column("version_id", "int32", "", "meta.id", "Model version", nullable=False, level=3),
            Column("object_id", "int64", "", "meta.id", "Object", nullable=False),
            Column("revision", "int32", "", "meta.version", "Revision that the model saw", nullable=False),
            Column("grid_start", "float64", "Angstrom", "em.wl", "First wavelength, in vacuum", nullable=False),
            Column("grid_step", "float64", "Angstrom", "em.wl;spect.binSize", "From bin to bin", nullable=False),
            Column("n_bins", "int32", "", "meta.number", "Number of bins", nullable=False),
            Column(
                "flux", "binary", "", "phot.flux.density;em.wl", "Packed float32, as the spectrum's", nullable=False
            ),
        ),
    ),
    primary_key=("version_id", "object_id"),
    indexes=(("object_id",),),
)


def prediction_table(version: ModelVersion, name: str, *, with_candidates: bool = False) -> DeclaredTable:
    """Declaration of a table of scores named `name`, with `IS_CANDIDATE` or without."""
    table = version.output_table.with_columns(*KEYS, name=name, first=True)
    if with_candidates:
        table = table.with_columns(IS_CANDIDATE)
    nearest = (version.latents.name,) if version.latents else ()
    return DeclaredTable(
        table, primary_key=("object_id",), indexes=((version.method.rank_by, "object_id"),), nearest=nearest
    )


def declared_tables() -> list[DeclaredTable]:
    """Those that all versions share; tables of scores are made by each scoring, not by `sync_tables`."""
    return [VERIFICATION_PAIRS, RECONSTRUCTIONS]


def set_table(prediction_set: PredictionSet) -> DeclaredTable:
    """Declaration of a set's own table."""
    has_candidates = prediction_set.has_candidates
    return prediction_table(prediction_set.version, prediction_set.table_name, with_candidates=has_candidates)


def delta_table(prediction_set: PredictionSet, run_id: int) -> DeclaredTable:
    """Declaration of the table into which a run scores what was measured anew, before that is merged into the set's own."""
    table = _loose(set_table(prediction_set).table, f"{prediction_set.table_name}_d{run_id}")
    return DeclaredTable(table.with_columns(IS_SCORED), primary_key=("object_id",))


def history_table(prediction_set: PredictionSet) -> DeclaredTable:
    """Declaration of the table of scores that were replaced; of objects that were new then, a row that says so."""
    table = _loose(set_table(prediction_set).table, prediction_set.history_name).with_columns(UNTIL, WAS_THERE)
    return DeclaredTable(table, primary_key=("object_id", UNTIL.name), ranges=(UNTIL.name,))


def _loose(table: Table, name: str) -> Table:
    """The same columns, of which only the object is never null."""
    columns = tuple(
        column if column.name == "object_id" else replace(column, nullable=True) for column in table.columns
    )
    return Table(name, table.description, columns)
