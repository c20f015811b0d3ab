"""Every setting of every page is in its address."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import (
    Button,
    DownloadButton,
    FileUploader,
    UnknownElement,
    Widget,
)

from analysis.choice.swept_here import VARIABLE
from analysis.results.recorded import FOLDER
from pages.ui.frame import PAGES
from tests.app.conftest import Open

LAST, UNTOUCHED = object(), object()


RECIPE: dict[str, object] = {
    "train_optimiser": "sgd",
    "train_rate": 0.25,
    "train_batch": 7,
    "train_momentum": 0.5,
    "train_weight_decay": 0.125,
    "train_schedule": "milestones",
    "train_milestones": "0.25,0.75",
    "train_warm_up": 3,
    "train_warm_up_from": 0.5,
    "train_rise": 0.5,
    "train_augment": "shift",
    "train_pad": 3,
    "train_precision": "bfloat16",
    "train_gradients_at": "0,5",
    "train_nesterov": True,
    "train_channels_last": True,
    "train_decay_all": False,
    "train_evaluate": True,
}

SETTINGS: dict[str, dict[str, object]] = {
    "explore": {
        "explore_shown": "published",
    },
    "shortcuts": {
        "level": "layer",
        "heat": "saved_bytes",
        "per": "block",
        "unfold": UNTOUCHED,  # an unfolded box is one block, whatever costs are counted per
        "labels": "both",
        "layout": "column",
        "twin": "vgg19",
    },
    "units": {
        "left_order": "relu_preact",
        "left_block": "bottleneck",
        "left_shortcut": "zero_pad",
        "right_order": "bn_after_add",
        "right_block": "bottleneck",
        "right_shortcut": "projection",
    },
    "timing": {
        "timing_device": "cpu",
        "timing_batches": "1,4",
        "timing_dtype": "bfloat16",
        "timing_mode": "inference",
        "timing_seconds": 7,
        "timing_threads": 3,
        "timing_optimiser": False,
        "timing_channels_last": True,
        "timing_compile": True,
        "timing_blocks": True,
        "timing_tf32": UNTOUCHED,
        "timing_shown": UNTOUCHED,
    },
    "gradients": {
        "seeds": 2,
        "batch": 4,
        "precision": "float64",
        "images": "picture",
        "quantity": "direction",
        "noise": 0.25,
        "asked_models": "resnet20 resnet32",
    },
    "training": {
        "train_depths": "ladder",
        "asked_train_models": "plain20 resnet20",
        "train_data": "fashion_mnist",
        "train_seeds": 2,
        "train_device": "cuda:0",
        **RECIPE,
        "train_steps": 77,
    },
    "lesions": {
        "net": "fashion_resnet56",
        "beside": "none",
        "lesion_data": UNTOUCHED,
        "lesion_images": 60,
        "lesion_shown": "order",
    },
    "paths": {
        "path_state": "initial",
        "path_net": "fashion_resnet20",
        "path_data": UNTOUCHED,
        "path_images": 5,
        "path_draws": 7,
    },
    "compare": {
        "compared": ["resnet20", "resnet32", "resnet44"],
        "compare_batch": 2,
        "x": "params",
        "y": "depth",
        "bubble": "training_bytes_float16",
        "log": True,
        "compare_columns": "memory",
        "compare_dtype": "bfloat16",
        "compare_shown": UNTOUCHED,
    },
    "choose": {
        "max_macs": 0.5,
        "task": "own",
        "own_input": "3x32x32",
        "own_classes": 7,
        "max_params": 30.0,
        "max_training": 4.0,
        "max_inference": 2.5,
        "max_ms": UNTOUCHED,
        "choose_batch": 16,
        "choose_dtype": "bfloat16",
        "optimiser": "adam",
        "choose_shown": UNTOUCHED,
    },
    "sweeps": {
        "folder": LAST,
        "swept_x": "params",
        "swept_y": "last_accuracy",
        "swept_colour": "each",
        "swept_only": ["blocks=3,3,3", "shortcut=none"],
        "swept_log_x": True,
        "swept_log_y": True,
        "swept_beside": True,
        "swept_rows": "points",
        "swept_kind": UNTOUCHED,
    },
    "lecture": {
        "lang": "zh",
        "lecture_shown": "exercises",
    },
}
"""A non-default value of each setting, by page and key; `LAST` is a select box's last option.

Settings that another choice or this machine rules out are left alone: a time before anything is
measured, TF32 on a CPU, images other than the sample.
"""

ONE: dict[str, object] = {
    **RECIPE,
    "train_decay_all": False,
    "train_epochs": 9,
    "train_augment": "shift",
    "train_evaluate": False,
    "train_start": "upload",
}
"""Settings of the Training page when it trains one network with the flowers recipe."""

SWEEP: dict[str, object] = {
    "swept": ["resnet20", "plain110"],
    "compare_batch": 3,
    "sweep": "batch",
    "sweep_figure": "saved_bytes",
    "sweep_log": True,
}
"""Settings of the Compare page's sweep."""

EXERCISE: dict[str, object] = {"exercise": "folder_names", "exercise_step": "answer"}
"""The page Lecture where it asks what is wrong."""

CASES: list[tuple[str, dict[str, str], dict[str, object]]] = [
    *((page, {}, settings) for page, settings in SETTINGS.items()),
    ("explore", {"explore_shown": "block"}, {"block": "layer2.1"}),
    ("explore", {"explore_shown": "layers"}, {"find": "conv2"}),
    ("explore", {"explore_shown": "layers"}, {"layers": "code"}),
    ("compare", {"compare_shown": "sweep"}, SWEEP),
    ("compare", {"compare_shown": "difference"}, {"from": "resnet32", "to": "wrn28_10"}),
    ("compare", {"compare_shown": "ledger"}, {"ledger": "plain34"}),
    ("choose", {"choose_shown": "deepest"}, {"real": LAST}),
    ("choose", {"choose_shown": "front"}, {"front": LAST}),
    ("timing", {"timing_shown": "roofline"}, {"roofline_of": "kinds"}),
    ("gradients", {}, {"quantity": "weight"}),
    ("training", {}, {"train": "one", "train_recipe": "d2l"}),
    ("lesions", {"lesion_shown": "does", "lesion_images": "20"}, {"initial": True}),
    ("lesions", {"lesion_shown": "sees", "lesion_images": "20"}, {"picture": 7}),
    ("shortcuts", {}, {"unfold": True}),
    ("paths", {}, {"path_state": "model"}),
    ("training", {"train": "one", "train_recipe": "flowers"}, ONE),
    ("lecture", {"lecture_shown": "exercises"}, EXERCISE),
    ("sweeps", {"folder": "both"}, {"swept_kind": "time"}),
]
"""A page, its address, and the settings to choose then."""

SWITCHES = ("depth", "norm", "init", "activation", "unit", "shortcut")
VIEWS = {"train_shown", *(f"switch_{name}" for name in SWITCHES)}
"""Fields outside the address: switches that change models, which it holds, and a results view."""

NO_SETTINGS = (Button, DownloadButton, FileUploader)  # an address can't hold a file
NO_FIELDS = {"bidi_component", "empty", "imgs", "logo", "page_link", "plotly_chart", "progress"}


@pytest.fixture(autouse=True)
def another_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pretend to have a GPU and eight threads, whose defaults differ from the chosen settings.

    There are two sweeps, one of which has two experiments.
    """
    sweeps, trained = tmp_path / "sweeps", "train_*20_*.json"
    for name, patterns in {"both": (trained, "h200/time_*.json"), "one": (trained,)}.items():
        (sweeps / name).mkdir(parents=True)
        for file in (file for pattern in patterns for file in FOLDER.glob(pattern)):
            (sweeps / name / file.name).symlink_to(file)
    monkeypatch.setenv(VARIABLE, str(sweeps))
    monkeypatch.setattr("pages.views.timing.devices", lambda: ["cpu", "cuda:0"])
    monkeypatch.setattr("pages.views.timing.cpu_count", lambda: 8)
    monkeypatch.setattr("pages.views.training.devices", lambda: ["cpu", "cuda:0"])


def fields(app: AppTest) -> dict[str, Any]:
    """Return the page's fields that offer a choice, by key."""
    assert not app.exception
    found = {}
    for element in app.main:
        assert not isinstance(element, UnknownElement) or element.type in NO_FIELDS, element.type
        if isinstance(element, Widget) and not isinstance(element, NO_SETTINGS):
            assert element.key
            found[element.key] = element
    return found


def left_out(app: AppTest) -> list[str]:
    """Return the warnings about invalid settings in the address."""
    return [said.value for said in app.warning if said.value.startswith("Ignored settings")]


def test_a_long_value_is_cut_where_it_is_refused(open_app: Open) -> None:
    app = open_app(explore_shown="x" * 41)
    said = "Ignored settings in the address that are invalid here: explore_shown="
    assert left_out(app) == [f"{said}{'x' * 40}…."]


@pytest.mark.parametrize(
    ("page", "others"),
    [
        ("explore", {"modle": "resnet34", "depth": "50"}),
        ("timing", {"batch": "256"}),  # the Gradients page has one
        ("lesions", {"x" * 41: "1"}),
    ],
)
def test_a_setting_that_the_page_does_not_have_is_said(
    open_app: Open, page: str, others: dict[str, str]
) -> None:
    app = open_app("resnet20", page, utm_source="mail", gclid="1", **others)
    (said,) = left_out(app)
    told = ", ".join(f"{key[:40]}{'…' * (len(key) > 40)}={text}" for key, text in others.items())
    assert said == f"Ignored settings in the address that are invalid here: {told}."
    assert app.query_params == {"model": "resnet20", "utm_source": "mail", "gclid": "1"}
    app.run()
    assert not left_out(app)


def values(app: AppTest) -> dict[str, object]:
    return {key: element.value for key, element in fields(app).items()}


def set_all(app: AppTest, settings: dict[str, object]) -> dict[str, object]:
    """Choose every setting; dependent settings come after those that they depend on."""
    chosen: dict[str, object] = {}
    todo = {key: value for key, value in settings.items() if value is not UNTOUCHED}
    while todo:
        here = {k: e for k, e in fields(app).items() if k in todo and not e.disabled}
        assert here, f"not on the page: {', '.join(todo)}"
        for key, element in list(here.items())[: 1 if not chosen else None]:
            value = todo.pop(key)
            chosen[key] = element.options[-1] if value is LAST else value
            element.set_value(chosen[key])
        app.run()
    return chosen


@pytest.mark.parametrize(("page", "start", "settings"), CASES)
def test_all_settings_are_the_same_for_a_new_visitor(
    open_app: Open, page: str, start: dict[str, str], settings: dict[str, object]
) -> None:
    app = open_app("resnet20", page, **start)
    before, chosen = values(app), set_all(app, settings)
    after = values(app)
    known = {key for name, _, own in CASES if name == page for key in own}
    assert {key for key in {*before, *after} if key not in known} <= VIEWS, "one without a test"
    same = {key for key in chosen if key in before and after.get(key) == before[key]}
    assert same == set(), "not changed"
    assert not left_out(app)

    address = {key: value for key, value in app.query_params.items() if key != "model"}
    other = open_app("resnet20", page, **address)
    assert not left_out(other)
    assert values(other) == after
    assert other.query_params == app.query_params

    app.switch_page("pages/units.py" if page != "units" else "pages/explore.py").run()
    for key in address:  # a browser drops them from links to other pages
        app.query_params.pop(key, None)
    app.switch_page(f"pages/{page}.py").run()
    assert values(app) == after
    assert app.query_params == other.query_params


def test_every_page_is_in_the_table() -> None:
    assert list(SETTINGS) == [name for name, _, _ in PAGES]


@pytest.mark.parametrize(
    ("page", "key", "text", "value"),
    [
        ("explore", "layers", "print(model)", "print"),
        ("shortcuts", "heat", "saved memory", "saved_bytes"),
        ("shortcuts", "unfold", "true", True),
        ("units", "left_order", "BN after addition", "bn_after_add"),
        ("units", "right_shortcut", "zero pad", "zero_pad"),
        ("gradients", "images", "fashion mnist", "fashion_mnist"),
        ("gradients", "quantity", "‖∂L/∂W‖ of convolution weights", "weight"),
        ("compare", "x", "parameters", "params"),
        ("compare", "bubble", "FLOPs (2 per MAC)", "flops"),
        ("compare", "sweep_figure", "saved for backward (float32)", "saved_bytes"),
        ("choose", "task", "CIFAR-10", "cifar10"),
        ("choose", "front", "MACs (conv + linear) against parameters", "macs against params"),
    ],
)
def test_an_address_that_has_words_instead_of_values_still_opens(
    open_app: Open, page: str, key: str, text: str, value: object
) -> None:
    app = open_app("resnet20", page, **{key: text})
    assert not left_out(app)
    assert fields(app)[key].value == value


def test_an_address_from_before_there_were_tabs_opens_what_it_is_about(open_app: Open) -> None:
    for page, tab, key, text in (
        ("explore", "block", "block", "layer2.1"),
        ("explore", "layers", "layers", "code"),
        ("explore", "layers", "find", "conv2"),
        ("compare", "sweep", "sweep", "width"),
        ("compare", "sweep", "sweep_log", "true"),
        ("compare", "difference", "to", "resnet56"),
        ("compare", "ledger", "ledger", "resnet44"),
        ("choose", "deepest", "real", "resnet34:blocks=4,5,8,4"),
        ("choose", "front", "front", "macs against params"),
    ):
        app = open_app("resnet20", page, **{key: text})
        shown = f"{page}_shown"
        assert app.segmented_control(key=shown).value == tab
        assert app.query_params[shown] == tab
        first = {"explore": "shape", "compare": "costs", "choose": "fits"}[page]
        app.segmented_control(key=shown).set_value(first).run()
        assert app.segmented_control(key=shown).value == first
        assert app.query_params[key] == text
        address = {name: value for name, value in app.query_params.items() if name != "model"}
        assert open_app("resnet20", page, **address).query_params == app.query_params
    app = open_app("resnet20", "compare", replay="false", bubble="flops")
    assert app.segmented_control(key="compare_shown").value == "costs"
    assert not app.exception


@pytest.mark.parametrize("text", ["nan", "1e999"])
@pytest.mark.parametrize("page", SETTINGS)
def test_what_is_no_number_is_one_sentence(open_app: Open, page: str, text: str) -> None:
    app = open_app("resnet20", page, **dict.fromkeys(SETTINGS[page], text))
    (said,) = left_out(app)
    taken = {"find", "own_input", "timing_batches"}  # any text is valid
    taken |= {"train_milestones", "train_gradients_at"}
    views = {"asked_models", "asked_train_models", "compared"}
    for key in fields(app):
        if key in SETTINGS[page] and key not in taken | views:
            assert f" {key}={text}" in said
            assert key not in app.query_params


@pytest.mark.parametrize("text", ["nan", "inf", "1e999"])
def test_a_model_that_is_a_number_is_no_model(open_app: Open, text: str) -> None:
    for page, says in (
        ("explore", f"'{text}' is not a model"),
        ("timing", f"'{text}' is not a model"),
    ):
        app = open_app(text, page)
        assert not app.exception
        assert [error.value.startswith(says) for error in app.error] == [True]
    app = open_app("resnet20", "gradients", models=f"resnet20;{text}")
    app.number_input(key="seeds").set_value(2).run()
    assert not app.exception
    assert app.error[0].value.startswith(f"'{text}' is not a model")


def test_one_choice_that_another_overtakes_is_left_out_without_a_word(open_app: Open) -> None:
    app = open_app("resnet50", "explore", block="layer3.5")
    app.text_input(key="text").input("resnet18").run()
    assert app.selectbox(key="block").value == "layer1.0"
    assert "block" not in app.query_params
    assert not left_out(app)


def test_a_machines_own_defaults_are_in_no_address(open_app: Open) -> None:
    app = open_app("resnet20", "timing")
    app.selectbox(key="timing_device").select("cpu").run()
    app.selectbox(key="timing_device").select("cuda:0").run()
    app.number_input(key="timing_threads").set_value(5).run()
    app.number_input(key="timing_threads").set_value(4).run()
    assert list(app.query_params) == ["model"]


def test_a_device_that_is_not_here_is_said(open_app: Open) -> None:
    app = open_app("resnet20", "timing", timing_device="mps", timing_threads="64")
    (said,) = left_out(app)
    assert said.endswith("invalid here: timing_device=mps, timing_threads=64.")
    assert app.selectbox(key="timing_device").value == "cuda:0"
