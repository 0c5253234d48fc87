"""The Simple Cone Search, rule by rule: what it finds, how it says it, and what it says to what it cannot do."""

import io
import re
import shutil
import subprocess
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import votable

from almagest.accounts.models import User
from almagest.catalogs.tables import catalog_table
from almagest.contract import Column, Table
from almagest.core.listings import read_batches
from almagest.sky.listings import measurement_columns
from almagest.sky.models import Survey
from almagest.sky.search import SEPARATION
from almagest.sky.services import ingest_file
from almagest.sky.surveys import DECLARED, SurveyDeclaration
from almagest.vo.resources import WHOLE_NAME
from almagest.vo.scs.columns import with_main_columns
from dwarf_galaxies.columns import legacy_catalog

pytestmark = pytest.mark.django_db
BASE = "/vo/scs/surveys/sami-dr3"
MAIN = ("ID_MAIN", "POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN")
BINARY2 = "application/x-votable+xml;serialization=binary2"


def stilts(*arguments: str) -> str:
    done = subprocess.run(["stilts", "-Dfile.encoding=UTF-8", *arguments], capture_output=True)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


class Answer:
    """A VOTable that came back."""

    def __init__(self, response):
        self.response, self.text = response, response.getvalue()
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("application/x-votable+xml")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        self.resource = votable.parse(io.BytesIO(self.text)).resources[0]
        self.infos = [(info.name, info.value) for info in self.resource.infos]
        self.error = dict(self.infos).get("Error", "")
        if self.resource.tables:
            (self.table,) = self.resource.tables
            self.fields = {field.name: field for field in self.table.fields}
            self.rows = self.table.array

    def names(self, ucd: str) -> list[str]:
        return [field.name for field in self.table.fields if field.ucd == ucd]

    def values(self, name: str) -> list:
        return self.rows[name].tolist()

    @property
    def is_cut(self) -> bool:
        """Whether it says that there was more, and says it after the rows."""
        said = self.text.find(b'value="OVERFLOW"')
        assert said < 0 or said > self.text.index(b"</TABLE>")
        return said > 0


@pytest.fixture
def ask(client):
    """A function that asks a service: ``ask(RA=10, DEC=1, SR=0.1)``."""

    def asked(base: str = BASE, **parameters) -> Answer:
        return Answer(client.get(base, parameters))

    return asked


@pytest.fixture
def line(survey_file) -> None:
    """Ten objects from RA 10 eastwards on the equator, a hundredth of a degree apart."""
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", 10 + np.arange(10) / 100, np.zeros(10)))


def distances_deg(ra: float, dec: float, ras: np.ndarray, decs: np.ndarray) -> np.ndarray:
    """By the chord between unit vectors: another way than the platform's."""

    def vector(a, d):
        a, d = np.radians(a), np.radians(d)
        return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)

    chord = np.linalg.norm(vector(ras, decs) - vector(ra, dec), axis=-1)
    return np.degrees(2 * np.arcsin(np.clip(chord / 2, 0, 1)))


# What is found


def test_rows_and_distances_are_those_of_great_circles(ask, survey_file):
    random = np.random.default_rng(5)
    ra = np.concatenate([random.uniform(0, 360, 300), random.uniform(-1, 1, 150) % 360, random.uniform(0, 360, 150)])
    dec = np.concatenate(
        [np.degrees(np.arcsin(random.uniform(-1, 1, 300))), random.uniform(-1, 1, 150),
         np.where(random.random(150) < 0.5, 1, -1) * (90 - random.uniform(0, 1, 150))]
    )  # fmt: skip
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", ra, dec))
    cones = [
        (0, 0, 0.5), (360, 0, 0.5), (359.9, 0.3, 0.7), (0, 90, 0.5), (123, 90, 0.5), (77, -90, 0.8), (200, 89.7, 0.6),
        (30, -89.99, 0.3), (180, 10, 60), (250, -40, 120), (5, 5, 180), (ra[0], dec[0], 1e-6),
    ]  # fmt: skip
    for centre_ra, centre_dec, sr in cones:
        found = ask(RA=centre_ra, DEC=centre_dec, SR=sr, VERB=3)
        distance = distances_deg(centre_ra, centre_dec, ra, dec)
        inside = np.flatnonzero(distance <= sr)
        assert inside.size, "a cone without rows would prove nothing"
        assert set(found.values("source_id")) == {str(n + 1) for n in inside}
        at = np.array([int(name) - 1 for name in found.values("source_id")])
        assert np.allclose(found.rows["separation_arcsec"] / 3600, distance[at], rtol=0, atol=1e-7)
        assert (np.diff(found.rows["separation_arcsec"]) >= 0).all(), "nearest first"
        assert np.allclose(found.rows["ra"], ra[at], rtol=0, atol=1e-12)
        assert not found.is_cut
    assert len(found.rows) == 1 and len(ask(RA=5, DEC=5, SR=180).rows) == 600


def test_columns_by_verbosity(ask, line):
    one, two, three = (ask(RA=10, DEC=0, SR=1, VERB=verb) for verb in (1, 2, 3))
    assert list(one.fields) == ["source_id", "ra", "dec"]
    assert {"separation_arcsec", "survey", "redshift"} < set(two.fields)
    assert {"healpix", "revision"} & set(two.fields) == set()
    assert set(two.fields) < set(three.fields) and {"healpix", "revision"} < set(three.fields)
    assert list(ask(RA=10, DEC=0, SR=1).fields) == list(two.fields)
    for answer in (one, two, three):
        assert [answer.names(ucd) for ucd in MAIN] == [["source_id"], ["ra"], ["dec"]]
        assert (answer.fields["source_id"].datatype, answer.fields["source_id"].arraysize) == ("char", "*")
        assert answer.fields["ra"].datatype == answer.fields["dec"].datatype == "double"
        assert len(answer.rows) == 10
    assert three.fields["redshift"].ucd == "src.redshift"
    assert (three.fields["separation_arcsec"].unit.to_string(), three.fields["separation_arcsec"].ucd) == (
        "arcsec", "pos.angDistance"
    )  # fmt: skip


@pytest.mark.parametrize("only", [{"SR": 0}, {"MAXREC": 0}, {"SR": "0.0", "VERB": 3}])
def test_metadata_alone(ask, line, only):
    found = ask(**{"RA": 10, "DEC": 0, "SR": 1} | only)
    assert len(found.rows) == 0 and {"source_id", "ra", "dec"} < set(found.fields)
    assert ("QUERY_STATUS", "OK") in found.infos and not found.is_cut


@pytest.mark.parametrize("form", ["votable", BINARY2])
@pytest.mark.parametrize(("limit", "rows", "cut"), [(11, 10, False), (10, 10, False), (9, 9, True), (1, 1, True)])
def test_rows_are_cut_where_they_must_be_and_only_then(ask, line, form, limit, rows, cut):
    found = ask(RA=10, DEC=0, SR=1, MAXREC=limit, RESPONSEFORMAT=form)
    assert found.values("source_id") == [str(n + 1) for n in range(rows)], "the nearest"
    assert found.is_cut == cut
    assert found.infos[0] == ("QUERY_STATUS", "OK") and (("QUERY_STATUS", "OVERFLOW") in found.infos) == cut


def test_limits_of_the_service(ask, line, monkeypatch):
    monkeypatch.setattr("almagest.vo.scs.request.DEFAULT_MAXREC", 4)
    monkeypatch.setattr("almagest.vo.scs.request.HARD_MAXREC", 7)
    default, most = ask(RA=10, DEC=0, SR=1), ask(RA=10, DEC=0, SR=1, MAXREC="9" * 40)
    assert (len(default.rows), default.is_cut) == (4, True)
    assert (len(most.rows), most.is_cut) == (7, True)


def test_serializations_hold_the_same(ask, line):
    text, binary = (ask(RA=10.03, DEC=0, SR=1, VERB=3, RESPONSEFORMAT=form) for form in ("votable", BINARY2))
    assert b"<TABLEDATA>" in text.text and b"<BINARY2>" in binary.text
    assert binary.response.headers["Content-Type"] == BINARY2
    assert [str(row) for row in text.rows.tolist()] == [str(row) for row in binary.rows.tolist()]


@pytest.mark.parametrize(
    ("asked", "serialization"),
    [
        ("votable", b"<TABLEDATA>"), ("VOTable/TD", b"<TABLEDATA>"), ("text/xml", b"<TABLEDATA>"), ("votable/b2", b"<BINARY2>"),
        ("application/x-votable xml; serialization=BINARY2", b"<BINARY2>"), ("", b"<TABLEDATA>"),
    ],
)  # fmt: skip
def test_names_of_formats(ask, line, asked, serialization):
    assert serialization in ask(RA=10, DEC=0, SR=1, RESPONSEFORMAT=asked).text


def test_rows_are_streamed(client, line, monkeypatch):
    """The first bytes leave before the last rows are read."""
    read = []

    def slowly(listing, *, limit):
        (batch,) = read_batches(listing, limit=limit)
        for _ in range(200):
            read.append(batch.num_rows)
            yield pa.concat_batches([batch] * 20)

    monkeypatch.setattr("almagest.vo.scs.answer.read_batches", slowly)
    response = client.get(BASE, {"RA": 10, "DEC": 0, "SR": 1, "MAXREC": 1_000_000, "VERB": 3})
    first = next(iter(response.streaming_content))
    assert b"<TABLEDATA>" in first and 0 < len(read) < 100
    response.close()


# How it is asked


@pytest.mark.parametrize(
    "query",
    [
        "?RA=10&DEC=0&SR=1", "?ra=10&Dec=0&sR=1", "?&RA=10&DEC=0&SR=1&", "/?RA=10&DEC=0&SR=1", "?RA=+10.0&DEC=+0&SR=1e0",
        "?RA=10&ra=10&DEC=0&SR=1", "?RA=10&RA=&DEC=0&SR=1", "?RA=10&DEC=-0&SR=1&CATALOG=x&dsa_format=&=&x=%00",
        "?RA=1.0E1&DEC=.0&SR=1.", "?RA=10&DEC=0&SR=1&VERB=&MAXREC=&RESPONSEFORMAT=",
    ],
)  # fmt: skip
def test_spellings_of_one_question(client, line, query):
    found = Answer(client.get(f"{BASE}{query}"))
    assert found.values("source_id")[:2] == ["1", "2"] and len(found.rows) == 10


def test_forms_ask_too(client, line):
    form = {"ra": "10", "DEC": "0", "SR": "1", "MAXREC": "3"}
    posted = Answer(client.post(BASE, form))
    urlencoded = "RA=10&DEC=0&SR=1&MAXREC=3"
    kind = "application/x-www-form-urlencoded"
    assert len(posted.rows) == len(Answer(client.post(BASE, urlencoded, content_type=kind)).rows) == 3
    assert len(Answer(client.post(f"{BASE}?MAXREC=2", form | {"MAXREC": ""})).rows) == 2
    assert "MAXREC is given 2 times" in Answer(client.post(f"{BASE}?MAXREC=2", form)).error
    assert "ETag" not in posted.response.headers


BAD = [
    ("", "RA is missing"), ("RA=10", "DEC is missing"), ("RA=10&DEC=0", "SR is missing"), ("RA=&DEC=0&SR=1", "RA is missing"),
    ("RA=360.1&DEC=0&SR=1", "RA=360.1 is not between 0 and 360"), ("RA=-1&DEC=0&SR=1", "not between"),
    ("RA=10&DEC=90.01&SR=1", "DEC=90.01 is not between -90 and 90"), ("RA=10&DEC=-91&SR=1", "not between"),
    ("RA=10&DEC=0&SR=-1", "SR=-1 is not between 0 and 180"), ("RA=10&DEC=0&SR=180.5", "not between"),
    ("RA=nan&DEC=0&SR=1", "not a number"), ("RA=10&DEC=inf&SR=1", "not a number"), ("RA=10&DEC=0&SR=1e999", "not between"),
    ("RA=12:30:45&DEC=0&SR=1", "decimal degrees"), ("RA=1_0&DEC=0&SR=1", "not a number"), ("RA=1,5&DEC=0&SR=1", "not a number"),
    ("RA=%00&DEC=0&SR=1", "not a number"), ("RA=1%002&DEC=0&SR=1", "not a number"), ("RA=١٠&DEC=0&SR=1", "not a number"),
    ("RA=<b>&DEC=0&SR=1", "'<b>' is not a number"), ("RA=%FF&DEC=0&SR=1", "not a number"),
    ("RA=10&ra=11&DEC=0&SR=1", "RA is given 2 times"), ("RA=10&DEC=0&SR=1&VERB=2&verb=3", "VERB is given 2 times"),
    ("RA=" + "1" * 201 + "&DEC=0&SR=1", "RA is longer than 200"), ("&".join(f"a{n}=1" for n in range(1100)), "cannot be read"),
    ("RA=10&DEC=0&SR=1&VERB=4", "VERB='4'"), ("RA=10&DEC=0&SR=1&VERB=x", "VERB='x'"), ("RA=10&DEC=0&SR=1&MAXREC=-1", "MAXREC='-1'"),
    ("RA=10&DEC=0&SR=1&MAXREC=1.5", "MAXREC='1.5'"), ("RA=10&DEC=0&SR=1&MAXREC=a", "MAXREC='a'"),
    ("RA=10&DEC=0&SR=1&RESPONSEFORMAT=xls", "RESPONSEFORMAT='xls' is not given here; ask for application/x-votable+xml"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "message"), BAD, ids=[query[:40] or "nothing" for query, _ in BAD])
def test_errors_are_votables(client, line, query, message):
    found = Answer(client.get(f"{BASE}?{query}"))
    assert message in found.error
    assert b'<INFO ID="Error" name="Error" value="' in found.text
    assert ("QUERY_STATUS", "ERROR") in found.infos and not found.resource.tables
    assert not re.search(rb"Traceback|<html|File &quot;", found.text)


@pytest.mark.parametrize(
    "place", ["surveys/nowhere", "catalogs/nowhere", "nothing/sami-dr3", "surveys/b@d", "surveys/a%00b", "surveys/" + "a" * 999]
)  # fmt: skip
def test_what_is_not_here(client, line, place):
    assert re.search("there is no ", Answer(client.get(f"/vo/scs/{place}?RA=10&DEC=0&SR=1")).error)
    missing = client.get(f"/vo/scs/{place}/capabilities")
    assert missing.status_code == 404 and b'name="Error"' in missing.content


def test_bodies_that_cannot_be_read(client, line, settings):
    kinds = (
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=utf-16",
    )
    for kind in kinds:
        assert Answer(client.post(BASE, b"RA=10", content_type=kind)).error
    big = b"RA=" + b"1" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert "cannot be read" in Answer(client.post(BASE, big, content_type="application/x-www-form-urlencoded")).error


def test_what_breaks_is_said_without_its_insides(client, line, monkeypatch, caplog):
    def broken(listing, *, limit):
        raise RuntimeError("password=secret")
        yield

    monkeypatch.setattr("almagest.vo.scs.answer.read_batches", broken)
    found = Answer(client.get(BASE, {"RA": 10, "DEC": 0, "SR": 1}))
    assert "our fault" in found.error and b"secret" not in found.text
    assert "password=secret" in caplog.text, "the log has it"


def test_methods(client, line):
    asked = {"RA": 10, "DEC": 0, "SR": 1}
    got, head = client.get(BASE, asked), client.head(BASE, asked)
    assert got.getvalue()
    assert head.status_code == 200 and head.getvalue() == b""
    assert "Content-Length" not in head.headers, "nothing is searched for what nobody reads"
    for name in ("Content-Type", "ETag", "Access-Control-Allow-Origin"):
        assert head.headers[name] == got.headers[name]
    options = client.options(BASE)
    assert (options.status_code, options.content) == (200, b"") and "POST" in options.headers[
        "Access-Control-Allow-Methods"
    ]
    for method in ("put", "delete", "patch"):
        refused = getattr(client, method)(BASE)
        assert refused.status_code == 405 and b'name="Error"' in refused.content


# To whom, and when again


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


# Catalogs, and what is simulated


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


@pytest.mark.parametrize("form", ["votable", BINARY2])
def test_names_beyond_ascii_are_written_as_addresses_write_them(ask, survey_file, form):
    names = ["Boötes 100%", "plain 100% & <b>", "NGC 1"]
    ingest_file(survey="50mgc", path=survey_file("50mgc", [10.0, 10.1, 10.2], [0.0] * 3, objname=names))
    found = ask("/vo/scs/surveys/50mgc", RA=10, DEC=0, SR=1, VERB=3, RESPONSEFORMAT=form)
    assert found.values("source_id") == ["Bo%C3%B6tes 100%25", *names[1:]]
    assert found.values("objname")[0] == names[0], "the survey's own column has it as it is"


# Laws over all that can be served


def tables() -> dict[str, tuple[Table, str]]:
    """Columns of every declared survey and of catalogs, with the name of the column that identifies."""
    surveys = {d.slug: (measurement_columns(Survey(slug=d.slug, name=d.name)), "source_id") for d in DECLARED}
    main = tuple(
        Column(name, "float64" if "pos" in ucd else "string", ucd=ucd)
        for name, ucd in (("my_id", "meta.id;meta.main"), ("my_ra", "pos.eq.ra;meta.main"))
    )
    own = Table("own", "Declares main columns of its own", main)
    catalogs = {
        table.name: catalog_table(SimpleNamespace(method=SimpleNamespace(catalog=table.to_json())), table.name).table
        for table in (legacy_catalog, own)
    }
    named = {name: (table.with_columns(WHOLE_NAME, first=True), WHOLE_NAME.name) for name, table in catalogs.items()}
    return surveys | named


@pytest.mark.parametrize("name", sorted([d.slug for d in DECLARED] + [legacy_catalog.name, "own"]))
def test_one_name_and_one_position_everywhere(name):
    table, identifier = tables()[name]
    told = with_main_columns(table.with_columns(SEPARATION), identifier=identifier, title="T")
    for ucd, column in zip(MAIN, (identifier, "ra", "dec"), strict=True):
        assert [c.name for c in told.columns if c.ucd == ucd] == [column]
    assert not [c.name for c in told.columns if "meta.main" in c.ucd]
    assert told.names == [*table.names, "separation_arcsec"]


def one_row(declaration: SurveyDeclaration, path: Path) -> Path:
    """A file of a survey with one object, at RA 10 on the equator; arrays are what CSV could not hold."""
    given = {declaration.ra: 10.0, declaration.dec: 0.0, "spec_class": "GALAXY"}
    columns = {}
    for column in declaration.columns:
        value = given.get(column.name, "a" if column.dtype == "string" else 1)
        values = pa.array([[value] * column.shape[0] if column.shape else value])
        columns[declaration.names.get(column.name, column.name)] = values.cast(column.arrow_type)
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("declaration", DECLARED, ids=lambda d: d.slug)
def test_every_survey_is_a_valid_votable(client, tmp_path: Path, declaration):
    ingest_file(survey=declaration.slug, path=one_row(declaration, tmp_path / "rows.parquet"))
    for form in ("votable", BINARY2):
        asked = {"RA": 10, "DEC": 0, "SR": 1, "VERB": 3, "RESPONSEFORMAT": form}
        raw = client.get(f"/vo/scs/surveys/{declaration.slug}", asked).getvalue()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            parsed = votable.parse(io.BytesIO(raw), verify="warn")
        # The words of the protocol's day are not among today's.
        assert [re.search("Invalid UCD '(.*?)'", str(one.message))[1] for one in said] == list(MAIN)
        assert len(parsed.get_first_table().array) == 1
        (tmp_path / "t.vot").write_bytes(raw)
        if shutil.which("stilts"):
            assert stilts("votlint", str(tmp_path / "t.vot")) == ""
