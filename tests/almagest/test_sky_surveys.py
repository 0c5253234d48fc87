"""Survey declarations: complete, and with units that mean something."""

import pyarrow as pa
import pytest

from almagest.contract.units import parse_unit, unit_factor
from almagest.sky.errors import SurveyError
from almagest.sky.readers import open_table
from almagest.sky.surveys import SURVEYS, declaration_get
from almagest.sky.surveys.evcc import derive
from almagest.sky.tables import declared_tables, history_table, measurement_table

FILES = {
    "50mgc": "50MGC_catalog_short.fits",
    "evcc": "evcc.fits",
    "ls-dr8-hosts": "selected_hosts_dr8_south.fits",
    "ls-dr9": "tractor-1054p567.fits",
    "lvdb": "LVDB_dwarf_all.csv",
    "sami-dr3": "sami_dr3.InputCatGAMADR3.csv",
    "sdss-dr14": "sdss_dr14_skyserver_10k.csv",
    "sn-hosts": "master_host_clean.csv",
}
# Proper motions under wrong names; which part is which is not known.
LEFT_OUT = {"ls-dr8-hosts": {"maskbits", "ref_epoch"}}


@pytest.mark.parametrize("slug", FILES)
def test_every_column_of_the_real_file_is_declared(shared_data, slug):
    """Nothing but an unnamed row number is left out."""
    names = {
        column.name.lower() for column in open_table(shared_data / "photometry" / FILES[slug]).columns if column.name
    }
    declaration = SURVEYS[slug]
    declared = {declaration.names.get(column.name, column.name) for column in declaration.columns}
    assert names - LEFT_OUT.get(slug, set()) == declared


def test_legacy_surveys_have_181_columns():
    """The DR9 tractor schema, with its arrays."""
    table = SURVEYS["ls-dr9"].table
    assert len(SURVEYS["ls-dr9"].columns) == 181
    assert (table["apflux_g"].shape, table["apflux_w4"].shape, table["lc_flux_w1"].shape) == ((8,), (5,), (15,))
    assert unit_factor("1/nanomaggy^2", table["flux_ivar_w2"].unit) == 1.0
    assert unit_factor("1/deg^2", table["ra_ivar"].unit) == 1.0


@pytest.mark.parametrize("slug", SURVEYS)
def test_a_declaration_is_whole(slug):
    """Described columns with known units, an identity, a position in degrees, a citation."""
    declaration = SURVEYS[slug]
    assert declaration.citation and declaration.licence and declaration.description
    for column in declaration.table.columns:
        assert column.description and column.ucd, column.name
        parse_unit(column.unit)
    for name in declaration.id_columns:
        assert not declaration.table[name].nullable
    assert {declaration.table[name].unit for name in (declaration.ra, declaration.dec)} == {"deg"}


def test_common_columns_mean_the_same_everywhere():
    """Plugins ask for them by name: type and unit are one over all surveys."""
    for name in ("u", "g", "r", "i", "z", "redshift", "spec_class", "log_mass", "r50", "distance_mpc"):
        found = {(d.table[name].dtype, d.table[name].unit) for d in SURVEYS.values() if name in d.table}
        assert len(found) == 1, name


def test_simulated_twins_stand_apart():
    """The same columns under another slug, in other tables, not observed."""
    for slug in ("evcc", "ls-dr9", "ls-labels", "sami-dr3", "sdss-dr14"):
        real, twin = SURVEYS[slug], SURVEYS[f"{slug}-simulated"]
        assert real.observed and not twin.observed
        assert real.table.columns == twin.table.columns
        assert {make(real).name for make in (measurement_table, history_table)}.isdisjoint(
            make(twin).name for make in (measurement_table, history_table)
        )
    names = [declared.name for declared in declared_tables()]
    assert len(names) == len(set(names))


def test_evcc_redshift_and_distance():
    """SDSS velocity first, NED's where there is none; a distance for certain members only."""
    rows = pa.table({
        "cz_sdss": pa.array([2997.92458, None, None], pa.float32()),
        "cz_ned": pa.array([1.0, 5995.84916, None], pa.float32()),
        "mem_evcc": ["M", "P", None],
        "r_50": pa.array([1.0, 2.0, 3.0], pa.float32()),
    })  # fmt: skip
    derived = derive(rows)
    assert derived["redshift"].to_pylist() == [pytest.approx(0.01), pytest.approx(0.02), None]
    assert derived["distance_mpc"].to_pylist() == [16.5, None, None]


def test_unknown_survey():
    """The message says what there is."""
    with pytest.raises(
        SurveyError, match=r"no survey 'ls' is declared; there is 50mgc, desi-spectra, .*evcc, .*ls-dr9"
    ):
        declaration_get("ls")
