"""Every page, light and dark: what axe-core checks, contrast, and the keyboard's way through it."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, TimeoutError, expect

from pages.ui.frame import PAGES
from tests.browser.conftest import Visit, drawn

SEEN = Path(__file__).with_name("seen.js").read_text(encoding="utf-8")
TEXT = 4.5  # to 1, the least contrast of text (WCAG 2.2, AA)
SCHEMES = ("light", "dark")
OPENERS = "[data-testid='stPopoverButton']"
DIALOG = "[role='dialog']"
UNFOLD = """document.querySelectorAll(
  '[data-testid=stExpander] details:not([open]) > summary, .rl-tree > details:first-of-type > summary'
).forEach((one) => one.click())"""
STOPS = 200  # more than any page has

MEASURES = (SEEN, Axe().axe_script)


def put_on(page: Page, scheme: Any) -> None:
    """Change the theme and wait until the page has it."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{scheme}'"
    )
    drawn(page)


def legible(page: Page, within: str = "body") -> None:
    """All text stands out; charts may be drawn a moment after the page has run."""
    faint = f"seen.faint({TEXT}, {within!r})"
    found = page.evaluate(faint)
    if found:
        with suppress(TimeoutError):
            page.wait_for_function(f"{faint}.length === 0", timeout=5_000, polling=200)
        found = page.evaluate(faint)
    assert found == []


def check(page: Page, scheme: str, within: str = "body") -> None:
    """Nothing is faint, and axe finds nothing; but for contrast, once for both themes."""
    legible(page, within)
    rules: dict[str, Any] = {"resultTypes": ["violations"]}
    if scheme != SCHEMES[0]:
        rules["runOnly"] = ["color-contrast"]
    where = within if within != "body" else None
    found = page.evaluate("([c, rules]) => axe.run(c ?? document, rules)", [where, rules])
    serious = [one for one in found["violations"] if one["impact"] != "minor"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == [], scheme


def walk(page: Page, least: int, within: str) -> None:
    """Tab through a part of a page, or round a dialog: each stop is in sight and has a ring."""
    page.evaluate(f"seen.begin({within!r})")
    stops = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        if (stop := page.evaluate(f"seen.stop({within!r})")) is None:
            break
        stops.append(stop)
    assert [stop for stop in stops if stop["faults"]] == []
    assert least <= len(stops) < STOPS
    assert page.evaluate(f"seen.missed({within!r})") == []


@pytest.mark.parametrize("number", range(len(PAGES)), ids=[page[0] for page in PAGES])
def test_page_is_accessible(number: int, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{PAGES[number][0] if number else ''}")
    drawn(page)
    for script in (*MEASURES, UNFOLD):
        page.evaluate(script)
    drawn(page)
    for scheme in SCHEMES:
        put_on(page, scheme)
        check(page, scheme)
        if scheme == SCHEMES[number % 2]:  # every page once, both themes' rings on some pages
            walk(page, 8, "main" if number else "body")  # the sidebar is everywhere the same
        for opener in page.locator(OPENERS).all():
            opener.click()
            expect(page.locator(DIALOG)).to_be_visible()
            check(page, scheme, DIALOG)
            page.keyboard.press("Escape")
            expect(page.locator(DIALOG)).to_have_count(0)


def test_the_editor_is_accessible(server: str, visit: Visit) -> None:
    page = visit(server)
    for script in MEASURES:
        page.evaluate(script)
    opener = page.get_by_role("button", name="Edit this model")
    apply = page.get_by_role("button", name="Apply")
    for scheme in SCHEMES:
        put_on(page, scheme)
        opener.press("Enter")
        expect(apply).to_be_enabled()
        check(page, scheme, DIALOG)
        for tab in page.get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            legible(page, DIALOG)
        walk(page, 6, DIALOG)
        page.keyboard.press("Escape")
        expect(page.locator(DIALOG)).to_have_count(0)
        expect(opener).to_be_focused()
