"""Ingest: whole or not at all, the same content the same hash, changes as revisions, clear words about bad files."""

import re
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table
from django.core.management import call_command
from django.db import connection, transaction

from almagest.core.tables import quote
from almagest.sky.errors import IngestError, SurveyError
from almagest.sky.models import Ingest, Survey
from almagest.sky.selectors import object_get, object_history
from almagest.sky.services import hold_sky, ingest_file
from almagest.sky.surveys import SURVEYS

RA, DEC = np.array([10.0, 20.0, 30.0]), np.array([-5.0, 0.0, 5.0])


def count(table: str) -> int:
    """Rows of a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {quote(table)}")
        return cursor.fetchone()[0]


def counts(ingest: Ingest) -> tuple:
    """What an ingest did."""
    return ingest.rows_read, ingest.new, ingest.changed, ingest.unchanged, ingest.rejected


REAL = {
    "evcc": (
        "evcc.fits",
        1279,
        "0001",
        {"r": 12.75, "redshift": 1843.8 / 299_792.458, "distance_mpc": None, "ngc": None},
    ),
    "sdss-dr14": ("sdss_dr14_skyserver_10k.csv", 10000, "323-51615-541", {"spec_class": "STAR", "z": 16.3915}),
    "sami-dr3": ("sami_dr3.InputCatGAMADR3.csv", 5536, "40873", {"log_mass": 9.81, "redshift": 0.0511, "r50": None}),
    "ls-dr9": ("tractor-1054p567.fits", 1, "9011-607466-2657", {"type": "REX", "brick_primary": True, "ref_cat": None}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("slug", REAL)
def test_real_tables_load_and_load_again(shared_data, slug):
    """All rows arrive with their values; the same file changes nothing."""
    name, rows, source_id, values = REAL[slug]
    first = ingest_file(survey=slug, path=shared_data / "photometry" / name)
    assert counts(first) == (rows, rows, 0, 0, 0)
    found = {column.name: value for column, value in object_get(user=None, survey=slug, source_id=source_id).values}
    for key, value in values.items():
        assert found[key] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value), key
    again = ingest_file(survey=slug, path=shared_data / "photometry" / name)
    assert counts(again) == (rows, 0, 0, rows, 0)
    assert count(f"survey_{slug.replace('-', '_')}_history") == 0
    assert ingest_file(survey=slug, path=shared_data / "photometry" / name, if_missing=True) is None


@pytest.mark.django_db
def test_tractor_arrays_as_astropy_reads_them(shared_data):
    """Every one of the 181 columns of the real row."""
    path = shared_data / "photometry" / "tractor-1054p567.fits"
    ingest_file(survey="ls-dr9", path=path)
    row = fits.getdata(path)[0]
    values = object_get(user=None, survey="ls-dr9", source_id="9011-607466-2657").values
    read = {column.name for column in SURVEYS["ls-dr9"].columns}
    assert len(read) == 181
    for column, value in (pair for pair in values if pair[0].name in read):
        expected = row[column.name]
        if column.dtype == "string":
            assert (value or "") == expected.strip()
        else:
            np.testing.assert_array_equal(np.asarray(value, np.asarray(expected).dtype), expected, err_msg=column.name)


@pytest.mark.django_db
def test_a_changed_row_becomes_a_revision(survey_file):
    """The new values are current, the old ones history; the object moves with its position."""
    path = survey_file("sami-dr3", RA, DEC, mstar=[9.0, 9.5, 10.0])
    first = ingest_file(survey="sami-dr3", path=path)
    path = survey_file("sami-dr3", RA + np.array([0, 0.001, 0]), DEC, mstar=[9.0, 9.6, 10.0])
    second = ingest_file(survey="sami-dr3", path=path)
    assert counts(second) == (3, 0, 1, 2, 0)
    now = object_get(user=None, survey="sami-dr3", source_id="2")
    assert (now.revision, now.ingest_id, now.ra) == (2, second.pk, 20.001)
    (before,) = object_history(user=None, object_id=now.id)
    assert (before.revision, before.ingest_id, before.superseded_by) == (1, first.pk, second.pk)
    masses = [next(v for c, v in values if c.name == "log_mass") for values in (before.values, now.values)]
    assert masses == [9.5, pytest.approx(9.6)]
    assert object_get(user=None, survey="sami-dr3", source_id="1").revision == 1


@pytest.mark.django_db
def test_new_and_old_rows_in_one_file(survey_file):
    """Each row goes its own way."""
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", RA, DEC))
    path = survey_file(
        "sami-dr3", RA, DEC, catid=[3, 4, 2], a_g=[3.0, 0.1, 9.0], surv_sami=[3, 1, 2], bad_class=[3, 1, 2]
    )
    assert counts(ingest_file(survey="sami-dr3", path=path))[1:4] == (1, 2, 0)
    assert count("objects") == 4


@pytest.mark.django_db
def test_the_same_content_in_any_format_is_unchanged(shared_data, tmp_path):
    """FITS, then CSV, Parquet, gzipped CSV and upper-case FITS of the same table: the same hashes."""
    real = shared_data / "photometry" / "evcc.fits"
    table = Table.read(real)
    natives = {name: table[name].dtype.newbyteorder("=") for name in table.colnames}
    rows = pa.table({name: np.asarray(table[name]).astype(native) for name, native in natives.items()})
    pa.csv.write_csv(rows, tmp_path / "evcc.csv")
    pq.write_table(rows, tmp_path / "evcc.parquet")
    table.rename_columns(table.colnames, [name.upper() for name in table.colnames])
    table.write(tmp_path / "evcc.fits.gz")
    ingest_file(survey="evcc", path=real)
    for name in ("evcc.csv", "evcc.parquet", "evcc.fits.gz"):
        assert counts(ingest_file(survey="evcc", path=tmp_path / name)) == (1279, 0, 0, 1279, 0), name


@pytest.mark.django_db
def test_arrays_in_any_format(shared_data, tmp_path):
    """The tractor row as Parquet with lists, and as CSV with arrays as text."""
    real = shared_data / "photometry" / "tractor-1054p567.fits"
    row = fits.getdata(real)[0]
    names = fits.getdata(real).names
    values = {
        name: [row[name].tolist() if isinstance(row[name], np.ndarray) else np.asarray(row[name]).item()]
        for name in names
    }
    pq.write_table(pa.table(values), tmp_path / "t.parquet")
    Table(rows=[[str(value[0]) for value in values.values()]], names=names).write(
        tmp_path / "t.csv", format="ascii.csv"
    )
    ingest_file(survey="ls-dr9", path=real)
    for name in ("t.parquet", "t.csv"):
        assert counts(ingest_file(survey="ls-dr9", path=tmp_path / name)) == (1, 0, 0, 1, 0), name


@pytest.mark.django_db
def test_units_are_converted(tmp_path):
    """Declinations in arcsec and radii in arcmin arrive in degrees and arcsec."""
    rows = Table(small("sami-dr3"))
    rows["dec_obj"] = rows["dec_obj"] * 3600
    rows["dec_obj"].unit, rows["r_e"].unit = "arcsec", "arcmin"
    rows.write(tmp_path / "t.fits")
    ingest_file(survey="sami-dr3", path=tmp_path / "t.fits")
    found = object_get(user=None, survey="sami-dr3", source_id="1")
    assert found.dec == pytest.approx(-5.0)
    assert {c.name: v for c, v in found.values}["r50"] == 60.0


@pytest.mark.django_db
def test_rows_of_another_brick_are_rejected(tmp_path, shared_data):
    """A rule of the survey leaves rows out and counts them."""
    table = Table.read(shared_data / "photometry" / "tractor-1054p567.fits")
    table["BRICK_PRIMARY"] = False
    table.write(tmp_path / "t.fits")
    done = ingest_file(survey="ls-dr9", path=tmp_path / "t.fits")
    assert counts(done) == (1, 0, 0, 0, 1)
    assert list(done.reasons) == ["not brick_primary: the neighbouring brick has it"]


def small(slug: str) -> dict:
    """Three rows as plain columns of a FITS file."""
    names = [
        "catid",
        "ra_obj",
        "dec_obj",
        "ra_ifu",
        "dec_ifu",
        "r_petro",
        "r_auto",
        "z_tonry",
        "z_spec",
        "m_r",
        "r_e",
        "mu_within_1re",
        "mu_1re",
        "mu_2re",
        "ellip",
        "pa",
        "mstar",
        "g_i",
        "a_g",
        "surv_sami",
        "bad_class",
    ]
    return {name: {"ra_obj": RA, "dec_obj": DEC}.get(name, np.arange(1, 4)) for name in names}


BAD = {
    "missing column": (lambda rows: rows.pop("mstar"), r"missing .*: column mstar; the file has catid"),
    "RA too large": (lambda rows: rows.update(ra_obj=[1, 360.5, 3]), r"row 2: ra_obj not between .*ra_obj = 360\.5"),
    "RA is NaN": (lambda rows: rows.update(ra_obj=[1, 2, np.nan]), r"row 3: ra_obj not between .*ra_obj = missing"),
    "Dec too small": (lambda rows: rows.update(dec_obj=[-90.1, 2, 3]), r"row 1: dec_obj not between -90 and 90 degrees"),
    "no name": (lambda rows: rows.update(catid=["1", "", "3"]), r"row 2: catid missing"),
    "name twice": (lambda rows: rows.update(catid=[5, 6, 5]), r"source 5 \(catid\) is there more than once: rows 1, 3"),
    "text for a number": (lambda rows: rows.update(g_i=["0.5", "blue", "1"]), r"g_i, row 2: 'blue' is no .* float32"),
    "half a number": (lambda rows: rows.update(surv_sami=[1, 2, 3.5]), r"surv_sami, row 3: '3\.5' is no .* int16"),
    "too large": (lambda rows: rows.update(bad_class=[1, 40_000, 3]), r"column bad_class, row 2: '40000'"),
    "overflow": (lambda rows: rows.update(m_r=[1, 2, 1e300]), r"column m_r, row 3"),
    "column twice": (lambda rows: rows.update(MSTAR=[1, 2, 3]), r"column mstar is there 2 times"),
    "no rows": (lambda rows: [rows.update({name: []}) for name in list(rows)], r"has no rows"),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_loads_nothing(tmp_path, kind):
    """The message names file, column and row; the database is as it was."""
    rows = small("sami-dr3")
    change, message = BAD[kind]
    change(rows)
    path = tmp_path / "bad.csv"
    Table(rows).write(path, format="ascii.csv")
    with pytest.raises(IngestError, match=message) as caught:
        ingest_file(survey="sami-dr3", path=path)
    assert str(path) in str(caught.value)
    assert (count("objects"), count("survey_sami_dr3"), Ingest.objects.count(), Survey.objects.count()) == (0, 0, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("rows_per_batch", [2, 100])
def test_duplicates_are_found_wherever_they_are(survey_file, tmp_path, monkeypatch, first, rows_per_batch):
    """In one batch or two, among new rows or old ones, the same content or another."""
    monkeypatch.setattr("almagest.sky.readers.base.BATCH_ROWS", rows_per_batch)
    if not first:
        ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", RA, DEC))
    rows = small("sami-dr3")
    for ids, where in (([7, 8, 7], "1, 3"), ([1, 9, 1], "1, 3"), ([9, 1, 1], "2, 3")):
        pq.write_table(pa.table(rows | {"catid": ids}), tmp_path / "twice.parquet")
        with pytest.raises(IngestError, match=f"more than once: rows {where}"):
            ingest_file(survey="sami-dr3", path=tmp_path / "twice.parquet")
    assert count("objects") == (0 if first else 3)


@pytest.mark.django_db
def test_a_unit_that_does_not_convert(tmp_path):
    """The message names the column and both units."""
    rows = Table(small("sami-dr3"))
    rows["r_e"].unit = "kg"
    rows.write(tmp_path / "t.fits")
    with pytest.raises(
        IngestError, match=r"t\.fits: column r_e: unit 'kg' cannot be converted to the declared 'arcsec'"
    ):
        ingest_file(survey="sami-dr3", path=tmp_path / "t.fits")


@pytest.mark.django_db
def test_bad_rows_can_be_left_out(tmp_path):
    """They are counted by reason; the good ones are loaded."""
    rows = small("sami-dr3") | {"ra_obj": [1, np.nan, 3], "dec_obj": [1, 2, 95]}
    Table(rows).write(tmp_path / "t.csv", format="ascii.csv")
    done = ingest_file(survey="sami-dr3", path=tmp_path / "t.csv", skip_bad_rows=True)
    assert counts(done) == (3, 1, 0, 0, 2)
    assert sorted(done.reasons.values()) == [1, 1]


@pytest.mark.django_db
def test_a_cut_fits_file_loads_nothing(shared_data, tmp_path):
    """Not even the rows that are whole."""
    path = tmp_path / "evcc.fits"
    path.write_bytes((shared_data / "photometry" / "evcc.fits").read_bytes()[:100_000])
    with pytest.raises(IngestError, match=r"evcc\.fits: cut short: the header says 1,279 rows"):
        ingest_file(survey="evcc", path=path)
    assert count("objects") == 0


@pytest.mark.django_db
def test_unknown_survey(tmp_path):
    """Before the file is even looked at."""
    with pytest.raises(SurveyError, match="no survey 'sloan' is declared"):
        ingest_file(survey="sloan", path=tmp_path / "nothing")


@pytest.mark.django_db
def test_command_prints_a_summary(survey_file):
    """Numbers and ignored columns; a second call with --if-missing does nothing."""
    path, out = survey_file("sami-dr3", RA, DEC), StringIO()
    call_command("ingest", "sami-dr3", str(path), stdout=out)
    assert re.search(r"rows read\s+3", out.getvalue()) and re.search(r"new\s+3", out.getvalue())
    call_command("ingest", "sami-dr3", str(path), "--if-missing", stdout=out)
    assert "loaded before" in out.getvalue()
    assert Ingest.objects.count() == 1


def test_writers_wait_for_each_other(cloned_database, survey_file):
    """A second ingest starts when the first has ended, so that ids are committed in their order."""
    path, said = survey_file("sami-dr3", RA, DEC), []

    def ingest() -> int:
        try:
            return ingest_file(survey="sami-dr3", path=path, report=lambda fraction, text="": said.append(text)).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hold_sky()
            waiting = pool.submit(ingest)
            while not said:
                pass
            assert "waiting" in said[0] and not waiting.done()
            here = Survey.objects.count()
        assert here == 0 and waiting.result(30) == Ingest.objects.get().pk
