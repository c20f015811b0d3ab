"""The Explore page in a browser."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.ui.frame import PAGES
from pages.ui.words import unbroken
from tests.browser.conftest import MOST_SHIFT, Visit, serving, settled, shift, travel


def title(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(unbroken(text))


def model_text(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Model text")


def figure(page: Page, label: str) -> str:
    box = page.locator(".rl-figures > div", has=page.get_by_text(label, exact=True))
    return box.locator(".value").inner_text()


def test_a_visitor_picks_a_model_and_opens_its_layers(server: str, visit: Visit) -> None:
    page = visit(server)
    title(page, "ResNet-50")
    assert figure(page, "Parameters") == "25.6 M"
    assert figure(page, "MACs") == "4.09 G"
    assert figure(page, "fvcore FLOPs") == "4.11 G"
    assert figure(page, "Saved memory") == "86.1 MB"

    page.get_by_test_id("stSelectbox").nth(1).click()
    page.get_by_role("option", name="ResNet-152").click()
    title(page, "ResNet-152")
    expect(page).to_have_url(re.compile(r"\?model=resnet152$"))

    page.get_by_test_id("stButtonGroup").get_by_text("Layers", exact=True).click()
    run = page.locator("summary", has_text="layer3.1 to layer3.35, 35 equal blocks").last
    settled(page)
    expect(run).to_be_attached()  # the new model's layers are drawn, collapsed
    expect(run).to_be_hidden()
    page.locator("summary", has_text="layer3").first.click()
    expect(run).to_be_visible()
    run.press("Enter")
    row = page.locator(".rl-row", has_text="layer3.1.conv2")
    expect(row).to_be_visible()
    expect(row).to_contain_text("256×14×14")
    expect(row).to_contain_text("589,824")


def test_typing_a_model_changes_the_page_and_the_address(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet18")
    title(page, "ResNet-18")
    box = model_text(page)
    box.fill("resnet18:blocks=1,1,1,1")
    box.press("Enter")
    title(page, "ResNet-18, blocks 1-1-1-1")
    expect(page).to_have_url(re.compile("resnet18"))
    travel(page, page.go_back)
    title(page, "ResNet-18")
    expect(model_text(page)).to_have_value("resnet18")
    travel(page, page.go_forward)
    title(page, "ResNet-18, blocks 1-1-1-1")
    page.reload()
    title(page, "ResNet-18, blocks 1-1-1-1")


@pytest.mark.parametrize("name", ["", *(page[0] for page in PAGES[1:])])
def test_a_first_deep_link_into_a_fresh_server(name: str, visit: Visit) -> None:
    with serving() as address:
        page = visit(f"{address}/{name}?model=resnet34:blocks=2,2,2,2", newcomer=True)
        expect(model_text(page)).to_have_value("resnet34:blocks=2,2,2,2")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert shift(page) <= MOST_SHIFT
        if not name:
            title(page, "ResNet-34, blocks 2-2-2-2")


def test_a_bad_address_is_one_sentence_and_a_way_out(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet50:blocks=0")
    expect(page.get_by_role("alert")).to_have_text(re.compile("blocks must be 1 to 1,000, not 0."))
    page.get_by_role("button", name="Show resnet50").click()
    title(page, "ResNet-50")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_two_visitors_see_their_own_models(server: str, visit: Visit) -> None:
    first, second = visit(f"{server}/?model=plain20"), visit(f"{server}/?model=wrn28_10")
    title(first, "Plain-20")
    title(second, "WRN-28-10")
    model_text(first).fill("plain32")
    model_text(first).press("Enter")
    title(first, "Plain-32")
    second.reload()
    title(second, "WRN-28-10")


@pytest.mark.parametrize("tab", ["shape", "stages", "block", "layers", "published"])
def test_nothing_is_clipped(tab: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet1202&explore_shown={tab}")
    title(page, "ResNet-1202")
    overflow = page.evaluate(
        "() => [...document.querySelectorAll('.rl-scroll, .rl-figures')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert overflow == 0


@pytest.mark.parametrize("model", ["resnet20", "resnet50", "resnet152", "resnet1202"])
def test_one_screen_says_what_the_network_is(model: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model={model}", height=720)
    shape = page.locator(".rl-desk").get_by_alt_text(re.compile("^Channels, height and width"))
    expect(shape).to_be_visible()
    box = shape.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 720


def test_a_tables_rows_are_cards_on_a_phone(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet50&explore_shown=stages", width=390, height=844)
    cells = page.locator(".rl-table tbody tr").nth(1).locator("td")
    expect(cells.nth(0)).to_be_visible()
    said = cells.evaluate_all(
        "cells => cells.map((cell) => getComputedStyle(cell, '::before').content)"
    )
    names = page.locator(".rl-table thead th").all_text_contents()
    assert said[1:] == [f'"{name}"' for name in names[1:]]
    tops = [box["y"] for cell in cells.all() if (box := cell.bounding_box())]
    assert tops == sorted(tops)
    assert [tops.count(top) for top in sorted(set(tops))] == [1, 2, 2, 2, 2, 1]  # two to a line
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_name_in_a_caption_has_no_gap_before_its_parenthesis(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet18:blocks=1,1,1,1")
    name = page.get_by_test_id("stCaptionContainer").locator("code", has_text="resnet18").first
    paddings = name.evaluate(
        "(it) => [getComputedStyle(it).paddingRight, getComputedStyle(it).fontSize].map(parseFloat)"
    )
    assert paddings[0] == pytest.approx(0.2 * paddings[1])


def test_code_in_a_sentence_is_nearly_as_large_as_its_words(server: str, visit: Visit) -> None:
    page = visit(server)
    code = page.locator(".stMarkdown p code").first
    expect(code).to_be_visible()
    size = code.evaluate("(code) => parseFloat(getComputedStyle(code).fontSize)")
    assert size == pytest.approx(14.4)
