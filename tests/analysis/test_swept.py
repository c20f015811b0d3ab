"""What a sweep's folder holds: reading it, grouping by seed, charts, tables, and the command."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from analysis.charts.chart import Dash, Draw
from analysis.charts.file import picture
from analysis.charts.screen import figure
from analysis.choice import swept_files, swept_here
from analysis.choice.points import EXPERIMENTS
from analysis.choice.sweep_files import read_sweep
from analysis.choice.swept import FIGURES, Kind, Setting, Settings, SweptPoint, settings_of
from analysis.choice.swept_charts import (
    MAX_LINES,
    View,
    chart_of,
    colours,
    how_spread,
    is_log,
    x_axes,
    y_axes,
)
from analysis.choice.swept_files import (
    FAILED,
    Contents,
    problems_in_words,
    progress_in_words,
    read_folder,
    write_plan,
)
from analysis.choice.swept_here import INCLUDED, VARIABLE, contents_of, included, names
from analysis.choice.swept_report import (
    best_in_words,
    finding_in_words,
    how_in_words,
    papers,
    points_table,
    said_of,
    settings_table,
    swept_csv,
    swept_json,
    swept_text,
)
from analysis.costs.profiles import profile
from analysis.gradients.charts import gradient_chart
from analysis.gradients.results import run_of as gradients_of
from analysis.results.form import Result, read_result
from analysis.results.recorded import FOLDER, recordings
from analysis.style.language import Language, speaking
from analysis.training.charts import Shown, training_chart
from analysis.training.report import run_of
from nets import parse
from nets.options import Shortcut
from tests.analysis.test_cli import call

TRAINED = read_result(FOLDER / "train_plain8_seed0.json")
NARROW = ":widths=8,16,32:stem_width=8:input=1x14x14"

Write = Callable[..., Result]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a training into the folder."""

    def make(model: str, seed: int = 0, loss: float | None = 1.0, **recipe: Any) -> Result:
        asked = {
            **TRAINED.asked,
            "model": str(parse(model)),
            "seed": seed,
            "recipe": {**TRAINED.asked["recipe"], **recipe},
        }
        result = Result(
            "train", asked, TRAINED.stamp, {**TRAINED.figures, "last_loss": loss, "seed": seed}
        )
        result.write(tmp_path / f"{result.hash}.json")
        return result

    return make


def lesions(folder: Path, model: str, seed: int, weights: str, errors: list[float]) -> None:
    """Write a study of lesions into a folder."""
    asked = {"model": model, "weights": weights, "data": "d", "images": 40, "seed": seed}
    figures = {
        "model": model,
        "images": 40,
        "error": errors[0],
        "single": [{"path": f"layer1.{i}", "error": e} for i, e in enumerate(errors[1:])],
        "dropped": [{"count": 2, "mean": errors[0] + 0.25, "low": 0.0, "high": 1.0}],
        "permuted": [],
    }
    result = Result("lesions", asked, TRAINED.stamp, figures)
    result.write(folder / f"{result.hash}.json")


def view_of(found: Settings, x: str = "", y: str = "", colour: str | None = None) -> View:
    along = x_axes(found)
    axis = along[x] if x else next(iter(along.values()))
    up = y_axes(found, axis)
    by = (*colours(found, axis), "")[0] if colour is None else colour
    return View(found, axis, up[y] if y else next(iter(up.values())), by)


def recorded_loss(kind: str, depth: int) -> list[float]:
    files = (FOLDER / f"train_{kind}{depth}_seed{seed}.json" for seed in range(3))
    return [json.loads(file.read_text())["last_loss"] for file in files]


def test_the_included_sweep_by_seed() -> None:
    found = included().settings(Kind.TRAIN)
    drawn = chart_of(view_of(found))
    assert drawn.left_out == drawn.cited == ()
    chart = drawn.chart
    assert (chart.title, chart.x_label) == ("Training loss by depth", "depth, weighted layers")
    plain, residual = [one for one in chart.series if one.draw is Draw.LINE]
    assert [(one.name, one.colour) for one in (plain, residual)] == [
        ("plain", "plain"),
        ("residual", "identity"),
    ]
    for line, kind in ((plain, "plain"), (residual, "resnet")):
        assert line.x == (8, 20, 32, 44, 56)
        losses = [recorded_loss(kind, int(depth)) for depth in (8, 20, 32, 44, 56)]
        assert line.y == tuple(map(fmean, losses))
        assert line.low == tuple(map(min, losses))
        assert line.high == tuple(map(max, losses))
    assert [f"{y:.2f}" for y in plain.y if y] == ["1.27", "1.49", "1.99", "2.20", "2.26"]
    assert chart.alt == (
        "Training loss (last 25 steps) by depth of 10 settings, from the catalog's Plain-20 to "
        "ResNet-56 (8 networks): blocks 1-1-1 to 9-9-9 (5 values); no shortcuts and zero-pad "
        "shortcuts (A). Means of 3 seeds; bands: lowest to highest."
    )
    assert found.constant == (
        *("widths 8-16-32", "stem width 8", "input 1×14×14", "degradation recipe"),
        *("images: sample of Fashion-MNIST", "AdamW", "rate 0.003", "batch 32", "60 steps"),
        "float32",
    )
    assert progress_in_words(included()) == "30 of 30 points."
    assert best_in_words(view_of(found)) == (
        "Lowest: residual, 32 layers, 0.913 (0.882 to 0.973). Highest: plain, 56 layers, 2.26 "
        "(2.16 to 2.31)."
    )
    assert finding_in_words(view_of(found)) == (
        "Training loss from depth 8 to 56, mean of 3 seeds that all agree: plain rises from "
        "1.27 to 2.26, residual falls from 1.16 to 0.919 at 20 and is level from there on."
    )
    one = Settings(Kind.TRAIN, tuple(Setting(each.points[:1]) for each in found.every))
    assert said_of(view_of(found)) == finding_in_words(view_of(found))
    assert finding_in_words(view_of(one)) == ""  # one seed says nothing
    assert said_of(view_of(one)) == best_in_words(view_of(one)) != ""
    (first, *rest) = found.every
    turned = replace(first.points[0], figures={"last_loss": 9.0})
    mixed = Settings(Kind.TRAIN, (Setting((turned, *first.points[1:])), *rest))
    assert finding_in_words(view_of(mixed)) == ""  # the seeds disagree
    assert how_in_words(found).startswith("Shared by all 10 settings: widths 8-16-32, stem width 8")
    assert "Measured from 2026-11-26 to 2026-11-27 on an Intel Xeon." in (how_in_words(found))
    with speaking(Language.CHINESE):
        assert progress_in_words(included()) == "30 个点中已完成 30 个。"
        assert finding_in_words(view_of(found)).startswith(
            "Training loss：depth 从 8 到 56，3 个种子的均值，每个种子都是如此："
        )
        assert best_in_words(view_of(found)).startswith(
            "最低：32 层残差网络，0.913（0.882～0.973）。"
        )


def test_a_caption_names_the_networks_and_every_value_that_is_swept() -> None:
    models = [
        f"{name}20:blocks={blocks}:se={se}"
        for name, blocks, se in product(("plain", "resnet"), (1, 2), (0, 4))
    ]
    points = (
        SweptPoint(f"{model}.json", model, Kind.TRAIN, model, 0, (("rate", 0.1),), {"last_loss": 1})
        for model in models
    )
    found = settings_of(points, Kind.TRAIN)
    assert chart_of(view_of(found, "depth")).chart.alt.endswith(
        "by depth of 8 settings, from the catalog's Plain-20 and ResNet-20: blocks 1 and 2; no SE "
        "and SE (ratio 4); no shortcuts and zero-pad shortcuts (A)."
    )
    (cited,) = papers(found).values()
    assert [paper.key for paper in cited] == ["he2016deep", "hu2018squeeze"]


def test_a_line_is_level_only_if_every_seed_is() -> None:
    found = included().settings(Kind.TRAIN)

    def course(losses: Mapping[int, Sequence[float]]) -> str:
        """Give the residual networks losses by depth, one a seed."""
        every = tuple(
            Setting(
                tuple(
                    replace(point, figures={"last_loss": loss})
                    for point, loss in zip(one.points, losses[one.spec.depth], strict=True)
                )
                if one.options["shortcut"] is not Shortcut.NONE
                else one.points
            )
            for one in found.every
        )
        return finding_in_words(view_of(Settings(Kind.TRAIN, every))).partition("2.26, ")[2]

    flat = (1.0, 1.02, 1.04), (1.03, 1.0, 1.01), (1.0, 1.04, 1.0), (1.02, 1.0, 1.03)
    level = dict(zip((20, 32, 44, 56), flat, strict=True))
    assert course({8: (1.02, 1.0, 1.04), **level}) == "residual is level at 1.02."
    assert course({8: (1.5, 1.5, 1.5), **level}) == (
        "residual falls from 1.50 to 1.02 at 20 and is level from there on."
    )
    drift = {44: (1.04, 1.06, 1.08), 56: (1.08, 1.1, 1.12)}  # little, but in every seed
    assert course({8: (1.5, 1.5, 1.5), **level, **drift}) == "residual falls from 1.50 to 1.10."
    wide = {44: (1.0, 1.3, 1.0)}  # one seed leaves the others
    assert course({8: (1.5, 1.5, 1.5), **level, **wide}) == "residual falls from 1.50 to 1.02."


def test_times_that_the_seeds_disagree_on_are_the_machine_s() -> None:
    found = included().settings(Kind.TRAIN)
    view = view_of(found, y="step_ms")
    assert finding_in_words(view) == (
        "All seeds of a network do the same work, yet their times differ by up to 3.4×: they "
        "depend on the machine's load, too."
    )
    assert best_in_words(view) == ""
    alike = tuple(
        Setting(tuple(replace(point, figures=one.points[0].figures) for point in one.points))
        for one in found.every
    )
    view = view_of(Settings(Kind.TRAIN, alike), y="step_ms")
    assert finding_in_words(view) == (
        "Time per step from depth 8 to 56, mean of 3 seeds that all agree: plain rises from "
        "13.3 ms to 144 ms, residual rises from 9.66 ms to 93.4 ms."
    )
    assert best_in_words(view).startswith("Lowest: residual, 8 layers, 9.66 ms.")


def test_the_included_sweep_by_step() -> None:
    found = included().settings(Kind.TRAIN)
    drawn = chart_of(view_of(found, "step"))
    lines = [one for one in drawn.chart.series if one.draw is Draw.LINE]
    assert [one.name for one in lines] == [
        f"{kind}, {depth} layers" for depth in (8, 20, 32, 44, 56) for kind in ("plain", "residual")
    ]
    assert [one.colour for one in lines[:4]] == ["plain", "identity", "plain", "identity"]
    assert drawn.left_out == ()


def test_as_many_lines_as_a_chart_has_differ_in_colour_dash_or_marker(
    write: Write, tmp_path: Path
) -> None:
    for net, norm, blocks in product(("plain20", "resnet20"), ("batch", "none"), (1, 2, 3)):
        write(f"{net}:blocks={blocks}:norm={norm}")
    chart = chart_of(view_of(read_folder(tmp_path).settings(Kind.TRAIN), "step")).chart
    drawn = picture(chart).axes[0].lines
    looks = {
        (str(one.get_color()), str(one.get_linestyle()), str(one.get_marker())) for one in drawn
    }
    assert len(looks) == len(drawn) == MAX_LINES
    shown = {(one.line.color, one.line.dash, one.marker.symbol) for one in figure(chart).data}
    assert len(shown - {(None, None, None)}) == MAX_LINES


def test_every_experiment_of_a_sweep_has_figures() -> None:
    assert set(Kind) == set(FIGURES) == set(EXPERIMENTS)


def test_what_axes_there_are() -> None:
    found = included().settings(Kind.TRAIN)
    assert list(x_axes(found)) == [
        *("depth", "setting", "step", "params", "macs", "activations", "saved_bytes"),
        *("last_loss", "last_accuracy", "step_ms"),
    ]
    along = x_axes(found)
    assert list(y_axes(found, along["depth"])) == ["last_loss", "last_accuracy", "step_ms"]
    assert list(y_axes(found, along["step"])) == [
        *("train_loss", "train_accuracy", "test_accuracy_by_step"),
    ]
    assert colours(found, along["depth"]) == ("shortcut",)
    assert colours(found, along["step"]) == ("shortcut", "blocks")


def test_points_that_differ_only_in_their_seed_are_one_setting(
    write: Write, tmp_path: Path
) -> None:
    for seed, loss in enumerate((1.0, 2.0, 4.5)):
        write(f"resnet20{NARROW}", seed, loss)
        write(f"resnet20{NARROW}", seed, loss + 1, rate=0.01)
    write(f"resnet20{NARROW}", 3, None)
    found = read_folder(tmp_path).settings(Kind.TRAIN)
    slow, fast = found.every
    assert [found.names[one] for one in found.every] == ["rate 0.003", "rate 0.01"]
    assert found.varying == {"rate": (0.003, 0.01)}
    assert [point.seed for point in slow.points] == [0, 1, 2, 3]
    assert slow.spread("last_loss") == (2.5, 1.0, 4.5, 3)  # one seed has no loss
    assert fast.spread("last_loss") == (3.5, 2.0, 5.5, 3)
    assert slow.spread("test_error") is None
    view = view_of(found)
    assert (view.x.name, view.colour) == ("rate", "")
    (line,) = chart_of(view).chart.series
    assert (line.x, line.y) == ((0.003, 0.01), (2.5, 3.5))
    assert (line.low, line.high) == ((1.0, 2.0), (4.5, 5.5))
    assert line.hover == ("rate 0.003, 3 seeds", "rate 0.01, 3 seeds")
    assert how_spread(view) == "Means of up to 4 seeds; bands: lowest to highest."


def test_lines_are_told_apart_by_every_other_option(write: Write, tmp_path: Path) -> None:
    """Colour by one option, line style by the others; show only some values."""
    for base in ("plain20", "resnet20"):
        for norm in ("batch", "none"):
            for blocks in (1, 3):
                write(f"{base}:blocks={blocks},{blocks},{blocks}:norm={norm}{NARROW}")
    found = read_folder(tmp_path).settings(Kind.TRAIN)
    chart = chart_of(view_of(found)).chart
    looks = {one.name: (one.colour, one.dash) for one in chart.series if one.draw is Draw.LINE}
    assert looks == {
        "plain, BN": ("plain", Dash.SOLID),
        "plain, no BN": ("plain", Dash.DASHED),
        "residual, BN": ("identity", Dash.SOLID),
        "residual, no BN": ("identity", Dash.DASHED),
    }
    by_norm = chart_of(view_of(found, colour="norm")).chart
    assert [one.colour for one in by_norm.series if one.draw is Draw.LINE] == [
        *("identity", "ochre", "identity", "ochre"),
    ]
    some = found.only(["norm=none", "shortcut=none"])
    assert [str(one.spec.norm) for one in some.every] == ["none", "none"]
    assert {one.spec.shortcut for one in some.every} == {Shortcut.NONE}
    assert found.only([]) is found
    with pytest.raises(ValueError, match=r"^'norm=x' isn't an option's value in this sweep$"):
        found.only(["norm=x"])
    by_size = chart_of(view_of(found, "params")).chart
    assert [len(one.x) for one in by_size.series if one.draw is Draw.LINE] == [2, 2, 2, 2]
    named = chart_of(view_of(found, "setting")).chart
    assert [one.draw for one in named.series] == [Draw.POINTS, Draw.POINTS]
    assert named.series[0].x[:2] == ("plain, 8 layers, BN", "plain, 8 layers, no BN")


def test_what_follows_from_another_option_and_what_is_off_is_unsaid(
    write: Write, tmp_path: Path
) -> None:
    for model in ("resnet20:widths=4,8,8:stem_width=4", "resnet20:widths=8,8,8:stem_width=8"):
        for nesterov in (False, True):
            write(f"{model}:input=1x14x14", nesterov=nesterov)
    found = read_folder(tmp_path).settings(Kind.TRAIN)
    assert list(found.varying) == ["widths", "nesterov"]
    lines = [one.name for one in chart_of(view_of(found)).chart.series if one.in_legend]
    assert lines == ["no nesterov", "nesterov"]


def test_at_most_so_many_lines(write: Write, tmp_path: Path) -> None:
    for rate in range(1, 15):
        for blocks in (1, 2):
            write(f"resnet20:blocks={blocks},1,1{NARROW}", rate=rate / 1000)
    write(f"resnet20:blocks=3,1,1{NARROW}", loss=None)
    drawn = chart_of(view_of(read_folder(tmp_path).settings(Kind.TRAIN), "depth"))
    assert len(drawn.chart.series) == MAX_LINES
    assert drawn.left_out == (
        "12 of 14 lines are drawn: choose values under Show only",
        "not drawn, because a figure is missing: 1 setting",
    )


def test_a_figure_against_another_is_points(write: Write, tmp_path: Path) -> None:
    write(f"plain20{NARROW}", 0, 2.0)
    write(f"plain20{NARROW}", 1, 3.0)
    write(f"resnet20{NARROW}", 0, 1.0)
    found = read_folder(tmp_path).settings(Kind.TRAIN)
    view = view_of(found, "last_accuracy")
    plain, residual = chart_of(view).chart.series
    assert (plain.draw, plain.name, plain.y, plain.low) == (
        *(Draw.POINTS, "plain", (2.5,), (2.0,)),
    )
    assert (residual.y, residual.low) == ((1.0,), ())
    said = "Means of up to 2 seeds; bars: lowest to highest."
    assert how_spread(view) == chart_of(view).chart.reading == said
    one_place = view_of(found, "params")
    assert {series.draw for series in chart_of(one_place).chart.series} == {Draw.POINTS}
    assert how_spread(one_place) == said


def test_a_kind_with_one_depth_has_an_error_bar(write: Write, tmp_path: Path) -> None:
    for seed in (0, 1):
        write(f"plain20:blocks=1,1,1{NARROW}", seed, 2.0 + seed)
        for blocks in ("1,1,1", "2,2,2"):
            write(f"resnet20:blocks={blocks}{NARROW}", seed, 1.0 + seed)
    view = view_of(read_folder(tmp_path).settings(Kind.TRAIN), "depth")
    plain, residual = (one for one in chart_of(view).chart.series if one.low)
    assert (len(plain.x), plain.has_band) == (1, False)
    assert (len(residual.x), residual.has_band) == (2, True)
    assert how_spread(view) == "Means of 2 seeds; bands and bars: lowest to highest."


def test_words_along_the_axis_need_no_legend(write: Write, tmp_path: Path) -> None:
    for model in (f"plain20{NARROW}", f"resnet20{NARROW}"):
        write(model, 0, 2.0)
    chart = chart_of(view_of(read_folder(tmp_path).settings(Kind.TRAIN), "setting")).chart
    assert [series.in_legend for series in chart.series] == [False, False]
    assert not picture(chart).legends


def test_curves_are_those_of_their_pages(tmp_path: Path) -> None:
    """By step as on Training; here for the included sweep's first seeds in a folder."""
    files = [FOLDER / f"train_plain20_seed{seed}.json" for seed in range(2)]
    for file in files:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    found = read_folder(tmp_path).settings(Kind.TRAIN)
    (line,) = chart_of(view_of(found, "step", "train_accuracy")).chart.series
    own = training_chart([run_of(read_result(file)) for file in files], Shown.TRAIN_ACCURACY)
    assert (line.x, line.y, line.low, line.high) == (
        *(own.series[0].x, own.series[0].y, own.series[0].low, own.series[0].high),
    )
    drawn = chart_of(view_of(found, "step", "test_accuracy_by_step"))
    assert drawn.chart.series == ()
    assert drawn.left_out == ("not drawn, because a figure is missing: 1 setting",)


def test_norms_by_layer(tmp_path: Path) -> None:
    text = (
        'models = ["resnet20:blocks=1,1,1:input=1x8x8:classes=3:widths=4,8,8:stem_width=4"]\n'
        'seeds = 2\n[experiment]\nkind = "gradients"\nbatch = 2\n'
    )
    sweep = read_sweep(text)
    runs = []
    for point in sweep.points:
        (file,) = point.experiment.files(lambda share: None, point.spec, point.seed, b"")
        (tmp_path / file.name).write_bytes(file.data)
        runs.append(gradients_of(read_result(tmp_path / file.name)))
    found = read_folder(tmp_path).settings(Kind.GRADIENTS)
    view = view_of(found, "layer")
    (line,) = chart_of(view).chart.series
    curves = [curve for run in runs for curve in run.curves]  # type: ignore[union-attr]
    own = gradient_chart(curves).series[0]
    assert (line.x, line.y, line.low) == (own.x, own.y, own.low)
    assert how_spread(view).startswith("Geometric means of 2 seeds; bands")
    (setting,) = found.every
    ratios = [run.summary[0].log10_ratio for run in runs]  # type: ignore[union-attr]
    spread = setting.spread("log10_ratio")
    assert spread
    assert spread.mean == pytest.approx(fmean(ratios))
    by_name = view_of(found, "setting", "log10_ratio")
    ratio = chart_of(replace(by_name, log_y=is_log(by_name.y)))
    assert ratio.chart.title == "‖∂L/∂x‖, stem over last block, by setting"
    assert (ratio.chart.y_label, ratio.chart.log_y) == ("‖∂L/∂x‖, stem over last block", True)
    (drawn,) = ratio.chart.series
    assert drawn.y == pytest.approx((10 ** fmean(ratios),))
    assert drawn.low == pytest.approx((10 ** min(ratios),))
    low, mean, high = (f"{10**each:.3g}" for each in (min(ratios), fmean(ratios), max(ratios)))
    assert f" {mean} ({low} to {high})." in best_in_words(by_name)  # as drawn


def test_a_sentence_about_ratios_has_the_numbers_of_the_chart() -> None:
    """The sweep's figure is their logarithm."""
    found = included().settings(Kind.TRAIN)
    every = []
    for setting in found.every:
        height = setting.spec.depth / (8 if setting.spec.shortcut is Shortcut.NONE else -2)
        points = tuple(
            replace(point, figures={"log10_ratio": height + point.seed / 100})
            for point in setting.points
        )
        every.append(Setting(points))
    view = view_of(Settings(Kind.GRADIENTS, tuple(every)), y="log10_ratio")
    assert finding_in_words(view) == (
        "‖∂L/∂x‖, stem over last block, from depth 8 to 56, geometric mean of 3 seeds that all "
        "agree: plain rises from 10.2 to 1.0×10⁷, residual falls from 1.0×10⁻⁴ to 1.0×10⁻²⁸."
    )


def test_lesions(tmp_path: Path) -> None:
    for seed, error in ((0, 0.25), (1, 0.5)):
        lesions(tmp_path, "resnet20", seed, f"w{seed}", [error, error, error + 0.5, error + 0.25])
    found = read_folder(tmp_path).settings(Kind.LESIONS)
    (setting,) = found.every
    assert setting.spread("error") == (37.5, 25.0, 50.0, 2)
    assert setting.spread("median_error") == (62.5, 50.0, 75.0, 2)
    assert setting.spread("highest_error") == (87.5, 75.0, 100.0, 2)
    assert found.constant == ("40 test images",)
    (line,) = chart_of(view_of(found, "blocks_out")).chart.series
    assert (line.x, line.y) == ((0, 2), (37.5, 62.5))
    assert (line.low, line.high) == ((25.0, 50.0), (50.0, 75.0))
    lesions(tmp_path, "resnet20", 1, "another", [0.125, 0.125])
    apart = read_folder(tmp_path).settings(Kind.LESIONS)
    assert [len(one.points) for one in apart.every] == [1, 1, 1]  # nothing tells them apart
    assert list(apart.varying) == ["weights"]


@pytest.mark.parametrize(
    ("steps", "label"),
    [
        ((10, 10), "training loss, last 10 steps"),
        ((10, 60), "training loss, at most the last 25 steps"),
        ((25, 60), "training loss, last 25 steps"),
        ((None, None), "training loss, last 25 steps"),
    ],
)
def test_a_loss_says_over_how_many_steps_it_is(steps: tuple[int | None, ...], label: str) -> None:
    points = [
        SweptPoint("", str(at), Kind.TRAIN, "resnet20", 0, (("steps", one),), {"last_loss": 1.0})
        for at, one in enumerate(steps)
    ]
    found = settings_of(points, Kind.TRAIN)
    (figure,) = found.figures
    assert figure.label == label
    assert view_of(found).y.label == label


def test_published_figures_beside() -> None:
    def points(**figures: float) -> Settings:
        one = SweptPoint("", "a", Kind.TIME, "resnet18", 0, (), figures)
        return settings_of([one, replace(one, name="b", model="resnet50")], Kind.TIME)

    view = replace(view_of(points(images_per_s=100.0)), beside=True)
    drawn = chart_of(view)
    others = {one.name: one for one in drawn.chart.series if "published by timm" in one.name}
    speeds = others["RTX 4090 (published by timm)"]
    assert (speeds.draw, speeds.x, speeds.hover) == (
        Draw.POINTS,
        (18, 50),
        ("resnet18", "resnet50"),
    )
    assert all(said.startswith("Published, not measured here: ") for said in drawn.cited)
    assert len(drawn.cited) == len(others)
    assert chart_of(replace(view, beside=False)).cited == ()


def test_published_errors_beside() -> None:
    one = SweptPoint("", "a", Kind.TRAIN, "resnet20", 0, (), {"test_error": 9.0})
    found = settings_of([one, replace(one, name="b", model="resnet56")], Kind.TRAIN)
    drawn = chart_of(replace(view_of(found), beside=True))
    (paper,) = [one for one in drawn.chart.series if one.draw is Draw.POINTS and one.in_legend]
    assert paper.y == (8.75, 6.97)  # He et al. 2015, Table 6
    assert "He et al. 2015" in drawn.cited[0]


def test_a_plan_tells_how_much_is_done(write: Write, tmp_path: Path) -> None:
    done = write(f"resnet20{NARROW}")
    lesions(tmp_path, "resnet20", 3, "w", [0.5, 0.5])
    asked = [
        ("train", done.hash, "resnet20", 0),
        ("train", "0123456789abcdef", "resnet20", 1),
        ("train", "f" * 16, "resnet20", 2),
        ("lesions", "train and lesions", "resnet20", 3),
        ("lesions", "train and lesions again", "resnet20", 4),
    ]
    write_plan(tmp_path, "the text", "A title", asked)
    failed = {"model": "resnet20", "seed": 1, "point": "0123456789abcdef"}
    why = {"cause": "time", "sentence": "too long", "tries": 1}
    Result("train failed", failed, {}, why).write(tmp_path / f"0123456789abcdef{FAILED}")
    found = read_folder(tmp_path)
    assert (found.title, found.asked, found.done, found.is_over) == ("A title", 5, 2, False)
    assert progress_in_words(found) == "2 of 5 points, 1 failed."
    assert [one.sentence for one in found.failed] == ["too long"]
    assert found.kinds == (Kind.TRAIN, Kind.LESIONS)
    with speaking(Language.CHINESE):
        assert progress_in_words(found) == "5 个点中已完成 2 个、1 个失败。"
    Result("train failed", {**failed, "point": done.hash}, {}, why).write(
        tmp_path / f"{done.hash}{FAILED}"
    )
    assert len(read_folder(tmp_path).failed) == 1  # that point has been run since


def test_a_training_that_ended_early_has_no_figures(tmp_path: Path) -> None:
    figures = {**TRAINED.figures, "ended": "the loss isn't finite at step 3"}
    Result("train", TRAINED.asked, TRAINED.stamp, figures).write(tmp_path / "a.json")
    found = read_folder(tmp_path)
    assert found.settings(Kind.TRAIN).figures == ()
    assert [one.sentence for one in found.ended] == ["the loss isn't finite at step 3"]


def test_what_is_no_result_is_one_sentence(write: Write, tmp_path: Path) -> None:
    good = write(f"resnet20{NARROW}")
    (tmp_path / "notes.txt").write_text("hello")
    for number in range(5):
        (tmp_path / f"half{number}.json").write_text('{"kind": "tr')
    changed = (tmp_path / f"{good.hash}.json").read_text().replace('"seed": 0', '"seed": 7', 1)
    (tmp_path / "changed.json").write_text(changed)
    (tmp_path / "copy.json").write_bytes((tmp_path / f"{good.hash}.json").read_bytes())
    (tmp_path / "list.json").write_text("[1, 2]")
    roofline = Result("roofline", {"model": "resnet20"}, {}, {})
    roofline.write(tmp_path / "roofline.json")
    several = read_result(FOLDER / "gradients_vanishing.json")
    several.write(tmp_path / "several.json")
    (tmp_path / "x.failed").write_text(roofline.json())
    (tmp_path / "weights.safetensors").write_bytes(b"")
    (tmp_path / ".hidden.json").write_text("")
    (tmp_path / "inside").mkdir()
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    found = read_folder(tmp_path)
    assert [point.name for point in found.points] == [good.hash]
    assert Path(found.points[0].path).name == f"{good.hash}.json"
    assert problems_in_words(found) == (
        "12 files left out: 7 damaged (changed.json, half0.json, half1.json and 4 more), 1 copied "
        "(copy.json), 4 not from a sweep (notes.txt, roofline.json, several.json and 1 more)."
    )


def test_files_that_have_not_changed_are_not_read_again(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = [write(f"resnet20{NARROW}", seed) for seed in range(3)]
    read: list[str] = []

    def note(path: Path) -> Result:
        read.append(path.stem)
        return read_result(path)

    monkeypatch.setattr(swept_files, "read_result", note)
    first = read_folder(tmp_path)
    assert sorted(read) == sorted(result.hash for result in results)
    assert read_folder(tmp_path) is first
    assert len(read) == 3
    os.utime(tmp_path / f"{read[0]}.json", ns=(1, 1))
    (tmp_path / f"{read[1]}.json").unlink()
    assert len(read_folder(tmp_path).points) == 2
    assert read[3:] == [read[0]]
    assert len(first.points) == 3


def test_a_large_folder_is_read_bit_by_bit(write: Write, tmp_path: Path) -> None:
    for seed in range(4):
        write(f"resnet20{NARROW}", seed)
    found = read_folder(tmp_path, within=-1)
    assert (len(found.points), found.waiting) == (0, 4)
    assert progress_in_words(found) == "0 points, 4 files to read."
    whole = read_folder(tmp_path)
    assert (len(whole.points), whole.waiting) == (4, 0)


def test_the_owner_names_the_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert names() == (INCLUDED,)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert names() == (INCLUDED,)  # an empty folder
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).mkdir()
    assert names() == ("a", "b", INCLUDED)
    assert contents_of("a").points == ()
    write(f"resnet20{NARROW}")
    assert names() == (tmp_path.name, "a", "b", INCLUDED)  # the folder is a sweep, too
    assert len(contents_of(tmp_path.name).points) == 1
    assert contents_of(INCLUDED) is included()
    for name in (
        "c",
        "..",
        ".",
        ".hidden",
        "a/../..",
        "/etc",
        str(tmp_path),
        "a/",
        "\\",
        "",
        "a\0",
    ):
        with pytest.raises(ValueError, match=r"^there is no sweep '.*' here: choose one that is"):
            contents_of(name)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match=f"^the folder named by {VARIABLE} can't be read: No such"):
        names()
    assert swept_here.changed_ns("a") == 0


def test_tables_are_exact(write: Write, tmp_path: Path) -> None:
    for seed, loss in enumerate((1.0, 2.0)):
        write(f"plain20{NARROW}", seed, loss)
        write(f"resnet20{NARROW}", seed, loss / 4)
    found = read_folder(tmp_path).settings(Kind.TRAIN)
    lines = swept_csv(settings_table(found)).splitlines()
    assert lines[0].startswith("setting,shortcut,seeds,last_loss,last_loss_low,last_loss_high,")
    assert lines[1].startswith('"plain, 20 layers",none,2,1.5,1.0,2.0,')
    assert lines[2].startswith('"residual, 20 layers",zero_pad,2,0.375,0.25,0.5,')
    assert lines[2].endswith(f',"resnet20{NARROW}"')
    lines = swept_csv(points_table(found)).splitlines()
    assert lines[0].startswith("setting,shortcut,seed,last_loss,last_accuracy_percent,")
    assert [line.split(",")[2:5] for line in lines[1:]] == [
        ["none", "0", "1.0"],
        ["none", "1", "2.0"],
        ["zero_pad", "0", "0.25"],
        ["zero_pad", "1", "0.5"],
    ]
    values = json.loads(swept_json(Contents(), found))
    assert [one["figures"]["last_loss"] for one in values["settings"]] == [
        {"mean": 1.5, "low": 1.0, "high": 2.0, "seeds": 2},
        {"mean": 0.375, "low": 0.25, "high": 0.5, "seeds": 2},
    ]
    assert [point["last_loss"] for point in values["settings"][1]["points"]] == [0.25, 0.5]
    assert "last_accuracy_percent" in values["settings"][0]["figures"]
    assert "last_accuracy_percent" in values["settings"][0]["points"][0]
    params = [profile(one.spec).params for one in found.every]
    counts = settings_table(found, ("params",))
    assert counts.columns[:5] == ("setting", "shortcut", "params", "seeds", "last_loss")
    assert [row[2] for row in counts.rows] == params
    counts = points_table(found, ("params",))
    assert counts.columns[:4] == ("setting", "shortcut", "params", "seed")
    assert [row[2] for row in counts.rows] == [count for count in params for _ in range(2)]
    counted = json.loads(swept_json(Contents(), found, ("params",)))
    assert [one["params"] for one in counted["settings"]] == params
    assert "params" not in values["settings"][0]
    head, table = swept_text(read_folder(tmp_path), found, width=130).split("\n\n")
    assert head.startswith("Training: 4 points.\n")
    names, plain, residual = table.splitlines()
    assert names.split("  ")[0] == "setting"
    assert "  training loss, last 25 steps  training accuracy, last 25 steps  time per" in names
    assert plain.split("  ")[0] == "plain, 20 layers"
    assert "  1.50 (1.00 to 2.00)  " in plain
    assert "  0.375 (0.250 to 0.500)  " in residual
    assert residual.endswith("13.3 ms")  # every seed has the same
    points = swept_text(read_folder(tmp_path), found, True, width=130)
    assert len(points.split("\n\n")[1].splitlines()) == 5


def test_the_command(capsys: pytest.CaptureFixture[str], write: Write, tmp_path: Path) -> None:
    folder = str(tmp_path)
    status, out, err = call(capsys, "swept", folder)
    assert (status, out) == (1, "")
    assert err == f"error: there are no points in {folder!r} yet\n"
    for seed in (0, 1):
        write(f"resnet20{NARROW}", seed, 1.0 + seed)
        write(f"resnet20:blocks=1,1,1{NARROW}", seed, 3.0)
    (tmp_path / "half.json").write_text("{")
    status, out, err = call(capsys, "swept", folder, "--format", "csv", "--points")
    assert (status, err) == (0, "1 file left out: 1 damaged (half.json).\n")
    assert len(out.splitlines()) == 5
    chart = tmp_path / "chart.svg"
    status, out, err = call(capsys, "swept", folder, "-o", str(chart), "--x", "params")
    assert status == 0
    assert "20 layers" in out
    assert b"Training loss by parameters" in chart.read_bytes()
    assert json.loads(call(capsys, "swept", folder, "--format", "json")[1])["done"] == 4
    for options, says in (
        (("--kind", "time"), "--kind must be one of train, not 'time'"),
        (("-o", str(chart), "--x", "y"), "--x must be one of depth, setting, step, params, "),
        (("-o", str(chart), "--y", "y"), "--y must be one of last_loss, last_accuracy, "),
        (
            ("-o", str(chart), "--x", "setting", "--colour", "y"),
            "--colour must be one of blocks, not 'y'",
        ),
        (("--x", "depth"), "--x applies to the chart of -o: add -o FILE"),
        (("--log-y",), "--log-y applies to the chart of -o: add -o FILE"),
        (("--linear-y",), "--linear-y applies to the chart of -o: add -o FILE"),
        (("--published",), "--published applies to the chart of -o: add -o FILE"),
    ):
        status, out, err = call(capsys, "swept", folder, *options)
        assert (status, out) == (2, "")
        assert says in err


def test_shares_in_percent_have_the_digits_that_were_measured() -> None:
    found = included().settings(Kind.TRAIN)
    runs = [result for result in recordings().values() if result.kind == "train"]
    measured = {run.figures["last_accuracy"] for run in runs}
    for point in (point for one in found.every for point in one.points):
        accuracy = point.figures["last_accuracy"]
        assert accuracy is not None
        assert accuracy / 100 in measured
        assert len(str(accuracy)) <= len("62.1234567891")
