"""The classes of Table 1 at and around their boundaries, and masses against numbers worked out by hand."""

import math

import numpy as np
import pyarrow as pa
import pytest

from dwarf_galaxies.labels import (
    NO_CLASS,
    NO_GALAXY,
    NO_MASS,
    NO_REDSHIFT,
    classes,
    classify,
    distance_modulus,
    taylor_log_mass,
)


def row(redshift=0.01, spec_class="GALAXY", log_mass=8.0, distance_mpc=None, g=15.0, r=14.5, i=14.2, named=None):
    """One object as the labelling gets it."""
    values = {"redshift": redshift, "log_mass": log_mass, "distance_mpc": distance_mpc, "g": g, "r": r, "i": i}
    columns = {name: pa.array([value], pa.float64()) for name, value in values.items()}
    words = {"spec_class": spec_class, "named_class": named}
    return pa.table(columns | {name: pa.array([value], pa.string()) for name, value in words.items()})


def label(**values):
    """Its label, or the reason why it has none."""
    found = classify(row(**values)).to_pylist()[0]
    return found["label"] or found["reason"]


@pytest.mark.parametrize(
    ("redshift", "log_mass", "name"),
    [
        (0.01, 6.0, ""), (0.01, 6.01, "S"), (0.01, 8.99, "S"), (0.01, 9.0, ""), (0.01, 9.5, ""), (0.01, 9.51, "LM"),
        (0.02, 8.0, ""), (0.0199, 8.0, "S"), (0.0201, 9.01, "NSL"), (0.0499, 9.74, "NSL"), (0.03, 9.75, ""), (0.03, 8.9, ""),
        (0.05, 9.5, ""), (0.0501, 9.26, "NM"), (0.1999, 9.99, "NM"), (0.1, 10.0, ""), (0.1, 9.25, ""), (0.2, 10.5, ""),
        (0.201, 10.01, "HM"), (0.3, 10.0, ""),
    ],
)  # fmt: skip
def test_boundaries_of_table_1(redshift, log_mass, name):
    assert classes(np.array([redshift]), np.array([log_mass]), np.array([np.nan]))[0] == name


def test_only_galaxies_with_a_real_redshift():
    assert label() == "S"
    assert label(spec_class="STAR") == NO_GALAXY
    assert label(spec_class=None) == NO_GALAXY
    assert label(redshift=0.001) == NO_REDSHIFT
    assert label(redshift=None) == NO_REDSHIFT
    assert label(redshift=-0.002) == NO_REDSHIFT
    assert label(log_mass=9.2) == NO_CLASS


def test_taylor_masses():
    # 1.15 + 0.70 * 0.8 - 0.4 * (-20) = 9.71
    assert taylor_log_mass(np.array([0.8]), np.array([-20.0]))[0] == pytest.approx(9.71)


def test_a_virgo_dwarf_gets_its_mass_from_its_distance():
    # 16.5 Mpc: modulus 31.087; i = 14.2 gives M_i = -16.887; mass 1.15 + 0.56 + 6.755 = 8.465
    modulus = 5 * math.log10(16.5) + 25
    assert 1.15 + 0.7 * 0.8 - 0.4 * (14.2 - modulus) == pytest.approx(8.465, abs=1e-3)
    assert label(log_mass=None, distance_mpc=16.5, redshift=0.004) == "S"
    # At z = 0.019 without a distance: d_L = 82.3 Mpc (H0 = 70, Om = 0.3), modulus 34.58, mass 9.86
    assert label(log_mass=None, redshift=0.019) == "LM"


def test_without_a_mass_bright_local_galaxies_are_massive():
    # No i: no mass. z = 0.01 is 43.2 Mpc, modulus 33.18.
    assert label(log_mass=None, i=None, r=14.0) == "LM"
    assert label(log_mass=None, i=None, r=14.5) == NO_MASS
    assert label(log_mass=None, i=None, r=14.0, redshift=0.03) == NO_MASS


def test_a_given_mass_wins():
    assert label(log_mass=9.8, g=20.0, i=19.5) == "LM"


def test_odd_numbers_make_no_class():
    assert label(log_mass=None, i=-9999.0, r=14.5) == NO_MASS
    assert label(log_mass=math.nan, g=None, r=-9999.0) == NO_MASS
    assert label(redshift=math.inf) == NO_REDSHIFT
    assert label(log_mass=-99.0) == NO_CLASS
    assert label(log_mass=None, distance_mpc=-1.0) == NO_MASS


def test_distances_agree_with_an_integral_done_by_hand():
    # d_L = (1 + z) c / H0 * integral of dz / sqrt(0.3 (1 + z)^3 + 0.7), midpoint rule
    z = 0.15
    steps = (np.arange(10_000) + 0.5) * z / 10_000
    integral = (z / 10_000 / np.sqrt(0.3 * (1 + steps) ** 3 + 0.7)).sum()
    by_hand = 5 * math.log10((1 + z) * 299_792.458 / 70 * integral) + 25
    assert distance_modulus(np.array([z]), np.array([np.nan]))[0] == pytest.approx(by_hand, abs=1e-5)
    assert distance_modulus(np.array([z]), np.array([10.0]))[0] == 30.0


def test_spirals_and_artifacts_are_only_what_a_catalogue_names():
    assert label(redshift=0.1, log_mass=9.5) == "NM"
    assert label(redshift=0.1, log_mass=9.5, named="NS") == "NS"
    assert label(redshift=0.04, log_mass=None, i=None, named="NS") == "NS"
    assert label(redshift=0.03, log_mass=9.5, named="NS") == "NSL"
    assert label(redshift=0.01, named="NS") == "S"
    assert label(redshift=None, named="NS") == NO_REDSHIFT
    assert label(redshift=0.1, named="NS", spec_class="STAR") == NO_GALAXY


def test_an_artifact_is_one_whatever_else_is_known():
    assert label(named="AF") == "AF"
    assert label(named="AF", redshift=None, spec_class=None, log_mass=None, i=None) == "AF"
    assert label(named="no such word") == "S"
