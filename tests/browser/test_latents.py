"""The map of a latent space in a real browser: points, cards, planes, a lasso that becomes a list, and what is left without a script."""

from math import cos, sin, tau
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection

from tests.almagest.given.surveys import file_store
from tests.almagest.odd_spectra import COUNT, odd, toy, version

# Fixtures that are taken from beside.
__all__ = ["file_store", "odd", "toy", "version"]
LIST, PLANE = "/catalogs/odd/", "?latent_x=1&latent_y=2"
PAGE = f"{LIST}latents/{PLANE}"
# Where a place of the plane is on the screen.
PIXEL = """([x, y]) => {
  const map = document.querySelector('[data-latents]').map, { left, top } = map.area.getBoundingClientRect();
  return [left + map.to.x(x), top + map.to.y(y)];
}"""


def place(k: int) -> tuple[float, float, float]:
    """Where the k-th best candidate lies: on a circle around the best, which lies in the middle."""
    return (cos(tau * k / COUNT), sin(tau * k / COUNT), k / COUNT) if k else (0.0, 0.0, 0.0)


@pytest.fixture
def places(odd) -> dict[int, tuple[float, float, float]]:
    """All candidates of the catalog lie somewhere now."""
    found = {number: place(k) for k, number in enumerate(odd.ids)}
    tables = (odd.edition.table_name, odd.edition.prediction_set.table_name)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.executemany(
                f"UPDATE {table} SET latents = %s WHERE object_id = %s", [(list(p), n) for n, p in found.items()]
            )
    return found


@pytest.fixture
def opened(places, web, browser):
    """A function that opens the map and waits until it is drawn."""

    def open_page(address: str = PAGE, **options):
        page = browser.new_context(**{"viewport": {"width": 1280, "height": 1000}} | options).new_page()
        page.complaints, page.outside = [], []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        page.on("request", lambda r: page.outside.append(r.url) if urlsplit(r.url).hostname != "localhost" else None)
        page.goto(f"{web}{address}")
        page.wait_for_selector("[data-drawn=yes]")
        page.wait_for_function("() => document.querySelector('[data-latents]').map.to")
        return page

    return open_page


def at(page, x: float, y: float) -> list[float]:
    return page.evaluate(PIXEL, [x, y])


def drag(page, *corners: tuple[float, float]) -> None:
    """Along these places of the plane, with the button held."""
    first, *others = [at(page, *corner) for corner in corners]
    page.mouse.move(*first)
    page.mouse.down()
    for pixel in others:
        page.mouse.move(*pixel, steps=12)
    page.mouse.up()


def asked_of(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_lasso_becomes_a_list_that_keeps_it(opened, odd, places):
    """A triangle around the middle and a part of the circle: the list, its files and the way back hold the same candidates."""
    page = opened()
    drag(page, (-0.2, 0.0), (1.3, -0.9), (1.3, 0.9), (-0.2, 0.0))
    inside = {number for number, (x, y, _) in places.items() if -0.2 <= x <= 1.3 and abs(y) <= 0.6 * (x + 0.2)}
    assert 5 < len(inside) < COUNT / 2 and page.inner_text("[data-result] b") == str(len(inside))
    asked = asked_of(page)
    assert (asked["latent_x"], asked["latent_y"]) == ("1", "2") and 6 <= len(asked["lasso"].split(",")) <= 20
    page.reload()
    page.wait_for_selector("[data-drawn=yes]")
    assert page.inner_text("[data-result] b") == str(len(inside)), "the address keeps the lasso"
    page.click("text=Show as a list")
    page.wait_for_selector("#rows tbody tr")
    names = page.locator("#rows tbody tr td:first-child").all_inner_texts()
    assert names == [odd.names[k] for k, number in enumerate(odd.ids) if number in inside]
    assert page.get_by_text("within a lasso of").count() == 1
    page.click("#rows thead a >> text=redshift")
    page.wait_for_url("**sort=**")
    assert page.locator("#rows tbody tr").count() == len(inside) and asked_of(page)["lasso"] == asked["lasso"]
    page.click("text=within a lasso of")
    page.wait_for_selector("[data-drawn=yes]")
    assert page.inner_text("[data-result] b") == str(len(inside))
    page.click("[data-result] >> text=As a gallery")
    page.wait_for_selector("article.candidate")
    assert page.locator("article.candidate").count() == len(inside)
    page.go_back()
    page.wait_for_selector("[data-drawn=yes]")
    page.click("[data-result] >> text=Clear")
    assert "lasso" not in asked_of(page) and "Draw around" in page.inner_text("[data-result]")
    assert (page.complaints, page.outside) == ([], [])


def test_a_point_shows_its_card_and_opens_its_object(opened, odd, places):
    page = opened()
    page.mouse.move(*at(page, *places[odd.ids[7]][:2]))
    page.wait_for_selector("[data-tip] svg.thumbnail")
    card = page.inner_text("[data-tip]")
    assert odd.names[7] in card and "p_a 0.93" in card and "redshift 0.1" in card
    page.mouse.move(*at(page, 0.5, 0.5))
    assert page.locator("[data-tip]").is_hidden()
    page.mouse.click(*at(page, *places[odd.ids[7]][:2]))
    page.wait_for_url(f"**/objects/sdss-spectra/{odd.names[7]}/")
    similar = page.locator("#similar li")
    assert similar.count() == 10 and similar.first.locator("svg.thumbnail").count() == 1
    assert {similar.nth(k).locator("a b").inner_text() for k in range(2)} == {odd.names[6], odd.names[8]}
    similar.first.locator("a").click()
    page.wait_for_url(lambda url: url.endswith((f"/{odd.names[6]}/", f"/{odd.names[8]}/")))
    assert page.complaints == []


def test_keys_go_from_the_best_to_the_next_and_open_it(opened, odd):
    page = opened()
    page.focus("[data-canvas]")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    assert odd.names[1] in page.inner_text("[data-tip]")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/objects/sdss-spectra/{odd.names[1]}/")


def test_another_plane_is_drawn_and_named_in_the_address(opened):
    """It takes the lasso away, which is of one plane; the ranges are of the new one."""
    page = opened(f"{PAGE}&lasso=-1,-1,1,-1,0,1")
    assert page.locator("[data-result] b").count() == 1
    with page.expect_response("**/points.json?*"):
        page.select_option("[name=latent_y] >> nth=0", "3")
    page.wait_for_function("() => location.search.includes('latent_y=3')")
    assert "lasso" not in asked_of(page) and page.inner_text("[data-title=y]") == "latent 3"
    with page.expect_response("**/points.json?*"):
        page.select_option("[name=colour]", "survey")
    page.wait_for_selector("[data-legend] span >> text=sdss-spectra")
    before = page.evaluate("document.querySelector('[data-latents]').map.range.x")
    page.click("text=move")
    drag(page, (0.0, 0.5), (0.5, 0.5))
    after = page.evaluate("document.querySelector('[data-latents]').map.range.x")
    assert [b - a for a, b in zip(before, after, strict=True)] == pytest.approx([-0.5] * 2, abs=0.02)
    page.click("[data-do=in]")
    assert page.evaluate("document.querySelector('[data-latents]').map.range.x[1]") < after[1]
    assert "lasso" not in asked_of(page) and page.complaints == []


def test_the_map_fits_a_phone_and_a_finger_draws_on_it(opened):
    page = opened(viewport={"width": 390, "height": 800}, has_touch=True, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("[data-canvas]").scroll_into_view_if_needed()
    page.touchscreen.tap(*at(page, 0.0, 0.0))
    page.wait_for_selector("[data-tip] a")
    assert "/latents/" in page.url and page.complaints == []


def test_without_a_script_ranges_make_the_list(places, odd, web, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{web}{PAGE}")
    page.fill("[name=latent_x__min]", "0.5")
    page.fill("[name=latent_y__max]", "0")
    page.click("text=Show as a list")
    names = page.locator("#rows tbody tr td:first-child").all_inner_texts()
    assert names == [
        odd.names[k] for k, number in enumerate(odd.ids) if places[number][0] >= 0.5 and places[number][1] <= 0
    ]
    assert len(names) > 3 and page.get_by_text("within ranges").count() == 1
