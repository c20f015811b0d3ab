"""The Sweeps page in a browser: open a sweep, choose axes, export, and follow it."""

import csv
import json
import re
import shutil
from pathlib import Path

from playwright.sync_api import expect

from analysis.choice.swept_files import write_plan
from analysis.results.form import read_result
from analysis.results.recorded import FOLDER
from tests.browser.conftest import Visit, drawn, settled
from tests.browser.exports import close, download

TITLES = "[...document.querySelectorAll('.stPlotlyChart .xtitle')].map((one) => one.textContent)"


def test_a_sweep_is_opened_charted_exported_and_followed(
    server: str, sweeps: Path, visit: Visit
) -> None:
    folder = sweeps / "mine"
    folder.mkdir()
    files = [f"train_{kind}{depth}_seed0.json" for kind in ("plain", "resnet") for depth in (8, 20)]
    results = [read_result(FOLDER / file) for file in files]
    write_plan(folder, "text", "", [("train", result.hash, "", 0) for result in results])
    for result in results[:3]:
        result.write(folder / f"{result.hash}.json")
    page = visit(f"{server}/sweeps?folder=included:degradation", 1280, 900)
    expect(page.get_by_text("30 of 30 points.")).to_be_visible()
    page.get_by_role("combobox", name="Sweep").click()
    page.get_by_role("option", name="mine").click()
    expect(page.get_by_text("3 of 4 points.")).to_be_visible()
    page.get_by_role("combobox", name="x axis").click()
    page.get_by_role("option", name="parameters").click()
    expect(page).to_have_url(re.compile("swept_x=params"))
    page.wait_for_function(f"{TITLES}.includes('parameters')")

    drawn(page)
    chart = page.get_by_test_id("stPlotlyChart")
    chart.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 200")
    before = chart.bounding_box()
    results[3].write(folder / f"{results[3].hash}.json")
    expect(page.get_by_text("4 of 4 points.")).to_be_attached()
    settled(page)
    assert chart.bounding_box() == before

    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("img", name="Preview: Training loss by parameters")).to_be_visible()
    assert b"Training loss by parameters" in download(page, "Download SVG")
    rows = list(csv.DictReader(download(page, "CSV").decode().splitlines()))
    assert [row["setting"] for row in rows] == [
        *("plain, 8 layers", "residual, 8 layers", "plain, 20 layers", "residual, 20 layers"),
    ]
    assert json.loads(download(page, "JSON"))["done"] == 4
    close(page)
    shutil.rmtree(folder)
