"""Features against numbers worked out another way, on a real row where there is one."""

import math

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits

from almagest.contract import PluginError
from dwarf_galaxies.features import (
    BLOCK,
    legacy_feature_names,
    legacy_features,
    legacy_ratios,
    sdss_feature_names,
    sdss_features,
)

BANDS = ("g", "r", "z", "w1", "w2")


def legacy_row(source) -> pa.Table:
    """Arrow columns from a mapping of upper-case names."""
    numbers = {
        f"{kind}_{b}": [float(source[f"{kind}_{b}".upper()])] for kind in ("flux", "mw_transmission") for b in BANDS
    }
    lists = {
        f"apflux_{b}": pa.array([[float(v) for v in source[f"APFLUX_{b}".upper()]]], pa.list_(pa.float32()))
        for b in BANDS
    }
    return pa.table({name: pa.array(values, pa.float32()) for name, values in numbers.items()} | lists)


@pytest.fixture
def invented():
    """A row with numbers that are easy to follow."""
    source = {f"FLUX_{b.upper()}": 10.0 * (k + 1) for k, b in enumerate(BANDS)}
    source |= {f"MW_TRANSMISSION_{b.upper()}": 0.5 for b in BANDS}
    return source | {
        f"APFLUX_{b.upper()}": np.arange(1.0, (9 if b in "grz" else 6)) * (k + 1) for k, b in enumerate(BANDS)
    }


def test_numbers_of_features_as_in_table_2():
    names = legacy_feature_names()
    assert len(names) == len(set(names)) == 91
    assert names[:6] == ["g", "r", "z", "w1", "w2", "g-r"]
    pairs = legacy_ratios()
    same_band = [p for p in pairs if p[0][0] == p[1][0]]
    optical = {"g", "r", "z"}
    mixed = [p for p in pairs if (p[0][0] in optical) != (p[1][0] in optical)]
    assert (len(same_band), len(pairs) - len(same_band) - len(mixed), len(mixed)) == (29, 29, 18)
    assert {(a[1], b[1]) for a, b in mixed} == {(6, 1), (7, 2), (8, 3)}
    assert len(sdss_feature_names()) == 15


def test_sdss_colours():
    rows = pa.table(
        {b: pa.array([m, None], pa.float32()) for b, m in zip("ugriz", (19, 17.5, 17, 16.75, 16.5), strict=True)}
    )
    features = dict(zip(sdss_feature_names(), sdss_features(rows)[0].tolist(), strict=True))
    assert features["u-g"] == 1.5
    assert features["g-i"] == 0.75
    assert features["i-z"] == 0.25
    assert np.isnan(sdss_features(rows)[1]).all()


def assert_features(source) -> None:
    """Recompute all 91 with plain loops over the upper-case columns."""
    found = dict(zip(legacy_feature_names(), legacy_features(legacy_row(source))[0].tolist(), strict=True))
    magnitude = {
        b: 22.5 - 2.5 * math.log10(float(source[f"FLUX_{b.upper()}"]) / float(source[f"MW_TRANSMISSION_{b.upper()}"]))
        for b in BANDS
    }
    expected = dict(magnitude)
    for k, one in enumerate(BANDS):
        for other in BANDS[k + 1 :]:
            expected[f"{one}-{other}"] = magnitude[one] - magnitude[other]
    for name in found:
        if "/" in name:
            top, bottom = ((part.split("_")[1].upper(), int(part.split("_")[2]) - 1) for part in name.split("/"))
            expected[name] = float(source[f"APFLUX_{top[0]}"][top[1]]) / float(source[f"APFLUX_{bottom[0]}"][bottom[1]])
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=2e-6, abs=2e-6), name


def test_all_features_of_an_invented_row(invented):
    assert_features(invented)


def test_all_features_of_the_real_tractor_row(shared_data):
    with fits.open(shared_data / "photometry" / "tractor-1054p567.fits") as file:
        row = file[1].data[0]
        assert_features({name: row[name] for name in file[1].columns.names})


def test_nulls_of_features(invented):
    names = legacy_feature_names()
    faint = legacy_features(legacy_row(invented | {"FLUX_G": -1.0}))[0]
    assert {n for n, v in zip(names, faint, strict=True) if np.isnan(v)} == {"g", "g-r", "g-z", "g-w1", "g-w2"}
    zeros = invented | {"APFLUX_R": np.zeros(8), "APFLUX_G": -invented["APFLUX_G"]}
    found = dict(zip(names, legacy_features(legacy_row(zeros))[0], strict=True))
    assert all(np.isnan(v) == n.split("/")[1].startswith("apflux_r") for n, v in found.items() if "/" in n)
    assert found["apflux_g_1/apflux_z_1"] == pytest.approx(-1 / 3)
    assert found["apflux_r_1/apflux_z_1"] == 0


def test_a_row_with_too_few_apertures_is_refused(invented):
    with pytest.raises(PluginError, match="apflux_g: every row must have 8 apertures"):
        legacy_features(legacy_row(invented | {"APFLUX_G": np.ones(7)}))


def test_rows_that_make_up_for_each_other_are_refused_too(invented):
    short, long = (legacy_row(invented | {"APFLUX_W1": np.ones(n)}) for n in (4, 6))
    with pytest.raises(PluginError, match="apflux_w1: every row must have 5 apertures"):
        legacy_features(pa.concat_tables([short, long]))


def test_a_missing_list_is_missing_in_its_own_row_alone(invented):
    rows = pa.concat_tables([legacy_row(invented)] * 3)
    whole = legacy_features(rows)
    lists = rows["apflux_z"].to_pylist()
    lists[1] = None
    at = rows.column_names.index("apflux_z")
    holed = legacy_features(rows.set_column(at, "apflux_z", pa.array(lists, pa.list_(pa.float32()))))
    np.testing.assert_array_equal(holed[[0, 2]], whole[[0, 2]])
    gone = {name for name, value in zip(legacy_feature_names(), holed[1], strict=True) if np.isnan(value)}
    assert gone == {name for name in legacy_feature_names() if "apflux_z" in name}


def test_ratios_are_numbers_whatever_the_fluxes(invented):
    tiny = invented | {"APFLUX_W2": np.full(5, 1e-38), "APFLUX_W1": np.full(5, 1e30), "MW_TRANSMISSION_Z": 0.0}
    found = dict(zip(legacy_feature_names(), legacy_features(legacy_row(tiny))[0], strict=True))
    assert found["apflux_w1_1/apflux_w2_1"] == np.finfo(np.float32).max
    assert np.isnan(found["z"])
    assert np.isfinite([value for name, value in found.items() if "/" in name]).all()


@pytest.mark.parametrize("sentinel", [-9999.0, 99.0, 0.0, float("inf"), float("nan")])
def test_what_stands_for_a_missing_magnitude_is_none(sentinel):
    rows = pa.table({b: pa.array([17.0, 17.0 if b != "u" else sentinel], pa.float32()) for b in "ugriz"})
    missing = np.isnan(sdss_features(rows))
    assert not missing[0].any()
    assert {n for n, m in zip(sdss_feature_names(), missing[1], strict=True) if m} == {"u", "u-g", "u-r", "u-i", "u-z"}


def test_many_rows_give_what_each_gives_alone(invented):
    rows = pa.concat_tables([legacy_row(invented), legacy_row(invented | {"FLUX_R": 3.0})] * (BLOCK + 2))
    features = legacy_features(rows)
    np.testing.assert_array_equal(features, np.tile(legacy_features(rows.slice(0, 2)), (BLOCK + 2, 1)))
    assert legacy_features(rows.slice(0, 0)).shape == (0, 91)
