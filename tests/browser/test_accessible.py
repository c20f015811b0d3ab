"""Every page in light and dark: axe-core's checks, contrast and keyboard navigation."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, TimeoutError, expect

from analysis.costs.profiles import profile
from analysis.drawing.graph import Level, graph
from analysis.drawing.heat import Metric, heat_of
from analysis.drawing.silhouette import silhouette
from analysis.drawing.svg import svg
from analysis.drawing.units import unit_graph
from analysis.structure.units import Unit
from analysis.style.look import Look
from analysis.style.palette import DARK, LIGHT, PRINT, Palette
from analysis.training.confusion import confusion_svg
from nets import parse
from nets.options import BlockKind, UnitOrder
from nets.plan import ShortcutKind
from pages.ui.frame import PAGES
from tests.browser.conftest import Arrive, Visit, drawn, settled
from tests.browser.exports import close

SEEN = Path(__file__).with_name("seen.js").read_text(encoding="utf-8")
TEXT = 4.5  # to 1: the minimum contrast of text (WCAG 2.2, AA)
SCHEMES = ("light", "dark")
OPENERS = "[data-testid='stPopoverButton']"
DIALOG = "[role='dialog']"
FOLDED = "[data-testid=stExpander] details:not([open]), .rl-tree > details:first-of-type"
UNFOLD = f"document.querySelectorAll('{FOLDED}').forEach((one) => one.firstElementChild.click())"
DIALOGS = re.compile("(Export|Open a checkpoint)")
VIEWS = re.compile("^(View|Layers as|What to train|State)$")
STOPS = 200  # more than any page has

MEASURES = (SEEN, Axe().axe_script)


def put_on(page: Page, scheme: Any) -> None:
    """Change the theme and wait until the page has applied it."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{scheme}'"
    )
    drawn(page)


def legible(page: Page, within: str = "body", least: float = TEXT) -> None:
    """Check that all text has enough contrast, with time for charts and dialogs to be drawn."""
    faint = f"document.querySelector({within!r}) && seen.faint({least}, {within!r})"
    found = page.evaluate(faint)
    if found != []:  # None while Streamlit replaces a dialog
        with suppress(TimeoutError):
            page.wait_for_function(f"({faint})?.length === 0", timeout=5_000, polling=200)
        found = page.evaluate(faint)
    assert found == []


def violations(page: Page, within: str, *rules: str) -> list[tuple[str, str]]:
    """Return axe's findings above minor impact, by the given rules or by all."""
    where = within if within != "body" else None  # some rules need the whole document
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    found = page.evaluate("([c, options]) => axe.run(c ?? document, options)", [where, options])
    serious = [one for one in found["violations"] if one["impact"] != "minor"]
    return [(one["id"], one["nodes"][0]["html"]) for one in serious]


def check(page: Page, scheme: str, within: str = "body") -> None:
    """Check contrast and axe's rules; rules other than contrast are checked in one theme only."""
    legible(page, within)
    rules = () if scheme == SCHEMES[0] else ("color-contrast",)
    assert violations(page, within, *rules) == [], scheme


def check_dialogs(page: Page, seen: set[str]) -> None:
    """Check the dialogs that buttons of the open view open, each once, in both themes."""
    for opener in page.get_by_role("main").get_by_role("button", name=DIALOGS).all():
        if (name := opener.inner_text()) in seen or opener.is_disabled():
            continue
        seen.add(name)
        opener.click()
        expect(page.locator(DIALOG)).to_be_visible()
        for scheme in SCHEMES:
            put_on(page, scheme)
            check(page, scheme, DIALOG)
        close(page)
        settled(page)


def further_views(page: Page) -> Iterator[None]:
    """Open the views of a page that aren't open, those within a view right after it."""
    seen: set[str] = set()
    radios = page.get_by_role("radiogroup", name=VIEWS).get_by_role("radio")
    buttons = page.get_by_role("button", name="Direction", exact=True)
    while True:
        seen |= {one.inner_text() for one in radios.all() if one.is_checked()}
        rest = [one for one in radios.or_(buttons).all() if one.inner_text() not in seen]
        if not rest:
            return
        seen.add(rest[-1].inner_text())
        rest[-1].click()
        if rest[-1].get_attribute("role") != "radio":
            page.mouse.move(0, 0)  # else its tooltip stays, which is outside the page's landmarks
        drawn(page)
        page.evaluate(UNFOLD)
        drawn(page)
        yield


def walk(page: Page, least: int, within: str) -> None:
    """Tab through part of a page or around a dialog; check that each stop shows with a ring."""
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
        if scheme == SCHEMES[number % 2]:  # each page in one theme, alternating
            walk(page, 8, "main" if number else "body")  # the sidebar is the same everywhere
        for opener in page.locator(OPENERS).all():
            opener.click()
            expect(page.locator(DIALOG)).to_be_visible()
            check(page, scheme, DIALOG)
            page.keyboard.press("Escape")
            expect(page.locator(DIALOG)).to_have_count(0)
    if not number:
        tab_goes_on_into_a_popover_once_the_page_has_run_again(page)
    dialogs: set[str] = set()
    check_dialogs(page, dialogs)
    for _ in further_views(page):
        for scheme in SCHEMES:
            put_on(page, scheme)
            check(page, scheme)
        check_dialogs(page, dialogs)
    page.set_viewport_size({"width": 390, "height": 844})
    assert violations(page, "body", "scrollable-region-focusable") == []


def tab_goes_on_into_a_popover_once_the_page_has_run_again(page: Page) -> None:
    page.get_by_role("radio", name="Stages").click()
    expect(page).to_have_url(re.compile("explore_shown=stages"))
    drawn(page)
    page.locator(OPENERS).first.click()
    expect(page.locator(DIALOG)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(f"{DIALOG} :focus")).to_have_count(1)
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
        expect(apply).to_be_visible()
        check(page, scheme, DIALOG)
        for tab in page.get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            legible(page, DIALOG)
        walk(page, 6, DIALOG)
        page.keyboard.press("Escape")
        expect(page.locator(DIALOG)).to_have_count(0)
        expect(opener).to_be_focused()


@pytest.mark.parametrize("palette", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
def test_drawings_are_legible(palette: Palette, server: str, arrive: Arrive) -> None:
    look = Look(palette)
    net, padded = (profile(parse(text)) for text in ("resnet50", "resnet18:shortcut=zero_pad"))
    drawings = [svg(graph(net, level), look) for level in (Level.STAGE, Level.BLOCK)]
    drawings.append(svg(graph(padded, Level.LAYER), look))
    drawings.append(svg(graph(net), look, heat_of(net, Metric.MACS)))
    drawings.append(silhouette(net, palette))
    units = [
        Unit(order, BlockKind.BOTTLENECK, kind)
        for order, kind in zip(UnitOrder, [*ShortcutKind, ShortcutKind.IDENTITY], strict=True)
    ]
    drawings.append(svg(unit_graph(units), look))
    counts = [
        [100 - 10 * row if row == column else row for column in range(10)] for row in range(10)
    ]
    drawings.append(confusion_svg(counts, "abcdefghij", palette))
    page = arrive()
    page.goto(f"{server}/_stcore/health")
    page.evaluate(SEEN)
    body = f'<body style="background:{palette.background}">{"".join(drawings)}</body>'
    page.evaluate("body => { document.body.outerHTML = body; }", body)
    assert page.locator("svg").count() == len(drawings)
    legible(page)
    page.locator("svg text").first.evaluate(
        f"text => {{ text.style.fill = '{palette.background}'; }}"
    )
    page.locator("svg .shortcut path").first.evaluate("line => { line.style.stroke = '#8888'; }")
    assert len(page.evaluate(f"seen.faint({TEXT}, 'body')")) == 2  # prove that the check can fail
