"""The Compare and Choose pages in a browser."""

import csv
import re

from playwright.sync_api import Page, expect

from nets import CATALOG, parse
from nets.names import name_of
from pages.ui.words import unbroken
from tests.browser.conftest import Visit, drawn, settled
from tests.browser.exports import choose_format, close, download
from tests.browser.test_explore import title


def test_a_comparison_lives_in_the_address_and_comes_home(server: str, visit: Visit) -> None:
    usual = "resnet18;resnet34;resnet50;resnet101;resnet152"
    page = visit(f"{server}/compare?model=resnet18:blocks=1,1,1,1&nets={usual}")
    title(page, "Compare")
    page.get_by_role("button", name="Add this model").click()
    expect(page).to_have_url(re.compile(r"nets=.*resnet18(%3A|:)blocks"))
    settled(page)

    other = visit(page.url)
    chip = other.get_by_test_id("stMultiSelect").get_by_text(
        name_of(parse("resnet18:blocks=1,1,1,1"))
    )
    expect(chip.first).to_be_visible()

    other.get_by_role("button", name="Export comparison").click()
    with other.expect_download() as waiting:
        other.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(waiting.value.path().read_text().splitlines()))
    assert [row["model"] for row in rows] == [
        "resnet18",
        "resnet34",
        "resnet50",
        "resnet101",
        "resnet152",
        str(parse("resnet18:blocks=1,1,1,1")),
    ]
    assert rows[2]["params"] == "25557032"
    assert b"<svg" in download(other, "Download SVG")
    close(other)
    tab(other, "Difference of two")
    other.get_by_role("button", name="Export difference").click()
    with other.expect_download() as waiting:
        other.get_by_role("button", name="Markdown", exact=True).click()
    assert waiting.value.path().read_text().startswith("From ResNet-18 to ResNet-34")


def tab(page: Page, name: str) -> None:
    """Open a tab of a page and wait until it is drawn."""
    page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True).click()
    expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
    settled(page)


def test_chart_and_table_come_first(server: str, visit: Visit) -> None:
    page = visit(f"{server}/compare", height=720)
    drawn(page)
    chart = page.get_by_test_id("stPlotlyChart").bounding_box()
    assert chart
    assert chart["y"] + chart["height"] <= 720
    page = visit(f"{server}/compare?nets={';'.join(CATALOG)}", height=720)
    drawn(page)
    tall = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight")
    assert tall <= 1_750, tall


def test_the_graphs_of_any_two_stand_side_by_side_on_one_screen(server: str, visit: Visit) -> None:
    page = visit(f"{server}/compare", height=720)
    tab(page, "Difference of two")
    box = page.get_by_role("combobox", name="To")
    box.fill("resnet152:unit=full_preact")
    box.press("Enter")
    said = "From ResNet-50 to ResNet-152, full pre-activation:"
    expect(page.get_by_text(unbroken(said))).to_be_visible()
    expect(page).to_have_url(re.compile("to=resnet152(%3A|:)unit"))
    boxes = [image.bounding_box() for image in page.locator(".rl-figure img").all()]
    assert len(boxes) == 2
    left, right = (box for box in boxes if box)
    assert left["x"] + left["width"] <= right["x"]
    assert max(box["y"] + box["height"] for box in (left, right)) <= 720


def test_a_chart_fades_as_soon_as_it_is_out_of_date(server: str, visit: Visit) -> None:
    page = visit(f"{server}/compare")
    drawn(page)
    holder = page.get_by_test_id("stElementContainer").filter(has=page.locator(".stPlotlyChart"))
    expect(holder).to_have_css("opacity", "1")
    holder.evaluate("node => node.dataset.stale = 'true'")  # as Streamlit does during a run
    expect(holder).to_have_css("opacity", "0.33")
    expect(holder).to_have_css("transition-delay", "0.15s")
    expect(holder).to_have_css("transition-duration", "0.1s")


def test_choosing_within_a_budget(server: str, visit: Visit) -> None:
    page = visit(f"{server}/choose?max_macs=2")
    title(page, "Choose")
    expect(page.get_by_text(re.compile("networks for ImageNet"))).to_be_visible()
    row = page.get_by_role("cell", name="ResNet-18", exact=True).first
    expect(row).to_be_visible()
    expect(page.get_by_role("cell", name="ResNet-152", exact=True)).to_have_count(0)
    page.get_by_role("radio", name="CIFAR-10").locator("..").click()
    expect(page.get_by_text(re.compile("for CIFAR-10"))).to_be_visible()
    settled(page)

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(waiting.value.path().read_text().splitlines()))
    assert [row["model"] for row in rows[:2]] == ["wrn16_8", "resnet20"]  # by depth
    choose_format(page, "PDF")
    assert download(page, "Download PDF").startswith(b"%PDF")


def test_a_row_opens_its_network_by_mouse_and_by_keyboard(server: str, visit: Visit) -> None:
    page = visit(f"{server}/choose?model=resnet18&max_macs=2")
    title(page, "Choose")
    page.get_by_role("cell", name="11.5 M").first.click()
    title(page, "Plain-18")
    expect(page).to_have_url(f"{server}/?model=plain18")
    page.go_back()
    title(page, "Choose")
    expect(page).to_have_url(re.compile(r"/choose\?.*max_macs=2"))

    page.get_by_role("radio", name="Deepest of each family").click()
    searched = page.get_by_role("link", name="ResNet-34 A variant with blocks 2-2-2-2", exact=True)
    searched.focus()
    page.keyboard.press("Enter")
    title(page, "ResNet-34 A, blocks 2-2-2-2")
    expect(page).to_have_url(re.compile(r"/\?model=resnet34_a(%3A|:)blocks"))
