"""The Sweeps page: the owner's folders, axes, tables, failures, and a sweep that is running."""

import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.choice.swept_files import FAILED, write_plan
from analysis.choice.swept_here import VARIABLE
from analysis.results.form import Result, read_result
from analysis.results.recorded import FOLDER
from pages.ui.markup import GOES_ON
from pages.views.sweeps import _format
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown

PLAIN, RESIDUAL = "train_plain20_seed0.json", "train_resnet20_seed0.json"


@pytest.fixture(autouse=True)
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Offer one sweep of three points, of which one is there."""
    folder = tmp_path / "sweeps"
    (folder / "mine").mkdir(parents=True)
    monkeypatch.setenv(VARIABLE, str(folder))
    add(folder / "mine", PLAIN)
    known = [(name, read_result(FOLDER / name)) for name in (PLAIN, RESIDUAL)]
    asked = [("train", result.hash, name, 0) for name, result in known]
    write_plan(folder / "mine", "text", "A title", [*asked, ("train", "f" * 16, "resnet56", 0)])
    return folder


def add(folder: Path, *names: str) -> None:
    for name in names:
        result = read_result(FOLDER / name)
        result.write(folder / f"{result.hash}.json")


def fail(folder: Path, sentence: str) -> None:
    asked = {"model": "resnet56", "seed": 0, "point": "f" * 16}
    why = {"cause": "time", "sentence": sentence, "tries": 1}
    Result("train failed", asked, {}, why).write(folder / f"{'f' * 16}{FAILED}")


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1.488, 0.9194, 2.16], "%.3f"),
        ([81.3, 7.25, None], "%.2f"),
        ([0.0312, 0.00518], "%.5f"),
        ([60.0, 5.0], "%d"),
        ([86_143_008.5, 1_200_300.5], "%.0f"),
        ([1e-30, 1.0], "%.4g"),
        ([float("inf"), 1.0], "%.4g"),
        ([0.0, None], "%.4g"),
    ],
)
def test_the_numbers_of_a_column_stand_at_their_point(
    values: list[float | None], shown: str
) -> None:
    assert _format(pd.Series(values)) == shown


def test_without_a_folder_the_included_sweep_is_shown(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    app = open_app("resnet50", "sweeps")
    assert not app.exception
    assert app.selectbox(key="folder").options == ["degradation (included)"]
    assert "30 of 30 points. Degradation: plain and residual networks of 8 to 56 layers." in html(
        app
    )
    assert "residual falls from 1.16 to 0.919 at 20 and is level from there on." in markdown(app)
    assert "Lowest" not in markdown(app)  # it is no lower than what is level
    assert "Means of 3 seeds; bands: lowest to highest." in captions(app)
    assert "Times per step depend on what else ran." in captions(app)
    assert f"set `{VARIABLE}` to their folder" in captions(app)
    shared = "Shared by all 10 settings: widths 8-16-32, stem width 8, input 1×14×14, degradation"
    assert f"{shared} recipe, images: sample of Fashion-MNIST, AdamW" in captions(app)
    assert app.multiselect(key="swept_only").options[-2:] == [
        "Shortcut: none (plain)",
        "Shortcut: zero pad (A)",
    ]
    table = app.dataframe[0].value
    assert len(table) == 10
    assert [*map(tuple, table.columns[:5])] == [
        *(("", "Setting"), ("", "Seeds")),
        *(("Training loss, last 25 steps", end) for end in ("mean", "lowest", "highest")),
    ]
    assert list(table[("", "Blocks per stage")][:2]) == ["1-1-1", "1-1-1"]
    assert list(table[("", "Shortcut")][:2]) == ["none (plain)", "zero pad (A)"]
    config = json.loads(app.dataframe[0].proto.columns)
    assert config["_pos:3"]["type_config"]["format"] == "%.3f"  # the index is the first
    assert config["_pos:3"]["width"] < config["_pos:6"]["width"]  # whose head is longer
    assert "width" not in config["_pos:9"]
    assert len({config[f"_pos:{place}"]["type_config"]["format"] for place in (9, 10, 11)}) == 1
    assert GOES_ON in captions(app)
    app.segmented_control(key="swept_rows").set_value("points").run()
    assert len(app.dataframe[0].value) == 30
    assert list(app.dataframe[0].value.columns[:3]) == [
        "Setting",
        "Seed",
        "Training loss, last 25 steps",
    ]
    assert app.query_params["swept_rows"] == "points"


def test_the_wall_says_what_a_whole_sweep_found(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(None, "sweeps", view="wall")
    assert "1 of 3 points. A title." in html(app)
    monkeypatch.delenv(VARIABLE)
    app = open_app(None, "sweeps", view="wall")
    assert (
        "Training loss from depth 8 to 56, mean of 3 seeds that all agree: plain rises from 1.27 "
        "to 2.26" in html(app)
    )
    assert "points" not in html(app)


def test_axes_colours_and_values_change_the_chart(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    app = open_app(None, "sweeps", view="wall")
    assert app.title[-1].value == "Training loss by depth"
    app.selectbox(key="swept_x").select("macs").run()
    app.selectbox(key="swept_y").select("last_accuracy").run()
    assert app.title[-1].value == "Training accuracy by MACs (conv + linear)"
    app.multiselect(key="swept_only").select("shortcut=none").run()
    assert "Lowest: plain, 56 layers, 13.4%" in html(app)
    assert "Highest: plain, 8 layers, 61.8%" in html(app)
    app.multiselect(key="swept_only").select("blocks=1,1,1").run()
    assert "Highest" not in html(app)
    app.selectbox(key="swept_x").select("step").run()
    assert app.title[-1].value == "Training loss by step"
    assert len(app.get("plotly_chart")) == 1
    assert not app.info
    assert not app.exception
    assert not app.warning


def test_files_that_arrive_are_shown(open_app: Open, sweeps: Path) -> None:
    app = open_app(None, "sweeps")
    assert "1 of 3 points. A title." in html(app)
    assert len(app.dataframe[0].value) == 1
    add(sweeps / "mine", RESIDUAL)
    fail(sweeps / "mine", "too *long*")
    app.run()
    assert "2 of 3 points, 1 failed. A title." in html(app)
    assert len(app.dataframe[0].value) == 2
    assert "train, seed 0" in html(app)
    assert "resnet56: too *long*" in html(app)
    assert not app.exception


@pytest.mark.parametrize("name", ["theirs", "../mine", "..", "/etc", "mine/", "%2e%2e", "."])
def test_a_name_that_is_not_offered_is_refused(open_app: Open, name: str) -> None:
    app = open_app(None, "sweeps", folder=name)
    assert not app.exception
    (said,) = [warning.value for warning in app.warning]
    assert said.startswith(f"Ignored settings in the address that are invalid here: folder={name}")
    assert "1 of 3 points. A title." in html(app)


def test_what_is_no_result_is_said(open_app: Open, sweeps: Path) -> None:
    (sweeps / "mine" / "half.json").write_text("{")
    (sweeps / "mine" / "[a](b).txt").write_text("")
    app = open_app(None, "sweeps")
    assert not app.exception
    assert [warning.value for warning in app.warning] == [
        r"2 files left out: 1 damaged (half.json), 1 not from a sweep (\[a\](b).txt)."
    ]


def test_an_empty_and_a_missing_folder(
    open_app: Open, sweeps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sweeps / "empty").mkdir()
    app = open_app(None, "sweeps", folder="empty")
    assert "0 points." in html(app)
    assert [info.value for info in app.info] == ["No points yet."]
    assert not app.exception
    monkeypatch.setenv(VARIABLE, str(sweeps / "nowhere"))
    app = open_app(None, "sweeps")
    assert [error.value for error in app.error] == [
        f"The folder named by {VARIABLE} can't be read: No such file or directory."
    ]
    assert "30 of 30 points." in html(app)


def test_published_figures_are_asked_for(open_app: Open, sweeps: Path) -> None:
    timed = sweeps / "timed"
    timed.mkdir()
    for file in (FOLDER / "h200").glob("*batch256_inference_tf32.json"):
        add(timed, f"h200/{file.name}")
    app = open_app(None, "sweeps", folder="timed", swept_y="images_per_s")
    assert "Published, not measured here" not in captions(app)
    app.toggle(key="swept_beside").set_value(True).run()
    assert "Published, not measured here: RTX 4090" in captions(app)
    app.selectbox(key="swept_y").select("forward_ms").run()
    assert "No such figures are published for exactly these networks." in captions(app)
