"""Spectra by the API: one in any format, many as a stream, in the list's order; what is not there, or not for the reader."""

import io
import json

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from django.core.management import call_command
from django.test import Client

from almagest.accounts.models import Visibility
from almagest.sky.models import Survey
from almagest.sky.selectors import object_get
from almagest.spectra.services import ingest_spectra
from almagest.spectra.spectrum import FLUX_UNIT, checked

from .spectra_files import found_in, write_table

LOOKUP = "/api/v1/spectra/lookup/"
REAL = {"sdss-spectra": "sdss/spec-0266-51630-0168.fits.gz", "desi-spectra": "desi/coadd-4-80613-thru20210324.fits.gz"}


def looked_up(ids: list[int], form: str = "arrow") -> pa.Table:
    """The rows of an answer."""
    answer = Client().post(f"{LOOKUP}?format={form}", {"ids": ids}, content_type="application/json")
    assert answer.status_code == 200, answer.getvalue()
    data = io.BytesIO(answer.getvalue())
    return pq.read_table(data) if form == "parquet" else pa.ipc.open_stream(data).read_all()


@pytest.fixture
def real(cloned_database, shared_data):
    """Two real spectra of different surveys, by the ids of their objects."""
    folder, found = shared_data / "spectra", {}
    for survey, path in (
        ("sdss-spectra", "sdss/spec-0266-51630-0168.fits.gz"),
        ("desi-spectra", "desi/coadd-4-80613-thru20210324.fits.gz"),
    ):
        ingest_spectra(survey=survey, paths=[folder / path])
        (spectrum,) = found_in(folder / path)
        found[object_get(user=None, survey=survey, source_id=spectrum.facts["name"]).id] = checked(spectrum.spectrum)
    return found


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_many_come_in_the_lists_order_with_what_is_missing(real, form):
    """Twice where named twice; the arrays to the last bit; wavelengths by the grid's own route."""
    first, second = real
    rows = looked_up([second, 10**9, first, second], form).to_pylist()
    assert [row["position"] for row in rows] == [1, 2, 3, 4]
    assert [row["requested"] for row in rows] == [second, 10**9, first, second]
    assert [row["is_found"] for row in rows] == [True, False, True, True]
    assert rows[1]["flux"] is None and rows[1]["object_id"] is None
    for row in (rows[0], rows[2]):
        spectrum = real[row["object_id"]]
        assert np.array_equal(np.array(row["flux"], "f4"), spectrum.flux)
        assert np.array_equal(np.array(row["ivar"], "f4"), spectrum.ivar)
        assert np.array_equal(row["mask"] or np.zeros(len(row["flux"]), bool), spectrum.mask)
        answer = Client().get(f"/api/v1/spectra/grids/{row['grid_id']}/?format=arrow")
        grid = pa.ipc.open_stream(io.BytesIO(answer.getvalue())).read_all()
        assert np.array_equal(grid["wavelength"].to_numpy(), spectrum.wavelength)


def test_one_spectrum_in_every_format(real):
    """The bins with their units, and what is known of the spectrum."""
    object_id, spectrum = next(iter(real.items()))
    address = f"/api/v1/objects/{object_id}/spectrum/"
    bins = json.loads(Client().get(address).getvalue())["rows"]
    assert [row["wavelength"] for row in bins] == spectrum.wavelength.tolist()
    assert np.array_equal([row["mask"] for row in bins], spectrum.mask)
    with fits.open(io.BytesIO(Client().get(f"{address}?format=fits").getvalue())) as hdus:
        assert np.array_equal(hdus[1].data["flux"], spectrum.flux)
        assert hdus[1].columns["wavelength"].unit == "Angstrom" and u.Unit(hdus[1].columns["flux"].unit) == u.Unit(
            FLUX_UNIT
        )
        assert "0266-51630-0168" in repr(hdus[1].header)
    for form in ("csv", "votable", "parquet", "arrow"):
        answer = Client().get(f"{address}?format={form}")
        assert answer.status_code == 200 and len(answer.getvalue()) > 10_000


def test_spectra_of_others_are_not_there(real):
    """Whoever may not see the survey gets what they would get of an object that does not exist."""
    Survey.objects.filter(slug="sdss-spectra").update(visibility=Visibility.PRIVATE)
    first, second = real
    assert Client().get(f"/api/v1/objects/{first}/spectrum/").status_code == 404
    assert looked_up([first, second])["is_found"].to_pylist() == [False, True]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"ids": []}, 400), ({"ids": ["x"]}, 400), ({"ids": [-1]}, 400), ({"names": [1]}, 400), ([1], 400)],
)
def test_bodies_that_mean_nothing_are_refused(db, body, status):
    """With words, not with a traceback."""
    answer = Client().post(LOOKUP, body, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


def test_what_is_not_there(cloned_database, tmp_path, shared_data):
    """An object without a spectrum, an unknown grid, a format that holds no lists."""
    call_command("ingest", "evcc", str(shared_data / "photometry" / "evcc.fits"))
    ingest_spectra(survey="other-spectra", paths=[write_table(tmp_path)])
    galaxy = object_get(user=None, survey="evcc", source_id="0001").id
    answer = Client().get(f"/api/v1/objects/{galaxy}/spectrum/")
    assert answer.status_code == 404 and "has no spectrum of its own" in answer.json()["detail"]
    assert Client().get("/api/v1/spectra/grids/12345/").status_code == 404
    assert Client().get(f"/api/v1/spectra/grids/{2**70}/").status_code == 404
    assert Client().post(f"{LOOKUP}?format=csv", {"ids": [galaxy]}, content_type="application/json").status_code in (
        400,
        406,
    )
