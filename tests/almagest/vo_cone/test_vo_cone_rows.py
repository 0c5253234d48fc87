"""The Simple Cone Search, rule by rule: which rows and columns it gives, in which order, cut where they must be."""

import numpy as np
import pyarrow as pa
import pytest

from almagest.core.listings import read_batches
from almagest.sky.services import ingest_file

from .answers import BASE, BINARY2, MAIN, distances_deg

pytestmark = pytest.mark.django_db


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
