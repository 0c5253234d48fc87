"""A survey's first load: into tables that nobody else sees yet, whose keys are built at once when all rows are there.

Building an index over a million rows takes a fraction of the time of adding them to it one by one. Objects are
partitioned by survey, so that a finished table can be put in place without keeping readers of other surveys waiting.
"""

from django.db import connection

from almagest.core.tables import create_indexes, quote, table_exists
from almagest.sky.models import Survey
from almagest.sky.surveys import SurveyDeclaration
from almagest.sky.tables import measurement_table


def partition_name(declaration: SurveyDeclaration) -> str:
    """Name of the survey's own part of the table `objects`."""
    return f"objects_{declaration.slug.replace('-', '_')}"


def loading_name(declaration: SurveyDeclaration) -> str:
    """Name of the table of measurements while it is being filled for the first time."""
    return f"{declaration.table_name}_loading"


def is_first_load(declaration: SurveyDeclaration) -> bool:
    """Whether the survey has no objects yet."""
    return not table_exists(partition_name(declaration))


def make_fresh_tables(declaration: SurveyDeclaration, survey: Survey) -> None:
    """Make the two tables, without any key."""
    with connection.cursor() as cursor:
        # The check lets PostgreSQL attach the partition later without reading it.
        cursor.execute(
            f"CREATE TABLE {quote(partition_name(declaration))} (LIKE objects, CHECK (survey_id = {int(survey.pk)}))"
        )
        cursor.execute(
            f"CREATE TABLE {quote(loading_name(declaration))} (LIKE {quote(declaration.table_name)} INCLUDING DEFAULTS)"
        )


def put_in_place(declaration: SurveyDeclaration, survey: Survey) -> None:
    """Build the keys and indexes, and let the two tables take their places; other readers see them at commit.

    Raises
    ------
    IntegrityError
        When two rows have one name.
    """
    partition, loading, final = map(
        quote, (partition_name(declaration), loading_name(declaration), declaration.table_name)
    )
    steps = (
        f"ALTER TABLE {partition} ADD UNIQUE (source_id, survey_id)",
        f"ALTER TABLE {partition} ADD PRIMARY KEY (id, survey_id)",
        f"CREATE INDEX ON {partition} (healpix)",
        f"ALTER TABLE {loading} ADD PRIMARY KEY (object_id)",
        # A small sample is enough for a start; autovacuum takes a larger one when it comes round.
        "SET LOCAL default_statistics_target = 10",
        f"ANALYZE {partition}, {loading}",
        "RESET default_statistics_target",
        f"ALTER TABLE objects ATTACH PARTITION {partition} FOR VALUES IN ({int(survey.pk)})",
        f"DROP TABLE {final}",
        f"ALTER TABLE {loading} RENAME TO {final}",
        f"ALTER INDEX {quote(loading_name(declaration) + '_pkey')} RENAME TO {quote(declaration.table_name + '_pkey')}",
    )
    with connection.cursor() as cursor:
        for step in steps:
            cursor.execute(step)
    create_indexes(measurement_table(declaration))
