"""Pages in a real browser: nothing complains, nothing is asked of other machines, htmx pages without a reload."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SURVEYS = {"evcc-simulated": "evcc.fits", "sdss-dr14-simulated": "sdss_dr14_skyserver_10k.csv"}


@pytest.fixture
def browser():
    """Debian's Chromium; without it the test is skipped."""
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium here: apt-get install chromium")
    with playwright.sync_playwright() as p:
        found = p.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def site(web, worker, tmp_path) -> str:
    """The whole flow on simulated tables, by the commands that people use, on real workers; its web server's address."""
    subprocess.run(
        [sys.executable, "-m", "dwarf_galaxies.simulate", str(tmp_path), "--size", "800"],
        check=True,
        capture_output=True,
    )
    worker("data", "classical", beat=True)
    for survey, name in SURVEYS.items():
        call_command("ingest", survey, str(tmp_path / name))
    call_command("cross_match", *SURVEYS, "--radius-arcsec", "2")
    what = {"plugin": "dwarf_galaxies", "method": "forest"}
    call_command("freeze_sample", "dwarfs", surveys=list(SURVEYS), **what)
    call_command("train", "dwarf_galaxies", "forest", sample="dwarfs", set=["trees=40"])
    call_command("score", "dwarf_galaxies", "forest")
    call_command("publish_catalog", "dwarfs", threshold=0.2, title="Dwarfs", **what)
    return web


def test_from_files_to_a_catalog_in_the_browser(site, browser):
    """The end-to-end test of the whole flow."""
    complaints, outside = [], []
    page = browser.new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: outside.append(r.url) if urlsplit(r.url).hostname != "localhost" else None)
    page.goto(site)
    page.click("text=Dwarfs")
    page.wait_for_selector("#rows tbody tr")
    first = page.inner_text("#rows tbody tr td")
    page.evaluate("window.stillHere = true")
    page.click("#rows a[rel=next]")
    page.wait_for_url("**cursor=**")
    page.wait_for_function("name => document.querySelector('#rows tbody tr td').innerText !== name", arg=first)
    assert page.evaluate("window.stillHere") is True, "htmx changed the table without loading the page again"
    page.click("#rows a[rel=prev]")
    page.wait_for_function("name => document.querySelector('#rows tbody tr td').innerText === name", arg=first)
    page.click("#rows tbody tr td a")
    page.wait_for_selector("text=What the models say")
    page.click("text=dwarf_galaxies/forest v1")
    page.wait_for_selector("text=Confusion matrices")
    page.click("[data-theme-toggle]")
    assert page.evaluate("document.documentElement.dataset.theme") in ("light", "dark")
    assert (complaints, outside) == ([], [])


def test_no_page_is_wider_than_a_phone(site, browser):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    paths = ["/", "/catalogs/dwarfs/", "/surveys/", "/surveys/evcc-simulated/", "/objects/evcc-simulated/0001/", "/runs/", "/runs/1/",
             "/samples/dwarfs/", "/plugins/dwarf_galaxies/", "/models/dwarf_galaxies/forest/1/", "/about/", "/search/"]  # fmt: skip
    wide = []
    for path in paths:
        page.goto(site + path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []
