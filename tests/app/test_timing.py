"""The Timing page."""

import json
import re
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from analysis.style.numbers import short
from analysis.timing.measure import Spread
from analysis.timing.report import timed_at
from analysis.timing.roofline import Busy
from analysis.timing.roofline_report import roofline_result
from tests.analysis.test_render_timings import TRAINING
from tests.analysis.test_roofline import FOUND as ROOFLINE
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown
from tests.app.test_shortcuts import told

TINY = "resnet20:blocks=1,1,1:widths=4,8,8:stem_width=4"


def button(app: AppTest, label: str) -> Button:
    return next(button for button in app.button if button.label == label)


def press(app: AppTest, label: str) -> AppTest:
    return button(app, label).click().run()


def measured(app: AppTest) -> AppTest:
    """Press Measure and wait for the worker."""
    app.number_input(key="timing_seconds").set_value(1).run()
    press(app, "Measure")
    assert app.session_state["jobs"]["timing"].wait(timeout=120)
    return app.run()


def test_it_offers_this_machines_devices(open_app: Open) -> None:
    app = open_app(TINY, "timing")
    assert not app.exception
    assert app.title[0].value == "Timing ResNet-20, blocks 1-1-1, widths 4-8-8, stem width 4"
    assert app.selectbox(key="timing_device").options == ["cpu"]
    assert "No accelerator found: timing the CPU (" in markdown(app)


def test_a_measurement_is_shown_and_kept(open_app: Open) -> None:
    app = open_app(TINY, "timing")
    assert button(app, "Measure").proto.type == "primary"
    app.text_input(key="timing_batches").input("1,2").run()
    measured(app)
    assert not app.exception
    assert button(app, "Measure").proto.type == "secondary"
    first, second = app.session_state["timings"]
    assert [first.settings.batch, second.settings.batch] == [1, 2]
    assert first.model == second.model == TINY
    assert f"{second.forward_tflops:.6g} TFLOP/s" in html(app)
    assert html(app).count("training with SGD, batch") == 3  # the latest, and both in the table
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    assert len(figures) == 3

    app.button(key="export_timings").click().run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Download SVG", "CSV", "JSON"]
    assert app.selectbox(key="look_picture").options == [
        f"Time per stage of {TINY}",
        f"Iteration times of {TINY}",
        f"Forward and backward time of {TINY}",
    ]
    (said,) = (code.value for code in app.code if code.value.startswith(r"\caption"))
    assert "Training with SGD, batch 2, float32 on CPU" in said
    assert "warm-up" in said
    assert "torch " in said
    app.selectbox(key="look_picture").select("timings").run()
    assert app.text_input(key="timings_title").value == f"Forward and backward time of {TINY}"

    app.segmented_control(key="timing_mode").select("inference").run()
    measured(app)
    assert app.session_state["timings"][2].backward_ms is None

    app.switch_page("pages/shortcuts.py").run()
    app.selectbox(key="heat").select("backward time").run()
    assert not app.exception
    assert "backward (stage means)" in told(app)["svg"]


def test_the_heading_has_the_names_of_the_table(open_app: Open) -> None:
    app = open_app("resnet50", "timing")
    assert app.title[0].value == "Timing ResNet-50"
    app.session_state["timings"] = [
        replace(TRAINING, model=model) for model in ("resnet50_v1", "resnet50")
    ]
    app.run()
    assert app.title[0].value == "Timing ResNet-50 v1.5"
    assert ">ResNet-50 v1.5 · " in html(app)
    assert ">ResNet-50<" not in html(app)
    assert html(app).count('data-label="Network and settings"') == 2


def test_blocks_are_timed_and_colour_the_graph(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.timing.measure.NOISY", 100.0)  # noise would hide the ratio
    app = open_app(TINY, "timing")
    app.checkbox(key="timing_blocks").check().run()
    measured(app)
    assert not app.exception
    (found,) = app.session_state["timings"]
    assert [block.name for block in found.blocks] == ["layer1.0", "layer2.0", "layer3.0"]
    assert "Blocks" in [head.value for head in app.subheader]
    said = "Timed by block, forward and backward take"
    assert said in " ".join(caption.value for caption in app.caption)
    assert app.query_params["timing_blocks"] == "true"
    app.switch_page("pages/shortcuts.py").run()
    app.selectbox(key="heat").select("forward time").run()
    assert not app.exception
    drawn = told(app)["svg"]
    assert "stage means" not in drawn
    assert f"{short(found.blocks[1].forward_ms, 'ms')} forward" in drawn
    how = "Forward: median in training with SGD, batch 2, float32 on CPU, "
    assert any(said.value.startswith(how) for said in app.caption)


def test_one_iteration_can_be_traced(open_app: Open) -> None:
    app = open_app(TINY, "timing")
    press(app, "Record a trace")
    assert app.session_state["jobs"]["trace"].wait(timeout=120)
    app.run()
    assert not app.exception
    traced = app.session_state["jobs"]["trace"].result
    assert (traced.model, traced.settings.batch) == (TINY, 2)
    assert '"name":"layer3.0"' in traced.text
    (button,) = app.get("download_button")
    assert button.proto.label == f"Download the trace of {TINY}, batch 2"
    app.text_input(key="timing_batches").input("1,2").run()
    assert next(b for b in app.button if b.label == "Record a trace").disabled


def test_another_visitor_sees_what_this_server_has_timed(open_app: Open) -> None:
    measured(open_app(TINY, "timing"))
    app = open_app(TINY, "timing")
    assert "Measured before on this server" in [head.value for head in app.header]
    named = "ResNet-20, blocks 1-1-1, widths 4-8-8, stem width 4 · training with SGD, batch 2"
    assert f'title="{TINY}">{named}' in html(app)
    assert "timings" not in app.session_state
    other = open_app(TINY, "timing", timing_batches="3")
    assert "No measurements yet" in "".join(said.value for said in other.caption)
    graph = open_app(TINY, "shortcuts")
    assert "forward time" in graph.selectbox(key="heat").options


def test_the_roofline_of_these_settings_is_shown_and_exported(open_app: Open) -> None:
    address = {"timing_shown": "roofline", "timing_batches": "8", "timing_blocks": "true"}
    app = open_app("resnet50", "timing", **address)
    assert not app.exception
    assert "timing_blocks" not in [one.key for one in app.checkbox]
    assert any(said.value.startswith("No roofline for these settings") for said in app.caption)
    intro = "".join(said.value for said in app.markdown)
    assert "How close each stage's forward pass comes to" in intro
    assert "Forward and backward time" not in intro
    assert "timing_mode" not in [one.key for one in app.segmented_control]
    threads = int(app.number_input(key="timing_threads").value or 1)
    here = replace(ROOFLINE, settings=replace(ROOFLINE.settings, threads=threads), threads=threads)
    last = replace(here.settings, channels_last=True)
    other = replace(here, settings=last, forward_ms=Spread(70.0, 80.0, 90.0), busy=(Busy.STAGES,))
    results = [roofline_result(one) for one in (here, other)]
    app.session_state["answers"] = {result.hash: result for result in results}
    app.run()
    assert not app.exception
    assert "The others (stem and layer3) reach 60% to 94% of the peak." in html(app)
    assert "channels_last and 100 ms without: 1.25 times the speed." in markdown(app)
    assert not app.warning
    (figure,) = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    assert (figure["layout"]["xaxis"]["type"], figure["layout"]["yaxis"]["type"]) == ("log", "log")
    assert "norms" not in html(app)
    app.segmented_control(key="roofline_of").select("kinds").run()
    assert '<td class="t short" data-label="">norms</td>' in html(app)
    app.button(key="export_roofline").click().run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Download SVG", "CSV", "JSON"]

    app.button(key="switch_view").click().run()
    assert not app.exception
    assert "Share of roof" not in html(app)
    assert "head. The others (stem and layer3) reach 60% to 94% of the peak." in markdown(app)
    app.button(key="switch_view").click().run()

    app.checkbox(key="timing_channels_last").check().run()
    assert app.warning[0].value.startswith("The stage times are noisy.")
    app.text_input(key="timing_batches").input("4,8").run()
    assert app.error[0].value == "A roofline takes one batch size: enter one instead of 4 and 8."
    assert next(b for b in app.button if b.label == "Measure the roofline").disabled


def test_few_iterations_are_warned_of(open_app: Open) -> None:
    app = open_app(TINY, "timing")
    app.session_state["timings"] = [replace(TRAINING, interval=None)]
    app.run()
    assert app.warning[0].value.startswith("Too few iterations (2) to tell how noisy")
    app.session_state["timings"] = [TRAINING]
    app.run()
    assert not app.warning
    assert 'title="resnet20">ResNet-20 · training' in html(app)


def test_bad_settings_are_one_sentence(open_app: Open) -> None:
    app = open_app(TINY, "timing")
    app.text_input(key="timing_batches").input("two").run()
    assert "Batch must be a whole number, or several such as 1,2,4,8" in app.error[0].value
    assert next(button for button in app.button if button.label == "Measure").disabled
    app.text_input(key="timing_batches").input("nan").run()
    assert "Batch must be a whole number" in app.error[0].value
    app.text_input(key="timing_batches").input("1,1").run()
    assert app.error[0].value == "A sweep takes each batch only once."


def test_a_setting_that_cannot_apply_is_refused_or_disabled(open_app: Open) -> None:
    app = open_app(TINY, "timing")
    assert app.checkbox(key="timing_tf32").disabled
    app = open_app(TINY, "timing", timing_tf32="true")
    assert app.error[0].value == "TF32 needs a CUDA device, not cpu."
    assert next(button for button in app.button if button.label == "Measure").disabled
    app.checkbox(key="timing_tf32").uncheck().run()
    assert not app.error
    assert app.checkbox(key="timing_tf32").disabled
    assert not app.checkbox(key="timing_optimiser").disabled
    app.segmented_control(key="timing_mode").select("inference").run()
    assert app.checkbox(key="timing_optimiser").disabled


def test_what_the_worker_refuses_is_one_sentence(open_app: Open) -> None:
    app = open_app("resnet152", "timing")
    app.text_input(key="timing_batches").input("60000").run()
    measured(app)
    assert not app.exception
    assert "is predicted to need" in app.error[0].value
    assert "would fit" in app.error[0].value


def test_one_image_is_timed_where_it_can_be(open_app: Open) -> None:
    app = open_app(f"{TINY}:input=3x4x4", "timing")
    app.text_input(key="timing_batches").input("1").run()
    measured(app)
    assert not app.exception
    assert app.error[0].value == (
        "input 3x4x4 is too small at batch 1, where layer3.0.bn1 would train on one value per "
        "channel; use a larger input or a batch of at least 2."
    )
    app.segmented_control(key="timing_mode").select("inference").run()
    measured(app)
    assert not app.error
    assert app.session_state["timings"][0].settings.batch == 1


def test_a_bad_model_is_refused_here_too(open_app: Open) -> None:
    app = open_app("resnet20:blocks=0", "timing")
    assert app.error[0].value == "blocks must be 1 to 1,000, not 0."


def test_on_a_cpu_a_small_network_is_one_click_away(open_app: Open) -> None:
    app = open_app("resnet50", "timing")
    assert "Start small with ResNet-20" in [button.label for button in app.button]
    small = open_app("resnet20", "timing")
    assert "Start small with ResNet-20" not in [button.label for button in small.button]


def test_what_was_recorded_on_a_gpu_is_shown_apart(open_app: Open) -> None:
    app = open_app("resnet50", "timing")
    assert not app.exception
    assert "Recorded on an NVIDIA H200" in [head.value for head in app.header]
    shown = html(app)
    assert (
        '<td class="t" data-label="How">' not in shown
    )  # a phone's card is headed by its first cell
    heads = re.findall(r'data-label="Iteration"[^>]*>([^<]*)<', shown)
    assert "training step, batch 256, bfloat16, channels last" in heads
    assert len(set(heads)) == len(heads) > 3
    assert "+9.0%" in shown
    assert ">15,363<" in shown  # images per second, in inference at batch 256
    assert [head.value for head in app.subheader] == ["Stages: training step, batch 64, TF32"]
    (chart,) = (json.loads(one.proto.spec) for one in app.get("plotly_chart"))
    assert chart["data"][0]["x"] == ["stem", "layer1", "layer2", "layer3", "layer4", "head"]
    captions = " ".join(c.value for c in app.caption)
    assert "Recorded on 2026-11-26 with torch 2.11.0+cu130, CUDA 13.0" in captions
    assert "If it is close to or above the iteration time, the host is the bottleneck." in captions
    assert 'data-label="Host time"' in shown
    assert "Peak against prediction: how far the measured peak" in captions
    first = shown.partition("<caption>Recorded timings</caption>")[2].partition("<tbody>")[2]
    assert re.sub("<[^>]+>", "", first).startswith("training step, batch 64, TF32")  # as charted
    assert "No measurements yet." in captions  # recorded timings aren't this machine's
    app = open_app("resnet20", "timing")
    assert "Recorded on an NVIDIA H200" not in [head.value for head in app.header]


def test_recordings_are_exported_with_their_chart(open_app: Open) -> None:
    app = open_app("resnet50", "timing")
    app.button(key="export_recorded").click().run()
    assert not app.exception
    assert (
        "Training step, batch 64, TF32, on an NVIDIA H200. Medians of 10 iterations. Recorded "
        "on 2026-11-26 with torch 2.11.0+cu130, CUDA 13.0, cuDNN 9.19.0, "
    ) in app.code[0].value
    assert "Architecture: He et al.~" in app.code[0].value
    labels = [button.proto.label for button in app.get("download_button")]
    assert sum(label.startswith("JSON: ") for label in labels) == 8


def test_the_wall_says_which_stage_takes_longest_or_where_to_allow_more_time(
    open_app: Open,
) -> None:
    app = open_app("resnet20", "timing", view="wall")
    app.session_state["timings"] = [replace(TRAINING, interval=None)]
    app.run()
    said = html(app)
    assert "how noisy the median is. Press P, then allow more time.<" in said
    assert ">peak not measured<" in said
    app.session_state["timings"] = [replace(TRAINING, interval=0.01)]
    app.run()
    assert ">Of all stages, head takes the most time: 67%.<" in html(app)
    assert f" · {timed_at(TRAINING)}<" in html(app)
    (chart,) = app.get("plotly_chart")
    assert "median and p10 to p90, ms" in chart.proto.spec


def test_the_wall_shows_what_another_machine_recorded(open_app: Open) -> None:
    """A network that wasn't timed here: the recording most like the settings, named as such."""
    app = open_app("resnet152", "timing", view="wall")
    assert not app.exception
    assert "Recorded on 2026-11-26 on an NVIDIA H200: training step, batch 64, TF32" in html(app)
    assert "918" in html(app)
    assert "65.2 T" in html(app)
    largest = "Of all stages, layer3 takes the most time: 55%."
    assert f"{largest} Press Measure to time this machine." in html(app)
    (chart,) = app.get("plotly_chart")
    forward, backward = json.loads(chart.proto.spec)["data"]
    assert forward["x"] == ["stem", "layer1", "layer2", "layer3", "layer4", "head"]
    assert (forward["name"], backward["name"]) == ("forward", "backward")
    inference = open_app("resnet152", "timing", view="wall", timing_mode="inference")
    assert "on an NVIDIA H200: inference, batch " in html(inference)
    nothing = open_app("resnet20", "timing", view="wall")
    said = [one.value for one in nothing.caption]
    assert "No measurements with these settings yet. Press Measure." in said
    assert "Measure" in [button.label for button in nothing.button]
