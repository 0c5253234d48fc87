"""Small drawings of spectra: what they show of a line, a gap and noise, for whom, and how quickly many are there."""

import re
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from almagest.accounts.models import User
from almagest.sky.models import Survey
from almagest.sky.selectors import object_get
from almagest.spectra.curves import BINS, curve
from almagest.spectra.lines import air_to_vacuum
from almagest.spectra.readers import AS_FILES_SAY, Assumed
from almagest.spectra.services import ingest_spectra
from almagest.spectra.thumbnails import ABOVE, HEIGHT, WIDTH, thumbnails

from .spectra_files import write_table

X = np.linspace(4000.0, 9000.0, 5001)
ERROR = 0.1


def noisy(flux: np.ndarray, seed: int = 1) -> np.ndarray:
    return flux + np.random.default_rng(seed).normal(scale=ERROR, size=len(flux))


def lined(at: float, height: float, width: float = 1.5) -> np.ndarray:
    """A continuum of 1 with one line; `width` is its standard deviation in angstroms."""
    return 1 + height * np.exp(-0.5 * ((X - at) / width) ** 2)


def weights() -> np.ndarray:
    return np.full(len(X), ERROR**-2)


@pytest.mark.parametrize(("height", "seed"), [(1.0, 1), (1.5, 2), (-0.9, 3)])
def test_a_narrow_line_stands_where_and_as_high_as_it_is(height, seed):
    flux = noisy(lined(6000.0, height), seed)
    found = curve(X, flux, weights())
    at = int(np.argmax(np.abs(found.flux - 1)))
    assert found.wavelength[at] == pytest.approx(6000, abs=3)
    assert found.flux[at] in flux and found.flux[at] == pytest.approx(1 + height, abs=4 * ERROR)
    # All else is the mean of 20 bins each, which has a smaller error than any of them.
    rest = np.abs(found.wavelength - 6000) > 30
    assert np.abs(found.flux[rest] - 1).max() < 5 * ERROR / np.sqrt(20) and rest.sum() == pytest.approx(BINS, abs=5)


def test_a_cosmic_ray_of_one_bin_does_not_stand_there():
    flux = noisy(np.ones(len(X)))
    flux[3000] += 40 * ERROR
    assert np.abs(curve(X, flux, weights()).flux - 1).max() < 0.4


def test_masked_bins_are_left_out_and_gaps_stay_open():
    flux, weight = noisy(np.ones(len(X))), weights()
    flux[::7], weight[::7] = 1e6, 0
    weight[1000:1200] = 0
    found = curve(X, flux, weight)
    assert np.nanmax(found.flux) < 2
    lost = found.wavelength[np.isnan(found.flux)]
    assert lost.min() == pytest.approx(5010, abs=25) and lost.max() == pytest.approx(5190, abs=25)


def test_a_short_spectrum_is_drawn_bin_by_bin():
    found = curve(X[:40], np.arange(40.0), np.ones(40))
    assert np.array_equal(found.flux, np.arange(40)) and np.array_equal(found.wavelength, X[:40])


@pytest.fixture
def ingested(cloned_database, tmp_path: Path):
    """A function that ingests a spectrum and gives its object's number."""

    def ingest(name: str, survey: str = "sdss-spectra", assumed: Assumed = AS_FILES_SAY, **arrays) -> int:
        ingest_spectra(survey=survey, paths=[write_table(tmp_path, name, **arrays)], assumed=assumed)
        return object_get(user=None, survey=survey, source_id=name).id

    return ingest


def points(svg: str, kind: str) -> np.ndarray:
    """Vertices of a curve, from the left and from above."""
    path = re.search(rf'class="{kind}" d="([^"]*)"', svg)[1]
    return np.array(re.findall(r"[ML](\d+) (\d+)", path), int)


def test_it_is_an_image_with_a_name_that_fits_its_box(ingested):
    found = ingested("a<b", wavelength=X, flux=noisy(lined(6000, 5)), ivar=weights())
    svg = thumbnails(user=None, object_ids=[found])[found]
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img" and root[0].tag == "title"
    assert root[0].text == "Spectrum of a<b, redshift 0.1000"
    assert [each.text for each in root.iter("text")][:2] == ["4000", "9000 Å"]
    x, y = points(svg, "flux").T
    assert 0 <= x.min() < 3 and WIDTH - 3 < x.max() <= WIDTH and (np.diff(x) >= 0).all() and len(x) < 1.2 * BINS
    assert ABOVE <= y.min() < ABOVE + 20 and ABOVE + HEIGHT - 20 < y.max() <= ABOVE + HEIGHT
    assert x[np.argmin(y)] == pytest.approx(WIDTH * 2 / 5, abs=1)
    assert len(svg) < 5000 and "#" not in svg


def test_lines_are_marked_where_the_redshift_puts_them(ingested):
    found = ingested("plain", wavelength=X, flux=noisy(lined(6564.614 * 1.1, 5)), ivar=weights())
    svg = thumbnails(user=None, object_ids=[found])[found]
    marks = dict(re.findall(r'class="name" x="(\d+)"[^>]*>([^<]*)<', svg))
    (at,) = [int(x) for x, name in marks.items() if name == "Hα"]
    x, y = points(svg, "flux").T
    assert x[np.argmin(y)] == pytest.approx(at, abs=1)
    assert (np.diff(sorted(map(int, marks))) > 50).all() and "Lyα" not in marks.values()


def test_wavelengths_in_air_are_drawn_in_vacuum(ingested):
    found = ingested("plain", assumed=Assumed(medium="air"), wavelength=X, flux=noisy(lined(6000, 5)), ivar=weights())
    svg = thumbnails(user=None, object_ids=[found])[found]
    assert f">{air_to_vacuum(X[-1:])[0]:.0f} Å<" in svg and ">9002 Å<" in svg


def test_noisy_ends_and_masked_bins_do_not_say_how_high_it_is(ingested):
    flux, ivar = noisy(np.linspace(1, 2, len(X))), weights()
    flux[:100], ivar[:100] = np.random.default_rng(5).normal(scale=500, size=100), 1 / 500**2
    flux[4000:4003], ivar[4000:4003] = 1e5, 0
    found = ingested("plain", wavelength=X, flux=flux, ivar=ivar)
    y = points(thumbnails(user=None, object_ids=[found])[found], "flux")[:, 1]
    # What is well known rises over nearly all of the height.
    assert y[10] - y[-1] > 0.7 * HEIGHT


@pytest.mark.parametrize("flux", [np.zeros(5001), np.full(5001, 3.0)])
def test_a_flat_spectrum_without_errors_is_a_line(ingested, flux):
    found = ingested("plain", wavelength=X, flux=flux, ivar=None)
    assert len(set(points(thumbnails(user=None, object_ids=[found])[found], "flux")[:, 1])) == 1


def test_a_model_is_drawn_over_the_data_in_the_same_measure(ingested):
    flux = lined(6000, 5)
    found = ingested("plain", wavelength=X, flux=noisy(flux), ivar=weights())
    grid = np.arange(5000.0, 8000.0, 5.0)
    expected = np.interp(grid, X, flux)
    expected[300:400] = np.nan
    svg = thumbnails(user=None, object_ids=[found], models={found: (grid, expected)})[found]
    data, model = points(svg, "flux"), points(svg, "model")
    assert model[:, 0].min() == pytest.approx(WIDTH / 5, abs=3) and model[:, 0].max() == pytest.approx(
        WIDTH * 4 / 5, abs=3
    )
    assert model[:, 1].min() == pytest.approx(data[:, 1].min(), abs=0.25 * HEIGHT)
    assert svg.count("M", svg.index('class="model"')) == 2
    assert 'class="model"' not in thumbnails(user=None, object_ids=[found])[found]


def test_a_model_that_says_nothing_of_these_wavelengths_is_not_drawn(ingested):
    found = ingested("plain", wavelength=X, flux=noisy(np.ones(len(X))), ivar=weights())
    for grid, flux in ((np.arange(10.0), np.ones(10)), (X, np.full(len(X), np.nan))):
        assert 'class="model"' not in thumbnails(user=None, object_ids=[found], models={found: (grid, flux)})[found]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_single_bin_that_is_known_is_no_trouble(ingested):
    found = ingested("plain", wavelength=X[:20], flux=np.ones(20), ivar=np.arange(20) == 5)
    svg = thumbnails(user=None, object_ids=[found])[found]
    assert points(svg, "flux")[:, 0].tolist() == [0] and ">4005 Å<" in svg


def test_those_without_a_spectrum_for_the_reader_are_absent(ingested):
    one, other = ingested("one"), ingested("other", survey="other-spectra", flux=np.arange(101.0))
    assert list(thumbnails(user=None, object_ids=[one, 10**9, other])) == [one, other]
    Survey.objects.filter(slug="other-spectra").update(visibility="private")
    reader = User.objects.create_user("reader", password="payne-1900")
    assert list(thumbnails(user=reader, object_ids=[other, one])) == [one]
    assert thumbnails(user=None, object_ids=[]) == {}


def test_fifty_are_there_while_a_page_is_made(ingested):
    """As long as the spectra of DESI are; most of it is to read them."""
    wavelength = 3600 + 0.8 * np.arange(7781)
    ids = []
    for n in range(10):
        flux = 1 + np.random.default_rng(n).normal(scale=ERROR, size=7781)
        ids.append(ingested(f"s{n}", wavelength=wavelength, flux=flux, ivar=np.full(7781, ERROR**-2)))
    thumbnails(user=None, object_ids=ids)
    start = time.perf_counter()
    found = thumbnails(user=None, object_ids=ids * 5)
    assert len(found) == 10 and time.perf_counter() - start < 1
