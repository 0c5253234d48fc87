"""The declared table of a scoring: keys, then the columns that the method declares."""

from almagest.contract import Column
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


def prediction_table(version: ModelVersion, name: str) -> DeclaredTable:
    """Declaration of a table of scores named `name`."""
    table = version.output_table.with_columns(*KEYS, name=name, first=True)
    return DeclaredTable(table, primary_key=("object_id",), indexes=((version.method.rank_by, "object_id"),))


def declared_tables() -> list[DeclaredTable]:
    """Tables of scores are made by each scoring, not by `sync_tables`."""
    return []


def set_table(prediction_set: PredictionSet) -> DeclaredTable:
    """Declaration of a set's own table."""
    return prediction_table(prediction_set.version, prediction_set.table_name)
