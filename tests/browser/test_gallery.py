"""A gallery in a real browser: keys and clicks give verdicts with tags, on the page, with a script and without."""

import pytest
from django.conf import settings

from almagest.vetting.models import Choice, Verdict
from tests.almagest.given.asking import login
from tests.almagest.given.surveys import file_store
from tests.almagest.odd_spectra import odd, toy, version

# Fixtures that are taken from beside.
__all__ = ["file_store", "odd", "toy", "version"]
PAGE = "/catalogs/odd/gallery/?size=25"


@pytest.fixture
def session(odd) -> str:
    """The cookie of a reader who is logged in."""
    return login(odd.reader).cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def opened(session, web, browser):
    """A function that opens the gallery for the reader; ``opened(java_script_enabled=False)`` without a script."""

    def open_page(**options):
        page = browser.new_context(viewport={"width": 1280, "height": 900}, **options).new_page()
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": web}])
        page.goto(f"{web}{PAGE}", wait_until="networkidle")
        return page

    return open_page


def focused(page) -> str:
    return page.evaluate("document.activeElement.id")


def test_keys_move_and_give_verdicts_with_tags(opened, odd, aside):
    page, complaints = opened(), []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.evaluate("window.stillHere = true")
    first, second = (f"o{number}" for number in odd.ids[:2])
    page.keyboard.press("ArrowRight")
    assert focused(page) == first
    across = page.evaluate("getComputedStyle(document.querySelector('.gallery')).gridTemplateColumns.split(' ').length")
    page.keyboard.press("ArrowDown")
    assert focused(page) == f"o{odd.ids[across]}" and across > 1
    for key in ("ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    assert focused(page) == second
    for key in "ba":
        page.keyboard.press(key)
    assert page.locator(f"#{second} input:checked").count() == 2 and not aside(Verdict.objects.exists)
    page.keyboard.press("1")
    page.wait_for_selector(f"#{second} .tag.verdict")
    said = aside(lambda: Verdict.objects.values("object_id", "tags", "choice__name").get())
    assert said == {"object_id": odd.ids[1], "tags": ["merger", "blend"], "choice__name": "s"}
    assert focused(page) == second and page.locator(f"#{second} button[aria-pressed=true]").inner_text() == "S"
    # A tick changes a verdict that is there, once the person has stopped to tick.
    for key in "bc":
        page.keyboard.press(key)
    page.wait_for_selector(f"#{second} .standing-of >> text=star")
    assert aside(lambda: [each.tags for each in Verdict.objects.all()]) == [["merger", "star"], ["merger", "blend"]]
    assert page.evaluate("window.stillHere") is True and page.url.endswith(PAGE) and not complaints
    page.keyboard.press("Enter")
    page.wait_for_url("**/objects/sdss-spectra/n01/")


def test_clicks_do_the_same_and_keep_the_focus(opened, odd, aside):
    page = opened()
    card = page.locator(f"#o{odd.ids[0]}")
    card.get_by_text("blend").click()
    card.get_by_role("button", name="Artifact").click()
    page.wait_for_selector(f"#o{odd.ids[0]} .tag.verdict")
    assert aside(lambda: Verdict.objects.get().tags) == ["blend"] and focused(page) == f"o{odd.ids[0]}-is-artifact"
    # Arrows on a button move from card to card, and keys of the page's fields are the fields' own.
    page.keyboard.press("ArrowRight")
    assert focused(page) == f"o{odd.ids[1]}"
    page.focus(".find input")
    page.keyboard.type("a1")
    assert page.input_value(".find input") == "a1"
    card.get_by_role("button", name="Withdraw").click()
    page.wait_for_selector(f"#o{odd.ids[0]} >> text=not vetted")


def test_what_is_refused_or_lost_is_said_on_the_card(opened, odd, aside):
    page = opened()
    first, second = (page.locator(f"#o{number}") for number in odd.ids[:2])
    second.get_by_role("button", name="Unsure").click()
    page.wait_for_selector(f"#o{odd.ids[1]} .tag.verdict")
    aside(lambda: Choice.objects.filter(name="artifact").update(retired=True))
    first.get_by_text("star").click()
    first.get_by_role("button", name="Artifact").click()
    page.wait_for_selector(f"#o{odd.ids[0]} .note.bad >> text=no choice 'artifact'")
    assert first.get_by_role("button", name="Artifact").count() == 0
    page.context.set_offline(True)
    second.get_by_text("merger").click()
    page.wait_for_selector(f"#o{odd.ids[1]} .note.bad >> text=This was not kept")
    page.context.set_offline(False)
    second.get_by_role("button", name="Unsure").click()
    page.wait_for_selector(f"#o{odd.ids[1]} .standing-of >> text=merger")
    assert second.locator(".note.bad").count() == 0


def test_without_a_script_forms_do_it(opened, odd, aside):
    page = opened(java_script_enabled=False)
    card = page.locator(f"#o{odd.ids[3]}")
    assert page.locator(".keys").is_hidden()
    card.get_by_text("star").click()
    card.get_by_role("button", name="Unsure").click()
    assert page.url.endswith(f"{PAGE}#o{odd.ids[3]}")
    assert "Unsure 1 of 1 star" in " ".join(page.locator(f"#o{odd.ids[3]} .standing-of").inner_text().split())
    assert aside(lambda: Verdict.objects.get().tags) == ["star"]


def test_paging_keeps_keys_at_work(opened, odd):
    page = opened()
    page.evaluate("window.stillHere = true")
    page.click("#rows a[rel=next]")
    page.wait_for_url("**cursor=**")
    page.wait_for_selector(f"#o{odd.ids[25]}")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert focused(page) == f"o{odd.ids[25]}" and page.evaluate("window.stillHere") is True
    page.keyboard.press("1")
    page.wait_for_selector(f"#o{odd.ids[25]} .tag.verdict")
    assert "cursor=" in page.url
    page.click("text=As a list")
    page.wait_for_selector("#rows tbody >> text=n25")
