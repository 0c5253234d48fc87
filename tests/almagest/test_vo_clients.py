"""Programs that astronomers have, against the real web server: pyvo, astropy, stilts."""

import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
import pyvo
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from pyarrow.csv import write_csv
from pyvo.dal import DALOverflowWarning, DALQueryError, SCSService
from pyvo.dal.query import DALService
from pyvo.io.vosi import parse_availability, parse_capabilities

from almagest.sky.models import Survey
from almagest.sky.services import ingest_file

from .given.surveys import small_table

CENTRE = SkyCoord(10 * u.deg, 89.9 * u.deg)
MANY = 60_000
needs_stilts = pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")


@pytest.fixture(scope="module")
def sky() -> SkyCoord:
    """Sixty objects around the pole, and sixty across RA 0; `SkyCoord` of all, in the order of their names."""
    random = np.random.default_rng(3)
    ra = np.concatenate([random.uniform(0, 360, 60), random.uniform(-0.5, 0.5, 60) % 360])
    dec = np.concatenate([random.uniform(89, 90, 60), random.uniform(-0.5, 0.5, 60)])
    return SkyCoord(ra * u.deg, dec * u.deg)


@pytest.fixture(scope="module")
def web(serve, sky) -> str:
    """Address of a real web server with that sky, and with a survey of many rows."""

    def load(folder: Path, worker) -> None:
        many = (np.linspace(10, 10.1, MANY), np.zeros(MANY))
        for slug, places in {"sami-dr3": (sky.ra.deg, sky.dec.deg), "50mgc": many}.items():
            write_csv(small_table(slug, *places), folder / f"{slug}.csv")
            ingest_file(survey=slug, path=folder / f"{slug}.csv")

    return serve(load)


@pytest.fixture(scope="module")
def base(web) -> str:
    """The base address as the page and the capabilities give it."""
    return f"{web}/vo/scs/surveys/sami-dr3?"


def near(sky: SkyCoord, centre: SkyCoord, radius: float) -> list[str]:
    """Names of the objects within a radius in degrees, the nearest first, as astropy measures it."""
    distance = sky.separation(centre).deg
    return [str(n + 1) for n in np.argsort(distance) if distance[n] <= radius]


@pytest.fixture
def quiet():
    """Warnings of clients are errors, but for what astropy says of every cone search in the world."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=ResourceWarning)
        yield


def test_pyvo(base, sky, quiet):
    for address in (base, base.removesuffix("?"), base.replace("?", "/")):
        found = SCSService(address).search(CENTRE, 0.5 * u.deg, verbosity=2)
        assert [record.id for record in found] == near(sky, CENTRE, 0.5)
    assert 10 < len(found) < 60
    for record in found:
        place = sky[int(record.id) - 1]
        assert record.pos.separation(place).arcsec < 1e-6
        assert (record["ra"], record["dec"]) == pytest.approx((place.ra.deg, place.dec.deg), abs=1e-12)
        assert record["separation_arcsec"] == pytest.approx(place.separation(CENTRE).arcsec, abs=1e-6)
    columns = {verb: set(SCSService(base).search(CENTRE, 0.5, verbosity=verb).fieldnames) for verb in (1, 2, 3)}
    assert columns[1] == {"source_id", "ra", "dec"} and columns[1] < columns[2] < columns[3]
    across = SkyCoord(359.99 * u.deg, 0 * u.deg)
    assert [record.id for record in pyvo.conesearch(base, across, 0.2)] == near(sky, across, 0.2)
    assert len(SCSService(base).search(SkyCoord(10, -45, unit="deg"), 0.1)) == 0
    assert len(SCSService(base).search(CENTRE, 0)) == 0
    with pytest.raises(DALQueryError, match=r"SR=181\.0 is not between 0 and 180 degrees"):
        SCSService(base).search(CENTRE, 181)
    with pytest.raises(DALQueryError, match="there is no survey 'nowhere'"):
        SCSService(base.replace("sami-dr3", "nowhere")).search(CENTRE, 0.1)


@pytest.fixture
def hidden_survey(base) -> Iterator[str]:
    """The base address of a survey that is private for a while."""
    surveys = Survey.objects.filter(slug="sami-dr3")
    surveys.update(visibility="private")
    yield base
    surveys.update(visibility="public")


def test_pyvo_finds_no_private_survey(hidden_survey, quiet):
    with pytest.raises(DALQueryError, match="there is no survey 'sami-dr3'"):
        SCSService(hidden_survey).search(CENTRE, 0.1)


def test_pyvo_is_warned_of_a_cut_and_only_then(base, sky, quiet):
    service, asked = DALService(base.removesuffix("?")), {"RA": 10, "DEC": 89.9, "SR": 0.5}
    count = len(near(sky, CENTRE, 0.5))
    for form in ("votable", "votable/b2"):
        assert len(service.search(**asked, RESPONSEFORMAT=form)) == count
        assert len(service.search(**asked, RESPONSEFORMAT=form, MAXREC=count)) == count
        with pytest.warns(DALOverflowWarning):
            cut = service.search(**asked, RESPONSEFORMAT=form, MAXREC=count - 1)
        assert cut["source_id"].tolist() == near(sky, CENTRE, 0.5)[:-1]


@pytest.mark.filterwarnings("ignore")  # pyvo has no class for a cone search's capability, and says so
def test_pyvo_reads_the_capabilities(base):
    with urlopen(f"{base.removesuffix('?')}/capabilities") as answer:
        told = {capability.standardid: capability for capability in parse_capabilities(answer.read)}
    cone = told["ivo://ivoa.net/std/ConeSearch"]
    assert [url.content for interface in cone.interfaces for url in interface.accessurls] == [base]
    address = told["ivo://ivoa.net/std/VOSI#availability"].interfaces[0].accessurls[0].content
    with urlopen(address) as answer:
        assert parse_availability(answer.read).available


def test_astropy(base, sky, quiet):
    for form in ("", "votable/b2"):
        rows = Table.read(f"{base}RA=10&DEC=89.9&SR=0.5&VERB=3&RESPONSEFORMAT={form}", format="votable")
        assert [str(name) for name in rows["source_id"]] == near(sky, CENTRE, 0.5)
        assert rows["separation_arcsec"].unit == u.arcsec and rows["ra"].unit == u.deg


def test_many_rows_come_whole(web, quiet):
    """More than one batch, over the connection that streams."""
    service, asked = (
        DALService(f"{web}/vo/scs/surveys/50mgc"),
        {"RA": 10, "DEC": 0, "SR": 1, "RESPONSEFORMAT": "votable/b2"},
    )
    with pytest.warns(DALOverflowWarning):
        assert len(service.search(**asked)) == 10_000
    everything = service.search(**asked, MAXREC=MANY)
    assert everything["source_id"].tolist() == [f"s{n}" for n in range(MANY)]
    with pytest.warns(DALOverflowWarning):
        assert len(service.search(**asked, MAXREC=MANY - 1)) == MANY - 1


def stilts(*arguments: str) -> str:
    done = subprocess.run(["stilts", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_stilts
def test_stilts(base, sky, tmp_path: Path):
    assert stilts("votlint", f"votable={base}RA=10&DEC=89.9&SR=0.5") == ""
    for address in (base, base.removesuffix("?")):
        out = tmp_path / "cone.fits"
        stilts("cone", f"serviceurl={address}", "lon=10", "lat=89.9", "radius=0.5", "verb=3", f"out={out}")
        found = Table.read(out)
        assert [str(name).strip() for name in found["source_id"]] == near(sky, CENTRE, 0.5)
    assert "separation_arcsec" in found.colnames


@needs_stilts
def test_stilts_matches_a_table(base, sky, tmp_path: Path):
    mine = Table({"mine": np.arange(len(sky)), "ra": sky.ra.deg, "dec": sky.dec.deg})[::10]
    mine.write(tmp_path / "mine.fits")
    asked = ["ra=ra", "dec=dec", "sr=0.0001", "find=best", "copycols=mine", f"out={tmp_path / 'out.fits'}"]
    stilts("coneskymatch", f"in={tmp_path / 'mine.fits'}", f"serviceurl={base}", *asked)
    found = Table.read(tmp_path / "out.fits")
    assert [int(name) - 1 for name in found["source_id"]] == found["mine"].tolist() == mine["mine"].tolist()
    failed = subprocess.run(
        ["stilts", "coneskymatch", f"in={tmp_path / 'mine.fits'}", f"serviceurl={base.replace('sami', 'no')}", *asked],
        capture_output=True, text=True,
    )  # fmt: skip
    assert failed.returncode != 0 and "there is no survey 'no-dr3'" in failed.stderr
