"""The page Gradients."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.images import fashion_mnist
from analysis.images.roots import DATA_VARIABLE
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown
from tests.app.test_shortcuts import told
from tests.app.test_timing import press

COLUMNS = ("Lowest to highest", "Factor per layer", "Fitted slope per layer")
TINY = "resnet20:blocks=2,2,2:widths=4,8,8:stem_width=4:norm=none:init=default"


def measured(app: AppTest, label: str) -> AppTest:
    """Press a button that measures and wait until the worker is done."""
    press(app, label)
    assert app.session_state["jobs"]["gradients"].wait(timeout=120)
    return app.run()


def models(app: AppTest) -> list[str]:
    return (app.text_input(key="asked_models").value or "").split("  ")


def opened(open_app: Open, model: str = TINY) -> AppTest:
    app = open_app(model, "gradients")
    app.number_input(key="batch").set_value(4).run()
    return app


def test_a_model_is_measured_against_its_plain_twin(open_app: Open) -> None:
    app = opened(open_app)
    assert not app.exception
    asked = models(app)
    assert asked == [TINY.replace("resnet20", "plain20"), TINY]
    measured(app, "Measure")
    assert not app.exception
    said = markdown(app)
    assert "the plain stack's gradient falls by a factor of" in said
    assert "Theory for the plain stack: a factor of 1/√6 = 0.408 per layer" in said
    assert "unlikely to be caused by vanishing gradients" in said
    assert "the correlation between gradients decays exponentially" in said
    shown = html(app)
    assert all(f"<th>{name}</th>" in shown or f">{name}</th>" in shown for name in COLUMNS)
    (run,) = app.session_state["gradient_runs"]
    assert len(run.curves) == 6

    app.switch_page("pages/shortcuts.py").run()
    app.selectbox(key="heat").select("gradient norm").run()
    assert not app.exception
    view = told(app)
    assert "decades below the last block" in view["svg"]
    assert "layer1.1" in view["nodes"]
    assert app.segmented_control(key="per").disabled  # norms can't be added up
    assert "per box" not in view["svg"]


def test_switches_change_all_models_and_the_address(open_app: Open) -> None:
    app = opened(open_app)
    app.selectbox(key="switch_activation").select("tanh").run()
    asked = models(app)
    assert len(asked) == 2
    assert all("activation=tanh" in model for model in asked)
    app.selectbox(key="switch_shortcut").select("projection").run()
    asked = models(app)
    assert [("shortcut=projection" in model) for model in asked] == [False, True]
    app.selectbox(key="switch_depth").select(32).run()
    assert all("blocks=5,5,5" in model for model in models(app))
    assert not app.exception


def test_what_cannot_be_measured_is_one_sentence(open_app: Open) -> None:
    app = opened(open_app)
    app.text_input(key="asked_models").input("resnet20 resnet20").run()
    assert "A model is given twice" in app.error[0].value
    app.text_input(key="asked_models").input("resnet20 resnet2").run()
    assert "'resnet2' is no model" in app.error[0].value
    app.text_input(key="asked_models").input("resnet1202:input=3x128x128").run()
    app.number_input(key="batch").set_value(1_000).run()
    assert "at most 4 GB are allowed" in app.error[0].value
    assert not app.exception


def test_images_that_are_not_there_are_not_replaced(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (DATA_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path)
    app = opened(open_app)
    for kind, says in (
        ("picture", "A picture is wanted as the image: upload one."),
        ("fashion_mnist", "Fashion-MNIST is not on this machine: its owner can download it, or"),
    ):
        app.selectbox(key="images").select(kind).run()
        (error,) = app.error
        assert error.value.startswith(says)
        assert measuring(app) == {True}
    app.selectbox(key="images").select("picture").run()
    app.file_uploader[0].upload("no.png", b"no picture", "image/png").run()
    assert "the file is no picture" in app.error[0].value.lower()
    assert measuring(app) == {True}
    for kind in ("random", "sample"):
        app.selectbox(key="images").select(kind).run()
        assert not app.error
        assert measuring(app) == {False}
    assert not app.exception


def measuring(app: AppTest) -> set[bool]:
    """Whether the buttons that measure, Measure and the presets, are disabled."""
    found = [b for b in app.button if b.label == "Measure" or (b.key or "").startswith("preset_")]
    assert len(found) == 13
    return {button.disabled for button in found}


def test_a_bad_model_is_refused_here_too(open_app: Open) -> None:
    app = open_app("resnet20:blocks=0", "gradients")
    assert app.error[0].value == "Blocks must be 1 to 1,000, not 0."
