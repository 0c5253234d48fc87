"""What tells of the services: capabilities, availability, the page that lists them, lines on other pages."""

import io
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from astropy.io import votable
from django.db import OperationalError

from almagest.sky.models import Survey
from almagest.sky.services import ingest_file

pytestmark = pytest.mark.django_db
BASE = "/vo/scs/surveys/sami-dr3"
# The protocol's part of a capability, as its schema has it; stilts brings the others along.
NAMESPACE = "http://www.ivoa.net/xml/ConeSearch/v1.0"
SCHEMA = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:vr="http://www.ivoa.net/xml/VOResource/v1.0"
  xmlns:cs="{NAMESPACE}" targetNamespace="{NAMESPACE}">
<xs:import namespace="http://www.ivoa.net/xml/VOResource/v1.0"/>
<xs:complexType name="ConeSearch"><xs:complexContent><xs:extension base="vr:Capability"><xs:sequence>
  <xs:element name="maxSR" type="xs:float"/><xs:element name="maxRecords" type="xs:positiveInteger"/>
  <xs:element name="verbosity" type="xs:boolean"/><xs:element name="testQuery" type="cs:Query"/>
</xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Query"><xs:sequence>
  <xs:element name="ra" type="xs:double"/><xs:element name="dec" type="xs:double"/><xs:element name="sr" type="xs:double"/>
</xs:sequence></xs:complexType></xs:schema>"""


@pytest.fixture
def two(survey_file) -> None:
    """A survey with two objects."""
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", [10.0, 200.0], [1e-7, -89.5]))


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
def test_capabilities_are_valid(client, two, tmp_path: Path):
    (tmp_path / "cs.xsd").write_text(SCHEMA)
    of_cones = [f"schemaloc={NAMESPACE}={tmp_path / 'cs.xsd'}"]
    for address, schema in ((f"{BASE}/capabilities", of_cones), ("/vo/availability", [])):
        response = client.get(address)
        assert response.headers["Content-Type"].startswith("text/xml")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        (tmp_path / "c.xml").write_bytes(response.content)
        asked = ["xsdvalidate", "uselocals=true", *schema, str(tmp_path / "c.xml")]
        done = subprocess.run(["stilts", *asked], capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_test_query_finds_something(client, two, published):
    published()
    for base in (BASE, "/vo/scs/catalogs/dwarfs"):
        text = client.get(f"{base}/capabilities").content.decode()
        asked = {name: re.search(rf"<{name}>(.*?)</{name}>", text)[1] for name in ("ra", "dec", "sr")}
        found = votable.parse_single_table(io.BytesIO(client.get(base, asked).getvalue()))
        assert len(found.array) >= 1
        assert f'<accessURL use="base">http://testserver{base}?</accessURL>' in text
        assert "<maxSR>180</maxSR>" in text and "<maxRecords>1000000</maxRecords>" in text
        assert 'standardID="ivo://ivoa.net/std/ConeSearch"' in text and "<verbosity>true</verbosity>" in text


def test_an_empty_survey_is_tested_on_the_whole_sky(client, two):
    Survey.objects.create(slug="evcc", name="EVCC", observed=True, table_name="survey_evcc")
    text = client.get("/vo/scs/surveys/evcc/capabilities").content.decode()
    assert "<testQuery><ra>0.0</ra><dec>0.0</dec><sr>180</sr></testQuery>" in text


def test_availability_says_when_there_is_none(client, monkeypatch):
    assert b"<vosi:available>true</vosi:available>" in client.get("/vo/availability").content

    def gone():
        raise OperationalError("no")

    monkeypatch.setattr("almagest.vo.views.connection", SimpleNamespace(ensure_connection=gone))
    assert b"<vosi:available>false</vosi:available>" in client.get("/vo/availability").content


def test_the_page_lists_the_services(client, two, published, django_assert_max_num_queries):
    assert client.get("/vo").status_code == 301
    published()
    with django_assert_max_num_queries(20):
        text = client.get("/vo/").content.decode()
    for base in ("surveys/sami-dr3", "surveys/sdss-dr14-simulated", "catalogs/dwarfs"):
        assert f"<code>http://testserver/vo/scs/{base}?</code>" in text
    assert "SCSService" in text and "coneskymatch" in text and "{{" not in text and "{%" not in text
    assert 'href="/vo/"' in client.get("/about/").content.decode()
    assert "http://testserver/vo/scs/surveys/sami-dr3?" in client.get("/surveys/sami-dr3/").content.decode()


def test_the_page_before_anything_is_here(client):
    assert "Nothing public is here yet" in client.get("/vo/").content.decode()
