"""The Compare and Choose pages."""

import json
import re
import time
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from analysis.choice import compare
from analysis.choice.compare import Column
from analysis.costs.profiles import observe
from analysis.costs.step import Dtype, Optimiser, StepMemory, step_memory
from analysis.machine.jobs import Needs
from analysis.style.palette import DARK, LIGHT, contrast, mix, text_on
from analysis.timing.settings import Settings
from nets import CATALOG, ResNetSpec, parse
from pages.ui import comparisons
from pages.ui.markup import height_of
from pages.views import choose
from pages.views import compare as compare_views
from tests.analysis.fake_accelerator import FakeAccelerator
from tests.analysis.test_predict import ideal
from tests.analysis.test_render_timings import TRAINING
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown


def compared(app: AppTest) -> pd.DataFrame:
    """Return the table of figures by network."""
    shown: pd.DataFrame = app.dataframe[0].value
    return shown.set_index("network")


def test_forty_networks_load_in_a_second_of_computing(open_app: Open) -> None:
    open_app("resnet50", "compare")  # imports what the page needs
    comparisons._compared.cache_clear()
    observe.cache_clear()
    began = time.process_time()
    app = open_app("resnet50", "compare", nets=";".join(list(CATALOG)[-40:]))
    took = time.process_time() - began
    assert took <= 1.0
    assert len(compared(app)) == 40


def test_compare_starts_from_the_pages_network(open_app: Open) -> None:
    model = "resnet50:unit=full_preact"
    app = open_app(model, "compare")
    assert app.selectbox(key="y").value == "params"  # no accuracy of an edit is published
    assert "Not drawn" not in " ".join(caption.value for caption in app.caption)
    open_tab(app, "difference")
    assert [app.selectbox(key=key).value for key in ("from", "to")] == ["resnet50", model]
    open_tab(app, "ledger")
    assert app.selectbox(key="ledger").value == model
    accuracy = open_app("resnet50", "compare").selectbox(key="y").value
    app = open_app(model, "compare", y=accuracy)
    assert app.selectbox(key="y").value == accuracy != "params"
    assert "Not drawn" in " ".join(caption.value for caption in app.caption)
    chosen = open_app(model, "compare", nets="resnet18;resnet34", compare_shown="difference")
    assert [chosen.selectbox(key=key).value for key in ("from", "to")] == ["resnet18", "resnet34"]


def test_compare_shows_costs_diff_and_ledger(open_app: Open) -> None:
    app = open_app("resnet50", "compare")
    assert not app.exception
    table = compared(app)
    assert list(table.index) == [f"ResNet-{depth}" for depth in (18, 34, 50, 101, 152)]
    assert table.loc["ResNet-50", "MACs (conv + linear)"] == 4_089_184_256
    styled = app.dataframe[0].proto.arrow_data.styler.display_values
    assert b"427 px" in styled
    assert "<table" not in html(app)  # hidden tabs aren't computed
    captions = [caption.value for caption in app.caption]
    assert (
        "All networks shown are on the Pareto front." in captions
    )  # of resnet18 to 152, by accuracy
    open_tab(app, "ledger")
    page = html(app)
    assert "1,814,073,344" not in page  # the ledger shows the page's network
    for total in ("4,111,512,576", "4,089,238,376", "4,132,436,968", "24,299,077,632"):
        assert total in page
    open_tab(app, "difference")
    app.selectbox(key="from").select("resnet18").run()
    app.selectbox(key="to").select("resnet34").run()
    assert (
        "**From ResNet-18 to ResNet-34:** +10.1 M parameters, +1.85 G MACs, +10.1 MB saved for "
        "backward.\n\n- 8 blocks added (1 in layer1, 2 in layer2, 4 in layer3, 1 in layer4)"
    ) in markdown(app)
    assert html(app).count("<img") == 2
    app.button(key="export_difference").click().run()
    assert not app.exception
    assert app.selectbox(key="look_picture").options == ["ResNet-18", "ResNet-34"]
    (caption,) = (code.value for code in app.code if code.value.startswith(r"\caption"))
    assert "ResNet-18, with what differs from ResNet-34. From ResNet-18 to ResNet-34" in caption
    assert "@inproceedings{he2016deep," in caption


def open_tab(app: AppTest, tab: str) -> None:
    app.segmented_control(key="compare_shown").set_value(tab).run()
    assert not app.exception


def test_rows_are_named_legibly_and_whole(open_app: Open) -> None:
    """Streamlit draws pinned names with 60% of their colour, and cuts an eleventh row."""
    app = open_app(None, "compare", nets=";".join(f"resnet{n}" for n in (20, 32, 44, 56, 110)))
    shown = app.dataframe[0].proto
    columns = json.loads(shown.columns)
    assert columns["_index"] == {"hidden": True}
    assert columns["network"]["pinned"]
    named = re.search(
        r"((?:#\S+_row\d+_col0,? ?)+)\{\s*color: (#\w+)", shown.arrow_data.styler.styles
    )
    assert named
    assert named[1].count("_col0") == 5
    assert named[2] == "#000000"
    for palette in (LIGHT, DARK):
        faded = mix(text_on(palette.background), palette.background, 0.6)
        assert contrast(faded, palette.background) > 4.5
    assert (height_of(20), height_of(21)) == ("content", "auto")


def test_any_two_networks_differ_and_any_network_is_swept(open_app: Open) -> None:
    app = open_app(None, "compare", to="resnet50:unit=full_preact", **{"from": "resnet101"})
    assert "to ResNet-50, full pre-activation:** −19.0 M" in markdown(app)
    assert "\n- 17 blocks removed" in markdown(app)
    assert "\n- Stem: 7×7 64 stride 2, BN" in markdown(app)
    app.selectbox(key="from").select("resnet50").run()
    assert "- Original → full pre-activation in every block" in markdown(app)
    app.selectbox(key="to").select("resnet50").run()
    assert "resnet50 and resnet50 are the same network." in markdown(app)
    app = open_app(None, "compare", to="resnet51")
    assert app.error[0].value.startswith("'resnet51' is not a model: did you mean")
    assert "<img" not in html(app)  # no other graph replaces it

    many = ";".join(list(CATALOG)[:13])
    swept = open_app(None, "compare", nets=many, compare_shown="sweep")
    assert swept.multiselect(key="swept").value == list(CATALOG)[:6]
    swept.multiselect(key="swept").set_value(["wrn40_4"]).run()
    assert swept.query_params["swept"] == "wrn40_4"
    typed = {"nets": many, "compare_shown": "sweep", "swept": "wrn40_4;plain110:bias=1"}
    swept = open_app(None, "compare", **typed)
    box = swept.multiselect(key="swept")
    assert box.value == ["wrn40_4", "plain110:bias=1"]
    assert box.options[:3] == ["WRN-40-4", "Plain-110, biases", "ResNet-18"]
    assert chart_alt(swept).startswith(
        "MACs (conv + linear) by input of WRN-40-4; Plain-110, biases. 2 lines: MACs (conv + "
        "linear), G by image height, px. WRN-40-4: 8 values, 0.08116 at 8 to 5.194 at 64."
    )
    swept.multiselect(key="swept").set_value(many.split(";")).run()
    assert swept.error[0].value == "A sweep takes at most 12 networks, not 13."
    assert not swept.get("plotly_chart")


def chart_alt(app: AppTest) -> str:
    (chart,) = app.get("plotly_chart")
    said: str = chart.proto.alt
    return said


def test_only_what_is_seen_is_counted(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    replayed: list[Dtype] = []

    def count(spec: ResNetSpec, batch: int, dtype: Dtype, optimiser: Optimiser) -> StepMemory:
        replayed.append(dtype)
        return step_memory(spec, batch, dtype, optimiser)

    monkeypatch.setattr(compare, "step_memory", count)
    comparisons._compared.cache_clear()
    app = open_app("resnet20", "compare", nets=";".join(CATALOG), compare_batch="3")
    assert len(compared(app)) == len(CATALOG)
    assert not replayed
    app.segmented_control(key="compare_columns").set_value("memory").run()
    assert replayed == [Dtype.FLOAT32] * len(CATALOG)
    table = compared(app)
    peak = step_memory(parse("resnet110"), 3).peak_bytes
    assert table.loc["ResNet-110", "training step peak (float32)"] == peak
    app.selectbox(key="bubble").select("training step peak (float16 autocast)").run()
    assert set(replayed[len(CATALOG) :]) == {Dtype.FLOAT16}
    app.segmented_control(key="compare_columns").set_value("published").run()
    published = compared(app).drop(columns="input")
    assert list(published.loc["ResNet-34 A"].dropna()) == [25.03]


def test_compare_adds_takes_away_and_measures_at_another_batch(open_app: Open) -> None:
    usual = "resnet20;resnet32;resnet44;resnet56;resnet110"
    app = open_app("resnet20:bias=1", "compare", nets=usual)
    depths = (20, 32, 44, 56, 110)
    assert list(compared(app).index) == [f"ResNet-{depth}" for depth in depths]
    add = next(b for b in app.button if b.label == "Add this model")
    assert not add.help
    add.click().run()
    assert not app.exception
    add = next(b for b in app.button if b.label == "Add this model")
    assert (add.disabled, add.help) == (True, "ResNet-20, biases is already in the comparison.")
    assert app.query_params["nets"] == (
        "resnet20;resnet32;resnet44;resnet56;resnet110;resnet20:bias=1"
    )
    assert list(compared(app).index)[-1] == "ResNet-20, biases"
    app.multiselect(key="compared").set_value(["resnet20", "resnet1202"]).run()
    app.number_input(key="compare_batch").set_value(8).run()
    assert not app.exception
    table = compared(app)
    assert table.loc["ResNet-20", "MACs (conv + linear)"] == 8 * 40_551_040
    app.multiselect(key="compared").set_value(["resnet20", "resnet2"]).run()
    (error,) = app.error
    assert error.value.startswith("'resnet2' is not a model")
    assert list(compared(app).index) == ["ResNet-20"]
    assert not app.exception


def test_the_networks_of_the_address_and_of_the_sidebar_are_drawn_or_missed(
    open_app: Open,
) -> None:
    app = open_app("resnet1202", "compare")
    assert list(compared(app).index)[-2:] == ["ResNet-110", "ResNet-1202"]
    assert "ResNet-56, ResNet-110" in chart_alt(app)
    assert "other networks: 1 value, 7.93 at 2.829." in chart_alt(app)
    assert "Not drawn" not in " ".join(caption.value for caption in app.caption)
    error = app.selectbox(key="y").value
    app = open_app("plain110", "compare", view="wall")
    assert "Not drawn" not in markdown(app)
    app = open_app("plain110", "compare", view="wall", y=error)
    said = "Not drawn: no CIFAR-10 error (He et al. 2015) for plain, 110 layers."
    assert said in markdown(app)


def test_a_sweep_opens_with_log_on_where_the_curves_end_far_apart(open_app: Open) -> None:
    app = open_app("resnet1202", "compare", compare_shown="sweep")
    assert app.toggle(key="sweep_log").value
    said = (
        "MACs (conv + linear): from 8 to 64 px, ResNet-1202 goes from 177 M to 11.3 G, "
        "ResNet-20 from 2.54 M to 162 M."
    )
    assert said in [one.value.replace("\N{NON-BREAKING HYPHEN}", "-") for one in app.markdown]
    app.toggle(key="sweep_log").set_value(False).run()
    assert not app.toggle(key="sweep_log").value
    near = open_app(None, "compare", nets="resnet20;resnet32", compare_shown="sweep")
    assert not near.toggle(key="sweep_log").value


def test_a_sweep_by_depth_says_which_networks_share_a_line(open_app: Open) -> None:
    app = open_app(None, "compare", nets="resnet20;resnet32", compare_shown="sweep")
    said = "Networks that differ only in the number of blocks share a line: "
    assert said not in "".join(one.value for one in app.caption)
    app.segmented_control(key="sweep").set_value("depth").run()
    assert f"{said}ResNet-20 and ResNet-32." in [one.value for one in app.caption]


def test_the_drawings_of_a_difference_carry_the_networks_names(open_app: Open) -> None:
    app = open_app("resnet152", "compare", compare_shown="difference")
    assert [one.value for one in app.markdown if one.value.startswith("**ResNet")] == [
        "**ResNet-152**",
        "**ResNet-18**",
    ]


def test_the_wall_says_between_which_networks_it_shows_the_changes(open_app: Open) -> None:
    app = open_app("resnet152", "compare", compare_shown="difference", view="wall")
    assert app.title[-1].value == "What changes from ResNet-152 to ResNet-18"


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("resnet152", "Add ResNet-152"),
        ("resnet1202", "Add this model"),  # its name would be cut off
        ("resnet50:se=4", "Add this model"),
    ],
)
def test_the_button_that_adds_a_network_is_never_cut_off(
    open_app: Open, model: str, label: str
) -> None:
    app = open_app(model, "compare", nets="resnet18")
    labels = [one.label for one in app.button]
    assert [one for one in labels if one.startswith("Add ") and "lecture" not in one] == [label]


def test_a_single_network_has_no_colours_to_explain(open_app: Open) -> None:
    app = open_app(None, "compare", nets="resnet18")
    said = " ".join(one.value for one in app.caption)
    assert "Counts are for 1 image." in said
    assert "Blue is low" not in said
    app = open_app(None, "compare", nets="resnet18;resnet34")
    assert "Blue is low" in " ".join(one.value for one in app.caption)


def test_networks_with_commas_between_them_are_told_apart(open_app: Open) -> None:
    app = open_app(None, "compare", nets="resnet18;resnet34,resnet50:se=4")
    (error,) = app.error
    assert error.value == (
        "'resnet34,resnet50:se=4' is not a model: add networks one by one (in the address, "
        "separate them by semicolons)."
    )
    assert list(compared(app).index) == ["ResNet-18"]


def test_one_network_never_hides_the_others(open_app: Open) -> None:
    small = "resnet18:input=3x32x32"
    app = open_app(None, "compare", nets=f"{small};resnet20;resnet51;resnet20:blocks=0")
    assert not app.exception
    table = compared(app)
    assert list(table.index) == ["ResNet-18, 3×32×32", "ResNet-20"]
    unknown, wrong = (error.value for error in app.error)
    assert unknown.startswith("'resnet51' is not a model")
    assert wrong == "'resnet20:blocks=0' was left out: blocks must be 1 to 1,000, not 0."
    assert table.loc["ResNet-18, 3×32×32", "MACs (conv + linear)"] == 37_523_456
    app.segmented_control(key="compare_columns").set_value("memory").run()
    assert list(compared(app)["saved for backward (float32)"].isna()) == [True, False]
    said = app.info[0].value
    assert f"{small} has no training figures: input 3x32x32 is too" in said
    open_tab(app, "difference")
    unknown = "'resnet51' is not a model"
    assert not app.error  # only the two compared networks are parsed
    assert f"Saved memory is missing: {small} can't train" in app.info[0].value
    open_tab(app, "sweep")
    assert app.error[0].value.startswith(unknown)
    app.selectbox(key="sweep_figure").select("saved for backward (float32)").run()
    left_out = [info.value for info in app.info if "Left out" in info.value]
    assert left_out == [
        "Left out because batch norm can't train on one value per channel: "
        f"{small} at 8, 16, 24, 32."
    ]
    app.number_input(key="compare_batch").set_value(2).run()
    assert not app.info
    assert not app.exception


def test_choose_names_what_one_image_cannot_train_and_shows_the_others(open_app: Open) -> None:
    app = open_app(None, "choose", task="custom images", own_input="3x16x16", choose_batch="1")
    assert not app.exception
    said = html(app)
    assert "All 21 networks for custom images" in said
    assert "Not evaluated: ResNet-18 and 33 more (input 3x16x16 is too small at batch 1" in said
    assert "resnet1202" in html(app)


def test_choose_names_what_fits_and_the_next_step(open_app: Open) -> None:
    app = open_app(None, "choose")
    assert not app.exception
    assert "networks for ImageNet" in html(app)
    assert "One step deeper needs" not in html(app)
    app.segmented_control(key="choose_shown").set_value("deepest").run()
    assert "One step deeper needs" in html(app)
    app.segmented_control(key="task").select("CIFAR-10").run()
    assert "for CIFAR-10" in html(app)
    assert not app.exception


def test_choose_says_of_a_front_how_many_networks_it_is_drawn_from(open_app: Open) -> None:
    app = open_app(None, "choose", choose_shown="front")
    assert html(app).count("4 of the 18 networks that fit have a published result") == 1
    assert "18 of 32 networks" not in html(app)
    app.segmented_control(key="choose_shown").set_value("fits").run()
    assert html(app).count("18 of 32 networks") == 1
    assert "have a published result" not in html(app)


def test_choose_names_variants_so_in_place_of_a_source(open_app: Open) -> None:
    app = open_app(None, "choose", choose_shown="deepest")
    assert html(app).count("Pre-activation ResNet-200 variant with blocks 3-4-10-3") == 1
    assert "Source" not in html(app)


def test_choose_has_one_name_for_each_network(open_app: Open) -> None:
    app = open_app(None, "choose")
    assert ">ResNet-50 v1.5<" in html(app)
    assert ">ResNet-50<" not in html(app)
    app.segmented_control(key="choose_shown").set_value("front").run()
    (chart,) = app.get("plotly_chart")
    assert "ResNet-50 v1.5" in chart.proto.spec
    assert '"ResNet-50"' not in chart.proto.spec


def best_published(app: AppTest) -> str:
    (table,) = re.findall(r"<table[^>]*><caption>Best published<.*?</table>", html(app))
    return re.sub(r"<[^>]+>", " ", table)


def test_choose_has_one_metric_in_a_column(open_app: Open) -> None:
    app = open_app(None, "choose")
    said = " ".join(best_published(app).split())
    assert "Recipe or test Published by ImageNet top-1 accuracy" in said
    assert "10-crop He et al. 2015 (22.85% error) 77.15%" in said
    assert "torchvision&#x27;s weights V1, 224 px timm" in said
    assert "A1 of Wightman et al. 2021, 224 px timm" in said
    heading = "Best published result for each recipe"
    assert heading in [head.value for head in app.header]
    percents = [float(text) for text in re.findall(r"([\d.]+)%(?! error)", said)]
    assert percents == sorted(percents, reverse=True)
    app.segmented_control(key="task").select("CIFAR-10").run()
    said = " ".join(best_published(app).split())
    assert "Recipe or test Published by CIFAR-10 error" in said
    assert "ResNet-110 best of 5 (6.61±0.16) He et al. 2015 6.43%" in said


def test_only_the_real_step_is_refused_where_it_cannot_run(open_app: Open) -> None:
    app = open_app(None, "choose", choose_dtype="float16", task="CIFAR-10", choose_shown="deepest")
    assert not app.exception
    assert "networks for CIFAR-10" in html(app)
    assert "One step deeper needs" in html(app)
    assert step_button(app).disabled
    assert app.info[0].value == (
        "Can't measure a step: float16 on the CPU is for inference only, because torch's "
        "backward isn't usable there: use bfloat16."
    )
    app.selectbox(key="choose_dtype").select("bfloat16").run()
    assert not step_button(app).disabled
    assert not app.info
    app.selectbox(key="optimiser").select("adam").run()
    assert step_button(app).disabled
    assert app.info[0].value == "Can't measure a step: steps are timed with SGD, not Adam."


def test_the_real_step_runs_where_timing_would(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeAccelerator(monkeypatch)
    asked: list[tuple[Settings, ...]] = []

    def start(*args: Any, seconds: float, needs: Needs) -> None:
        assert needs == Needs("meta", is_timing=True)
        asked.append(args[-1])

    monkeypatch.setattr(choose, "start", start)
    app = open_app(
        None,
        "choose",
        choose_dtype="float16",
        choose_batch="4",
        task="CIFAR-10",
        choose_shown="deepest",
    )
    step_button(app).click().run()
    ((one,),) = asked
    assert (one.device, one.dtype, one.batch) == ("meta", "float16", 4)


def test_a_real_step_follows_the_task(open_app: Open) -> None:
    app = open_app(None, "choose", task="custom images", choose_shown="deepest")
    for classes in (1, 100_000):
        app.number_input(key="own_classes").set_value(classes).run()
        assert not app.exception


def step_button(app: AppTest) -> Button:
    return next(button for button in app.button if button.label == "Measure a step")


def test_choose_has_a_sentence_for_every_outcome(open_app: Open) -> None:
    app = open_app(None, "choose")
    app.number_input(key="max_macs").set_value(0.001).run()
    assert "No network for ImageNet" in html(app)
    assert "comes closest" in html(app)
    app.number_input(key="max_macs").set_value(0.0).run()
    assert app.error[0].value == "MACs must be above 0 and at most 1,000,000,000 G, not 0."
    app.number_input(key="max_macs").set_value(1e300).run()
    assert app.error[0].value == "MACs must be above 0 and at most 1,000,000,000 G, not 1e+300."
    app.number_input(key="max_macs").set_value(1000.0).run()
    app.number_input(key="max_training").set_value(1000.0).run()
    assert "All 32 networks for" in html(app)
    app.number_input(key="max_ms").set_value(5.0).run()
    assert not app.error
    assert app.info[0].value == (
        "The time budget isn't applied, as no training step was measured on this server at batch "
        "32 in float32: measure networks on the Timing or Training page first."
    )
    assert "All 32 networks for" in html(app)  # the other budgets still apply
    app.selectbox(key="optimiser").select("adam").run()
    assert app.error[0].value.startswith("Times are measured with SGD; pick SGD")
    app.selectbox(key="optimiser").select("sgd").run()
    app.number_input(key="max_ms").set_value(None).run()
    app.segmented_control(key="task").select("custom images").run()
    app.text_input(key="own_input").input("3x0x0").run()
    assert "input must be 1 to 4,096, not 0" in app.error[0].value
    assert not app.exception


def test_choose_predicts_times_from_those_measured(open_app: Open) -> None:
    depths = (20, 32, 44, 56)
    app = open_app(None, "choose", task="cifar10", choose_batch="2")
    app.session_state["timings"] = [ideal(f"resnet{depth}") for depth in depths[:3]]
    app.number_input(key="max_ms").set_value(7.0).run()
    assert not app.exception
    captions = " ".join(caption.value for caption in app.caption)
    assert "predicted once 4 networks have been timed on this server" in captions
    assert "≈" not in html(app)
    app.session_state["timings"] = [ideal(f"resnet{depth}") for depth in depths]
    app.run()
    assert not app.exception
    captions = " ".join(caption.value for caption in app.caption)
    assert "Times with ≈ are predicted from the stage times of the 4 networks timed on" in captions
    assert "≈ 6.98 ms" in html(app)  # plain-56
    assert "Each timed network, predicted from the others" in [one.label for one in app.expander]
    slow = ideal("resnet56", factor=2.0)
    app.session_state["timings"] = [*(ideal(f"resnet{depth}") for depth in depths[:3]), slow]
    app.run()
    captions = " ".join(caption.value for caption in app.caption)
    assert "Times of other networks aren't predicted: fewer than 4 of" in captions
    assert "≈" not in html(app)


def test_an_infinite_number_in_the_address_is_left_out(open_app: Open) -> None:
    for page, name in (("choose", "choose_batch"), ("gradients", "seeds"), ("gradients", "batch")):
        app = open_app("resnet20", page, **{name: "1e999"})
        assert not app.exception
        assert name not in app.query_params


def test_what_an_address_cannot_have_is_said(open_app: Open) -> None:
    app = open_app(None, "choose", max_macs="-4", choose_batch="32", task="<b>", optimiser="adam")
    (said,) = app.warning
    assert said.value == (
        "Ignored settings in the address that are invalid here: task=\\<b\\>, max_macs=-4."
    )
    assert app.selectbox(key="optimiser").value == "adam"
    app.number_input(key="choose_batch").set_value(16).run()
    assert not app.warning
    for fine in ({"seeds": "3"}, {"images": "fashion mnist"}, {"precision": "float64"}):
        assert not open_app("resnet20", "gradients", **fine).warning
    (infinite,) = open_app("resnet20", "gradients", seeds="1e999").warning
    assert infinite.value.endswith("invalid here: seeds=1e999.")


def test_networks_are_only_ranked_among_those_of_their_input(open_app: Open) -> None:
    app = open_app(None, "compare", nets="resnet18;resnet20;resnet50;resnet110")
    assert list(compared(app)["input"]) == [
        "3×224×224",
        "3×32×32",
        "3×224×224",
        "3×32×32",
    ]
    said = "Among networks with the same input, blue is low, yellow is high; the best of"
    assert said in " ".join(c.value for c in app.caption)
    same = open_app(None, "compare", nets="resnet18;resnet50")
    assert "input" not in compared(same)
    assert "Blue is low, yellow is high; the best of" in " ".join(c.value for c in same.caption)
    assert "For scale: VGG-19 at 224 px" in " ".join(c.value for c in same.caption)
    small = open_app(None, "compare", nets="resnet20;resnet110")
    assert "For scale" not in " ".join(c.value for c in small.caption)


@pytest.mark.parametrize(
    ("dark", "low", "high"), [(False, "8C9CAF", "FFF5A5"), (True, "032046", "DAC833")]
)
def test_low_is_blue_and_high_is_yellow_in_both_themes(
    monkeypatch: pytest.MonkeyPatch, dark: bool, low: str, high: str
) -> None:
    monkeypatch.setattr(compare_views, "palette", lambda: DARK if dark else LIGHT)
    column = pd.Series([1.0, 2.0], name=Column.PARAMS.label)
    first, last = compare_views._heat(column, [Column.PARAMS], ["3×32×32"] * 2)
    assert first.startswith(f"background-color: #{low};")
    assert last.startswith(f"background-color: #{high};")


def test_a_value_without_another_to_compare_has_no_colour() -> None:
    inputs = ["3×32×32", "3×224×224", "3×224×224", "3×64×64", "3×64×64"]
    column = pd.Series([9.0, 1.0, 2.0, 3.0, None], name=Column.PARAMS.label)
    styles = compare_views._heat(column, [Column.PARAMS], inputs)
    assert [bool(style) for style in styles] == [False, True, True, False, False]


def test_a_column_that_spans_much_has_different_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_views, "palette", lambda: LIGHT)
    figures = pd.Series([1.0, 10.0, 100.0], name=Column.PARAMS.label)
    assert [
        style[18:25]
        for values in (figures, figures[:2])
        for style in compare_views._heat(values, [Column.PARAMS], ["3×32×32"] * len(values))
    ] == ["#8C9CAF", "#C4C4C1", "#FFF5A5", "#8C9CAF", "#FFF5A5"]


def test_a_wide_axis_is_logarithmic_unless_a_visitor_chose_otherwise(open_app: Open) -> None:
    def scale(app: AppTest) -> object:
        (chart,) = app.get("plotly_chart")
        return json.loads(chart.proto.spec)["layout"]["xaxis"].get("type", "linear")

    app = open_app("resnet1202", "compare")
    log = app.toggle(key="log")
    assert log.value
    assert "log" not in app.query_params
    assert scale(app) == "log"
    assert "Columns that span a factor of more than 20 have a logarithmic scale." in captions(app)
    log.set_value(False).run()
    assert app.query_params["log"] == "false"
    assert scale(app) == "linear"

    linear = open_app("resnet1202", "compare", log="false")
    assert not linear.toggle(key="log").value
    assert scale(linear) == "linear"

    app = open_app("resnet50", "compare")
    assert not app.toggle(key="log").value
    assert scale(app) == "linear"
    assert "logarithmic" not in captions(app)
    for chosen in (True, False):
        app.toggle(key="log").set_value(chosen).run()
        assert app.query_params["log"] == str(chosen).lower()
    app.multiselect(key="compared").set_value(["resnet20", "resnet1202"]).run()
    assert not app.toggle(key="log").value
    assert scale(app) == "linear"


def test_the_source_of_published_figures_is_a_caption_below_the_chart(open_app: Open) -> None:
    app = open_app(page="compare")
    said = "Torchvision's weights V1, single crop."
    assert said in [caption.value for caption in app.caption]
    assert "published by torchvision" not in app.get("plotly_chart")[0].proto.spec


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


SPEED = {
    "nets": "resnet18;resnet50",
    "x": "rtx4090",
    "y": "ImageNet top-1 accuracy (tv, 224 px; published by timm)",
}


def test_a_published_speed_is_cited_with_this_servers_own_below(open_app: Open) -> None:
    app = open_app("resnet50", "compare", **SPEED)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    (cited,) = (c.value for c in app.caption if "Speed (timm, 2026-01): RTX 4090" in c.value)
    assert cited.endswith("time these networks on the Timing page in inference mode.")

    timed = replace(TRAINING.settings, inference=True)
    runs = [
        replace(TRAINING, model=model, settings=timed, images_per_s=rate)
        for model, rate in (("resnet18", 40.0), ("resnet50", 15.0))
    ]
    app.session_state["timings"] = [*runs, replace(TRAINING, model="resnet50")]
    app.run()
    assert not app.exception
    published, own = (chart.proto.alt for chart in app.get("plotly_chart"))
    assert "against images/s, RTX 4090. " in published
    assert "against images/s, measured here" in own
    assert "69.75 at 13,730" in published
    assert "networks: 2 values, 69.75 at 40 to 76.16 at 15." in own
    captions = [c.value for c in app.caption]
    assert any(c.startswith("Measured on this server: inference, batch") for c in captions)
    assert [c for c in captions if "RTX 4090" in c] == [cited.partition(" To see")[0]]

    app.segmented_control(key="compare_columns").set_value("published").run()
    table = compared(app)
    assert table.loc["ResNet-50", "images/s, RTX 4090 (published by timm)"] == 4_302.84
    app.selectbox(key="x").select("MACs (conv + linear)").run()
    assert len(app.get("plotly_chart")) == 1
    assert not [c for c in app.caption if "RTX 4090" in c.value]


def test_choose_has_fronts_of_published_speeds(open_app: Open) -> None:
    front = f"{SPEED['y']} against rtx5090"
    app = open_app(None, "choose", choose_shown="front", front=front)
    assert not app.exception
    assert app.selectbox(key="front").value == front
    (said,) = (chart.proto.alt for chart in app.get("plotly_chart"))
    assert "against images/s, RTX 5090. " in said
    captions = [c.value for c in app.caption]
    assert any("Speed (timm, 2026-01): RTX 5090" in c for c in captions)
    app.session_state["timings"] = [
        replace(TRAINING, model="resnet18", settings=replace(TRAINING.settings, inference=True))
    ]
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2


def test_a_sweep_of_batches_has_no_field_for_one_batch(open_app: Open) -> None:
    app = open_app("resnet18", "compare", compare_shown="sweep", sweep="batch", compare_batch="4")
    assert not app.exception
    assert "compare_batch" not in [field.key for field in app.number_input]
    assert app.query_params["compare_batch"] == "4"
    app.segmented_control(key="sweep").set_value("depth").run()
    assert app.number_input(key="compare_batch").value == 4


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("sweep", "Counts are for 8 images."),
        ("difference", "Counts are for 8 images of 3×224×224."),
    ],
)
def test_counts_name_their_batch_on_the_page_and_in_captions(
    open_app: Open, shown: str, said: str
) -> None:
    app = open_app("resnet50", "compare", compare_shown=shown, compare_batch="8")
    assert said in [one.value for one in app.caption]
    app.button(key=f"export_{shown}").click().run()
    assert not app.exception
    assert "Counts are for 8 images" in "".join(one.value for one in app.code)
