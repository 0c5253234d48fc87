"""The table of spectral lines against physics, against the survey that uses it, and against the sky."""

from itertools import pairwise

import numpy as np
import pytest
from astropy.io import fits

from almagest.spectra.lines import LINES, PIPELINE, Line, air_to_vacuum, vacuum_to_air

RYDBERG_HYDROGEN = 109677.583  # per cm: the Rydberg constant with the proton's mass
# As the tables of before the satellites have them: in air (Moore 1972; Osterbrock 1989).
IN_AIR = {"Hα": 6562.80, "Hβ": 4861.33, "Hγ": 4340.47, "Hδ": 4101.73, "Ca II K": 3933.66, "Ca II H": 3968.47}


def named(name: str) -> list[Line]:
    return [line for line in LINES if line.name == name and line.kind != "sky"]


def test_lines_stand_in_order_and_once():
    assert all(one.wavelength <= other.wavelength for one, other in pairwise(LINES))
    assert len({(line.name, line.wavelength, line.kind == "sky") for line in LINES}) == len(LINES)
    assert {line.kind for line in LINES} == {"emission", "absorption", "both", "sky"}
    assert all(line.source for line in LINES)


@pytest.mark.parametrize("series, lower", [(("Lyα", "Lyβ", "Lyγ"), 1), (("Hα", "Hβ", "Hγ", "Hδ", "Hε", "H8"), 2)])
def test_hydrogen_keeps_rydbergs_formula(series, lower):
    """Fine structure and relativity shift the lines by less than 1.5 parts in 100,000."""
    for upper, name in enumerate(series, lower + 1):
        expected = 1e8 / (RYDBERG_HYDROGEN * (lower**-2 - upper**-2))
        assert named(name)[0].wavelength == pytest.approx(expected, rel=1.5e-5), name


def test_doublets_share_a_level():
    """Two lines of one upper level are as far apart in wavenumber as the ground levels: [O III] 193.0, [N II] 82.1 per cm."""
    for name, apart in (("[O III]", 192.95), ("[N II]", 82.06)):
        blue, red = [line.wavelength for line in named(name) if line.wavelength > 4900 and line.wavelength != 5756.19]
        assert 1e8 / blue - 1e8 / red == pytest.approx(apart, abs=0.1), name


def test_lines_of_the_pipeline_are_those_of_its_files(shared_data):
    """Exactly, to the three digits that we keep: what an SDSS file says its lines were fitted at."""
    with fits.open(shared_data / "spectra/sdss/spec-10000-57346-0002.fits.gz") as hdus:
        fitted = hdus["SPZLINE"].data["LINEWAVE"]
    for line in LINES:
        if line.source == PIPELINE:
            assert np.abs(fitted - line.wavelength).min() < 6e-4, line


@pytest.mark.parametrize("name", IN_AIR)
def test_air_is_where_the_old_tables_have_the_lines(name):
    assert float(vacuum_to_air(named(name)[0].wavelength)) == pytest.approx(IN_AIR[name], abs=0.011)


def test_air_and_back():
    vacuum = np.linspace(2001, 25_000, 10_001)
    assert np.abs(air_to_vacuum(vacuum_to_air(vacuum)) - vacuum).max() < 1e-9
    ultraviolet = np.linspace(900, 1999, 101)
    assert (vacuum_to_air(ultraviolet) == ultraviolet).all() and (air_to_vacuum(ultraviolet) == ultraviolet).all()
    # The formula of Morton (2000, ApJS 130, 403), which the IAU takes, is another fit to newer measurements of air.
    squared = (1e4 / vacuum) ** 2
    morton = vacuum / (1 + 8.34254e-5 + 2.406147e-2 / (130 - squared) + 1.5998e-4 / (38.9 - squared))
    optical = (vacuum > 3000) & (vacuum < 11_000)
    assert np.abs(vacuum_to_air(vacuum) - morton)[optical].max() < 1e-4
