"""Spectra on the object's page: exact numbers for the viewer, files that read back the same, words without a script."""

import io
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits, votable
from astropy.table import Table

from almagest.accounts.models import User
from almagest.sky.models import Survey
from almagest.sky.services import cross_match_make, ingest_file
from almagest.spectra.lines import LINES, air_to_vacuum
from almagest.spectra.readers import Assumed
from almagest.spectra.services import ingest_spectra

from .given.asking import login, markup, words
from .spectra_files import WAVELENGTH, write_csv, write_table

# Arrays are read over a connection of their own, which sees what is committed.
pytestmark = pytest.mark.usefixtures("cloned_database")
PAGE = "/objects/sdss-spectra/plain/"
DATA, FILE = f"{PAGE}spectra.json", f"{PAGE}spectrum?format="
PLACE = {"ra": [150.0001], "dec": [2.0]}
FLUX = np.sin(WAVELENGTH).astype(np.float32)
IVAR = np.where(np.arange(101) % 10 == 0, 0, 1 / 3).astype(np.float32)


@pytest.fixture
def plain(tmp_path: Path) -> None:
    """A spectrum of 101 bins, every tenth of which is masked."""
    ingest(write_table(tmp_path, flux=FLUX, ivar=IVAR))


def ingest(*paths: Path, survey: str = "sdss-spectra", **words) -> None:
    ingest_spectra(survey=survey, paths=list(paths), **words)


def decoded(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(b64decode(text), dtype)


def test_numbers_come_exactly(client, plain):
    data = client.get(DATA).json()
    (found,) = data["spectra"]
    assert np.array_equal(decoded(found["wavelength"], "<f8"), WAVELENGTH)
    assert np.array_equal(decoded(found["flux"], "<f4"), FLUX)
    assert np.array_equal(decoded(found["ivar"], "<f4"), IVAR)
    assert np.array_equal(decoded(found["mask"], "u1"), IVAR == 0)
    told = {
        name: found[name]
        for name in ("survey", "source_id", "href", "is_own", "simulated", "medium", "frame", "models", "vacuum")
    }
    assert told == {"survey": "sdss-spectra", "source_id": "plain", "href": PAGE, "is_own": True, "simulated": False,
                    "medium": "vacuum", "frame": "observed", "models": [], "vacuum": None}  # fmt: skip
    assert found["redshift"] == pytest.approx(0.1) and found["unit_text"] == "10⁻¹⁷ erg Å⁻¹ s⁻¹ cm⁻²"
    lines = [(line["name"], line["wavelength"], line["source"]) for line in data["lines"]]
    assert lines == [(line.name, line.wavelength, line.source) for line in LINES]


def test_numbers_are_small(client, tmp_path):
    """8,000 bins and the lines in less than 200 kB, before they are compressed."""
    wavelength = np.linspace(3600, 9824, 8000)
    noise = np.random.default_rng(1).normal(size=8000)
    ingest(write_table(tmp_path, wavelength=wavelength, flux=noise, ivar=np.exp(noise)))
    answer = client.get(DATA)
    assert len(answer.getvalue()) < 200_000
    packed = client.get(DATA, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.content) < len(answer.getvalue()) * 0.8


def test_in_air_and_without_errors(client, tmp_path):
    """Lines are in vacuum: so are the wavelengths that are drawn; those of the file stay what they are."""
    ingest(write_table(tmp_path, ivar=None), assumed=Assumed(medium="air", frame="rest"))
    (found,) = client.get(DATA).json()["spectra"]
    assert (found["medium"], found["frame"], found["ivar"]) == ("air", "rest", None)
    assert np.array_equal(decoded(found["wavelength"], "<f8"), WAVELENGTH)
    assert np.array_equal(decoded(found["vacuum"], "<f8"), air_to_vacuum(WAVELENGTH))
    table = read("fits", client.get(f"{FILE}fits").getvalue())
    assert table["ivar"].mask.all() and np.array_equal(table["wavelength"], WAVELENGTH)


def test_what_a_reader_has_is_not_sent_again(client, plain, tmp_path):
    for address in (DATA, f"{FILE}csv"):
        first = client.get(address)
        assert first.headers["Cache-Control"] == "private, no-cache"
        tag = first.headers["ETag"]
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    ingest(write_table(tmp_path, flux=FLUX + 1, ivar=IVAR))
    again = client.get(address, headers={"If-None-Match": tag})
    assert again.status_code == 200 and again.headers["ETag"] != tag
    (found,) = client.get(DATA).json()["spectra"]
    assert np.array_equal(decoded(found["flux"], "<f4"), FLUX + 1)


def read(form: str, data: bytes) -> Table:
    """A file as astropy reads it."""
    formats = {"csv": "ascii.csv", "fits": "fits", "votable": "votable"}
    table = Table.read(io.BytesIO(data), format=formats[form])
    if form == "csv":
        table["mask"] = [str(value).lower() == "true" for value in table["mask"]]
    return table


@pytest.mark.parametrize("form", ["csv", "fits", "votable"])
def test_files_read_back_the_same(client, plain, form):
    answer = client.get(FILE + form)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="sdss-spectra-plain.')
    table = read(form, answer.getvalue())
    for name, values in {"wavelength": WAVELENGTH, "flux": FLUX, "ivar": IVAR, "mask": IVAR == 0}.items():
        assert np.array_equal(np.asarray(table[name], values.dtype), values), name
    if form == "csv":
        return
    density = 1e-17 * u.erg / u.s / u.cm**2 / u.AA
    units = {name: (1 * u.Unit(table[name].unit)).to_value(unit) for name, unit in
             {"wavelength": u.AA, "flux": density, "ivar": density**-2}.items()}  # fmt: skip
    assert units == pytest.approx({"wavelength": 1, "flux": 1, "ivar": 1})


def test_files_say_what_the_spectrum_is(client, plain):
    header = fits.open(io.BytesIO(client.get(f"{FILE}fits").getvalue()))[1].header
    history = "\n".join(header["HISTORY"])
    assert "SOURCE_ID: plain" in history and "REDSHIFT: 0.1" in history and "FRAME: observed" in history
    assert header["TUCD1"] == "em.wl" and header["TUCD2"] == "phot.flux.density;em.wl"
    resource = votable.parse(io.BytesIO(client.get(f"{FILE}votable").getvalue())).resources[0]
    infos = {info.name: info.value for info in resource.infos}
    assert (
        infos["SOURCE_ID"] == "plain" and infos["MEDIUM"] == "vacuum" and float(infos["REDSHIFT"]) == pytest.approx(0.1)
    )
    assert [field.ucd for field in resource.tables[0].fields] == [
        "em.wl", "phot.flux.density;em.wl", "stat.weight;phot.flux.density", "meta.code.qual",
    ]  # fmt: skip


def test_the_page_tells_it_in_words_and_links_what_draws_it(client, plain):
    text = markup(client.get(PAGE))
    for part in (f'data-spectra="{DATA}"', "almagest/spectrum", "vendor/uplot", "<noscript>"):
        assert part in text, part
    for form in ("csv", "fits", "votable"):
        assert f'href="{FILE}{form}" download' in text
    told = words(client.get(PAGE))
    assert "4000.0 to 5000.0" in told and "101 bins" in told and "drawn by a script" in told
    assert f"The {len(LINES)} lines" in told and "Morton 2003" in told


def test_an_object_without_one_has_no_viewer(client, survey_file):
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", **PLACE))
    text = markup(client.get("/objects/sami-dr3/1/"))
    assert "spectrum" not in text and "uplot" not in text
    for address in ("spectra.json", "spectrum?format=csv"):
        assert "spectrum" in words(client.get(f"/objects/sami-dr3/1/{address}"), 404)
    assert client.get("/objects/sami-dr3/no-such/spectra.json").status_code == 404


def test_a_format_that_is_none_is_refused(client, plain):
    for form in ("", "pdf"):
        assert "there are csv" in words(client.get(FILE + form), 400)
    assert client.post(DATA).status_code == 405 and client.post(FILE + "csv").status_code == 405


def test_a_counterpart_shows_its_spectrum(client, plain, survey_file):
    """As far as the reader may see it: a hidden survey's spectrum is not there, in words or numbers."""
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", **PLACE))
    cross_match_make(survey_a="sami-dr3", survey_b="sdss-spectra", radius_arcsec=2)
    page = "/objects/sami-dr3/1/"
    (found,) = client.get(f"{page}spectra.json").json()["spectra"]
    assert (found["source_id"], found["is_own"]) == ("plain", False)
    assert "0.36 arcsec from here" in words(client.get(page))
    assert "no spectrum of its own" in words(client.get(f"{page}spectrum?format=csv"), 404)
    owner = User.objects.create_user("owner", password="payne-1900")
    Survey.objects.filter(slug="sdss-spectra").update(owner=owner, visibility="private")
    for address in (f"{page}spectra.json", DATA, f"{FILE}csv"):
        assert "plain" not in words(client.get(address), 404).replace("plain/", "")
    assert "data-spectra" not in markup(client.get(page))
    assert "data-spectra" in markup(login(owner).get(page)) and login(owner).get(DATA).status_code == 200


def test_names_with_tags_stay_words(client, tmp_path):
    """A spectrum is named by its file; whatever stands in it is not run, and makes no name of a folder."""
    ingest(write_table(tmp_path, name='<b>&"x'))
    page = "/objects/sdss-spectra/%3Cb%3E&%22x/"
    assert "<b>&" not in client.get(page).content.decode()
    (found,) = client.get(f"{page}spectra.json").json()["spectra"]
    assert found["source_id"] == '<b>&"x'
    assert (
        client.get(f"{page}spectrum?format=csv").headers["Content-Disposition"]
        == 'attachment; filename="sdss-spectra-_b___x.csv"'
    )


def test_an_object_without_a_place_has_a_page(client, tmp_path):
    """Stars of a library are known by their spectra alone."""
    rows = "\n".join(f"{wavelength},1.5" for wavelength in WAVELENGTH)
    ingest(write_csv(tmp_path / "star.csv", f"wavelength,flux\n{rows}\n"), survey="miles")
    told = words(client.get("/objects/miles/star/"))
    assert "Where it is on the sky is not known" in told and "101 bins" in told
