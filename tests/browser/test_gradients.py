"""The Gradients page in a browser."""

import io
import json
import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import Visit, settled
from tests.browser.exports import choose, choose_format, close, download
from tests.browser.test_explore import title

TINY = "resnet20:blocks=2,2,2:widths=4,8,8:stem_width=4:norm=none:init=default"


def test_a_lecturer_shows_that_the_plain_stack_vanishes(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?model={TINY}&batch=4")
    title(page, "Gradients")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_role("heading", name="What the curves show")).to_be_visible(timeout=90_000)
    settled(page)
    expect(
        page.get_by_text("it vanishes; the residual one's falls by a factor of only")
    ).to_be_visible()
    chart = page.get_by_role("figure", name=re.compile("of block outputs"))
    expect(chart).to_be_visible()

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="JSON", exact=True).click()
    run = json.loads(waiting.value.path().read_text())
    assert [row["word"] for row in run["summary"]] == ["vanishes", "stays within a factor of 10"]
    page.set_viewport_size({"width": 1280, "height": 720})
    shown = [page.get_by_role("img", name=re.compile("Preview"))]
    shown += [page.get_by_role("button", name=name) for name in ("Download SVG", "CSV", "JSON")]
    for seen in shown:  # everything without scrolling
        expect(seen).to_be_in_viewport(ratio=1)
    page.get_by_role("textbox", name="Title").fill("In a column")
    choose(page, "Width", "column, 85 mm")
    choose(page, "Palette", "print")
    choose_format(page, "PDF")
    preview = page.get_by_role("img", name="Preview: In a column")
    expect(preview).to_have_attribute("style", "width:85.00mm")
    (drawn,) = PdfReader(io.BytesIO(download(page, "Download PDF"))).pages
    assert float(drawn.mediabox.width) == pytest.approx(85 / 25.4 * 72, abs=0.5)
    assert "In a column" in drawn.extract_text()
    content = drawn.get_contents()
    assert content is not None
    colours = set(
        re.findall(r"([0-9.]+) ([0-9.]+) ([0-9.]+) rg", content.get_data().decode("latin-1"))
    )
    assert all(r == g == b for r, g, b in colours)  # black and grey
    expect(page).to_have_url(re.compile("look_palette=print"))
    close(page)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("In a column")


def test_a_preset_is_one_click_and_can_be_cancelled(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients?model={TINY}&batch=31")  # not that of the recorded results
    page.get_by_role("button", name="tanh, BN", exact=True).click()
    expect(page).to_have_url(re.compile(r"models=plain56(%3A|:)activation"))
    cancel = page.get_by_role("button", name="Cancel")
    cancel.click()
    expect(page.get_by_text("The job was cancelled.")).to_be_visible(timeout=60_000)
    expect(cancel).to_have_count(0)
    other = visit(page.url)
    box = other.get_by_role("textbox", name="Models, separated by spaces")
    expect(box).to_have_value(re.compile("plain56:activation=tanh .*resnet56:activation=tanh"))
