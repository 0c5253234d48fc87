"""Tables that bring labels: the common columns of every real row recomputed by other means, and what is left out."""

import csv
from pathlib import Path

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from astropy.constants import c
from astropy.coordinates import SkyCoord
from astropy.table import Table
from django.db import connection

from almagest.core.tables import quote
from almagest.sky.errors import IngestError
from almagest.sky.selectors import object_get
from almagest.sky.services import cross_match_make, ingest_file

KM_S = c.to_value(u.km / u.s)
ONE_KPC_AT_001 = np.degrees(1 / (KM_S * 0.01 / 70 * 1000))  # degrees, Hubble's law with 70 km/s/Mpc
DUP = "DUP: a Gaia source at the place of a galaxy, without flux"


def stored(slug: str, *names: str) -> dict[str, tuple]:
    """Columns of the survey's current measurements, by the source's name."""
    chosen = ", ".join(f"m.{quote(name)}" for name in names)
    with connection.cursor() as cursor:
        table = quote(f"survey_{slug.replace('-', '_')}")
        cursor.execute(f"SELECT o.source_id, {chosen} FROM {table} m JOIN objects o ON o.id = m.object_id")
        return {row[0]: row[1:] for row in cursor.fetchall()}


def numbers(rows: dict[str, tuple], keys: list[str], at: int) -> np.ndarray:
    """One of the columns in the order of the keys, NaN where there is none."""
    return np.array([rows[key][at] for key in keys], float)


def words(rows: dict[str, tuple], keys: list[str], at: int) -> list[str | None]:
    """The same for words."""
    return [rows[key][at] for key in keys]


def file_numbers(rows: list[dict], name: str) -> np.ndarray:
    """A column of a CSV table, NaN where it is empty."""
    return np.array([float(row[name] or "nan") for row in rows])


def read_csv(path: Path) -> list[dict]:
    """Rows of a CSV table, all as text."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def ingested(slug: str, path: Path) -> tuple[int, int, dict]:
    """Load a file: rows read, new objects, rows rejected by reason."""
    done = ingest_file(survey=slug, path=path)
    assert done.rejected == sum(done.reasons.values())
    return done.rows_read, done.new, done.reasons


@pytest.mark.django_db
def test_50mgc(shared_data):
    """15,424 rows, the Milky Way among them."""
    path = shared_data / "photometry" / "50MGC_catalog_short.fits"
    milky_way = {"the Milky Way: all around us, and no object on the sky": 1}
    assert ingested("50mgc", path) == (15_424, 15_423, milky_way)
    table = Table.read(path)
    table = table[table["objname"] != "Milky Way"]
    keys = [str(name).strip() for name in table["objname"]]
    rows = stored("50mgc", "redshift", "log_mass", "distance_mpc", "spec_class", "best_type")
    assert set(keys) == set(rows)
    file = {name: np.ma.filled(table[name].astype(float), np.nan) for name in ("v_h", "logmass", "bestdist")}
    np.testing.assert_allclose(numbers(rows, keys, 0), file["v_h"] / KM_S, rtol=1e-6)
    np.testing.assert_allclose(numbers(rows, keys, 1), file["logmass"], rtol=1e-6)
    np.testing.assert_allclose(numbers(rows, keys, 2), file["bestdist"], rtol=1e-6)
    assert [int(np.isfinite(values).sum()) for values in file.values()] == [15_122, 11_740, 15_397]
    assert set(words(rows, keys, 3)) == {"GALAXY"}
    assert set(words(rows, keys, 4)) == {"late", "early", None}


@pytest.mark.django_db
def test_lvdb(shared_data):
    """911 rows; kpc become Mpc and arcmin arcsec; a candidate is no galaxy, a distance from the velocity no distance."""
    path = shared_data / "photometry" / "LVDB_dwarf_all.csv"
    assert ingested("lvdb", path) == (911, 911, {})
    file = read_csv(path)
    keys = [row["key"] for row in file]
    rows = stored("lvdb", "redshift", "log_mass", "distance_mpc", "r50", "spec_class")
    np.testing.assert_allclose(numbers(rows, keys, 0), file_numbers(file, "vlos_systemic") / KM_S, rtol=1e-6)
    np.testing.assert_allclose(numbers(rows, keys, 1), file_numbers(file, "mass_stellar"), rtol=1e-6)
    kpc = file_numbers(file, "distance")
    kpc[[row["distance_measurement_method"] == "nam" for row in file]] = np.nan
    np.testing.assert_allclose(numbers(rows, keys, 2), kpc / 1000, rtol=1e-6)
    np.testing.assert_allclose(numbers(rows, keys, 3), file_numbers(file, "rhalf") * 60, rtol=1e-6)
    assert words(rows, keys, 4) == ["GALAXY" if row["confirmed_galaxy"] == "1" else None for row in file]
    assert [int(np.isfinite(numbers(rows, keys, at)).sum()) for at in range(4)] == [517, 906, 902, 744]
    # Ultra-compact objects around Centaurus A that may be star clusters.
    assert rows["cena_ucd-kv19-271"][4] is None and words(rows, keys, 4).count("GALAXY") == 713


@pytest.mark.django_db
def test_sn_hosts(shared_data):
    """10,827 candidates of 6,406 supernovae; a redshift for the first of each that lies near its supernova."""
    path = shared_data / "photometry" / "master_host_clean.csv"
    assert ingested("sn-hosts", path) == (10_827, 10_827, {})
    file = read_csv(path)
    keys = [f"{row['sn name']}-{float(row['index']):.0f}" for row in file]
    supernova, host = (
        SkyCoord(file_numbers(file, ra), file_numbers(file, dec), unit="deg")
        for ra, dec in (("ra", "dec"), ("host_ra", "host_dec"))
    )
    separation, z = supernova.separation(host), file_numbers(file, "sn_z")
    kpc = separation.rad * z * KM_S / 70 * 1000
    is_host = (file_numbers(file, "index") == 1) & (z > 0) & (kpc <= 30)
    rows = stored("sn-hosts", "redshift", "spec_class", "sn_separation", "sn_z", "candidate")
    np.testing.assert_allclose(numbers(rows, keys, 0), np.where(is_host, z, np.nan), rtol=1e-6)
    assert words(rows, keys, 1) == ["GALAXY" if yes else None for yes in is_host]
    np.testing.assert_allclose(numbers(rows, keys, 2), separation.arcsec, rtol=1e-4)
    np.testing.assert_allclose(numbers(rows, keys, 3), np.where(z > 0, z, np.nan), rtol=1e-6)
    assert is_host.sum() == 1_895 and np.isfinite(numbers(rows, keys, 3)).sum() == 2_415
    # The supernova of 2011 at z = 0.039 lies 12 arcmin from its "host", which is at z = 0.004.
    assert rows["11jx-1"][0] is None


@pytest.mark.django_db
def test_hosts_have_the_redshift_of_their_supernova(shared_data):
    """Where another table knows the galaxy, it agrees: within 0.004, as good as redshifts from supernovae are."""
    folder = shared_data / "photometry"
    ingest_file(survey="sn-hosts", path=folder / "master_host_clean.csv")
    hosts = [row for row in stored("sn-hosts", "host_ra", "host_dec", "redshift").values() if row[2] is not None]
    ra, dec, z = np.array(hosts).T
    near, sdss = Table.read(folder / "50MGC_catalog_short.fits"), read_csv(folder / "sdss_dr14_skyserver_10k.csv")
    known = np.concatenate([
        [near["ra"], near["dec"], np.ma.filled(near["v_h"], np.nan) / KM_S],
        [file_numbers(sdss, name) for name in ("ra", "dec", "redshift")],
    ], axis=1)  # fmt: skip
    known = known[:, np.isfinite(known[2])]
    at, separation, _ = SkyCoord(ra, dec, unit="deg").match_to_catalog_sky(SkyCoord(*known[:2], unit="deg"))
    is_same = separation.arcsec < 3
    assert is_same.sum() >= 25
    np.testing.assert_allclose(z[is_same], known[2][at[is_same]], atol=0.004)


@pytest.mark.django_db
def test_ls_dr8_hosts(shared_data):
    """North and south in one survey: all but the DUP rows, each at a host candidate, with the columns as they are meant."""
    folder = shared_data / "photometry"
    assert ingested("ls-dr8-hosts", folder / "selected_hosts_dr8_north.fits") == (4_140, 3_861, {DUP: 279})
    assert ingested("ls-dr8-hosts", folder / "selected_hosts_dr8_south.fits") == (5_393, 4_994, {DUP: 399})
    rows = stored("ls-dr8-hosts", "objid", "type", "flux_r", "fracin_r", "nobs_r", "ref_epoch", "maskbits")
    assert len(rows) == 3_861 + 4_994
    file = Table.read(folder / "selected_hosts_dr8_south.fits")[0]
    values = (1660, "DEV", file["FLUX_R"], file["NOBS_R"], 3, None, 4096)
    assert rows[f"{file['BRICKID']}-{file['OBJID']}-{file['RA']}"] == values
    keys = list(rows)
    flux, fracin, nobs, epoch = (numbers(rows, keys, at) for at in (2, 3, 4, 5))
    assert fracin.max() < 1.05 and ((fracin == 0) == (flux == 0)).all()
    assert set(nobs) == set(range(12)) and set(epoch[np.isfinite(epoch)]) == {2015.5}
    ingest_file(survey="sn-hosts", path=folder / "master_host_clean.csv")
    cross_match_make(survey_a="ls-dr8-hosts", survey_b="sn-hosts", radius_arcsec=1.0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT object_a) FROM links")
        assert cursor.fetchone()[0] == len(rows)


@pytest.mark.django_db
def test_velocities_become_redshifts(survey_file):
    """Approaching galaxies too; no velocity, no redshift."""
    path = survey_file("50mgc", [1.0, 2.0, 3.0], [0.0, 0.0, 0.0], v_h=[-299.792458, 2997.92458, None],
                       objname=["a", "b", "Milky Way"], best_type=["late", "notype", "late"])  # fmt: skip
    assert ingested("50mgc", path)[:2] == (3, 2)
    rows = stored("50mgc", "redshift", "best_type")
    assert rows == {"a": (pytest.approx(-0.001), "late"), "b": (pytest.approx(0.01), None)}


@pytest.mark.django_db
def test_local_volume_units(survey_file):
    """kpc and arcmin in, Mpc and arcsec out."""
    path = survey_file(
        "lvdb", [1.0, 2.0, 3.0], [0.0, 0.0, 0.0], key=["galaxy", "cluster", "kinematic"], distance=[780.0, 3800.0, 5000.0],
        rhalf=[1.5, 0.01, None], confirmed_galaxy=[True, False, None], distance_measurement_method=["trgb", None, "nam"],
    )  # fmt: skip
    ingest_file(survey="lvdb", path=path)
    assert stored("lvdb", "distance_mpc", "r50", "spec_class") == {
        "galaxy": (pytest.approx(0.78), pytest.approx(90.0), "GALAXY"),
        "cluster": (pytest.approx(3.8), pytest.approx(0.6), None),
        "kinematic": (None, None, None),
    }


@pytest.mark.django_db
def test_which_candidate_is_the_host(survey_file):
    """Near and first; 30 kpc are 144.5 arcsec at z = 0.01. A candidate without a position is left out and counted."""
    at = np.array([29.0, 31.0, 1.0, 1.0, 1.0, 1.0]) * ONE_KPC_AT_001
    path = survey_file(
        "sn-hosts", [10.0, 10.0, 10.0, 10.0, 10.0, -9999.0], at, sn_ra=[10.0] * 6, sn_dec=[0.0] * 6,
        sn_name=["near", "far", "near", "no z", "z of 0", "lost"], candidate=[1, 1, 2, 1, 1, 1],
        sn_z=[0.01, 0.01, 0.01, -9999.0, 0.0, 0.01],
    )  # fmt: skip
    assert ingested("sn-hosts", path) == (6, 5, {"no position of the candidate": 1})
    rows = stored("sn-hosts", "redshift", "spec_class")
    assert rows.pop("near-1") == (pytest.approx(0.01), "GALAXY")
    assert rows == dict.fromkeys(("far-1", "near-2", "no z-1", "z of 0-1"), (None, None))
    near = object_get(user=None, survey="sn-hosts", source_id="near-1")
    assert (near.ra, near.dec) == (10.0, pytest.approx(29 * ONE_KPC_AT_001))


@pytest.mark.django_db
def test_one_brick_and_number_may_name_two_galaxies(survey_file):
    """In the north and in the south; the right ascension tells them apart, and DUP rows are no galaxies."""
    north = survey_file("ls-dr8-hosts", [221.8683856443092, 1.0], [33.9, 0.0], brickid=[516023, 1], objid=[837, 1],
                        type=["EXP", "DUP"], name="north.csv")  # fmt: skip
    south = survey_file("ls-dr8-hosts", [221.86535827760258], [33.9], brickid=[516023], objid=[837], name="south.csv")
    assert ingested("ls-dr8-hosts", north) == (2, 1, {DUP: 1})
    assert ingested("ls-dr8-hosts", south) == (1, 1, {})
    assert len(stored("ls-dr8-hosts", "objid")) == 2


@pytest.mark.django_db
def test_a_table_with_the_right_names_is_refused(survey_file):
    """What is read as a number of images would be a share, and that is no whole number."""
    path = survey_file("ls-dr8-hosts", [1.0], [0.0], fracin_g=[0.98])
    table = pa.csv.read_csv(path)
    swap = {f"{a}_{b}": f"{z}_{b}" for b in "grz" for a, z in (("nobs", "fracin"), ("fracin", "nobs"))}
    pa.csv.write_csv(table.rename_columns([swap.get(name, name) for name in table.column_names]), path)
    with pytest.raises(IngestError, match=r"column fracin_g, row 1: '0\.98' is no value of the declared type int16"):
        ingest_file(survey="ls-dr8-hosts", path=path)
