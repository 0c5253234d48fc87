"""Laws over all that a Simple Cone Search can serve: one name and one position, in VOTables that are valid."""

import io
import re
import shutil
import subprocess
import warnings
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import votable

from almagest.catalogs.tables import catalog_table
from almagest.contract import Column, Table
from almagest.sky.listings import measurement_columns
from almagest.sky.models import Survey
from almagest.sky.search import SEPARATION
from almagest.sky.services import ingest_file
from almagest.sky.surveys import DECLARED, SurveyDeclaration
from almagest.vo.resources import WHOLE_NAME
from almagest.vo.scs.columns import with_main_columns
from dwarf_galaxies.columns import legacy_catalog

from .answers import BINARY2, MAIN

pytestmark = pytest.mark.django_db


def stilts(*arguments: str) -> str:
    done = subprocess.run(["stilts", "-Dfile.encoding=UTF-8", *arguments], capture_output=True)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


@pytest.mark.parametrize("form", ["votable", BINARY2])
def test_names_beyond_ascii_are_written_as_addresses_write_them(ask, survey_file, form):
    names = ["Boötes 100%", "plain 100% & <b>", "NGC 1"]
    ingest_file(survey="50mgc", path=survey_file("50mgc", [10.0, 10.1, 10.2], [0.0] * 3, objname=names))
    found = ask("/vo/scs/surveys/50mgc", RA=10, DEC=0, SR=1, VERB=3, RESPONSEFORMAT=form)
    assert found.values("source_id") == ["Bo%C3%B6tes 100%25", *names[1:]]
    assert found.values("objname")[0] == names[0], "the survey's own column has it as it is"


def tables() -> dict[str, tuple[Table, str]]:
    """Columns of every declared survey and of catalogs, with the name of the column that identifies."""
    surveys = {d.slug: (measurement_columns(Survey(slug=d.slug, name=d.name)), "source_id") for d in DECLARED}
    main = tuple(
        Column(name, "float64" if "pos" in ucd else "string", ucd=ucd)
        for name, ucd in (("my_id", "meta.id;meta.main"), ("my_ra", "pos.eq.ra;meta.main"))
    )
    own = Table("own", "Declares main columns of its own", main)
    catalogs = {
        table.name: catalog_table(
            SimpleNamespace(latents=None, method=SimpleNamespace(catalog=table.to_json(), catalog_names={})), table.name
        ).table
        for table in (legacy_catalog, own)
    }
    named = {name: (table.with_columns(WHOLE_NAME, first=True), WHOLE_NAME.name) for name, table in catalogs.items()}
    return surveys | named


@pytest.mark.parametrize("name", sorted([d.slug for d in DECLARED] + [legacy_catalog.name, "own"]))
def test_one_name_and_one_position_everywhere(name):
    table, identifier = tables()[name]
    told = with_main_columns(table.with_columns(SEPARATION), identifier=identifier, title="T")
    for ucd, column in zip(MAIN, (identifier, "ra", "dec"), strict=True):
        assert [c.name for c in told.columns if c.ucd == ucd] == [column]
    assert not [c.name for c in told.columns if "meta.main" in c.ucd]
    assert told.names == [*table.names, "separation_arcsec"]


def one_row(declaration: SurveyDeclaration, path: Path) -> Path:
    """A file of a survey with one object, at RA 10 on the equator; arrays are what CSV could not hold."""
    given = {declaration.ra: 10.0, declaration.dec: 0.0, "spec_class": "GALAXY"}
    columns = {}
    for column in declaration.columns:
        value = given.get(column.name, "a" if column.dtype == "string" else 1)
        values = pa.array([[value] * column.shape[0] if column.shape else value])
        columns[declaration.names.get(column.name, column.name)] = values.cast(column.arrow_type)
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("declaration", DECLARED, ids=lambda d: d.slug)
def test_every_survey_is_a_valid_votable(client, tmp_path: Path, declaration):
    ingest_file(survey=declaration.slug, path=one_row(declaration, tmp_path / "rows.parquet"))
    for form in ("votable", BINARY2):
        asked = {"RA": 10, "DEC": 0, "SR": 1, "VERB": 3, "RESPONSEFORMAT": form}
        raw = client.get(f"/vo/scs/surveys/{declaration.slug}", asked).getvalue()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            # VOUnit would rather have 0.1 nm; it is a unit still.
            warnings.filterwarnings("ignore", "The unit 'Angstrom' has been deprecated")
            parsed = votable.parse(io.BytesIO(raw), verify="warn")
        # The words of the protocol's day are not among today's.
        assert [re.search("Invalid UCD '(.*?)'", str(one.message))[1] for one in said] == list(MAIN)
        assert len(parsed.get_first_table().array) == 1
        (tmp_path / "t.vot").write_bytes(raw)
        if shutil.which("stilts"):
            assert stilts("votlint", str(tmp_path / "t.vot")) == ""
