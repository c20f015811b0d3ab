"""The pages Compare and Choose in a browser."""

import csv
import re

from playwright.sync_api import expect

from nets import parse
from tests.browser.conftest import Visit, settled
from tests.browser.test_explore import title


def test_a_comparison_lives_in_the_address_and_comes_home(server: str, visit: Visit) -> None:
    page = visit(f"{server}/compare?model=resnet18:blocks=1,1,1,1")
    title(page, "Compare")
    page.get_by_role("button", name="Add the edited model").click()
    expect(page).to_have_url(re.compile(r"nets=.*resnet18(%3A|:)blocks"))
    settled(page)

    other = visit(page.url)
    chip = other.get_by_test_id("stMultiSelect").get_by_text("resnet18:blocks=1,1,1,1")
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
    with other.expect_download() as waiting:
        other.get_by_role("button", name="Chart as SVG").click()
    assert b"<svg" in waiting.value.path().read_bytes()
    other.keyboard.press("Escape")
    other.get_by_role("button", name="Export difference").click()
    with other.expect_download() as waiting:
        other.get_by_role("button", name="Markdown", exact=True).click()
    assert waiting.value.path().read_text().startswith("From resnet18 to resnet34")


def test_choosing_within_a_budget(server: str, visit: Visit) -> None:
    page = visit(f"{server}/choose?max_macs=2")
    title(page, "Choose")
    expect(page.get_by_text(re.compile("networks fit for ImageNet"))).to_be_visible()
    row = page.get_by_role("cell", name="resnet18", exact=True).first
    expect(row).to_be_visible()
    expect(page.get_by_role("cell", name="resnet152", exact=True)).to_have_count(0)
    page.get_by_role("radio", name="CIFAR-10").locator("..").click()
    expect(page.get_by_text(re.compile("for CIFAR-10"))).to_be_visible()
    settled(page)

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(waiting.value.path().read_text().splitlines()))
    assert rows[0]["model"] == "resnet20"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Chart as PDF").click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF")
