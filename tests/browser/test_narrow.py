"""Pages on a small laptop, 1024 px wide, beside an open sidebar."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, drawn

CUT = """() => [...document.querySelectorAll(`.stMain :is(
    button p, label p, [data-testid="stSelectbox"] input, [data-testid="stNumberInput"] input)`)]
  .filter((e) => e.offsetWidth > 0 && e.scrollWidth > e.clientWidth + 1)
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


def test_share_stays_beside_export(server: str, visit: Visit) -> None:
    page = visit(f"{server}/", width=1024, height=768)
    drawn(page)
    expect(page.get_by_role("button", name="Share")).to_be_visible()
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_visible()
