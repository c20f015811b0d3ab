"""The page Gradients in a browser."""

import json
import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled
from tests.browser.test_explore import title

TINY = "resnet20:blocks=2,2,2:widths=4,8,8:stem_width=4:norm=none:init=default"


def test_a_lecturer_shows_that_the_plain_stack_vanishes(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?model={TINY}&batch=4")
    title(page, "Gradients")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_role("heading", name="What these curves say")).to_be_visible(timeout=90_000)
    settled(page)
    expect(page.get_by_text("it vanishes; the residual one's stays within")).to_be_visible()
    chart = page.get_by_role("figure", name=re.compile("of block outputs"))
    expect(chart).to_be_visible()

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="JSON", exact=True).click()
    run = json.loads(waiting.value.path().read_text())
    assert [row["word"] for row in run["summary"]] == ["vanishes", "stays within a factor of 10"]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Chart as PDF").click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF")


def test_a_preset_is_one_click_and_can_be_cancelled(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?model={TINY}")
    page.get_by_role("button", name="tanh: shortcuts don't help").click()
    expect(page).to_have_url(re.compile(r"models=plain56(%3A|:)activation"))
    cancel = page.get_by_role("button", name="Cancel")
    cancel.click()
    expect(page.get_by_text("The job was cancelled.")).to_be_visible(timeout=60_000)
    expect(cancel).to_have_count(0)
    other = visit(page.url)
    box = other.get_by_role("textbox", name="Models, separated by spaces")
    expect(box).to_have_value(re.compile("plain56:activation=tanh .*resnet56:activation=tanh"))
