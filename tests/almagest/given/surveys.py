"""Small tables of surveys, and a store for files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from django.db import connection

from almagest.sky.surveys import SURVEYS
from dwarf_galaxies.simulate import survey_files


def small_table(slug: str, ra, dec, **given) -> pa.Table:
    """A table with all columns of a survey's files; values that are not given count up."""
    declaration, rows = SURVEYS[slug], len(ra)
    given |= {declaration.ra: ra, declaration.dec: dec}
    columns = {}
    for column in declaration.columns:
        values = given.get(
            column.name, np.arange(1, rows + 1) if column.dtype != "string" else [f"s{n}" for n in range(rows)]
        )
        columns[declaration.names.get(column.name, column.name)] = pa.array(values).cast(column.arrow_type)
    return pa.table(columns)


@pytest.fixture
def survey_file(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a small CSV table of a survey: ``survey_file("sami-dr3", ra, dec, mstar=…)``."""

    def write(slug: str, ra, dec, *, name: str = "table.csv", **given) -> Path:
        path = tmp_path / name
        pa.csv.write_csv(small_table(slug, ra, dec, **given), path)
        return path

    return write


@pytest.fixture(scope="session")
def simulated_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small tables of the surveys' columns."""
    folder = tmp_path_factory.mktemp("simulated")
    survey_files(folder, 150, 1)
    return folder


@pytest.fixture
def file_store(settings, tmp_path: Path) -> Path:
    """A file store of this test's own."""
    options = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = settings.STORAGES | {"default": options}
    return tmp_path / "store"


def galaxies() -> list[tuple[int, str]]:
    """Object numbers and names of the simulated galaxies."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.source_id FROM objects o JOIN survey_sdss_dr14_simulated m ON m.object_id = o.id "
            "WHERE m.spec_class = 'GALAXY' ORDER BY o.id"
        )
        return cursor.fetchall()
