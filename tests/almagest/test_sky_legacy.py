"""Legacy Surveys: magnitudes and radius derived at ingest, recomputed by other means; a group's own table of labels."""

import warnings
from pathlib import Path

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from django.core.management import call_command
from django.db import connection

from almagest.sky.selectors import object_get
from almagest.sky.services import ingest_file
from almagest.sky.surveys import SURVEYS
from almagest.sky.surveys.legacy_dr9 import MAGNITUDES, derive

NAME = "9011-607466-2657"


def rows_of(**given) -> pa.Table:
    """Rows that differ in what is given: sources of 1 nanomaggy behind no dust, points."""
    size = len(next(iter(given.values())))
    values = {f"flux_{b}": [1.0] * size for b in MAGNITUDES} | {
        f"mw_transmission_{b}": [1.0] * size for b in MAGNITUDES
    }
    values |= {"shape_r": [0.0] * size} | given
    return pa.table({name: pa.array(column, pa.float32()) for name, column in values.items()})


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["ls-dr9", "ls-dr9-simulated"])
def test_the_magnitudes_of_the_real_row(shared_data, slug):
    """astropy's AB magnitude of the flux that would arrive without dust."""
    path = shared_data / "photometry" / "tractor-1054p567.fits"
    ingest_file(survey=slug, path=path)
    row = fits.getdata(path)[0]
    found = {column.name: value for column, value in object_get(user=None, survey=slug, source_id=NAME).values}
    bright = 0
    for b in MAGNITUDES:
        flux = float(row[f"flux_{b}"]) / float(row[f"mw_transmission_{b}"]) * u.nmgy
        if flux > 0:
            bright += 1
            expected = flux.to(u.ABmag, u.zero_point_flux(3631 * u.Jy)).value
            assert found[f"mag_{b}"] == pytest.approx(22.5 - 2.5 * np.log10(flux.value), abs=1e-5)
            assert found[f"mag_{b}"] == pytest.approx(expected, abs=0.01)
        else:
            assert found[f"mag_{b}"] is None
    assert bright >= 3
    assert found["r50"] == pytest.approx(float(row["shape_r"])) and found["r50"] > 0


@pytest.mark.django_db
def test_a_table_from_before_gets_the_columns_and_then_the_values(shared_data):
    """`sync_tables` adds them empty; reading the file again makes a revision that has them."""
    path, new = shared_data / "photometry" / "tractor-1054p567.fits", [c.name for c in SURVEYS["ls-dr9"].derived]
    ingest_file(survey="ls-dr9", path=path)
    with connection.cursor() as cursor:
        for table in ("survey_ls_dr9", "survey_ls_dr9_history"):
            cursor.execute(f"ALTER TABLE {table} {', '.join(f'DROP COLUMN {name}' for name in new)}")
        cursor.execute("UPDATE survey_ls_dr9 SET row_hash = row_hash + 1")  # made of fewer columns then
    call_command("sync_tables", verbosity=0)
    assert all(v is None for c, v in object_get(user=None, survey="ls-dr9", source_id=NAME).values if c.name in new)
    done = ingest_file(survey="ls-dr9", path=path)
    found = object_get(user=None, survey="ls-dr9", source_id=NAME)
    assert (done.new, done.changed, found.revision) == (0, 1, 2)
    assert {c.name: v for c, v in found.values}["mag_g"] > 10


def test_a_flux_without_a_magnitude_has_none():
    """Neither a number nor a warning."""
    flux = [10.0, 0.0, -1.0, float("nan"), float("inf"), None, 10.0, 10.0, 10.0]
    transmission = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, None, 0.5]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = derive(rows_of(flux_g=flux, mw_transmission_g=transmission))
    assert found["mag_g"].to_pylist() == [20.0, *[None] * 7, pytest.approx(22.5 - 2.5 * np.log10(20))]
    assert found["mag_w2"].to_pylist() == [22.5] * 9


def test_a_point_has_no_radius():
    found = derive(rows_of(shape_r=[0.0, 1.5, None, float("nan")]))
    assert found["r50"].to_pylist() == [None, 1.5, None, None]


LABELS = """LABEL_ID,RA,DEC,REDSHIFT,SPEC_CLASS,LOG_MASS,LOG_SFR,NAMED_CLASS,REMARK
39627000000000001,150.1,2.2,0.012,GALAXY,8.1,-1.5,,from a list
39627000000000002,150.2,2.3,,,,,AF,by eye
"""


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["ls-labels", "ls-labels-simulated"])
def test_a_table_of_ones_own_labels(tmp_path: Path, slug):
    """Large numbers stay exact, what is empty is unknown, further columns are ignored."""
    (tmp_path / "labels.csv").write_text(LABELS)
    done = ingest_file(survey=slug, path=tmp_path / "labels.csv")
    assert (done.new, done.ignored_columns) == (2, ["REMARK"])
    first, second = (
        {c.name: v for c, v in object_get(user=None, survey=slug, source_id=f"3962700000000000{n}").values}
        for n in (1, 2)
    )
    assert first == {
        "label_id": 39627000000000001, "ra": 150.1, "dec": 2.2, "redshift": pytest.approx(0.012), "spec_class": "GALAXY",
        "log_mass": pytest.approx(8.1), "log_sfr": -1.5, "named_class": None,
    }  # fmt: skip
    assert second["named_class"] == "AF" and second["redshift"] is None
    assert SURVEYS[slug].observed == (slug == "ls-labels")
