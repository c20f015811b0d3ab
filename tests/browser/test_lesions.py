"""The Lesions and Paths pages in a browser: a click takes a block out."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.ui.words import unbroken
from pages.views.studies import SHOWN
from tests.browser.conftest import Visit, drawn, settled
from tests.browser.exports import choose_format, download
from tests.browser.test_wall import texts


def block(page: Page, path: str, graph: int = 0) -> Locator:
    return page.locator(f".rv-canvas >> nth={graph}").locator(f"g.node[data-path='{path}']").first


def errors(page: Page) -> Locator:
    return page.locator(".rl-figures .value")


def test_a_click_takes_a_block_out_of_both_networks(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lesions", 1280, 1100)
    drawn(page)
    expect(errors(page)).to_have_text(["8.9% wrong", "10.3% wrong"])

    block(page, "layer2.2").click()
    expect(errors(page)).to_have_text(["12.2% wrong", "85.8% wrong"])
    for graph in (0, 1):
        expect(block(page, "layer2.2", graph)).to_have_class(re.compile(r"\bout\b"))
    expect(page).to_have_url(re.compile(r"out=layer2\.2$"))
    expect(page.locator(".rl-ten .wrong").first).to_be_visible()

    block(page, "layer1.3", 1).click()  # in the plain network: it goes out of both
    expect(errors(page)).to_have_text(["19.3% wrong", "91.2% wrong"])
    other = visit(page.url)
    expect(errors(other)).to_have_text(["19.3% wrong", "91.2% wrong"])
    expect(block(other, "layer1.3")).to_have_class(re.compile(r"\bout\b"))

    block(page, "layer1.3").click()
    expect(errors(page)).to_have_text(["12.2% wrong", "85.8% wrong"])
    page.get_by_role("button", name="Put all back").click()
    expect(errors(page)).to_have_text(["8.9% wrong", "10.3% wrong"])
    expect(block(page, "layer2.2")).not_to_have_class(re.compile(r"\bout\b"))


def test_twins_are_drawn_at_one_scale(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lesions", 1280, 900)
    drawn(page)
    expect(page.locator(".rv-canvas svg")).to_have_count(2)
    names = page.locator(".rv-canvas svg text", has_text=re.compile("^layer1$"))
    heights = names.evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert heights[0] == pytest.approx(heights[1], rel=0.01)


def test_blocks_go_by_the_keyboard_and_quick_clicks_all_count(server: str, visit: Visit) -> None:
    page = visit(f"{server}/lesions?net=fashion_resnet20&lesion_images=100", 1280, 1100)
    drawn(page)
    for path in ("layer1.1", "layer2.1", "layer3.1"):
        block(page, path).click()
    expect(page).to_have_url(re.compile(r"out=layer1\.1%2Clayer2\.1%2Clayer3\.1$"))
    canvas = page.locator(".rv-canvas")
    canvas.press("Enter")  # puts back the block clicked last
    expect(page).to_have_url(re.compile(r"out=layer1\.1%2Clayer2\.1$"))
    canvas.press("ArrowRight")
    canvas.press("ArrowRight")
    canvas.press("Enter")
    expect(page).to_have_url(re.compile(r"out=layer1\.1%2Clayer2\.1%2Clayer3\.2$"))


def test_a_path_is_shown_at_once_and_files_are_made(server: str, visit: Visit) -> None:
    page = visit(f"{server}/paths?path_net=fashion_resnet56")
    expect(page.get_by_text("weighted by gradient, through 8.4 ± 0.3.")).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(3)
    page.get_by_role("button", name="Export").click()
    choose_format(page, "PDF")
    assert download(page, "Download PDF").startswith(b"%PDF")
    settled(page)


def test_the_wall_shows_one_drawing_and_one_sentence(server: str, visit: Visit) -> None:
    """Percentages are written alike in the sentence and the scale; a click moves nothing."""
    page = visit(f"{server}/lesions?view=wall", 1280, 720)
    drawn(page)
    said = page.locator(".st-key-wall_taken p")
    expect(said).to_have_count(1)
    median = "median error is 12.2% instead of 8.9% in the 32-layer residual"
    expect(said).to_contain_text(unbroken(median))
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Test error without each block: residual, 32 layers"
    )
    expect(page.get_by_role("heading", level=1)).to_have_css("font-size", "36px")
    canvas = page.locator(".rv-canvas")
    expect(canvas).to_have_count(1)
    expect(canvas).to_contain_text("test error with only this block out, %")
    expect(canvas.get_by_text("94.6", exact=True)).to_have_count(1)  # the drawn network's own
    assert not re.search(r"\d %", page.locator(".stMainBlockContainer").inner_text())
    expect(block(page, "layer2.2")).to_contain_text("12.2%")
    before = canvas.bounding_box()
    block(page, "layer2.2").click()
    without = "Without layer2.2, the 32-layer residual network gets 12.2%"
    expect(said).to_contain_text(unbroken(without))
    taken = block(page, "layer2.2").locator("text").first
    expect(taken).to_have_css("stroke", "none")  # no halo without a colour behind it
    expect(taken).to_have_css("opacity", "1")
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text("Without layer2.2: 12.2% wrong")
    lines = block(page, "layer2.2").locator("text")
    struck = lines.evaluate_all("all => all.map((one) => getComputedStyle(one).textDecorationLine)")
    assert struck == ["line-through", "none"]  # the path, not the error
    block(page, "layer1.3").click()
    expect(title).to_have_text("Without layer1.3 and layer2.2: 19.3% wrong")
    boxes = [block(page, path).locator("rect").first for path in ("layer2.2", "layer1.3")]
    rims = [box.evaluate("one => getComputedStyle(one).stroke") for box in boxes]
    assert rims[0] == rims[1]  # removed blocks look alike
    canvas.press("ArrowRight")
    expect(page.locator(".rv-canvas .chosen > circle").first).to_have_css("stroke-width", "4px")
    assert canvas.bounding_box() == before
    assert before
    assert before["y"] + before["height"] <= 720
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 720


def test_a_view_that_was_chosen_is_shown_on_the_wall(server: str, visit: Visit) -> None:
    for view, title in (SHOWN | {"does": "Branch against shortcut: residual, 32 layers"}).items():
        page = visit(f"{server}/lesions?view=wall&lesion_shown={view}", 1280, 720)
        drawn(page)
        expect(page.locator(".rv-canvas")).to_have_count(int(view == "single"))
        if view != "single":
            expect(page.get_by_role("heading", name=title)).to_be_visible()
        charts = int(view in ("several", "order", "does"))
        expect(page.get_by_test_id("stPlotlyChart")).to_have_count(charts)


@pytest.mark.parametrize("net", ["fashion_resnet32", "fashion_resnet56"])
def test_the_desk_shows_both_networks_before_the_views(server: str, visit: Visit, net: str) -> None:
    """Each network takes less than a window, with legible numbers in its boxes."""
    page = visit(f"{server}/lesions?net={net}", 1280, 900)
    drawn(page)
    canvases = page.locator(".rv-canvas")
    expect(canvases).to_have_count(2)
    places = [canvas.bounding_box() for canvas in canvases.all()]
    assert all(place and place["height"] < 400 for place in places)
    expect(block(page, "layer1.0")).to_contain_text("%")
    small = [size for text, size in texts(page) if "%" in text]
    assert min(small) > 11.9
    views = page.get_by_text("Several blocks out").bounding_box()
    assert views
    assert views["y"] < 1700


UNCUT = """() => [...document.querySelectorAll("[data-testid=stSelectbox] input")]
  .filter((box) => box.offsetWidth > 0 && box.scrollWidth > box.clientWidth)
  .map((box) => box.value)"""

WRAPPED = """() => [...document.querySelectorAll(".stMain label")]
  .filter((label) => label.offsetHeight > 32).map((label) => label.textContent)"""
"""Labels of fields that take two lines."""


def test_select_boxes_show_what_tells_networks_apart(server: str, visit: Visit) -> None:
    """At the desk no chosen network's label is cut."""
    for name, shown in (
        (
            "lesions",
            [
                "residual, 32 layers (9.2% of 10,000 wrong)",
                "plain, 32 layers (10.9% of 10,000 wrong)",
            ],
        ),
        ("paths", ["residual, 32 layers (9.2% of 10,000 wrong)"]),
        ("compare", ["torchvision's weights V1: ImageNet top-1 accuracy"]),
    ):
        page = visit(f"{server}/{name}", 1280, 900)
        drawn(page)
        for label in shown:
            expect(page.locator(f'input[value="{label}"]')).to_be_visible()
        if name != "compare":
            assert page.evaluate(UNCUT) == []
            assert page.evaluate(WRAPPED) == []
