"""To whom the Simple Cone Search answers and when again; catalogs, and what is simulated."""

import numpy as np
import pytest

from almagest.accounts.models import User
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file

from .answers import BASE, MAIN, Answer, distances_deg

pytestmark = pytest.mark.django_db


def test_private_surveys_are_not_there_whoever_asks(client, line):
    owner = User.objects.create_user("vera")
    Survey.objects.filter(slug="sami-dr3").update(visibility="private", owner=owner)
    for user in (None, owner, User.objects.create_user("cecilia", is_staff=True)):
        if user:
            client.force_login(user)
        assert "there is no survey 'sami-dr3'" in Answer(client.get(BASE, {"RA": 10, "DEC": 0, "SR": 1})).error
        assert client.get(f"{BASE}/capabilities").status_code == 404
        assert b"sami-dr3" not in client.get("/vo/").content
    page = client.get("/surveys/sami-dr3/")
    assert page.status_code == 200 and b"Cone search" not in page.content


def test_answers_do_not_depend_on_who_asks(client, line):
    asked = {"RA": 10, "DEC": 0, "SR": 1}
    before = client.get(BASE, asked)
    client.force_login(User.objects.create_user("cecilia", is_staff=True))
    after = client.get(BASE, asked)
    assert before.getvalue() == after.getvalue()
    for name in ("ETag", "Cache-Control", "Last-Modified", "Vary"):
        assert before.headers.get(name) == after.headers.get(name)
    assert "Cookie" not in after.headers.get("Vary", "")


def test_what_has_not_changed_is_not_sent_again(client, line, survey_file):
    asked = {"RA": 10, "DEC": 0, "SR": 1}
    first = client.get(BASE, asked)
    assert first.getvalue()
    again = client.get(BASE, asked, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.headers["Access-Control-Allow-Origin"] == "*"
    other = client.get(BASE, asked | {"SR": 2}, headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200 and other.getvalue()
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", [10.0] * 11, np.arange(11.0), name="more.csv"))
    newer = client.get(BASE, asked, headers={"If-None-Match": first.headers["ETag"]})
    assert newer.status_code == 200 and newer.headers["ETag"] != first.headers["ETag"] and newer.getvalue()


def test_catalogs(client, published):
    published()
    base = "/vo/scs/catalogs/dwarfs"
    everything = {"RA": 180, "DEC": 0, "SR": 180, "MAXREC": 100_000}
    one, two, three = (Answer(client.get(base, everything | {"VERB": verb})) for verb in (1, 2, 3))
    assert list(one.fields) == ["survey_source_id", "ra", "dec"]
    assert [three.names(ucd) for ucd in MAIN] == [["survey_source_id"], ["ra"], ["dec"]]
    assert three.fields["source_id"].ucd == "meta.id" and three.fields["survey_source_id"].datatype == "char"
    assert {"p_s", "separation_arcsec"} < set(two.fields) < set(three.fields)
    names = three.values("survey_source_id")
    assert len(set(names)) == len(names) > 10
    assert names == [f"sdss-dr14-simulated/{name}" for name in three.values("source_id")]
    assert client.get(f"/objects/{names[0]}/").status_code == 200, "a name leads to its object's page"
    ra, dec = (np.array(three.rows[name]) for name in ("ra", "dec"))
    assert np.allclose(three.rows["separation_arcsec"] / 3600, distances_deg(180, 0, ra, dec), atol=1e-7)
    assert dict(three.infos)["SIMULATED"] == "true" and "Dwarfs (simulated)" in three.table.description


def test_catalogs_of_private_surveys_are_not_there(client, published):
    published()
    asked = {"RA": 180, "DEC": 0, "SR": 180}
    assert len(Answer(client.get("/vo/scs/catalogs/dwarfs", asked)).rows)
    assert b"Cone search" in client.get("/catalogs/dwarfs/").content
    Survey.objects.update(visibility="private")
    client.force_login(User.objects.create_user("cecilia", is_staff=True))
    assert "there is no published catalog 'dwarfs'" in Answer(client.get("/vo/scs/catalogs/dwarfs", asked)).error
    page = client.get("/catalogs/dwarfs/")
    assert page.status_code == 200 and b"Cone search" not in page.content


def test_simulated_surveys_say_so(ask, survey_file, line):
    twin = "sdss-dr14-simulated"
    ingest_file(survey=twin, path=survey_file(twin, [10.0], [0.0], name="twin.csv", spec_class=["GALAXY"]))
    simulated, observed = ask(f"/vo/scs/surveys/{twin}", RA=10, DEC=0, SR=1), ask(RA=10, DEC=0, SR=1)
    assert ("SIMULATED", twin) in simulated.infos
    assert simulated.table.description.startswith("SDSS DR14 (simulated): ")
    assert "SIMULATED" not in dict(observed.infos) and "simulated" not in observed.table.description
    assert dict(observed.infos)["CITATION"]
