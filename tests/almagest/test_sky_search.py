"""Cone search and cross-match against brute force on great circles, at the poles and across RA 0 above all."""

import numpy as np
import pytest
from astropy.coordinates.angles import angular_separation
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from almagest.sky.errors import SearchError, SurveyError
from almagest.sky.healpix import LAST, cone_ranges, healpix_numbers, neighbourhood_ranges
from almagest.sky.models import CrossMatch, Survey
from almagest.sky.search import cone_search
from almagest.sky.selectors import object_counterparts
from almagest.sky.separation import separation_arcsec
from almagest.sky.services import cross_match_make, ingest_file

# Positions where spherical geometry goes wrong first, and everywhere else.
RA = st.one_of(st.sampled_from([0.0, 1e-9, 45.0, 90.0, 180.0, 270.0, 359.9999999, 360.0]), st.floats(0, 360))
DEC = st.one_of(
    st.sampled_from([-90.0, -89.9999999, -41.8103148958, 0.0, 41.8103148958, 89.9999999, 90.0]), st.floats(-90, 90)
)
RADIUS_DEG = st.one_of(
    st.sampled_from([0.0, 1e-7, 1 / 3600, 90.0, 179.99, 180.0]), st.floats(1e-9, 1e-3), st.floats(1e-3, 180)
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def offsets(ra, dec, distance_deg: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions at these distances and position angles (radians) from a position."""
    (sin_a, sin_d), (cos_a, cos_d) = np.sin(np.radians([ra, dec])), np.cos(np.radians([ra, dec]))
    centre = np.array([cos_d * cos_a, cos_d * sin_a, sin_d]).reshape(3, -1)
    north = np.array([-sin_d * cos_a, -sin_d * sin_a, cos_d]).reshape(3, -1)
    east = np.array([-sin_a, cos_a, 0 * ra]).reshape(3, -1)
    distance = np.radians(distance_deg)
    x, y, z = centre * np.cos(distance) + (north * np.cos(angle) + east * np.sin(angle)) * np.sin(distance)
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))


# Cones of which a library's cells left slivers out, seldom and far from anything special.
@example(350.3769444234178, 8.364086328687446, 21.758845586738914)
@example(0.0, -32.93, 2.94)
@given(RA, DEC, RADIUS_DEG)
@settings(max_examples=300, deadline=None)
def test_ranges_hold_the_whole_cone(ra, dec, radius):
    """No position within the radius lies outside the ranges; they are sorted and apart."""
    ranges = cone_ranges(ra, dec, radius)
    assert (ranges[:, 0] < ranges[:, 1]).all() and (ranges[1:, 0] > ranges[:-1, 1]).all()
    assert ranges[0, 0] >= 0 and ranges[-1, 1] <= LAST and len(ranges) < 300
    random = np.random.default_rng(1)
    distance = np.concatenate([radius * np.sqrt(random.random(1000)), np.full(9000, radius * (1 - 1e-12))])
    numbers = healpix_numbers(*offsets(ra, dec, distance, random.uniform(0, 2 * np.pi, 10_000)))
    at = np.searchsorted(ranges[:, 0], numbers, side="right") - 1
    assert (at >= 0).all() and (numbers < ranges[at, 1]).all()


@given(RA, DEC, st.floats(1e-4, 3600))
@settings(max_examples=200, deadline=None)
def test_neighbourhoods_hold_every_partner(ra, dec, radius_arcsec):
    """Positions within the radius of a cell's object lie in the cells around it."""
    random = np.random.default_rng(1)
    ranges = neighbourhood_ranges(healpix_numbers(np.array([ra]), np.array([dec])), radius_arcsec / 3600)
    near = offsets(ra, dec, radius_arcsec / 3600 * np.sqrt(random.random(200)), random.uniform(0, 2 * np.pi, 200))
    numbers = healpix_numbers(*near)
    at = np.searchsorted(ranges[:, 0], numbers, side="right") - 1
    assert (at >= 0).all() and (numbers < ranges[at, 1]).all()


@given(RA, DEC, RA, DEC)
def test_separation_as_astropy_has_it(ra_1, dec_1, ra_2, dec_2):
    """To a millionth of a milliarcsec."""
    expected = np.degrees(angular_separation(*np.radians([ra_1, dec_1, ra_2, dec_2]))) * 3600
    assert separation_arcsec(ra_1, dec_1, ra_2, dec_2) == pytest.approx(expected, abs=1e-9)


def test_separation_keeps_its_digits_when_small():
    """A microarcsecond is a microarcsecond."""
    assert separation_arcsec(10, 20, 10, 20 + 1e-6 / 3600) == pytest.approx(1e-6, rel=1e-3)


def crowded_positions() -> tuple[np.ndarray, np.ndarray]:
    """Objects all over the sky, many at the poles, at RA 0 and at cell borders, some in pairs and clusters."""
    random = np.random.default_rng(7)
    ra = [random.uniform(0, 360, 500)]
    dec = [np.degrees(np.arcsin(random.uniform(-1, 1, 500)))]
    for centre in [(0, 90), (0, -90), (0, 0), (359.99999, 41.8103148958), (45, 41.8103148958), (90, 0), (123, -67)]:
        for scale in (1e-6, 1e-3, 0.3):
            at = offsets(*centre, scale * random.random(15), random.uniform(0, 2 * np.pi, 15))
            ra.append(at[0])
            dec.append(at[1])
    ra.append([0.0, 0.0, 10.0, 20.0])
    dec.append([90.0, -90.0, 90.0, -90.0])
    return np.concatenate(ra), np.concatenate(dec)


@pytest.fixture
def sky(db, survey_file):
    """Crowded positions as objects of one survey: their names, RA, Dec."""
    ra, dec = crowded_positions()
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", ra, dec, surv_sami=ra * 0, bad_class=ra * 0))
    with connection.cursor() as cursor:
        cursor.execute("SELECT source_id, ra, dec FROM objects ORDER BY source_id")
        rows = cursor.fetchall()
    return tuple(map(np.array, zip(*rows, strict=True)))


@given(place=st.one_of(st.tuples(RA, DEC), st.integers(0, 800)), radius=RADIUS_DEG)
@example(place=(1e-200, 1e-200), radius=1.0)
@QUICK
def test_cone_search_is_brute_force(sky, place, radius):
    """The same objects, the same distances, the nearest first; centres on objects too."""
    names, ra, dec = sky
    centre = (ra[place], dec[place]) if isinstance(place, int) else place
    expected = separation_arcsec(*centre, ra, dec)
    radius_arcsec = radius * 3600
    found = cone_search(user=None, ra=float(centre[0]), dec=float(centre[1]), radius_arcsec=radius_arcsec)
    at_the_edge = np.abs(expected - radius_arcsec) < 1e-9
    assert {n.source_id for n in found} - set(names[at_the_edge]) == set(
        names[(expected <= radius_arcsec) & ~at_the_edge]
    )
    distances = [neighbour.separation_arcsec for neighbour in found]
    assert distances == sorted(distances)
    by_name = dict(zip(names, expected, strict=True))
    np.testing.assert_allclose(distances, [by_name[n.source_id] for n in found], rtol=0, atol=1e-8)


def test_cone_search_radius_zero_limit_and_survey(sky):
    """An object finds itself at no distance; a limit keeps the nearest."""
    names, ra, dec = sky
    (found,) = cone_search(user=None, ra=ra[0], dec=dec[0], radius_arcsec=0)
    assert (found.source_id, found.separation_arcsec, found.survey) == (names[0], 0.0, "sami-dr3")
    nearest = cone_search(user=None, ra=0.0, dec=90.0, radius_arcsec=3600, limit=3)
    turned = cone_search(user=None, ra=77.0, dec=90.0, radius_arcsec=3600, surveys=["sami-dr3"])
    assert [n.object_id for n in nearest] == [n.object_id for n in turned[:3]]
    assert len(cone_search(user=None, ra=77.0, dec=90.0, radius_arcsec=0)) == 2  # both objects at the pole


def test_private_surveys_are_not_found(sky, django_user_model):
    """By nobody but their owner and the staff."""
    owner = django_user_model.objects.create_user("owner")
    Survey.objects.update(visibility="private", owner=owner)
    search = {"ra": 0.0, "dec": 90.0, "radius_arcsec": 3600}
    assert cone_search(user=AnonymousUser(), **search) == []
    assert cone_search(user=owner, **search)
    with pytest.raises(SearchError, match="no survey sami-dr3 is here; there is none"):
        cone_search(user=None, surveys=["sami-dr3"], **search)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ra": -0.1}, r"ra = -0\.1 is not a number between 0 and 360"),
        ({"dec": 91}, "dec = 91 is not"),
        ({"dec": float("nan")}, "dec = nan is not"),
        ({"radius_arcsec": -1}, "radius_arcsec = -1 is not"),
        ({"radius_arcsec": 648_001}, "radius_arcsec = 648001 is not a number between 0 and 648000"),
        ({"ra": "ten"}, "ra = 'ten' is not"),
        ({"limit": -1}, "limit = -1"),
    ],
)
def test_wrong_values_are_named(wrong, message):
    """Never an empty answer to a question that makes no sense."""
    with pytest.raises(SearchError, match=message):
        cone_search(user=None, **({"ra": 1.0, "dec": 2.0, "radius_arcsec": 3.0} | wrong))


def brute_force_pairs(a, b, radius_arcsec: float) -> dict[tuple[int, int], float]:
    """All pairs of rows within the radius, names counting from 1."""
    separation = separation_arcsec(a[0][:, None], a[1][:, None], b[0][None, :], b[1][None, :])
    return {(i + 1, j + 1): separation[i, j] for i, j in np.argwhere(separation <= radius_arcsec).tolist()}


@pytest.mark.django_db
@pytest.mark.parametrize("block", [50, 50_000])
@pytest.mark.parametrize("radius_arcsec", [0.001, 2.0, 60.0, 3600.0])
def test_cross_match_is_brute_force(survey_file, monkeypatch, radius_arcsec, block):
    """All pairs, once, with their distances, in small blocks or large ones."""
    monkeypatch.setattr("almagest.sky.matching.BLOCK", block)
    a = crowded_positions()
    random = np.random.default_rng(5)
    moved = offsets(a[0], a[1], 10 ** random.uniform(-8, 0, len(a[0])), random.uniform(0, 2 * np.pi, len(a[0])))
    b = np.concatenate([moved[0], a[0][:50]]), np.concatenate([moved[1], a[1][:50]])
    zeros = {"surv_sami": a[0] * 0, "bad_class": a[0] * 0}
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", *a, **zeros))
    ones = np.ones(len(b[0]), int)
    ingest_file(
        survey="sdss-dr14", path=survey_file("sdss-dr14", *b, plate=ones, mjd=ones, spec_class=["STAR"] * len(ones))
    )
    match = cross_match_make(survey_a="sdss-dr14", survey_b="sami-dr3", radius_arcsec=radius_arcsec)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.source_id::int, split_part(b.source_id, '-', 3)::int, separation_arcsec FROM links "
            "JOIN objects a ON a.id = object_a JOIN objects b ON b.id = object_b WHERE cross_match_id = %s",
            [match.pk],
        )
        rows = cursor.fetchall()
    found, expected = {row[:2]: row[2] for row in rows}, brute_force_pairs(a, b, radius_arcsec)
    assert len(rows) == len(found) == match.rows
    assert found.keys() == expected.keys() and len(found) > 50
    np.testing.assert_allclose([found[key] for key in expected], list(expected.values()), atol=1e-9)


@pytest.mark.django_db
def test_cross_match_of_real_surveys(shared_data):
    """EVCC and SDSS share 14 galaxies; each knows its counterpart, in both directions."""
    for slug, name in (("evcc", "evcc.fits"), ("sdss-dr14", "sdss_dr14_skyserver_10k.csv")):
        ingest_file(survey=slug, path=shared_data / "photometry" / name)
    match = cross_match_make(survey_a="sdss-dr14", survey_b="evcc", radius_arcsec=2.0)
    assert (match.rows, match.survey_a.slug, match.survey_b.slug) == (14, "evcc", "sdss-dr14")
    with connection.cursor() as cursor:
        cursor.execute("SELECT object_a, object_b, separation_arcsec FROM links LIMIT 1")
        a, b, separation = cursor.fetchone()
    (there,), (back,) = (object_counterparts(user=None, object_id=pk) for pk in (a, b))
    assert (there.object_id, there.survey.slug, there.separation_arcsec) == (b, "sdss-dr14", separation)
    assert (back.object_id, back.survey.slug) == (a, "evcc")
    assert cross_match_make(survey_a="evcc", survey_b="sdss-dr14", radius_arcsec=2.0, if_missing=True) is None
    assert cross_match_make(survey_a="evcc", survey_b="sdss-dr14", radius_arcsec=3.0, if_missing=True).rows >= 14


@pytest.mark.django_db
def test_cross_match_that_makes_no_sense():
    """Said before anything is written."""
    for wrong, error in (
        ({"survey_b": "evcc"}, SearchError),
        ({"radius_arcsec": 0}, SearchError),
        ({"radius_arcsec": float("nan")}, SearchError),
        ({"survey_b": "sloan"}, SurveyError),
        ({}, SurveyError),  # nothing was ingested
    ):
        with pytest.raises(error):
            cross_match_make(**({"survey_a": "evcc", "survey_b": "sdss-dr14", "radius_arcsec": 2.0} | wrong))
    assert not CrossMatch.objects.exists()
