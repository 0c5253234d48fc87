"""Pages in a real browser: nothing complains, nothing is asked of other machines, htmx pages without a reload."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from django.core.management import call_command

from almagest.accounts.models import User
from almagest.catalogs.models import Catalog
from almagest.contract import Scatter, View
from almagest.registry.models import ModelVersion
from almagest.releases.models import Release

SURVEYS = {"evcc-simulated": "evcc.fits", "sdss-dr14-simulated": "sdss_dr14_skyserver_10k.csv"}


@pytest.fixture(scope="module")
def site(serve) -> str:
    """The address of a web server with a catalog that was made once: tests read its pages, and put back what they change."""
    return serve(load)


def load(folder: Path, worker: Callable) -> None:
    """The whole flow on simulated tables, by the commands that people use, on real workers."""
    worker("data", "classical", beat=True)
    command = [sys.executable, "-m", "dwarf_galaxies.simulate", str(folder), "--size", "800"]
    subprocess.run(command, check=True, capture_output=True)
    for survey, name in SURVEYS.items():
        call_command("ingest", survey, str(folder / name))
    call_command("cross_match", *SURVEYS, "--radius-arcsec", "2")
    what = {"plugin": "dwarf_galaxies", "method": "forest"}
    call_command("freeze_sample", "dwarfs", surveys=list(SURVEYS), **what)
    call_command("train", "dwarf_galaxies", "forest", sample="dwarfs", set=["trees=40"])
    call_command("score", "dwarf_galaxies", "forest")
    call_command("publish_catalog", "dwarfs", threshold=0.2, title="Dwarfs", **what)
    call_command("release", "dwarfs", creator=["Ptolemy, Claudius"], publish=True)


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
             "/samples/dwarfs/", "/plugins/dwarf_galaxies/", "/models/dwarf_galaxies/forest/1/", "/about/", "/search/",
             "/releases/", "/releases/dwarfs/v1/"]  # fmt: skip
    wide = []
    for path in paths:
        page.goto(site + path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []


def test_a_catalog_draws_its_candidates_when_they_come_into_sight(site, browser):
    """On a screen so low that the map lies far below it; then the map's numbers are those of the page."""
    complaints, asked = [], []
    page = browser.new_context(viewport={"width": 390, "height": 300}).new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: asked.append(urlsplit(r.url).path))
    page.goto(f"{site}/catalogs/dwarfs/", wait_until="networkidle")
    late = [path for path in asked if "plotly" in path or path.endswith(".json")]
    come_to_the_figures(page)
    sky = page.locator("[data-figure=sky-0]")
    assert late == [] and "/catalogs/dwarfs/figures/sky-0.json" in asked
    for choice in ("0", "2"):
        sky.locator("select").select_option(choice)
        assert f"{sky.locator('.point').count():,} objects" in sky.locator("option").nth(int(choice)).inner_text()
    assert "simulated" in sky.locator("h3").inner_text() and "Virgo" in sky.inner_text()
    assert complaints == []


def test_a_figure_that_cannot_be_loaded_says_so(site, browser):
    page = browser.new_page()
    page.route("**/*.json?*", lambda route: route.abort())
    page.goto(f"{site}/catalogs/dwarfs/")
    page.locator("[data-figure]").scroll_into_view_if_needed()
    failed = page.wait_for_selector("[data-drawn=failed]")
    assert "could not be loaded" in failed.inner_text() and page.locator("[data-drawn=yes]").count() == 0


HOSTILE = "</script><img src=x onerror='window.hacked=1'><b>bold</b>"


@pytest.fixture
def figured(site) -> Iterator[str]:
    """The page of a model version whose first scatter has tags for names; one of its two points has no value in one view."""
    version = ModelVersion.objects.get(method__name="forest")
    views = (View("x", "y", "x", "y"), View("x", "x", HOSTILE, "x", is_reversed=True))
    columns = {"x": (1.0, 2.0), "y": (None, 2.0)}
    labels = ("S", HOSTILE)
    figure = Scatter(HOSTILE, "", columns, labels, labels, views, ("evcc-simulated",) * 2, ("1", HOSTILE))
    before, version.figures = version.figures, [asdict(figure), *version.figures]
    version.save()
    yield f"{site}/models/dwarf_galaxies/forest/1/"
    version.figures = before
    version.save()


def test_figures_draw_in_light_and_dark(figured, browser):
    """All plots of a model version, their choices, and a point's page; nothing complains, nothing runs."""
    for scheme in ("light", "dark"):
        complaints = []
        page = browser.new_context(color_scheme=scheme).new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)  # noqa: B023
        page.on("pageerror", lambda e: complaints.append(str(e)))  # noqa: B023
        page.goto(figured)
        come_to_the_figures(page)
        choose_among_figures(page)
        ink = "() => document.querySelector('[data-figure^=sky] .legendtext').style.fill"
        before = page.evaluate(ink)
        page.click("[data-theme-toggle]")
        page.wait_for_function(f"before => ({ink})() !== before", arg=before)
        assert page.evaluate("window.hacked") is None
        assert complaints == [], scheme
        page.locator("[data-figure=scatter-0] .point").first.click(force=True)
        page.wait_for_url("**/objects/**")
        assert unquote(urlsplit(page.url).path) in (f"/objects/evcc-simulated/{name}/" for name in ("1", HOSTILE))


def come_to_the_figures(page) -> None:
    """Scroll to one after the other, and wait until they are drawn."""
    for figure in page.locator("[data-figure]").all():
        figure.scroll_into_view_if_needed()
    page.wait_for_function("() => !document.querySelector('[data-figure]:not([data-drawn=yes])')")


def choose_among_figures(page) -> None:
    """Each figure's choice changes what is drawn, and the numbers are those that the page says in words."""
    scatter, sky, bars = (page.locator(f"[data-figure^={kind}]").first for kind in ("scatter", "sky", "histogram"))
    assert scatter.locator("h3").inner_text() == f"{HOSTILE} simulated"
    assert scatter.locator(".point").count() == 1, "a point without a value is not drawn"
    scatter.locator("select").select_option("1")
    assert scatter.locator(".point").count() == 2
    assert scatter.locator(".xtitle").text_content() == HOSTILE
    sky.locator("select").select_option("3")
    assert f"{sky.locator('.point').count():,} objects" in sky.locator("option").nth(3).inner_text()
    assert bars.locator(".bars .point").count() == 40, "two surveys in twenty bins"
    assert "10" not in bars.locator(".ytick").all_text_contents()
    bars.locator("input").check()
    assert "10" in bars.locator(".ytick").all_text_contents()


@pytest.fixture
def sizes(site) -> dict[str, int]:
    """Bytes of the release's files."""
    return {entry.path: entry.bytes for entry in Release.objects.get().entries}


def test_a_release_is_read_without_a_word_from_elsewhere(site, sizes, browser):
    """From the list to a release: whole checksums under short ones, all files at hand, nothing complains in light or dark."""
    for scheme in ("light", "dark"):
        complaints, outside = [], []
        page = browser.new_context(color_scheme=scheme, accept_downloads=True).new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)  # noqa: B023
        page.on("request", lambda r: outside.append(r.url) if urlsplit(r.url).hostname != "localhost" else None)  # noqa: B023
        page.goto(f"{site}/releases/")
        page.click("td >> text=v1")
        page.wait_for_selector("text=How to cite")
        shown = page.locator(".files .sha").first
        shown.click()
        assert page.evaluate("getSelection().toString()") == shown.get_attribute("title")
        page.click("text=other files")
        others = [path for path in sizes if not path.startswith(("dwarfs-v1.", "hats/"))]
        assert page.locator(".files-more .files a").all_inner_texts() == others
        with page.expect_download() as kept:
            page.click("text=dwarfs-v1.fits >> nth=0")
        assert Path(kept.value.path()).stat().st_size == sizes["dwarfs-v1.fits"]
        assert (complaints, outside) == ([], []), scheme


@pytest.fixture
def owner(site) -> Iterator[User]:
    """Whoever owns the catalog for a while."""
    found = User.objects.create_user("owner", password="payne-1900")
    Catalog.objects.update(owner=found)
    yield found
    Catalog.objects.update(owner=None)


def test_a_release_is_started_followed_and_discarded_in_the_browser(site, owner, browser):
    """From the catalog's page by the form to the draft, whose page follows the run without a reload."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/login/?next=/catalogs/dwarfs/%3Fp_s__min=0.5")
    page.fill("[name=username]", "owner")
    page.fill("[name=password]", "payne-1900")
    page.keyboard.press("Enter")
    page.click("text=Release these rows")
    page.fill("[name=title]", "Half of them")
    page.click("text=Build the draft")
    page.wait_for_url("**/releases/dwarfs/v2/")
    page.wait_for_selector("#run >> text=are being built")
    run = context.new_page()
    run.goto(site + page.get_attribute("#run a", "href"))
    run.click("main button >> text=Cancel")
    page.wait_for_selector("text=was cancelled")
    assert page.locator("button >> text=Build again").count() == 1
    page.click("button >> text=Discard v2")
    page.wait_for_url("**/releases/")
    assert page.locator("tbody tr").count() == 1
