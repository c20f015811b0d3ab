"""A folder of 10,000 points: each step of reading it, and each run of the page, is quick."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from time import perf_counter

import pytest
from streamlit.testing.v1 import AppTest

from analysis.choice.swept_files import read_folder
from analysis.choice.swept_here import VARIABLE
from analysis.results.form import read_result
from analysis.results.recorded import FOLDER
from tests.app.conftest import APP

MOST_S = 1.0


def test_a_page_of_ten_thousand_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder := tmp_path / "mine").mkdir()
    source = read_result(FOLDER / "train_plain8_seed0.json")
    for kind, depth, rate, seed in product(
        ("plain20", "resnet20"), range(1, 11), range(1, 101), range(5)
    ):
        rest = "widths=8,16,32:stem_width=8:input=1x14x14"
        model = f"{kind}:blocks={depth},{depth},{depth}:{rest}"
        recipe = {**source.asked["recipe"], "rate": rate / 1000}
        asked = {**source.asked, "model": model, "recipe": recipe, "seed": seed}
        one = replace(source, asked=asked)
        (folder / f"{one.hash}.json").write_text(one.json())
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page("pages/units.py").run()  # loads torch
    app.switch_page("pages/sweeps.py")
    times: list[float] = []
    while not times or read_folder(folder, -1).waiting:
        start = perf_counter()
        app.run()
        times.append(perf_counter() - start)
    for change in ("rate", "params", "setting"):
        app.selectbox(key="swept_x").select(change)
        start = perf_counter()
        app.run()
        times.append(perf_counter() - start)
    assert not app.exception
    print(" ".join(f"{seconds:.2f}" for seconds in times), "s")
    assert max(times) < MOST_S
