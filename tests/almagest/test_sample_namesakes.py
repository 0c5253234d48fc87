"""Stars of two libraries, one of which knows no positions: a sample keeps those of one name together."""

import re

import numpy as np
import pytest
from django.db import connection

from almagest.samples.groups import read_groups, star_key
from almagest.sky.selectors import snapshot
from almagest.spectra.services import ingest_spectra


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HD 009138", "HD9138"),
        ("HD087737", "hd87737"),
        ("BD+01 0306", "BD+010306"),
        ("HD 100", "HD100"),
        ("HD0", "HD 0"),
    ],
)
def test_one_name_written_in_two_ways(one, other):
    assert star_key(one) == star_key(other)


@pytest.mark.parametrize(("one", "other"), [("HD1000", "HD100"), ("HD 89822 B", "HD 89822"), ("BD+01306", "BD-01306")])
def test_two_stars_have_two_names(one, other):
    assert star_key(one) != star_key(other)


@pytest.fixture
def libraries(cloned_database, shared_data):
    folder = shared_data / "spectra"
    for survey in ("stelib", "miles"):
        ingest_spectra(survey=survey, paths=sorted(folder.glob(f"{survey}_*")), skip_bad=True)
    return folder


def henry_draper(text: str) -> int | None:
    """The number of a star in the Henry Draper catalog, where that is its name."""
    found = re.fullmatch(r"HD\s*0*(\d+)\s*", text)
    return int(found[1]) if found else None


def test_what_both_libraries_have_seen_is_one_group(libraries):
    now = snapshot()
    groups = read_groups(cross_match_id=now.cross_match_id, ingest_id=now.ingest_id)
    numbers = {}
    with connection.cursor() as cursor:
        for slug in ("miles", "stelib"):
            cursor.execute(f"SELECT object_id, star_name FROM survey_{slug} WHERE star_name IS NOT NULL")
            numbers[slug] = {number: key for key, name in cursor if (number := henry_draper(name))}
    both = sorted(numbers["miles"].keys() & numbers["stelib"])
    alone = sorted(numbers["miles"].keys() - numbers["stelib"])
    assert len(both) > 100 and len(alone) > 500
    of_miles, of_stelib = (
        groups.of(np.array([numbers[slug][n] for n in both]), np.full(len(both), "")) for slug in numbers
    )
    assert np.array_equal(of_miles[0], of_stelib[0]) and len(set(of_miles[0])) == len(both)
    assert np.array_equal(of_miles[1], of_stelib[1]) and all(name.startswith("miles/") for name in of_miles[1])
    own = np.array([numbers["miles"][n] for n in alone])
    assert np.array_equal(groups.of(own, np.full(len(own), ""))[0], own)
