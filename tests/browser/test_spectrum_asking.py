"""A button asks a model what it makes of a spectrum; the page shows it as soon as it is there."""

import numpy as np
import pytest
from django.conf import settings

from almagest.accounts.models import User
from almagest.runs.models import Run
from almagest.sky.selectors import object_get
from almagest.spectra.readers import Assumed
from almagest.spectra.services import ingest_spectra
from tests.almagest.given.asking import login
from tests.almagest.reconstructing import made, toy, version, work
from tests.almagest.spectra_files import write_table

# Fixtures that are taken from beside.
__all__ = ["toy", "version"]
PAGE = "/objects/sdss-spectra/plain/"


@pytest.fixture
def session(version, tmp_path) -> str:
    """The cookie of a reader who is logged in, where there is a spectrum and a model to ask."""
    ingest_spectra(survey="sdss-spectra", paths=[write_table(tmp_path)])
    return login(User.objects.create_user("reader", password="payne-1900")).cookies[settings.SESSION_COOKIE_NAME].value


def test_it_is_asked_and_shown_when_it_is_there(session, web, browser, aside):
    page = browser.new_page()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": web}])
    page.goto(f"{web}{PAGE}#smooth=3")
    page.wait_for_selector("#spectrum[data-drawn=yes]")
    assert page.locator("#spectrum .panel.below").is_hidden()
    page.click("text=Show what Half v1 makes of it")
    page.wait_for_selector("text=asked; it will show here")
    assert page.locator(".asks button").is_disabled()
    aside(lambda: work(Run.objects.get(kind="reconstruct")))
    page.wait_for_selector("#spectrum .key a")
    assert page.inner_text("#spectrum .key a") == "Half v1" and page.url.endswith(f"{PAGE}#smooth=3")
    assert page.locator(".asks").count() == 0 and page.locator("#spectrum .panel.below").is_visible()
    left = page.evaluate("Array.from(document.querySelector('#spectrum').viewer.differences[0].flux.slice(5, 95))")
    # Half of a flux of 1.8 to 2, in errors of 1/2 of which three bins are the mean.
    assert np.allclose(left, np.linspace(1.81, 1.99, 90) * np.sqrt(3), atol=0.02)


def test_without_a_script_the_page_says_to_reload(session, web, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": web}])
    page.goto(f"{web}{PAGE}")
    page.click("text=Show what Half v1 makes of it")
    assert page.url.endswith(PAGE) and "Reload the page in a moment" in page.inner_text("main")


@pytest.fixture
def in_air(version, tmp_path) -> None:
    """A line in air, with what the model makes of it."""
    wavelength = np.linspace(4000, 5000, 1001)
    line = 10 * np.exp(-0.5 * ((wavelength - 4500) / 30) ** 2)
    path = write_table(tmp_path, wavelength=wavelength, flux=line, ivar=np.full(1001, 4.0))
    ingest_spectra(survey="sdss-spectra", paths=[path], assumed=Assumed(medium="air"))
    made(version, object_get(user=None, survey="sdss-spectra", source_id="plain").id)


def test_it_lies_on_a_spectrum_in_air(in_air, web, browser):
    """Its wavelengths are in vacuum, 1.2 angstroms from those of the file."""
    page = browser.new_page()
    page.goto(f"{web}{PAGE}")
    page.wait_for_selector("#spectrum[data-drawn=yes]")
    flux, model = page.evaluate("(({ flux, models: [m] }) => [flux, m.flux].map((f) => Array.from(f.slice(20, -20))))"
                                "(document.querySelector('#spectrum').viewer.spectra[0])")  # fmt: skip
    assert np.abs(np.array(model) - np.array(flux) / 2).max() < 0.06
