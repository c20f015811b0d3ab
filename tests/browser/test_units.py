"""The Units page in a browser."""

import re
from pathlib import Path

from playwright.sync_api import expect

from analysis.__main__ import run
from tests.browser.conftest import Visit
from tests.browser.test_explore import title


def test_a_lecturer_sets_two_units_beside_each_other(
    server: str, visit: Visit, tmp_path: Path
) -> None:
    page = visit(f"{server}/units")
    title(page, "Units")
    page.get_by_role("combobox", name="Unit order").first.click()
    page.get_by_role("option", name="BN after addition").click()
    expect(page.get_by_role("img", name=re.compile("^BN after addition unit"))).to_be_visible()
    expect(
        page.get_by_text("BN after the addition rescales what the shortcut carries")
    ).to_be_visible()
    expect(page).to_have_url(re.compile(r"left_order=bn_after_add"))

    other = visit(page.url)
    expect(other.get_by_role("img", name=re.compile("^BN after addition unit"))).to_be_visible()

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download SVG").click()
    mine = tmp_path / "a.svg"
    slide = ("--width-mm", "254", "--aspect", "16:9")
    assert run(["units", "bn_after_add", "full_preact", *slide, "-o", str(mine)]) == 0
    assert waiting.value.path().read_text() == mine.read_text()
