"""Pages on a small laptop, 1024 px wide, beside an open sidebar."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from playwright.sync_api import Locator, expect

from pages.ui.markup import GOES_ON
from tests.browser.conftest import Visit, drawn

SCROLLBAR = 15
"""The width of a scroll bar on Windows, which a browser without a screen hides, in px."""

CUT = """() => [...document.querySelectorAll(`.stMain :is(
    button p, label p, [data-testid="stSelectbox"] input, [data-testid="stNumberInput"] input)`)]
  .filter((e) => {
    const around = e.closest(".stMarkdownEllipsis") ?? e;
    const [own, room] = [e, around].map((one) => one.getBoundingClientRect().width);
    return own > 0 && (own > room + 0.01 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth);
  })
  .map((e) => e.value || e.textContent)"""
"""Labels, and choices in fields, that are wider than their place."""

RAGGED = """() => [...document.querySelectorAll(".stMain [data-testid=stButtonGroup]")]
  .filter((group) => group.offsetWidth > 0)
  .map((group) => [...group.querySelectorAll("[role=radio]")])
  .filter((buttons) => new Set(buttons.map((b) => b.getBoundingClientRect().top)).size > 1)
  .map((buttons) => buttons.map((b) => b.textContent).join(" | "))"""
"""Segmented controls that break into several rows."""


@pytest.mark.parametrize(
    "address",
    [
        "shortcuts",
        "compare",
        "compare?compare_shown=sweep",
        "compare?compare_shown=difference",
        "training",
        "lesions",
        "gradients",
    ],
)
def test_no_label_is_cut(address: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{address}", width=1024, height=768)
    expect(page.locator(".stMain h1")).to_be_visible()
    drawn(page)
    assert page.evaluate(CUT) == []
    if address != "lesions":  # its five views are wider than the page
        assert page.evaluate(RAGGED) == []
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 1024
    page.set_viewport_size({"width": 1280 - SCROLLBAR, "height": 900})
    drawn(page)
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("model", ["resnet50:input=3x180x320", "resnet1202"])
def test_the_shape_is_legible(model: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model={model}", width=1024, height=768)
    image = page.locator(".rl-desk img")
    expect(image).to_be_visible()
    scale = image.evaluate("image => image.clientWidth / image.naturalWidth")
    svg = b64decode((image.get_attribute("src") or "").partition(",")[2]).decode()
    assert min(map(float, re.findall(r'font-size="([\d.]+)', svg))) * scale >= 12


def test_share_stays_beside_export(server: str, visit: Visit) -> None:
    page = visit(f"{server}/", width=1024, height=768)
    drawn(page)
    expect(page.get_by_role("button", name="Share")).to_be_visible()
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("address", "width"),
    [
        ("choose", 1024),
        ("choose?choose_shown=deepest", 1024),
        ("timing", 1024),
        ("?explore_shown=stages&model=resnet152", 1280),
    ],
)
def test_tables_fit_beside_the_sidebar(address: str, width: int, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{address}", width=width, height=768)
    drawn(page)
    tables = page.locator(".rl-scroll:has(> .rl-table)")
    expect(tables.first).to_be_visible()
    assert (
        tables.evaluate_all(
            "all => all.map((e) => e.scrollWidth - e.clientWidth).filter((px) => px > 1)"
        )
        == []
    )


@pytest.mark.parametrize("width", [1024, 1280, 1920])
@pytest.mark.parametrize("columns", ["costs", "memory", "published"])
def test_a_table_is_said_to_scroll_only_where_it_does(
    columns: str, width: int, server: str, visit: Visit
) -> None:
    page = visit(f"{server}/compare?compare_columns={columns}", width=width, height=768)
    drawn(page)
    table = page.locator('[data-testid="stDataFrame"] .dvn-scroller')
    expect(table).to_be_visible()
    scrolls = table.evaluate("(e) => e.scrollWidth > e.clientWidth + 1")
    expect(page.get_by_text(GOES_ON)).to_be_visible(visible=scrolls)


def test_fields_stand_on_one_level_and_fill_no_row_of_their_own(server: str, visit: Visit) -> None:
    page = visit(f"{server}/choose", width=1024, height=768)
    drawn(page)
    labels = ("MACs, G", "Parameters, M", "Training memory, GB", "Inference memory, GB")
    fields = [page.get_by_role("spinbutton", name=label).bounding_box() for label in labels]
    assert len({round(box["y"]) for box in fields if box}) == 1
    alone = page.locator('[data-testid="stSelectbox"]', has_text="Optimiser").bounding_box()
    assert alone
    assert alone["width"] < 200


@pytest.mark.parametrize("address", ["compare", "gradients"])
def test_names_stand_beside_their_marks(address: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{address}", width=1024, height=768)
    drawn(page)
    names = {"compare": "ResNet-101", "gradients": "layer2"}
    chart = page.locator(".stPlotlyChart").first
    expect(chart.locator(".annotation", has_text=names[address])).to_be_visible()
    expect(page.locator(".rl-key")).to_have_count(0 if address == "gradients" else 1)
    expect(page.locator(".rl-key").locator("visible=true")).to_have_count(0)


def test_a_symbol_does_not_break(server: str, visit: Visit) -> None:
    page = visit(f"{server}/gradients", width=1024, height=768)
    drawn(page)
    symbol = page.locator("th .rl-name", has_text="‖∂L/∂x‖")
    assert symbol.evaluate("e => e.getClientRects().length") == 1


def test_a_table_is_as_wide_as_its_contents(server: str, visit: Visit) -> None:
    address = f"{server}/compare?nets=resnet20;resnet32&compare_columns=published"
    page = visit(address, width=1280, height=900)
    drawn(page)
    found = page.locator('[data-testid="stDataFrame"]').bounding_box()
    assert found
    assert found["width"] < 600


def test_no_button_is_narrower_than_its_words(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?model=resnet20:unit=full_preact:se=4", 1024, 768)
    head = page.get_by_test_id("stMain").get_by_role("button")
    for name in ("Share", "Export"):
        assert _whole(head.get_by_role("paragraph").filter(has_text=name).first)
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    for name in ("Download SVG", "Everything as JSON", "Model as Python"):
        expect(dialog.get_by_role("button", name=name)).to_be_visible()
        assert _whole(dialog.get_by_role("button", name=name).get_by_role("paragraph").first)


def _whole(label: Locator) -> bool:
    """Return whether a label is in one line that isn't cut off."""
    return bool(
        label.evaluate(
            "(one) => one.scrollWidth <= one.clientWidth + 1 && one.getClientRects().length === 1"
            " && one.getBoundingClientRect().height < 30"
        )
    )
