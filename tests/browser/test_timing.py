"""The Timing page in a browser: measure, cancel, and several visitors at once."""

import re

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.conftest import Visit, settled, travel
from tests.browser.exports import download
from tests.browser.test_explore import title

TINY = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4"


def ask(page: Page, seconds: int) -> None:
    """Start a measurement with a time limit in seconds."""
    page.get_by_text("More settings").click()
    box = page.get_by_role("spinbutton", name="Time limit, s")
    box.fill(str(seconds))
    box.press("Enter")
    settled(page)
    measure = page.get_by_role("button", name="Measure")
    measure.click()
    begun = page.get_by_role("button", name="Cancel")
    if not appears(begun.or_(page.get_by_role("heading", name="Latest")).first):
        measure.click()  # on a busy server, a timer of the page can swallow the first click


def appears(what: Locator) -> bool:
    """Return whether an element appears within ten seconds."""
    try:
        what.wait_for(timeout=10_000)
    except TimeoutError:
        return False
    return True


def test_a_visitor_measures_and_takes_it_home(server: str, visit: Visit) -> None:
    page = visit(f"{server}/timing?model={TINY}")
    title(page, "Timing ResNet-20, blocks 1-1-1, widths 4-8-8, stem width 4")
    ask(page, 1)
    expect(page.get_by_role("heading", name="Latest")).to_be_visible(timeout=90_000)
    settled(page)
    expect(page.get_by_role("columnheader", name="Images per second")).to_be_visible()
    page.get_by_role("button", name="Export timings").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV", exact=True).click()
    head, row = waiting.value.path().read_text().splitlines()
    assert head.startswith("model,device,dtype,batch")
    assert row.startswith(f'"{TINY}",cpu,float32,2,')
    assert b"<svg" in download(page, "Download SVG")


def test_a_visitor_measures_the_roofline(server: str, visit: Visit) -> None:
    page = visit(f"{server}/timing?model={TINY}&timing_seconds=1")
    page.get_by_role("radio", name="Roofline").locator("..").click()
    expect(page).to_have_url(re.compile("timing_shown=roofline"))
    page.get_by_role("button", name="Measure the roofline").click()
    expect(page.get_by_role("heading", name="Roofline")).to_be_visible(timeout=90_000)
    settled(page)
    expect(page.get_by_role("columnheader", name="Share of roof")).to_be_visible()
    expect(page.get_by_role("cell", name="layer3")).to_be_visible()
    page.get_by_text("Kinds of layers").click()
    expect(page.get_by_role("cell", name="convolutions")).to_be_visible()
    page.reload()  # the server keeps it
    expect(page.get_by_role("cell", name="convolutions")).to_be_visible()
    page.get_by_role("button", name="Export roofline").click()
    assert b"<svg" in download(page, "Download SVG")


def test_a_running_measurement_shows_figures_and_is_cancelled(server: str, visit: Visit) -> None:
    page = visit(f"{server}/timing?model=resnet50")  # slow enough to still run at the click
    ask(page, 200)
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible(timeout=60_000)
    figures = page.locator(".rl-figures")
    expect(figures.get_by_text("Images per second")).to_be_visible(timeout=90_000)
    cancel.click()
    expect(page.get_by_text("The job was cancelled.")).to_be_visible()
    expect(page.get_by_role("heading", name="Latest")).to_be_visible()
    expect(cancel).to_have_count(0)


WHERE = """(selector) => {
  const box = document.querySelector(selector)?.getBoundingClientRect();
  return box ? [box.x, box.y, box.width, box.height].map(Math.round) : null;
}"""


def test_a_measurement_on_the_wall_moves_nothing(server: str, visit: Visit) -> None:
    """While it measures and after it, the chart and the figures keep their place.

    Before it, sentence and button are in the middle. The progress is one line below the chart, and
    Cancel is beside the title.
    """
    # So many images that it takes seconds, however quiet the machine is, and so much time that the
    # page shows it measuring, however busy it is.
    settings = "timing_batches=256&timing_seconds=6"
    page = visit(f"{server}/timing?model={TINY}:classes=3&view=wall&{settings}", 1280, 720)
    expect(
        page.get_by_text("No measurements with these settings yet. Press Measure.")
    ).to_be_visible()
    button = page.get_by_role("button", name="Measure")
    middle = button.bounding_box()
    assert middle
    assert middle["x"] + middle["width"] / 2 == pytest.approx(640, abs=10)
    assert 200 < middle["y"] < 500
    button.click()
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    place = cancel.bounding_box()
    assert place
    assert place["y"] < 40
    assert 1100 < place["x"] + place["width"] < 1240
    page.wait_for_selector(".rl-wait, .stPlotlyChart .main-svg")
    awaited = page.evaluate(WHERE, ".rl-wait") or page.evaluate(WHERE, ".stPlotlyChart")
    numbers = page.evaluate(WHERE, ".rl-figures")
    progress = page.locator(".rl-progress")
    expect(progress).to_have_text(re.compile("Measuring"), timeout=60_000)
    expect(page.locator(".stPlotlyChart .main-svg").first).to_be_visible(timeout=60_000)
    assert page.evaluate(WHERE, ".stPlotlyChart") == awaited
    assert page.evaluate(WHERE, ".rl-figures") == numbers
    expect(button).to_be_visible(timeout=60_000)
    expect(progress).to_have_count(0)
    expect(page.locator(".stPlotlyChart .main-svg").first).to_be_visible()
    assert page.evaluate(WHERE, ".stPlotlyChart") == awaited
    assert page.evaluate(WHERE, ".rl-figures") == numbers
    assert awaited[3] >= 300
    expect(page.locator("code")).to_have_count(0)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 720


def test_five_visitors_at_once_are_answered_in_turn(server: str, visit: Visit) -> None:
    pages = [visit(f"{server}/timing?model={TINY}:classes={i + 10}") for i in range(5)]
    for page in pages:
        ask(page, 3)
    waiting = re.compile("^Queued: [1-9] jobs? ahead")
    expect(pages[-1].get_by_text(waiting)).to_be_visible()
    for name, heading in (("Shortcuts", "Shortcuts of ResNet"), ("Timing", "Timing ResNet")):
        link = pages[-1].get_by_role("link", name=name)
        there = pages[-1].get_by_role("heading", level=1, name=heading)
        link.click()
        if not appears(there):
            link.click()  # swallowed, as in `ask`
        expect(there).to_be_visible()
    for page in pages:
        latest = page.get_by_role("heading", name="Latest")
        expect(latest).to_be_visible(timeout=120_000)


def test_settings_outlive_a_reload_and_a_page_change(server: str, visit: Visit) -> None:
    page = visit(f"{server}/timing?model={TINY}")
    batches = page.get_by_role("textbox", name="Batch sizes")
    inference = page.get_by_role("radio", name="inference")
    dtype = page.get_by_role("combobox", name="Dtype")

    def choose_batches(text: str) -> None:
        batches.fill(text)
        batches.press("Enter")
        expect(page).to_have_url(re.compile(f"timing_batches={text}(&|$)"))

    def expect_chosen(page: Page) -> None:
        expect(page.get_by_role("textbox", name="Batch sizes")).to_have_value("8")
        expect(page.get_by_role("radio", name="inference")).to_be_checked()
        expect(page.get_by_role("combobox", name="Dtype")).to_have_value("bfloat16")

    choose_batches("4")
    choose_batches("8")
    inference.locator("..").click()
    expect(page).to_have_url(re.compile("timing_mode=inference"))
    dtype.click()
    page.get_by_role("option", name="bfloat16").click()
    expect(page).to_have_url(re.compile("timing_dtype=bfloat16"))
    expect_chosen(page)
    page.reload()
    expect_chosen(page)
    expect_chosen(visit(page.url))

    page.get_by_role("link", name="Units").click()
    title(page, "Units")
    expect(page).not_to_have_url(re.compile("timing_batches"))
    travel(page, page.go_back)
    expect_chosen(page)
    travel(page, page.go_forward)
    title(page, "Units")
    page.get_by_role("link", name="Timing").click()
    expect_chosen(page)
    whole = "timing_batches=8&timing_dtype=bfloat16&timing_mode=inference"
    expect(page).to_have_url(re.compile(whole))

    travel(page, page.go_back)  # the link's own step, before the settings were added
    expect(page).to_have_url(re.compile(f"/timing.*{whole}|/units(?!.*timing_batches)"))
    travel(page, page.go_back)
    title(page, "Units")
    travel(page, page.go_back)
    expect_chosen(page)
    travel(page, page.go_back)
    expect(dtype).to_have_value("float32")
    expect(inference).to_be_checked()
