"""Reading surveys, objects, and states of the past."""

import numpy as np
import pytest
from django.db import connection

from almagest.contract import TableError
from almagest.sky.errors import SurveyError
from almagest.sky.models import Survey
from almagest.sky.selectors import (
    ingest_list,
    latest_cross_matches,
    measurements_as_of,
    object_get,
    object_get_by_id,
    snapshot,
    survey_get,
    survey_list,
)
from almagest.sky.services import cross_match_make, ingest_file

RA, DEC = np.array([10.0, 20.0, 30.0]), np.array([-5.0, 0.0, 5.0])


def masses_as_of(ingest_id: int) -> dict[str, tuple[int, float]]:
    """Revision and mass of each object in a state of the past."""
    sql = measurements_as_of(survey_get(user=None, slug="sami-dr3"), ["log_mass"], ingest_id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT o.source_id, s.revision, s.log_mass FROM ({sql}) s JOIN objects o ON o.id = s.object_id"
        )
        return {name: (revision, round(mass, 3)) for name, revision, mass in cursor.fetchall()}


@pytest.mark.django_db
def test_every_past_state_can_be_read(survey_file):
    """Changed twice, changed back, added later: each snapshot stays what it was."""
    states = [[9.0, 9.5], [9.1, 9.5], [9.0, 9.7], [9.0, 9.7, 8.0]]
    ingests, expected = [], []
    for state in states:
        n = len(state)
        ingests.append(ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", RA[:n], DEC[:n], mstar=state)))
    expected = [
        {"1": (1, 9.0), "2": (1, 9.5)},
        {"1": (2, 9.1), "2": (1, 9.5)},
        {"1": (3, 9.0), "2": (2, 9.7)},
        {"1": (3, 9.0), "2": (2, 9.7), "3": (1, 8.0)},
    ]
    assert [masses_as_of(ingest.pk) for ingest in ingests] == expected
    assert masses_as_of(0) == {}
    assert snapshot().ingest_id == ingests[-1].pk
    with pytest.raises(TableError, match="no column 'mass'"):
        measurements_as_of(survey_get(user=None, slug="sami-dr3"), ["mass"], 1)


@pytest.mark.django_db
def test_surveys_and_objects_as_the_user_may_see_them(survey_file, django_user_model):
    """Counts come with the list; private things are as if they were not there."""
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", RA, DEC))
    ingest_file(survey="evcc", path=survey_file("evcc", RA, DEC, id_evcc=["0001", "0002", "0003"]))
    assert [(s.slug, s.object_count) for s in survey_list(user=None)] == [("evcc", 3), ("sami-dr3", 3)]
    found = object_get(user=None, survey="evcc", source_id="0002")
    assert (found.ra, found.dec, found.revision) == (20.0, 0.0, 1)
    assert found == object_get_by_id(user=None, object_id=found.id)
    units = {column.name: (column.unit, value) for column, value in found.values}
    assert units["r50"][0] == "arcsec" and units["spec_class"] == ("", "GALAXY")

    owner = django_user_model.objects.create_user("owner")
    Survey.objects.filter(slug="evcc").update(visibility="private", owner=owner)
    assert object_get_by_id(user=owner, object_id=found.id).source_id == "0002"
    assert [i.survey.slug for i in ingest_list(user=None)] == ["sami-dr3"]
    with pytest.raises(SurveyError, match="there is no survey 'evcc' here; there is sami-dr3"):
        object_get(user=None, survey="evcc", source_id="0002")
    with pytest.raises(SurveyError, match=f"there is no object {found.id}"):
        object_get_by_id(user=None, object_id=found.id)


@pytest.mark.django_db
def test_missing_objects(survey_file):
    """Survey and name are in the message."""
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", RA, DEC))
    with pytest.raises(SurveyError, match="sami-dr3 has no source '99'"):
        object_get(user=None, survey="sami-dr3", source_id="99")
    with pytest.raises(SurveyError, match="there is no object 12345678"):
        object_get_by_id(user=None, object_id=12345678)


@pytest.mark.django_db
def test_latest_cross_matches(survey_file):
    """The newest of each pair, none newer than asked."""
    for slug in ("sami-dr3", "evcc", "sdss-dr14"):
        given = {"id_evcc": ["1", "2", "3"]} if slug == "evcc" else {}
        ingest_file(survey=slug, path=survey_file(slug, RA, DEC, **given))
    matches = [
        cross_match_make(survey_a=a, survey_b=b, radius_arcsec=r)
        for a, b, r in (("evcc", "sami-dr3", 1), ("sami-dr3", "sdss-dr14", 1), ("sami-dr3", "evcc", 2))
    ]
    assert [match.rows for match in matches] == [3, 3, 3]
    assert {m.pk for m in latest_cross_matches()} == {matches[1].pk, matches[2].pk}
    assert {m.pk for m in latest_cross_matches(matches[1].pk)} == {matches[0].pk, matches[1].pk}
    assert snapshot().cross_match_id == matches[2].pk
