"""The spectrum viewer in a real browser: what it draws, what hands do to it, what its address keeps, and what is left without it."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from astropy.io import fits
from django.core.management import call_command

PAGE = "/objects/sdss-spectra/quasar/"
REDSHIFT, BINS = 0.1, 8000
WAVELENGTH = 10 ** np.linspace(np.log10(3600), np.log10(9800), BINS)
HALPHA = 6564.614
# A state of the viewer, as its own code has it.
STATE = "name => document.querySelector('#spectrum').viewer[name]"
# How many of the panel's pixels have a colour of the page.
INK = """hue => {
  const canvas = document.querySelector('#spectrum .panel canvas'), box = document.createElement('i');
  box.style.color = `var(--${hue})`;
  document.body.append(box);
  const colour = getComputedStyle(box).color.match(/\\d+/g).map(Number);
  box.remove();
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const isNear = (i) => data[i + 3] > 200 && colour.every((c, k) => Math.abs(data[i + k] - c) < 8);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) found += isNear(i);
  return found;
}"""
# Standard deviation of the flux in bins without lines.
NOISE = """() => {
  const part = document.querySelector('#spectrum').viewer.drawn[0].flux.slice(100, 1000);
  const mean = part.reduce((a, b) => a + b) / part.length;
  return Math.sqrt(part.reduce((a, b) => a + (b - mean) ** 2, 0) / part.length);
}"""


def quasar() -> np.ndarray:
    """A continuum with a strong line, and noise whose variance is 1/16."""
    lines = 40 * np.exp(-0.5 * ((WAVELENGTH / (1 + REDSHIFT) - HALPHA) / 15) ** 2)
    return 10 + lines + np.random.default_rng(7).normal(0, 0.25, BINS)


def load(folder: Path, worker: Callable) -> None:
    """Two spectra of one object from two surveys; the second is half as bright."""
    for survey, name, factor in (("sdss-spectra", "quasar", 1.0), ("desi-spectra", "again", 0.5)):
        ivar = np.full(BINS, 16.0)
        ivar[3000:3100] = 0
        values = {"wavelength": WAVELENGTH, "flux": factor * quasar(), "ivar": ivar}
        units = {"wavelength": "Angstrom", "flux": "1e-17 erg/(s cm2 Angstrom)"}
        hdu = fits.BinTableHDU.from_columns([fits.Column(n, "D", units.get(n), array=v) for n, v in values.items()])
        hdu.header["RA"], hdu.header["DEC"], hdu.header["REDSHIFT"] = 150.0, 2.0, REDSHIFT
        hdu.writeto(folder / f"{name}.fits")
        call_command("ingest_spectra", survey, str(folder / f"{name}.fits"))
    call_command("cross_match", "sdss-spectra", "desi-spectra", "--radius-arcsec", "2")


@pytest.fixture(scope="module")
def site(serve) -> str:
    """The address of a web server with the two spectra."""
    return serve(load)


@pytest.fixture
def opened(site, browser) -> Callable:
    """A function that opens the page and waits until it is drawn: ``opened("#z=0.2", color_scheme="dark")``."""

    def open_page(address: str = "", **context):
        page = browser.new_context(viewport={"width": 1200, "height": 1000}, **context).new_page()
        page.complaints = []
        page.on(
            "console",
            lambda m: (
                page.complaints.append(m.text) if m.type in ("error", "warning") and "Canvas2D" not in m.text else None
            ),
        )
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        page.on("request", lambda r: page.complaints.append(r.url) if urlsplit(r.url).hostname != "localhost" else None)
        page.goto(site + PAGE + address)
        page.wait_for_selector("#spectrum[data-drawn]")
        assert page.get_attribute("#spectrum", "data-drawn") == "yes", page.complaints
        return page

    return open_page


def settled(page) -> None:
    """Wait until all that was asked for is drawn, and stands in the address."""
    page.wait_for_timeout(50)
    idle = "() => { const { waiting, writing } = document.querySelector('#spectrum').viewer; return !waiting && !writing; }"
    page.wait_for_function(idle)


def center(page) -> tuple[float, float]:
    """Where the middle of the panel is, with the panel in sight."""
    over = page.locator("#spectrum .u-over").first
    over.scroll_into_view_if_needed()
    settled(page)
    box = over.bounding_box()
    return round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_spectra_are_drawn_in_the_colours_of_the_page(opened, scheme):
    page = opened(color_scheme=scheme)
    own, other = (page.evaluate(INK, hue) for hue in ("k0", "k1"))
    assert own > 2000 and other > 2000
    page.locator("#spectrum .key input").nth(1).uncheck()
    settled(page)
    assert page.evaluate(INK, "k1") == 0 and page.url.endswith("#off=1")
    page.click("[data-theme-toggle]")
    settled(page)
    assert page.evaluate(INK, "k0") > 2000, "drawn again in the other colours"
    assert page.complaints == []


def test_the_cursor_reads_wavelengths_flux_and_error(opened):
    page = opened(f"#x={HALPHA * 1.1 - 30:.1f},{HALPHA * 1.1 + 30:.1f}")
    x, y = center(page)
    page.mouse.move(x, y)
    read = page.inner_text("#spectrum .readout")
    observed = float(read.split("λ ")[1].split(" Å")[0])
    at_rest = float(read.split(" Å at rest")[0].split()[-1])
    assert observed == pytest.approx(HALPHA * 1.1, abs=0.2) and at_rest == pytest.approx(observed / 1.1, abs=0.011)
    assert "± 0.25" in read and "Hα 6564.614" in read
    flux = float(read.split("at rest")[1].split("±")[0])
    assert flux == pytest.approx(50, abs=1.5)
    bin_in_the_gap = WAVELENGTH[3050]
    page.goto(page.url.split("#")[0] + f"#x={bin_in_the_gap - 5},{bin_in_the_gap + 5}")
    settled(page)
    page.mouse.move(x + 1, y)
    assert "not to be used" in page.inner_text("#spectrum .readout")


def test_hands_zoom_and_move_along(opened):
    """The wheel about the cursor, a box, Shift, keys, two clicks for all."""
    page = opened()
    x, y = center(page)
    whole = page.evaluate(STATE, "range")
    left = page.locator("#spectrum .u-over").first.bounding_box()["x"]
    width = page.locator("#spectrum .u-over").first.bounding_box()["width"]
    at = x + 200
    held = whole[0] + (at - left) / width * (whole[1] - whole[0])
    page.mouse.move(at, y)
    page.mouse.wheel(0, -400)
    settled(page)
    low, high = page.evaluate(STATE, "range")
    assert high - low < 0.7 * (whole[1] - whole[0])
    assert low + (at - left) / width * (high - low) == pytest.approx(held, abs=1), (
        "what is under the cursor stays there"
    )
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(at - 100, y, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    settled(page)
    moved = page.evaluate(STATE, "range")
    assert moved[1] - moved[0] == pytest.approx(high - low) and moved[0] > low
    page.locator("#spectrum .u-over").first.dblclick()
    settled(page)
    assert page.evaluate(STATE, "range") == whole and "#" not in page.url
    page.mouse.move(x - 50, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 3, steps=4)
    page.mouse.up()
    settled(page)
    low, high = page.evaluate(STATE, "range")
    assert (high - low) / (whole[1] - whole[0]) == pytest.approx(100 / width, rel=0.05)
    page.locator("#spectrum .canvas").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.evaluate(STATE, "range")[0] == pytest.approx(low + 0.2 * (high - low), abs=0.5)
    page.keyboard.press("0")
    settled(page)
    assert page.evaluate(STATE, "range") == whole and page.complaints == []


def test_a_line_is_taken_by_its_name(opened):
    """Dragged to where the feature is, it tells the redshift."""
    page = opened("#z=0.08&lines=emission")
    center(page)
    found = page.evaluate("document.querySelector('#spectrum').viewer.named.find((n) => n.mark.name === 'Hα')")
    box = page.locator("#spectrum .u-over").first.bounding_box()
    low, high = page.evaluate(STATE, "range")
    goal = box["x"] + (HALPHA * (1 + REDSHIFT) - low) / (high - low) * box["width"]
    page.mouse.move(box["x"] + found["left"], box["y"] + (found["top"] + found["bottom"]) / 2)
    page.mouse.down()
    page.mouse.move(goal, box["y"] + 60, steps=6)
    page.mouse.up()
    settled(page)
    assert page.evaluate(STATE, "state")["z"] == pytest.approx(REDSHIFT, abs=0.002)
    page.click("text=As measured")
    settled(page)
    assert page.evaluate(STATE, "state")["z"] == pytest.approx(REDSHIFT, abs=1e-6)


def test_the_address_keeps_what_one_sees(opened):
    page = opened()
    page.fill("#spectrum [name=z]", "0.25")
    page.locator("#spectrum [name=smooth]").fill("9")
    page.click("#spectrum >> text=at rest >> nth=0")
    page.click("#spectrum span.sky")
    page.select_option("#spectrum [name=fit]", "continuum")
    page.select_option("#spectrum [name=line]", label="Hα 6564.614")
    settled(page)
    shared = opened(page.url[page.url.index("#") :])
    assert shared.evaluate(STATE, "state")["x"] == pytest.approx(page.evaluate(STATE, "state")["x"])
    assert shared.evaluate(STATE, "state") | {"x": None} == {
        "z": 0.25, "smooth": 9, "rest": True, "x": None, "y": None, "fit": "continuum", "kinds": ["emission", "absorption", "sky"],
        "off": [], "scaled": False,
    }  # fmt: skip
    low, high = shared.evaluate(STATE, "range")
    assert low < HALPHA < high and "at rest for z = 0.25" in shared.inner_text("#spectrum .axis-name")
    strange = opened("#z=abc&smooth=-4&x=5,1&fit=no&lines=none&off=7&frame=")
    assert strange.evaluate(STATE, "state")["z"] == pytest.approx(0.1) and strange.complaints == []


def test_smoothing_weighs_by_variance_and_scaling_lays_spectra_on_each_other(opened):
    page = opened("#scaled=yes")
    assert page.evaluate(STATE, "drawn")[1]["factor"] == pytest.approx(2, rel=0.02)
    before = page.evaluate(NOISE)
    page.goto(page.url.split("#")[0] + "#smooth=25")
    settled(page)
    assert before == pytest.approx(0.25, rel=0.1) and page.evaluate(NOISE) == pytest.approx(0.05, rel=0.25)
    sigma = page.evaluate("Array.from(document.querySelector('#spectrum').viewer.drawn[0].sigma.slice(495, 505))")
    assert sigma == pytest.approx([0.25 / 5] * 10)
    assert page.evaluate("Number.isNaN(document.querySelector('#spectrum').viewer.drawn[0].flux[3050])"), (
        "no flux where nothing is known"
    )


def test_what_a_model_leaves_is_drawn_below(opened, site, browser):
    """Two models' fluxes, one on a grid of its own: their differences in standard errors."""

    def with_models(route) -> None:
        data = route.fetch().json()
        own = {"label": "flat", "href": "/models/x/", "flux": packed(np.full(BINS, 10), "<f4")}
        coarse = {
            "label": "coarse",
            "href": "",
            "wavelength": packed(WAVELENGTH[::2], "<f8"),
            "flux": packed(quasar()[::2], "<f4"),
        }
        data["spectra"][0]["models"] = [own, coarse]
        route.fulfill(body=json.dumps(data), content_type="application/json")

    page = browser.new_context(viewport={"width": 1200, "height": 1000}).new_page()
    page.route("**/spectra.json", with_models)
    page.goto(site + PAGE)
    page.wait_for_selector("#spectrum[data-drawn=yes]")
    assert page.locator("#spectrum .panel.below").is_visible()
    assert page.get_attribute("#spectrum .key a", "href") == "/models/x/"
    flat, coarse = page.evaluate(
        "document.querySelector('#spectrum').viewer.differences.map((d) => Array.from(d.flux.slice(200, 400)))"
    )
    assert flat == pytest.approx(((quasar() - 10) * 4)[200:400], abs=1e-3)
    assert coarse[::2] == pytest.approx(np.zeros(100), abs=1e-3), "on the bins that both have"


def packed(values: np.ndarray, dtype: str) -> str:
    return b64encode(np.asarray(values, dtype).tobytes()).decode()


def test_two_fingers_zoom_and_one_reads(opened):
    page = opened(has_touch=True)
    x, y = center(page)
    whole = page.evaluate(STATE, "range")
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *places: float) -> None:
        points = [{"x": place, "y": y, "id": n} for n, place in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", x)
    touch("touchEnd")
    assert "Å at rest" in page.inner_text("#spectrum .readout")
    touch("touchStart", x - 40, x + 40)
    for apart in (60, 90, 120, 160):
        touch("touchMove", x - apart, x + apart)
        page.wait_for_timeout(50)
    touch("touchEnd")
    settled(page)
    low, high = page.evaluate(STATE, "range")
    assert (high - low) / (whole[1] - whole[0]) == pytest.approx(0.25, rel=0.15)


def test_where_it_cannot_be_drawn_the_files_are_left(site, browser):
    page = browser.new_page()
    page.route("**/spectra.json", lambda route: route.abort())
    page.goto(site + PAGE)
    page.wait_for_selector("#spectrum[data-drawn=failed]")
    assert "could not be drawn" in page.inner_text("#spectrum") and not page.locator("#spectrum .controls").is_visible()
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(site + PAGE)
    assert page.locator("#spectrum noscript").is_visible() and not page.locator("#spectrum .controls").is_visible()
    with page.expect_download() as kept:
        page.click("#spectrum >> text=FITS >> nth=0")
    assert fits.getdata(kept.value.path(), 1)["wavelength"] == pytest.approx(WAVELENGTH)


def test_no_wider_than_a_phone(opened):
    page = opened(screen={"width": 390, "height": 800})
    page.set_viewport_size({"width": 390, "height": 800})
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.locator("#spectrum .u-over").first.bounding_box()["width"] < 330
