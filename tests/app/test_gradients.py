"""The Gradients page."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from analysis.gradients.cosines import DirectionSettings
from analysis.gradients.curves import GradientSettings, Precision
from analysis.images import fashion_mnist
from analysis.images.roots import DATA_VARIABLE
from analysis.machine.jobs import Needs
from nets import ResNetSpec
from pages.views import gradients as page
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown
from tests.app.test_shortcuts import told
from tests.app.test_timing import press

COLUMNS = ("Range over seeds", "Factor per layer", "Fitted slope per layer")
TINY = "resnet20:blocks=2,2,2:widths=4,8,8:stem_width=4:norm=none:init=default"


def measured(app: AppTest, label: str, job: str = "gradients") -> AppTest:
    """Press a button that starts a measurement, and wait for the worker."""
    press(app, label)
    assert app.session_state["jobs"][job].wait(timeout=120)
    return app.run()


def models(app: AppTest) -> list[str]:
    return (app.text_input(key="asked_models").value or "").split("  ")


def opened(open_app: Open, model: str = TINY) -> AppTest:
    app = open_app(model, "gradients")
    app.number_input(key="batch").set_value(4).run()
    return app


def test_the_wall_names_the_network_or_the_pressed_preset(open_app: Open) -> None:
    app = open_app("resnet50", "gradients", view="wall")
    assert (
        "**Gradient norm by depth at initialisation: ResNet-50, without and with shortcuts**"
        in markdown(app)
    )
    next(button for button in app.button if button.label == "He init").click().run()
    assert not app.exception
    assert "without and with shortcuts" not in markdown(app)


@pytest.mark.parametrize(
    ("quantity", "title"),
    [
        ("activation", "With BN, the gradient explodes; shortcuts tame it"),
        ("weight", "Weight gradient norm by depth"),
        ("direction", "Gradient direction at 56 layers"),
    ],
)
@pytest.mark.parametrize("view", ["", "wall"])
def test_a_preset_names_the_chart_of_its_own_quantity_only(
    open_app: Open, quantity: str, title: str, view: str
) -> None:
    app = open_app(None, "gradients", models="plain56;resnet56", quantity=quantity, view=view)
    assert not app.exception
    said = markdown(app)
    assert title in said
    assert ("the gradient explodes" in said) == (quantity == "activation")
    pressed = app.button(key="preset_With BN, the gradient explodes; shortcuts tame it")
    assert (pressed.proto.type == "primary") == (quantity != "direction")


@pytest.mark.parametrize(
    ("models", "rule"),
    [
        ("plain56;resnet56", "a gradient explodes if it grows by"),
        ("plain56:norm=none:init=default", "a gradient vanishes if it falls by"),
        ("resnet56", ""),
    ],
)
def test_a_gradient_that_explodes_or_vanishes_has_its_rule_below(
    open_app: Open, models: str, rule: str
) -> None:
    app = open_app(None, "gradients", models=models)
    assert not app.exception
    (said,) = (one.value for one in app.caption if "geometric mean" in one.value)
    assert ("by a factor above 1,000 in all seeds." in said) == bool(rule)
    assert rule in said
    assert "Geometric means of 3 seeds; " in said
    assert "bands are their range" not in said


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

    app.button(key="export_gradients").click().run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Download SVG", "CSV", "JSON"]
    (caption,) = (code.value for code in app.code if code.value.startswith(r"\caption"))
    said = (
        "of block outputs by depth: plain, 14 layers (Plain-20, blocks 2-2-2); residual, 14 layers "
        "(ResNet-20, blocks 2-2-2)"
    )
    assert f"{said}; both: " in caption
    assert " Vertical lines mark where stages begin. Geometric means of 3 seeds" in caption
    assert (
        "Measured at initialisation in train mode with seeds 0 to 2, batch 4, float32, " in caption
    )
    for key in ("he2016deep", "he2015delving"):  # the papers of the network and of the theory
        assert f"@inproceedings{{{key}," in caption

    app.switch_page("pages/shortcuts.py").run()
    app.selectbox(key="heat").select("gradient norm").run()
    assert not app.exception
    view = told(app)
    assert "decades below the last block" in view["svg"]
    assert "layer1.1" in view["nodes"]
    assert app.segmented_control(key="per").disabled  # norms can't be summed
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


def test_the_direction_is_measured_by_depth(open_app: Open) -> None:
    app = opened(open_app)
    app.selectbox(key="quantity").select("direction").run()
    assert not app.exception
    assert "Measures the cosine between the loss gradient at a batch" in markdown(app)
    assert models(app) == [f"{kind}{n}" for kind in ("plain", "resnet") for n in (20, 32, 44, 56)]
    assert "switch_depth" not in {box.key for box in app.selectbox}
    deep = TINY.replace("2,2,2", "3,3,3")
    app.text_input(key="asked_models").input(f"{TINY} {deep}").run()
    app.number_input(key="noise").set_value(0.05).run()
    assert app.query_params["noise"] == "0.05"
    measured(app, "Measure", "direction")
    assert not app.exception
    (run,) = app.session_state["direction_runs"]
    assert len(run.cosines) == 6
    assert run.settings.noise == 0.05
    assert "The residual stack's cosine" in markdown(app)
    assert all(f">{name}</th>" in html(app) for name in ("Weighted layers", "Cosine"))
    assert not app.info
    app.number_input(key="noise").set_value(0.1).run()
    assert "press Measure to update" in app.info[0].value

    app.selectbox(key="quantity").select("activation").run()  # has runs of its own
    assert "No measurements with these settings yet" in "".join(s.value for s in app.caption)
    assert "gradient_runs" not in app.session_state


def test_a_noise_too_small_is_one_sentence(open_app: Open) -> None:
    app = open_app(TINY, "gradients", quantity="direction", noise="1e-9")
    assert app.error[0].value == "Noise must be 0, or 0.000001 to 1, not 1e-09."
    assert measuring(app) == {True}


def test_presets_choose_what_they_measure(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, tuple[ResNetSpec, ...], GradientSettings]] = []

    def start(key: str, measure: object, *given: Any, seconds: float, needs: Needs) -> None:
        assert needs == Needs()
        asked.append((key, *given))

    monkeypatch.setattr(page, "start", start)
    app = open_app(TINY, "gradients", quantity="direction", noise="0.5", batch="4")
    press(app, "Direction")
    assert app.query_params == {"model": TINY, "quantity": "direction", "batch": "4"}
    press(app, "Sigmoid")
    assert "quantity" not in app.query_params
    assert app.query_params["precision"] == "float64"
    assert app.query_params["models"].startswith("plain56:norm=none")
    press(app, "Direction")
    assert app.query_params == {"model": TINY, "quantity": "direction", "batch": "4"}
    assert not app.exception
    assert [(key, len(models)) for key, models, _ in asked] == [
        ("direction", 8),
        ("gradients", 2),
        ("direction", 8),
    ]
    assert asked[0] == asked[2]
    assert asked[0][2] == DirectionSettings(batch=4)
    assert asked[1][2] == GradientSettings(batch=4, precision=Precision.FLOAT64)


def test_what_was_recorded_is_shown_at_once(open_app: Open) -> None:
    app = open_app(None, "gradients")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert any(said.value.startswith("Recorded on 2026-") for said in app.caption)
    assert 'title="resnet50:shortcut=none">plain, 50 layers</td>' in html(app)
    assert ">log₁₀ ratio of ‖∂L/∂x‖</th>" in html(app)
    press(app, "Vanishing")
    assert "jobs" not in app.session_state or "gradients" not in app.session_state["jobs"]
    assert "it vanishes" in markdown(app)
    assert app.query_params["models"].startswith("plain56:norm=none:init=default")
    assert not app.info
    assert [button.label for button in app.button if button.key == "measure_gradients"] == [
        "Run it here"
    ]
    app.number_input(key="seeds").set_value(2).run()  # another question
    assert "No measurements with these settings yet" in "".join(s.value for s in app.caption)


def test_what_this_server_has_measured_is_shown_to_the_next_visitor(open_app: Open) -> None:
    app = measured(opened(open_app), "Measure")
    assert not any("this server" in said.value for said in app.caption)
    again = opened(open_app)
    assert not again.exception
    assert any(said.value.startswith("Measured on this server") for said in again.caption)
    assert "the plain stack's gradient falls by a factor of" in markdown(again)


def test_what_cannot_be_measured_is_one_sentence(open_app: Open) -> None:
    app = opened(open_app)
    app.text_input(key="asked_models").input("resnet20 resnet20").run()
    assert "A model is given twice" in app.error[0].value
    app.text_input(key="asked_models").input("resnet20 resnet2").run()
    assert "'resnet2' is not a model" in app.error[0].value
    app.text_input(key="asked_models").input("resnet1202:input=3x128x128").run()
    app.number_input(key="batch").set_value(1_000).run()
    assert "at most 4 GB are allowed" in app.error[0].value
    assert not app.exception


def test_a_batch_that_fits_is_offered(open_app: Open) -> None:
    app = open_app("resnet152", "gradients")
    assert not app.error  # the usual batch is too large for it; nobody chose that
    assert app.info[0].value.startswith("A run with ResNet-152 at batch 32 needs 6.4 GB")
    assert app.info[0].value.endswith("batch 18 would fit.")
    none = "No measurements with these settings yet. Pick a preset, or"
    assert f"{none} change the settings below." in [said.value for said in app.caption]
    app.button(key="use_batch").click().run()
    assert f"{none} press Measure." in [said.value for said in app.caption]
    assert not app.error
    assert app.number_input(key="batch").value == 18
    assert not app.button(key="measure_gradients").disabled
    app.number_input(key="batch").set_value(20).run()
    assert "batch 18 would fit" in app.error[0].value


def test_images_that_are_not_there_are_not_replaced(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (DATA_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path)
    app = opened(open_app)
    app.selectbox(key="images").select("fashion_mnist").run()
    (error,) = app.error
    assert error.value.startswith("Fashion-MNIST is not on this machine: its owner can download")
    assert measuring(app) == {True}
    app.selectbox(key="images").select("picture").run()
    assert not app.error  # the visitor hasn't done anything wrong yet
    assert app.info[0].value == "Upload a picture to measure with."
    assert measuring(app) == {True}
    app.file_uploader[0].upload("no.png", b"", "image/png").run()
    assert app.error[0].value == "The file is empty."
    app.file_uploader[0].upload("no.png", b"no picture", "image/png").run()
    assert "the file is not a picture" in app.error[0].value.lower()
    assert measuring(app) == {True}
    for kind in ("random", "sample"):
        app.selectbox(key="images").select(kind).run()
        assert not app.error
        assert measuring(app) == {False}
    assert not app.exception


def measuring(app: AppTest) -> set[bool]:
    """Return whether each button that measures, Measure or a preset, is disabled."""
    found = [b for b in app.button if b.label == "Measure" or (b.key or "").startswith("preset_")]
    assert len(found) == 14
    return {button.disabled for button in found}


def test_a_bad_model_is_refused_here_too(open_app: Open) -> None:
    app = open_app("resnet20:blocks=0", "gradients")
    assert app.error[0].value == "blocks must be 1 to 1,000, not 0."


def test_every_wrong_model_is_named(open_app: Open) -> None:
    app = open_app("resnet50", "gradients", models="plain56:norm=foo;resnet56;resnet9999")
    one, other = (error.value for error in app.error)
    assert one == "'plain56:norm=foo': norm must be one of batch, group, none, not 'foo'."
    assert other.startswith("'resnet9999' is not a model")
