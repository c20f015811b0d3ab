"""Charts: the same value on the screen and in files, and the contents of each chart."""

import io
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import pytest
from matplotlib.collections import PathCollection
from PIL import Image
from pypdf import PdfReader

import analysis
from analysis.charts.chart import (
    LINE_LOOKS,
    SEEN_ON_WALL,
    Chart,
    Dash,
    Draw,
    Mark,
    Series,
    in_a_caption,
    in_units,
    limits,
    named_at_ends,
    over,
    shows_bands,
    tick_text,
    ticks_along,
)
from analysis.charts.file import chart_file, picture
from analysis.charts.names import in_legend
from analysis.charts.screen import figure
from analysis.charts.words import spread_in_words
from analysis.choice.charts import (
    ends_apart,
    front_in_words,
    not_drawn,
    pair_in_words,
    publishers,
    scatter_chart,
    spans_much,
    sweep_chart,
    usual_log,
    usual_y,
)
from analysis.choice.compare import (
    Column,
    Row,
    Sweep,
    axis_name,
    compare,
    curve,
    pareto,
    recipes,
)
from analysis.choice.report import how_counted
from analysis.drawing.caption import graph_caption
from analysis.drawing.graph import Level, graph
from analysis.drawing.svg import svg
from analysis.gradients.charts import gradient_chart
from analysis.gradients.curves import Curve, NormSeries, Precision, Quantity, State
from analysis.style.language import Language, speaking
from analysis.style.look import Look
from analysis.style.palette import DARK, LIGHT, PRINT, Palette, contrast
from analysis.style.stamps import machine, moment
from analysis.timing.charts import (
    block_chart,
    comparison_chart,
    distribution_chart,
    stage_chart,
    time_heat,
)
from analysis.timing.measure import Iteration, StageTime, Timing, measure
from analysis.timing.settings import Settings
from nets import parse
from nets.catalog import TORCHVISION2016, WIGHTMAN2019

TINY = "resnet20:blocks=2,1,1:widths=4,8,8:stem_width=4"

CHART = Chart(
    "Title",
    "along, px",
    "‖∂L/∂x‖ of block outputs",
    (
        Series("line", (1, 2, 4), (1e-3, None, 10.0), low=(1e-4, None, 9), high=(1e-2, None, 11)),
        Series(
            "points",
            (1, 3),
            (5.0, 7.0),
            Draw.POINTS,
            text=("A & B", "$x_1$"),
            sizes=(9, 20),
        ),
        Series("plain", (1, 4), (2.0, 3.0), colour="plain", dash=Dash.DASHED, thin=True),
    ),
    "what it shows",
    log_y=True,
    marks=(Mark(2, "layer2"),),
)
BARS = Chart(
    "Bars",
    "",
    "median, ms",
    (
        Series("forward", ("stem", "head"), (1.0, 2.0), Draw.BARS, low=(0.5, 1), high=(1.5, 3)),
        Series("backward", ("stem", "head"), (2.0, None), Draw.BARS),
    ),
    "bars",
)


@pytest.mark.parametrize("chart", [CHART, BARS])
def test_a_file_in_every_format(chart: Chart) -> None:
    drawn = chart_file(chart, ".svg", Look(title="Größe"))
    assert drawn.startswith(b"<?xml")
    assert chart_file(chart, ".svg", Look(title="Größe")) == drawn
    (page,) = PdfReader(io.BytesIO(chart_file(chart, ".pdf", Look(DARK, "A $title$ é")))).pages
    assert float(page.mediabox.width) == pytest.approx(170 / 25.4 * 72, abs=1)
    text = page.extract_text()
    assert "A $title$ é" in text
    assert chart.series[0].name in text
    image = Image.open(io.BytesIO(chart_file(chart, ".png", Look(width_mm=85), 100)))
    assert image.size[0] == pytest.approx(85 / 25.4 * 100, abs=2)
    assert image.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 0)


@pytest.mark.parametrize(
    ("suffix", "dpi", "says"),
    [
        (".gif", 200, r"^a chart is written as \.svg, \.pdf, \.png, not \.gif$"),
        ("", 200, "not nothing$"),
        (".png", 10**6, "^dpi must be 20 to 1,200, not "),
        (".png", True, "^dpi must be 20 to 1,200, not True$"),
    ],
)
def test_what_cannot_be_written(suffix: str, dpi: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        chart_file(CHART, suffix, dpi=dpi)


def test_the_screen_shows_the_same() -> None:
    drawn = figure(CHART, LIGHT)
    names = [trace.name for trace in drawn.data if trace.name]
    assert names == ["line", "points", "plain"]
    band, line, points, plain = drawn.data
    assert band.fill == "toself"
    assert list(band.x) == [1, 4, 4, 1]
    assert list(line.y) == [1e-3, None, 10.0]
    assert list(points.marker.size) == [9, 20]
    assert points.mode == "markers+text"
    assert list(points.text) == ["A & B", "$x_1$"]
    assert [name for _, name in points.customdata] == ["A & B", "$x_1$"]
    assert plain.line.color == LIGHT.plain
    assert plain.line.dash == "dash"
    assert drawn.layout.yaxis.type == "log"
    assert [one.text for one in drawn.layout.annotations] == ["A & B", "$x_1$", "layer2"]
    bars = figure(BARS, LIGHT)
    drawn, around, inner, other = bars.data[:4]
    assert drawn.marker.pattern.shape != other.marker.pattern.shape
    groups = {one.offsetgroup for one in (drawn, around, inner)}
    assert len(groups) == 1
    assert other.offsetgroup not in groups
    assert {one.legendgroup for one in (drawn, around, inner)} == groups  # hidden with their bar
    assert list(around.error_y.array) == list(inner.error_y.array) == [0.5, 1.0]
    assert around.error_y.thickness > inner.error_y.thickness  # seen on a dark bar
    colours = around.error_y.color, inner.error_y.color
    assert colours == (LIGHT.background, LIGHT.text)
    assert not around.showlegend
    assert not inner.showlegend


def test_the_area_of_points_is_told_by_those_drawn() -> None:
    rows = compare([parse(name) for name in ("resnet18", "resnet50", "resnet20")]).rows
    (accuracy, *_) = compare([parse("resnet18"), parse("resnet50")]).recipes
    chart = scatter_chart(rows, Column.MACS, accuracy, Column.PARAMS)
    assert [text for _, text in chart.samples] == ["11.7 M parameters", "25.6 M parameters"]
    assert max(size for one in chart.series for size in one.sizes) == 34
    every = scatter_chart(rows, Column.MACS, Column.SAVED_BYTES, Column.PARAMS)
    least = (8 / 34) ** 2 * 25_557_032  # a smaller point would hardly be seen
    assert 269_722 < least < 11_689_512
    assert every.note == "Area: parameters; the smallest points: up to 1.41 M."
    assert every.samples[0] == (8.0, "up to 1.41 M parameters")


def test_the_range_of_a_lone_point_is_an_error_bar() -> None:
    lone = Series("plain", (8.0,), (1.29,), low=(1.25,), high=(1.32,))
    line = Series("residual", (8.0, 14.0), (1.1, 1.0), low=(1.0, 0.9), high=(1.2, 1.1))
    assert (lone.has_band, line.has_band) == (False, True)
    chart = Chart("Loss", "layers", "loss", (lone, line), "Loss by layers.")
    band, point, other = figure(chart).data
    assert (band.fill, point.name, other.name) == ("toself", "plain", "residual")
    assert point.error_y.array == pytest.approx([0.03])
    assert point.error_y.arrayminus == pytest.approx([0.04])
    assert other.error_y.array is None
    (axes,) = picture(chart).axes
    (bars,) = axes.containers
    (around,) = bars[2][0].get_segments()
    assert around[:, 1] == pytest.approx([1.25, 1.32])
    said = spread_in_words(Chart("", "", "", (lone,), ""), [2])
    assert said == "Bars: lowest to highest of 2 seeds."


def curves(*values: float, model: str = "plain20", seed: int = 0, smallest: float = 0) -> Curve:
    states = tuple(
        State.NAN if math.isnan(v) else State.BELOW if v <= smallest else State.MEASURED
        for v in values
    )
    paths = ("act1", *(f"layer1.{i}" for i in range(len(values) - 1)))
    series = NormSeries(paths, tuple(range(1, 2 * len(values), 2)), values, states)
    return Curve(model, seed, Precision.FLOAT32, 2.3, series, series, (1.0,) * len(values))


def test_a_gradient_chart_is_the_mean_of_the_seeds_with_their_band() -> None:
    two = [curves(1e-4, 1e-2, 1.0), curves(1e-2, 1e-2, 1.0, seed=1)]
    (line,) = [s for s in gradient_chart(two, Quantity.WEIGHT).series if s.name == "Plain-20"]
    assert line.y == pytest.approx((1e-3, 1e-2, 1.0))
    assert (line.low[0], line.high[0]) == (1e-4, 1e-2)
    assert line.colour == "plain"
    chart = gradient_chart([curves(1.0, 1.0), curves(2.0, 1.0, model="resnet20")])
    named = [("plain, 20 layers", "plain"), ("residual, 20 layers", "identity")]
    said = "by depth: plain, 20 layers (Plain-20); residual, 20 layers (ResNet-20). "
    assert chart.alt.startswith(f"‖∂L/∂x‖ of block outputs {said}")  # as a file's caption does
    orders = [curves(1.0, 1.0, model=f"resnet20{unit}") for unit in ("", ":unit=full_preact")]
    said = "by depth: ResNet-20; ResNet-20, full pre-activation. "
    assert said in gradient_chart(orders).alt
    *lines, first, last = chart.series
    assert [(s.name, s.colour) for s in lines] == named
    assert [s.hover for s in lines] == [("plain20",), ("resnet20",)]
    assert [(s.name, s.colour) for s in (first, last)] == named  # at the ends of the lines
    assert [(s.text, s.x, s.y) for s in (first, last)] == [
        (("plain, 20 layers",), (1,), (1.0,)),
        (("residual, 20 layers",), (1,), (2.0,)),
    ]
    assert not any(s.in_legend for s in chart.series)
    assert [mark.text for mark in chart.marks] == ["layer1", "layer2", "layer3"]


def test_what_has_no_place_on_a_log_axis_is_named() -> None:
    chart = gradient_chart([curves(0.0, 1e-3, 1.0)])
    line, floor = chart.series[:2]
    assert (line.name, line.y) == ("Plain-20", (None, 1e-3, 1.0))
    assert floor.name == "Plain-20: below float32"
    assert (floor.x, floor.y) == ((1,), (2.0**-126,))
    broken = gradient_chart([curves(math.nan, 1e-3, 1.0)])
    assert broken.series[0].name == "Plain-20 (not finite at 1 point)"


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_toolbar_is_read_on_the_page(palette: Palette) -> None:
    bar = figure(CHART, palette).layout.modebar
    assert (bar.color, bar.activecolor) == (palette.quiet, palette.text)


def test_theory_starts_at_the_last_block() -> None:
    net = "plain20:norm=none:init=default"
    chart = gradient_chart([curves(1 / 35, 1 / 6, 1.0, model=net)])
    measured, theory = chart.series
    assert theory.name == "theory, Plain-20, no BN, default init: ×0.408 per layer toward the input"
    assert theory.y[-1] == pytest.approx(measured.y[-1])
    assert theory.y[0] == pytest.approx(6 ** (-4 / 2))
    deeper = net.replace("20", "56")
    both = gradient_chart([curves(1 / 35, 1 / 6, 1.0, model=one) for one in (net, deeper)]).series
    thin = [line for line in both if line.thin]
    assert [line.name for line in thin if line.in_legend] == [
        "theory: ×0.408 per layer toward the input"
    ]  # of both
    assert len(thin) == 2
    assert len({line.dash for line in thin}) == 1
    off = gradient_chart([curves(1 / 100, 1 / 10, 1.0, model=net)])
    assert [line.name for line in off.series] == ["Plain-20, no BN, default init"]


def test_the_wall_leaves_the_height_to_the_axes() -> None:
    counted = compare([parse(name) for name in ("resnet18", "resnet34", "resnet50")])
    chart = scatter_chart(counted.rows, Column.MACS, counted.recipes[0])
    desk, wall = figure(chart).layout, figure(chart, wall=True)
    assert (desk.margin.t, wall.layout.margin.t) == (34, 16)
    texts = [layout.xaxis.title.text.partition("<br>") for layout in (desk, wall.layout)]
    assert [text[0] for text in texts] == [
        "MACs (conv + linear), G",
        "MACs, G",
    ]  # as its title says
    assert texts[0][2] == texts[1][2] == ""  # the page says the recipe below
    assert [line.line.width for line in wall.data if line.mode == "lines"] == [3]
    assert [s.name for s in chart.series if s.in_legend] == ["Pareto front"]
    assert figure(gradient_chart([curves(1 / 35, 1 / 6, 1.0)]), wall=True).layout.margin.t == 36


def test_the_label_of_the_y_axis_is_turned_on_the_wall_alone() -> None:
    """A page has room above the axes, for the label and for marks; a wall's height is scarce."""
    chart = gradient_chart([curves(1 / 35, 1 / 6, 1.0)])
    desk, wall = figure(chart).layout, figure(chart, wall=True).layout
    assert (desk.title.text, desk.yaxis.title.text, desk.margin.t) == (chart.y_label, None, 54)
    assert (wall.title.text, wall.yaxis.title.text) == (None, chart.y_label)


def test_a_scatter_joins_the_pareto_front() -> None:
    rows = compare([parse(name) for name in ("resnet18", "resnet34", "plain34", "resnet50")]).rows
    chart = scatter_chart(rows, Column.PARAMS, Column.MACS, bubble=Column.DEPTH)
    front = pareto(rows, Column.PARAMS, Column.MACS)
    best, others = chart.series
    assert best.hover == tuple(row.model for row in front) == ("resnet18",)
    assert best.text == ("ResNet-18",)
    assert others.text == ("ResNet-34", "Plain-34", "ResNet-50")
    # Squares have the areas of circles.
    depths = [row.depth for row in rows if row not in front]
    assert (best.marker, others.marker) == (0, 1)
    assert [size**2 for size in others.sizes] == pytest.approx(
        [math.pi / 4 * 34**2 * depth / max(row.depth for row in rows) for depth in depths]
    )
    assert "On the Pareto front: ResNet-18" in chart.alt


def test_axes_that_span_a_factor_of_over_20_are_logarithmic_by_default() -> None:
    rows = compare([parse(name) for name in ("resnet20", "resnet110", "resnet1202")]).rows
    assert [row.params for row in (rows[0], rows[-1])] == [269_722, 19_421_274]  # 72 times
    recipe = next(one for one in recipes(rows) if one.of(rows[-1]) is not None)
    assert usual_log(rows, Column.PARAMS, recipe)
    assert usual_log(rows, recipe, Column.MACS)
    assert not usual_log(rows, recipe, recipe)
    assert not usual_log(rows[:2], Column.PARAMS, Column.MACS)
    identity = next(one for one in recipes(rows) if one.of(rows[-1]) is None)
    assert not usual_log(rows, Column.PARAMS, identity)  # the largest isn't drawn
    assert [spans_much(v) for v in ([1, 20], [1, 21], [0, 21], [], [None, 1, 21])] == [
        *(False, True, False),
        *(False, True),
    ]


def test_a_network_without_the_figure_of_its_size_is_left_out() -> None:
    comparison = compare([parse(name) for name in ("resnet18", "resnet50", "resnet50:bias=1")])
    recipe = comparison.recipes[0]
    axes = (Column.PARAMS, Column.MACS, recipe)
    drawn = [text for s in scatter_chart(comparison.rows, *axes).series for text in s.text]
    assert sorted(drawn) == ["ResNet-18", "ResNet-50"]
    assert not_drawn(comparison.rows, *axes) == (
        "Not drawn: no ImageNet top-1 accuracy (torchvision's weights V1) for ResNet-50, biases."
    )
    assert not_drawn(comparison.rows, *axes[:2]) == ""
    small = [f"resnet{depth}" for depth in (20, 32, 44, 56, 110, 1202)]
    many = compare([parse(name) for name in ("resnet18", *small, "plain20")])
    assert not_drawn(many.rows, Column.MACS, many.recipes[0]).endswith(
        " for ResNet-20, ResNet-32, ResNet-44, ResNet-56, ResNet-110 and 2 more."
    )
    edited = [f"{name}:unit=full_preact" for name in small]
    commas = compare([parse(name) for name in ("resnet18", *edited, "resnet20")])
    assert not_drawn(commas.rows, Column.MACS, commas.recipes[0]).count("; ResNet-") == 4


def rows_of(names: Sequence[str]) -> tuple[Row, ...]:
    return compare([parse(name) for name in names]).rows


def test_a_front_of_one_network_has_no_line() -> None:
    rows = rows_of(["resnet18", "resnet34", "resnet50"])
    chart = scatter_chart(rows, Column.PARAMS, Column.MACS)
    names = ["on the Pareto front", "other networks"]
    assert [series.name for series in chart.series] == names
    assert [trace.name for trace in figure(chart).data] == names
    (legend,) = picture(chart).legends
    assert [text.get_text() for text in legend.get_texts()] == names


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_networks_have_no_front(count: int) -> None:
    chart = scatter_chart(rows_of(["resnet18", "resnet50"][:count]), Column.PARAMS, Column.MACS)
    assert [series.name for series in chart.series] == ["networks"]
    assert figure(chart).layout.showlegend is False
    assert not picture(chart).legends
    assert "Pareto" not in chart.alt
    assert front_in_words(chart) == ""


def test_two_networks_are_compared_in_words() -> None:
    rows = rows_of(["resnet18", "resnet50"])
    said = "From ResNet-18 to ResNet-50: parameters from 11.7 M to 25.6 M, MACs (conv + linear) "
    assert pair_in_words(rows, Column.PARAMS, Column.MACS) == f"{said}from 1.81 G to 4.09 G."
    assert pair_in_words(rows[:1], Column.PARAMS, Column.MACS) == ""
    assert pair_in_words([*rows, *rows], Column.PARAMS, Column.MACS) == ""
    (accuracy, *_) = recipes(rows)
    assert pair_in_words(rows, Column.DEPTH, accuracy) == (
        "From ResNet-18 to ResNet-50: depth from 18 to 50, ImageNet top-1 accuracy from 69.8% to "
        "76.1%."
    )
    with speaking(Language.CHINESE):
        assert pair_in_words(rows, Column.PARAMS, Column.MACS).startswith(
            "从 ResNet-18 到 ResNet-50："
        )


def test_stages_stand_in_place_of_the_grids_vertical_lines() -> None:
    usual = Chart("", "x", "y", (Series("a", (1.0, 2.0), (1.0, 2.0)),), "")
    for marks, vertical in (
        ((), True),
        ((Mark(1.5, "layer1"),), False),
        ((Mark(1.5, "mean", is_result=True),), True),
    ):
        chart = replace(usual, marks=marks)
        assert figure(chart).layout.xaxis.showgrid is vertical
        (axes,) = picture(chart).axes
        assert axes.xaxis.get_gridlines()[0].get_visible() is vertical
        assert axes.yaxis.get_gridlines()[0].get_visible()


def test_no_line_of_the_grid_runs_through_a_name_and_the_last_tick_has_room() -> None:
    chart = scatter_chart(rows_of(["resnet18", "resnet34", "resnet50"]), Column.MACS, Column.PARAMS)
    drawn = figure(chart, DARK, wall=True).layout
    assert {one.bgcolor for one in drawn.annotations} == {DARK.background}
    points = chart.series[1]
    assert len(points.x) == 2
    low, high = (tuple(by * (y or 0) for y in points.y) for by in (0.5, 1.5))
    banded = Series("band", points.x, points.y, low=low, high=high)
    drawn = figure(replace(chart, series=(*chart.series, banded)), DARK, wall=True).layout
    assert {one.bgcolor for one in drawn.annotations} == {None}
    assert (drawn.margin.r, figure(chart).layout.margin.r) == (16, 10)


def test_a_log_axis_of_two_decades_has_more_than_two_ticks() -> None:
    rows = rows_of([f"resnet{depth}" for depth in (20, 56, 1202)])
    axis = figure(scatter_chart(rows, Column.MACS, Column.DEPTH, log=True), wall=True).layout.xaxis
    low, high = (10**end for end in axis.range)
    assert [at for at in axis.tickvals if low <= at <= high] == [0.05, 0.1, 0.2, 0.5, 1, 2]


def test_two_networks_are_drawn_in_proportion() -> None:
    compared = compare([parse("resnet34"), parse("resnet50")])
    two = scatter_chart(compared.rows, Column.MACS, Column.SAVED_BYTES)
    layout = figure(two).layout
    for axis, most in ((layout.xaxis, 4.089184256), (layout.yaxis, 86.102016)):
        assert axis.range == pytest.approx((0.0, 1.12 * most), rel=1e-3)
    axes: Any = picture(two).axes[0]
    assert (axes.get_xlim()[0], axes.get_ylim()[0]) == (0.0, 0.0)
    assert not any(marks.get_clip_on() for marks in axes.collections)
    accuracy = scatter_chart(compared.rows, Column.MACS, compared.recipes[0])
    assert not accuracy.from_zero
    three = rows_of(["resnet18", "resnet34", "resnet50"])
    assert not scatter_chart(three, Column.MACS, Column.SAVED_BYTES).from_zero


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (
            "resnet18 resnet34 wrn28_10",
            "Off the Pareto front: ResNet-34, WRN-28-10. Another network is at least as good on "
            "both axes, and better on one or both.",
        ),
        (
            "resnet18 resnet34 resnet50",
            "All are on the Pareto front: none beats another on both axes.",
        ),
    ],
)
def test_a_front_says_which_networks_are_beaten(names: str, sentence: str) -> None:
    counted = compare([parse(name) for name in names.split()])
    y = Column.MACS if "wrn" in names else counted.recipes[0]
    x = Column.PARAMS
    assert front_in_words(scatter_chart(counted.rows, x, y)) == sentence


def test_a_title_says_what_is_drawn() -> None:
    chart = scatter_chart(rows_of(["resnet18"]), Column.MACS, Column.SAVED_BYTES)
    assert chart.title == "Saved for backward (float32) against MACs (conv + linear)"
    swept = sweep_chart([curve(parse("resnet18"), Sweep.INPUT, (64,))], Column.MACS)
    assert swept.title == "MACs (conv + linear) against image height"


def test_a_recipe_is_said_once_below_the_chart() -> None:
    comparison = compare(list(map(parse, ("resnet18", "resnet34", "resnet50"))), replay=False)
    chart = scatter_chart(comparison.rows, Column.MACS, usual_y(comparison))
    assert chart.title == "ImageNet top-1 accuracy against MACs (conv + linear)"
    assert chart.y_label == "ImageNet top-1 accuracy, %"
    assert chart.note == "Torchvision's weights V1, single crop."
    assert chart.reading == "All networks shown are on the Pareto front"
    (legend,) = picture(chart).legends
    assert [text.get_text() for text in legend.get_texts()] == ["Pareto front"]
    assert figure(chart).layout.showlegend
    assert publishers(Column.MACS, usual_y(comparison), None) == [TORCHVISION2016]
    unknown = compare([parse("resnet18"), parse("resnet20:se=4")])  # share no published accuracy
    assert usual_y(unknown) is Column.PARAMS
    assert usual_y(unknown, x=Column.PARAMS) is Column.MACS
    (timm,) = (one for one in comparison.cited if axis_name(one) == "rtx4090")
    assert publishers(timm, usual_y(comparison)) == [WIGHTMAN2019, TORCHVISION2016]
    nets = ["resnet18", "resnet50"]
    said = how_counted(nets, 1, Column.MACS, usual_y(comparison))
    assert said == "Counts are for 1 image of 3×224×224"
    mixed = how_counted([*nets, "resnet20"], 2, Column.MACS, usual_y(comparison))
    assert mixed == "Counts are for 2 images of each network's own input size"
    edited = how_counted(["resnet18:input=3x128x128"], 1, Column.MACS)
    assert edited == "Counts are for 1 image of 3×128×128"
    assert how_counted(nets, 1, timm, usual_y(comparison)) == ""
    assert figure(chart).layout.xaxis.title.text == "MACs (conv + linear), G"
    assert figure(chart, wall=True).layout.xaxis.title.text == "MACs, G"
    bubbles = scatter_chart(comparison.rows, Column.MACS, Column.SAVED_BYTES, Column.PARAMS)
    assert bubbles.note == "Area: parameters."
    sized = scatter_chart(comparison.rows, Column.MACS, Column.PARAMS, Column.SAVED_BYTES)
    assert sized.note == "Area: saved for backward (float32)."
    (legend,) = picture(bubbles).legends
    sizes = {
        text.get_text(): line.get_markersize()
        for text, line in zip(legend.get_texts()[-2:], legend.get_lines()[-2:], strict=True)
    }
    assert list(sizes) == ["11.7 M parameters", "25.6 M parameters"]
    small, large = sizes.values()
    assert (large / small) ** 2 == pytest.approx(25_557_032 / 11_689_512)
    ten_crop = next(one for one in comparison.recipes if "10-crop" in one.how)
    both = scatter_chart(comparison.rows, ten_crop, comparison.recipes[0])
    assert both.note == (
        "ImageNet top-1 error: 10-crop; published by He et al. 2015. "
        "ImageNet top-1 accuracy: torchvision's weights V1, single crop."
    )
    for one in (chart, sized, both):
        for width in (85, 170, 254):
            drawn = picture(one, title="A title", width_mm=width)
            drawn.draw_without_rendering()
            (note,) = drawn.texts[1:]  # after the title
            boxes = [legend.get_window_extent() for legend in drawn.legends]
            boxes = [drawn.axes[0].xaxis.label.get_window_extent(), *boxes]
            boxes.append(note.get_window_extent())
            for upper, lower in pairwise(boxes):
                assert upper.y0 >= lower.y1
            assert drawn.bbox.y0 <= boxes[-1].y0
            assert drawn.bbox.x0 <= boxes[-1].x0 < boxes[-1].x1 <= drawn.bbox.x1


def test_an_axis_does_not_magnify_a_small_difference() -> None:
    assert limits([4.0, 4.001]) == pytest.approx((4.0005 - 0.248062, 4.0005 + 0.248062))
    assert limits([0.0, 100.0]) == pytest.approx((-12.0, 112.0))
    assert limits([-50.0]) == pytest.approx((-53.1, -46.9))
    assert limits([0.0]) == pytest.approx((-0.62, 0.62))
    assert limits([]) == pytest.approx((-0.12, 1.12))
    low, high = limits([1000.0, 0.0], log=True)
    assert math.log10(high / low) == pytest.approx(1.24 / 3)
    assert low * high == pytest.approx(1e6)
    assert limits([1e-8, 1e-2], log=True) == pytest.approx((10**-8.72, 10**-1.28))


@pytest.mark.parametrize("log", [False, True])
def test_two_nearly_equal_networks(log: bool) -> None:
    rows = rows_of(["resnet50", "resnet50:unit=full_preact"])
    chart = scatter_chart(rows, Column.MACS, Column.PARAMS, log=log)
    ends = limits([row.macs / 1e9 for row in rows] + ([] if log else [0.0]), log, not log)
    screen = figure(chart).layout.xaxis
    drawn = picture(chart)
    drawn.draw_without_rendering()
    axes = drawn.axes[0]
    assert axes.get_xlim() == pytest.approx(ends)
    assert list(screen.range) == pytest.approx([math.log10(v) if log else v for v in ends])
    assert ticks(axes.xaxis) == (["3", "4", "5", "6"] if log else ["0", "1", "2", "3", "4"])
    assert screen.title.text == "MACs (conv + linear), G"
    assert screen.dtick == ("L1" if log else None)


def ticks(axis: Any) -> list[str]:
    """Return the labels of the visible ticks."""
    low, high = sorted(axis.get_view_interval())
    labels = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    return [label.get_text() for at, label in labels if low <= at <= high]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.25, "0.25"),
        (72.5, "72.5"),
        (1200, "1,200"),
        (10_000, "10,000"),
        (4e9, "4×10⁹"),
        (4_050_000_000, "4.05×10⁹"),
        (-2e6, "−2×10⁶"),
    ],
)
def test_ticks_are_written_as_on_the_screen(value: float, text: str) -> None:
    assert tick_text(value) == text


def test_a_tick_has_as_many_decimals_as_those_beside_it() -> None:
    assert tick_text(2, (1.8, 2, 2.2)) == "2.0"
    assert tick_text(-1, (-1, -0.75, 1.1e-16)) == "−1.00"
    assert tick_text(2, (1, 2, 3)) == tick_text(2, (2,)) == "2"


@pytest.mark.parametrize(
    ("values", "step", "shown"),
    [
        ((3e9, 4e9), "L0.5", ["2.5", "3.0", "3.5", "4.0", "4.5", "5.0", "5.5"]),
        ((2e8, 5e9), None, ["0.2", "0.5", "1", "2", "5"]),
        ((4e7, 2e10), 1, ["0.1", "1", "10"]),
    ],
)
def test_ticks_of_a_log_axis(values: tuple[float, ...], step: Any, shown: list[str]) -> None:
    chart = Chart("", "x", "y", (Series("line", (1, 2), values),), "", log_y=True)
    drawn = picture(chart)
    drawn.draw_without_rendering()
    assert ticks(drawn.axes[0].yaxis) == shown
    layout = figure(chart).layout
    screen = layout.yaxis
    assert screen.dtick == step
    assert (layout.title.text, screen.exponentformat) == ("y, G", "none")
    assert screen.tickformat == (".1f" if step == "L0.5" else None)
    if step is None:
        assert {0.2, 0.5, 1, 2, 5} <= set(screen.tickvals)


def test_a_hint_names_its_mark_and_gives_values_with_units() -> None:
    """It fits beside a mark on a phone: no line has more than 26 letters."""
    model = "resnet56:widths=8,16,32:stem_width=8:input=1x28x28"
    line = Series("residual, 56 layers", (1, 4_680), (1.6e-21, 0.94321), hover=(model,))
    (trace,) = figure(Chart("", "step", "loss (mean of 3 seeds)", (line,), "", log_y=True)).data
    assert trace.hovertemplate == (
        "<b>residual, 56 layers</b><br>step: %{x:,}<br>loss: %{customdata}<br>%{hovertext}"
        "<extra></extra>"
    )
    assert list(trace.customdata) == ["1.6×10⁻²¹", "0.9432"]
    assert trace.hovertext[0] == "resnet56:<br>widths=8,16,32:<br>stem_width=8:<br>input=1x28x28"
    points = Series(
        "on the Pareto front",
        (4_089_184_256, 1_814_073_344),
        (76.13, 69.758),
        Draw.POINTS,
        text=("ResNet-50", "ResNet-18"),
        hover=("resnet50", "resnet18"),
    )
    joined = Series("front", points.x, points.y)
    data = figure(Chart("", "MACs", "top-1 accuracy, %", (joined, points), "")).data
    line, marks = data
    assert line.hoverinfo == "skip"
    assert marks.hovertemplate.startswith(
        "<b>%{customdata[1]}</b><br>MACs: %{x:,.4~r} G<br>top-1 accuracy: %{customdata[0]}%<br>"
    )
    assert [list(one) for one in marks.customdata] == [
        ["76.13", "ResNet-50"],
        ["69.76", "ResNet-18"],
    ]
    bars = Series("", ("layer1", "layer2"), (12.5, None), Draw.BARS)
    (drawn,) = figure(Chart("", "", "share, %", (bars,), "")).data
    assert drawn.hovertemplate == "%{x}<br>share: %{customdata}%<extra></extra>"


def test_ticks_of_an_axis_have_equally_many_decimals() -> None:
    halves = Chart("", "x", "y", (Series("line", (0.1, 0.4), (1.1, 2.9), Draw.POINTS),), "")
    drawn = picture(halves)
    drawn.draw_without_rendering()
    assert ticks(drawn.axes[0].yaxis) == [f"{n / 4:.2f}" for n in range(4, 13)]
    screen = figure(halves).layout.yaxis
    formats = {
        step: stop.value
        for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
        for stop in screen.tickformatstops
        if stop.dtickrange[0] <= step <= stop.dtickrange[1]
    }
    assert formats == {0.01: ".2f", 0.02: ".2f", 0.05: ".2f", 0.1: ".1f", 0.2: ".1f", 0.5: ".1f"}
    wide = Chart("", "x", "y", (Series("line", (0.1, 0.4), (0.5, 40.0)),), "")
    assert figure(wide).layout.yaxis.tickformatstops == ()


@pytest.mark.parametrize(
    ("label", "values", "told", "largest"),
    [
        ("saved for backward, B", (32_270_000.0, 86_100_000.0), "saved for backward, MB", 86.1),
        ("peak, B", (3.5e9, 2e8), "peak, GB", 3.5),
        ("FLOP/s", (1.5e12, 3e11), "TFLOP/s", 1.5),
        ("performance, FLOP/s", (1.5e12, 3e11), "performance, TFLOP/s", 1.5),
        ("parameters", (25_557_032.0, 11_689_512.0), "parameters, M", 25.557032),
        ("depth", (1202.0, 20.0), "depth", 1202.0),
        ("loss", (2e6 + 0.5, 0.1), "loss", 2e6 + 0.5),
    ],
)
def test_the_unit_of_an_axis_leaves_short_numbers(
    label: str, values: tuple[float, ...], told: str, largest: float
) -> None:
    chart = Chart("", "x", label, (Series("line", (1, 2), values, low=values, high=values),), "")
    found = in_units(chart)
    assert found.y_label == told
    (line,) = found.series
    assert max(y for y in line.y if y is not None) == pytest.approx(largest)
    assert line.low == line.high == line.y
    turned = Chart("", label, "y", (Series("line", values, (1, 2)),), "")
    assert (in_units(turned).x_label, in_units(turned).series[0].x) == (told, line.y)


def test_many_decades_are_powers_of_ten() -> None:
    chart = Chart("", "x", "y", (Series("line", (1, 2), (1e-8, 1e-1)),), "", log_y=True)
    drawn = picture(chart)
    drawn.draw_without_rendering()
    assert "10⁻⁴" in ticks(drawn.axes[0].yaxis)
    shown = figure(chart, wall=True).layout.yaxis  # all ticks have one size
    assert dict(zip(shown.tickvals, shown.ticktext, strict=True))[1e-4] == "10⁻⁴"
    assert shown.tickfont.size == 24


def test_lengths_begin_at_zero() -> None:
    chart = Chart("", "x", "y", (Series("line", (1, 2), (3e9, 4e9)),), "")
    drawn = picture(chart)
    drawn.draw_without_rendering()
    assert drawn.axes[0].get_ylim()[0] == 0
    assert ticks(drawn.axes[0].yaxis)[:4] == ["0", "1", "2", "3"]
    assert figure(chart).layout.yaxis.rangemode == "tozero"


LONG = "resnet20:norm=none:init=default:unit=full_preact"


@pytest.mark.parametrize("width_mm", [85, 120, 170])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_the_legend_stands_below_the_axes(width_mm: float, count: int) -> None:
    names = [f"{LONG[: 8 * (i + 1)]} {i}" for i in range(count)]
    series = tuple(Series(name, (1, 2), (3e9, 4e9 + i)) for i, name in enumerate(names))
    label = "ImageNet top-1 accuracy (IMAGENET1K_V1, single crop; published by torchvision), %"
    drawn = picture(Chart("", "x", label, series, ""), title=label, width_mm=width_mm)
    drawn.draw_without_rendering()
    (legend,) = drawn.legends
    (axes,) = drawn.axes
    box, below = legend.get_window_extent(), axes.xaxis.label.get_window_extent()
    assert box.y1 <= below.y0
    shown = ["".join(text.get_text().split()) for text in legend.get_texts()]
    assert shown == ["".join(name.split()) for name in names]
    for text in (axes.yaxis.label, axes.xaxis.label, axes.title, *legend.get_texts()):
        inside = text.get_window_extent()
        assert drawn.bbox.x0 <= inside.x0 <= inside.x1 <= drawn.bbox.x1
        assert drawn.bbox.y0 <= inside.y0 <= inside.y1 <= drawn.bbox.y1
    labels = [tick.get_window_extent() for tick in axes.get_yticklabels()]
    assert axes.yaxis.label.get_window_extent().x1 < min(tick.x0 for tick in labels)
    assert "\n" in axes.get_ylabel()
    if width_mm == 170 and count == 2:
        assert box.height < 25 * drawn.dpi / 72  # one row


def test_a_file_is_as_high_as_its_words_need() -> None:
    one = Chart("", "x", "y", (Series("a", (1, 2), (3, 4)),), "")
    assert picture(one).get_figheight() == pytest.approx(170 / 1.9 / 25.4)
    assert picture(one, width_mm=85).get_figheight() == pytest.approx(60 / 25.4)
    two = replace(one, series=(one.series[0], replace(one.series[0], name="b")))
    assert picture(two).get_figheight() > picture(one).get_figheight()


def test_lines_are_told_apart_without_colour() -> None:
    assert not {Dash.DASH_DOT, Dash.LONG_DASH_DOT} & {dash for _, dash in LINE_LOOKS}
    net = "plain20:norm=none:init=default"
    chart = gradient_chart(
        [curves(1 / 36, 1 / 6, 1.0, model=net), curves(1e-1, 1.0, 1.0, model="resnet20")]
    )
    measured, residual = picture(chart).axes[0].lines[:2]
    theory = next(line for line in picture(chart).axes[0].lines if line.get_linestyle() == "-.")
    assert (measured.get_marker(), theory.get_marker(), residual.get_marker()) == ("o", "", "o")
    assert measured.get_markerfacecolor() != residual.get_markerfacecolor()
    assert theory.get_linewidth() < measured.get_linewidth()
    screen = {trace.name: trace for trace in figure(chart).data if trace.mode}
    predicted = "theory, plain, 20 layers, no BN,"  # fits a phone
    predicted += "<br>default init: ×0.408 per layer<br>toward the input"
    assert screen[predicted].mode == "lines"
    lines = [trace for trace in figure(chart).data if trace.mode == "lines+markers"]
    assert [trace.hovertext[0].replace("<br>", "") for trace in lines] == [net, "resnet20"]
    assert [one.marker.color == one.line.color for one in lines] == [False, True]  # filled


@pytest.mark.parametrize(("count", "rotation"), [(3, 0), (9, 30)])
def test_words_along_the_axis_do_not_touch(count: int, rotation: int) -> None:
    names = tuple(f"{i}. wide_resnet101_2, batch 8" for i in range(count))
    chart = Chart("", "", "ms", (Series("a", names, (1.0,) * count, Draw.BARS),), "")
    drawn = picture(chart)
    drawn.draw_without_rendering()
    labels = drawn.axes[0].get_xticklabels()
    assert {label.get_rotation() for label in labels} == {rotation}
    if not rotation:
        boxes = [label.get_window_extent() for label in labels]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_a_sweep_is_a_line_for_each_network() -> None:
    found = [curve(parse(name), Sweep.BATCH, (1, 2, 4)) for name in ("resnet18", "resnet34")]
    chart = sweep_chart(found, Column.MACS)
    lines = [s for s in chart.series if s.draw is Draw.LINE]
    assert [s.name for s in lines] == ["ResNet-18", "ResNet-34"]
    assert chart.series[0].y == tuple(n * 1_814_073_344 for n in (1, 2, 4))
    assert chart.series[0].dash is not chart.series[1].dash


def test_a_sweep_whose_curves_end_far_apart_is_logarithmic_by_default() -> None:
    names = ("resnet20", "resnet32", "resnet110", "resnet1202")
    small, other, large, huge = (curve(parse(one), Sweep.INPUT, (32, 64)) for one in names)
    ends = [one.points[-1].row.macs for one in (small, large, huge)]
    assert ends[1] < 10 * ends[0] < 10 * ends[1] < ends[2]
    assert not ends_apart([small, large], Column.MACS)
    assert ends_apart([large, huge, other], Column.MACS)
    assert not ends_apart([huge], Column.MACS)
    assert not ends_apart([small, huge], Column.MEASURED_MS)  # there are no such values
    batches = curve(parse("resnet18"), Sweep.BATCH)
    assert ends_apart([batches], Column.MACS)
    ticks = ticks_along(sweep_chart([batches], Column.MACS, log=True), 6)
    assert ticks == tuple(point.value for point in batches.points)


@pytest.fixture(scope="module")
def timing() -> Timing:
    settings = Settings(batch=2, threads=1, seconds=0.5)
    return measure(lambda _: None, parse(TINY), settings)


def test_timing_charts_are_the_timing(timing: Timing) -> None:
    stages = stage_chart(timing)
    assert stages.series[0].x == ("stem", "layer1", "layer2", "layer3", "head")
    assert stages.series[1].y == tuple(stage.backward_ms for stage in timing.stages)
    assert stages.series[1].low == tuple(stage.backward_p10_ms for stage in timing.stages)
    assert stages.series[1].high == tuple(stage.backward_p90_ms for stage in timing.stages)
    old = [StageTime(*stage[:3]) for stage in timing.stages]  # recorded without percentiles
    assert stage_chart(replace(timing, stages=tuple(old))).series[0].low == ()
    counts: list[Any] = list(distribution_chart(timing).series[0].y)
    assert sum(counts) == timing.iterations
    one = replace(timing, samples=timing.samples[:1])
    assert sum(v or 0 for v in distribution_chart(one).series[0].y) == 1
    apart = (Iteration(1.0, 1.0, 1.0, 3.0), Iteration(2.0, 2.0, 2.0, 6.0))
    two = distribution_chart(replace(timing, samples=apart))
    drawn = picture(two)
    drawn.draw_without_rendering()
    assert ticks(drawn.axes[0].yaxis) == ["0", "1"]  # counts have no halves
    assert figure(two).layout.yaxis.dtick == 1
    both = comparison_chart([timing, timing])
    assert both.series[0].x == ("run 1", "run 2")
    assert both.series[0].y == (timing.forward_ms.p50,) * 2


def test_a_file_says_that_a_median_is_unreliable(timing: Timing) -> None:
    calm = replace(timing, samples=(timing.samples * 7)[:7], stable=True, interval=0.01)
    how = "Training with SGD, batch 2, float32 on CPU, 1 thread"
    for changes, note in (
        ({}, ""),
        ({"stable": False}, ". 7 iterations, not yet stable"),
        ({"interval": 1.067}, ". 7 iterations, 95% interval of the median iteration: ±107%"),
        ({"interval": None}, ". 7 iterations, too few to tell how noisy the median is"),
    ):
        noisy = replace(calm, **changes)
        bars = ". Error bars: 10th to 90th percentile"
        for draw, more in ((stage_chart, bars), (block_chart, ""), (distribution_chart, "")):
            assert draw(noisy).reading == f"{how}{note}{more}"
    two = comparison_chart([calm, replace(calm, model="resnet18", stable=False)])
    said = "Error bars: 10th to 90th percentile. ResNet-18: not yet stable"
    assert two.reading == said
    alike = [replace(calm, model=model, stable=False) for model in ("resnet18", "resnet34")]
    assert comparison_chart(alike).reading.endswith(". ResNet-18; ResNet-34: not yet stable")
    few = comparison_chart([calm, replace(calm, model="resnet18", interval=None)])
    assert few.reading.endswith("ResNet-18: too few iterations to tell how noisy the median is")
    assert distribution_chart(calm).alt.startswith("Iteration times of ")


def test_timings_are_named_by_what_differs(timing: Timing) -> None:
    def of(model: str, **changes: Any) -> Timing:
        return replace(timing, model=model, settings=replace(timing.settings, **changes))

    assert stage_chart(of("resnet50")).title == "Time per stage of ResNet-50"
    assert distribution_chart(of("plain34")).title == "Iteration times of Plain-34"
    two = comparison_chart([of("resnet18"), of("resnet50")])
    assert two.title == "Forward and backward time"
    assert two.series[0].x == ("ResNet-18", "ResNet-50")
    assert two.note == "Training with SGD, batch 2, float32 on CPU, 1 thread"
    batches = comparison_chart([of("resnet50", batch=batch) for batch in (1, 2, 4)])
    assert batches.title == "Forward and backward time of ResNet-50"
    assert batches.series[0].x == (
        "batch\N{NO-BREAK SPACE}1",
        "batch\N{NO-BREAK SPACE}2",
        "batch\N{NO-BREAK SPACE}4",
    )
    assert batches.note == "Training with SGD, float32 on CPU, 1 thread"
    calm = [replace(of("resnet50", batch=b), stable=True, interval=0.01) for b in (1, 2, 4)]
    assert in_a_caption([comparison_chart(calm)]) == (
        "Median forward and backward time of ResNet-50: batches 1, 2 and 4. Error bars: 10th to "
        "90th percentile. Training with SGD, float32 on CPU, 1 thread."
    )
    forward = replace(of("resnet50"), backward_ms=None)
    assert comparison_chart([forward, forward]).title == "Forward time of ResNet-50"
    assert two.shows == "Median forward and backward time: ResNet-18; ResNet-50"
    assert comparison_chart([of("resnet50")]).shows.endswith("time: ResNet-50")
    ways = [of("resnet18"), of("resnet50", batch=8), of("resnet50", batch=8)]
    assert comparison_chart(ways).series[0].x == (
        "ResNet-18, batch\N{NO-BREAK SPACE}2 (run 1)",
        "ResNet-50, batch\N{NO-BREAK SPACE}8 (run 2)",
        "ResNet-50, batch\N{NO-BREAK SPACE}8 (run 3)",
    )


def test_measured_heat_is_the_stages_time(timing: Timing) -> None:
    heat = time_heat(timing, "forward")
    by_name = {stage.name: stage.forward_ms for stage in timing.stages}
    assert heat.values["layer1"] == by_name["layer1"]
    assert heat.values["layer1.0"] == heat.values["layer1.1"] == by_name["layer1"] / 2
    assert heat.values["stem"] == by_name["stem"]
    where = timing.environment
    how = "Median in training with SGD, batch 2, float32 on CPU, 1 thread"
    assert (heat.meaning, heat.measured) == (how, f"{machine(where.cpu)}, {moment(where.date)}")
    said = graph_caption([analysis.profile(parse(TINY))], heat=heat)
    assert "Shading: forward (stage means) per box (median in training with SGD, batch 2," in said
    drawn = svg(graph(analysis.profile(parse(TINY)), Level.STAGE), heat=heat)
    assert ">forward (stage means) per box:</text>" in drawn


def test_measured_heat_is_each_blocks_time(timing: Timing) -> None:
    blocks = (StageTime("layer1.0", 2.0, 5.0), StageTime("layer1.1", 3.0, 4.0))
    heat = time_heat(replace(timing, blocks=blocks), "backward")
    assert (heat.values["layer1.0"], heat.values["layer1.1"]) == (5.0, 4.0)
    assert heat.varies
    assert heat.label == "backward"
    counted = analysis.profile(parse(TINY))
    stages = svg(graph(counted, Level.STAGE), heat=heat)
    assert "differs by block" not in stages  # a stage's time is measured, however its blocks differ
    unfolded = svg(graph(counted, Level.BLOCK, unfold=True), heat=heat)
    assert "5.00 ms backward" in unfolded
    assert "4.00 ms backward" in unfolded
    chart = block_chart(replace(timing, blocks=blocks))
    assert chart.title == f"Time per block of {TINY}"
    assert chart.series[0].x == ("layer1.0", "layer1.1")
    assert [series.y for series in chart.series] == [(2.0, 3.0), (5.0, 4.0)]


def test_lines_that_end_apart_are_named_there_and_others_in_the_legend() -> None:
    up, down = Series("up", (1, 2), (1.0, 9.0)), Series("down", (1, 2), (1.1, 2.0))
    *lines, one, other = named_at_ends((up, down))
    assert [(point.x, point.y) for point in (one, other)] == [((2,), (9.0,)), ((2,), (2.0,))]
    assert not any(line.in_legend for line in lines)
    back = (replace(up, y=(9.0, 1.0)), replace(down, y=(2.0, 1.1)))
    assert [point.x for point in named_at_ends(back)[2:]] == [(1,), (1,)]
    x = tuple(range(17))  # names near a crossing would be beside the other line
    crossed = (Series("up", x, x), Series("down", x, tuple(15.5 - y for y in x)))
    assert [point.x for point in named_at_ends(crossed)[2:]] == [(16,), (16,)]
    late = (Series("up", x, x), Series("down", x, tuple(30.0 - y for y in x)))
    assert [point.x for point in named_at_ends(late)[2:]] == [(0,), (0,)]
    closed = (replace(up, y=(1.0, 9.0)), replace(down, y=(1.1, 9.1)))
    assert named_at_ends(closed) == closed
    assert named_at_ends((up,)) == (up,)
    assert named_at_ends((up,) * 7) == (up,) * 7
    gone = replace(down, y=(2.0, None))  # it is labelled where it ends
    assert named_at_ends((up, gone))[3].x == (1,)
    decades = (replace(up, y=(1.0, 1e-9)), replace(down, y=(1.0, 1e-7)))
    assert len(named_at_ends(decades, log=True)) == 4
    assert named_at_ends(decades) == decades


def test_what_is_measured_is_drawn_over_what_is_known() -> None:
    band = Series("plain", (1.0, 2.0), (3.0, 4.0), low=(2.0, 3.0), high=(4.0, 5.0))
    theory = Series("theory", (1.0, 2.0), (3.0, 4.0), thin=True)
    name = Series("", (2.0,), (4.0,), Draw.POINTS, text=("plain",), in_legend=False)
    known = Chart("a", "x", "y", (band, band, theory, name), "", marks=(Mark(1.0, "layer1"),))
    live = Chart("b", "x", "y", (Series("now", (1.0,), (3.0,)),), "")
    drawn = over(live, known)
    assert (drawn.title, drawn.marks) == ("b", known.marks)
    assert [(one.name, one.thin, one.in_legend) for one in drawn.series] == [
        ("known result", True, True),
        ("known result", True, False),
        ("now", False, True),
    ]
    assert drawn.series[0].dash is Dash.DOTTED
    assert (drawn.series[0].low, drawn.series[0].hover) == ((), ("plain",))


def test_known_bars_are_points_over_the_bars_that_are_measured() -> None:
    bars = Series("plain", ("none", "layer1.0"), (3.0, 4.0), Draw.BARS)
    known = Chart("a", "x", "y", (bars,), "")
    live = Chart("b", "x", "y", (replace(bars, x=("none",), y=(5.0,)),), "")
    first, second = over(live, known).series
    assert first == live.series[0]
    assert (second.name, second.draw, second.thin) == ("known result", Draw.POINTS, False)
    assert (second.x, second.y) == (bars.x, bars.y)


def test_a_theory_has_one_entry_when_names_go_to_the_legend() -> None:
    nets = ("plain20:norm=none:init=default", "plain56:norm=none:init=default")
    chart = in_legend(gradient_chart([curves(1 / 35, 1 / 6, 1.0, model=net) for net in nets]))
    found = [series.name for series in chart.series if series.in_legend]
    assert found == [
        "plain, 20 layers",
        "plain, 56 layers",
        "theory: ×0.408 per layer toward the input",
    ]


def test_names_are_at_the_right_unless_lines_meet_there() -> None:
    for end, at in ((1.1, 3.0), (1.01, 1.0), (1.0, 1.0)):
        lines = [
            Series("one", (1.0, 2.0, 3.0), (3.0, 1.5, 1.0)),
            Series("other", (1.0, 2.0, 3.0), (2.0, 1.2, end)),
        ]
        named = [series.x for series in named_at_ends(lines) if series.text]
        assert named == [(at,), (at,)]


def test_no_tick_lies_in_the_room_for_names() -> None:
    steps = tuple(map(float, range(5, 65, 5)))
    line = Series("line", steps, steps)
    chart = Chart("", "step", "loss", (line, replace(line, name="other")), "", room=0.35)
    assert ticks_along(chart, 7) == (0, 10, 20, 30, 40, 50, 60)
    assert ticks_along(replace(chart, room=0.0), 7) == ()
    assert ticks_along(replace(chart, log_x=True), 7) == ()
    shown = figure(chart, wall=True).layout.xaxis
    assert shown.tickvals == (0, 20, 40, 60)
    drawn = picture(chart)
    drawn.draw_without_rendering()
    assert max(drawn.axes[0].get_xticks()) == 60


def test_the_ticks_of_a_line_of_few_numbers_are_those() -> None:
    def along(*depths: int) -> tuple[float, ...]:
        line = Series("line", depths, tuple(map(float, depths)))
        return ticks_along(Chart("", "depth", "error", (line,), ""), 5)

    assert along(8, 20, 32, 44, 56) == (8, 20, 32, 44, 56)
    assert along(*range(1, 9)) == tuple(range(1, 9))
    assert along(*range(1, 13)) == tuple(range(1, 13))  # epochs
    assert along(*range(1, 14)) == along(*range(1, 20, 2)) == ()  # too many
    assert along(18, 20, 110) == ()  # too close
    assert along(0, 10_000) == ()  # too long
    assert along(*range(28)) == (0, 10, 20, 27)  # counts end at a tick
    assert along(*range(22)) == (0, 5, 10, 15, 20)  # but not close to another
    assert along(*range(0, 56, 2)) == ()
    assert along(0, 1, 2, 4, 8, 12) == (0, 1, 2, 4, 8, 12)  # shorter numbers may be closer
    lines = (Series("one", (20, 56), (1.0, 2.0)), Series("other", (8, 44), (1.0, 2.0)))
    both = Chart("", "depth", "error", lines, "")
    assert figure(both, wall=True).layout.xaxis.tickvals == (8, 20, 44, 56)
    assert list(picture(both).axes[0].get_xticks()) == [8, 20, 44, 56]
    points = replace(both, series=tuple(replace(one, draw=Draw.POINTS) for one in lines))
    assert ticks_along(points, 5) == ()


def test_a_log_axis_has_ticks_at_those_of_a_lines_few_numbers_that_have_room() -> None:
    sizes = (56, 112, 168, 224, 280, 336, 392, 448)
    line = Series("line", sizes, tuple(map(float, sizes)))
    chart = Chart("", "image height, px", "MACs", (line,), "", log_x=True, log_y=True)
    found = (56, 112, 168, 224, 336, 448)
    assert ticks_along(chart, 5) == found
    assert figure(chart).layout.xaxis.tickvals == found
    axes = picture(chart).axes[0]
    assert list(axes.get_xticks()) == list(found)
    assert list(axes.get_xticks(minor=True)) == []
    from_zero = replace(line, x=(0, *sizes[1:]))
    assert ticks_along(replace(chart, series=(from_zero,)), 5) == ()


def test_a_mark_that_is_a_result_is_seen() -> None:
    line = Series("line", (1.0, 2.0), (1.0, 2.0))
    marks = (Mark(1.0, "layer1"), Mark(1.5, "mean 1.5", is_result=True))
    chart = Chart("", "x", "y", (line,), "", marks=marks)
    for palette in (LIGHT, DARK, PRINT):
        for wall, width in ((False, 2), (True, 3)):
            faint, seen = figure(chart, palette, wall=wall).layout.shapes
            assert contrast(seen.line.color, palette.background) >= 3
            assert (seen.line.dash, seen.line.width) == ("dash", width)
            assert (faint.line.dash, faint.line.width) == (None, 2)
        _, stage, mean = picture(chart, palette).axes[0].lines
        assert (mean.get_color(), mean.get_alpha()) == (palette.quiet, None)
        assert (stage.get_alpha(), stage.get_linestyle()) == (0.5, "-")
        assert mean.get_linestyle() == "--"


def test_marks_are_opaque_unless_they_are_bubbles() -> None:
    rows = rows_of(["resnet18", "resnet34", "resnet50"])
    for bubble, colour, edge in ((None, "#0072B2", 0), (Column.PARAMS, "#0072B259", 2)):
        chart = scatter_chart(rows, Column.PARAMS, Column.MACS, bubble=bubble)
        points = next(trace for trace in figure(chart).data if "markers" in trace.mode)
        assert (points.marker.opacity, points.marker.color) == (1, colour)
        assert (points.marker.line.color, points.marker.line.width) == ("#0072B2", edge)
        axes: Any = picture(chart).axes[0]
        assert axes.collections[0].get_facecolor()[0][3] == (0.35 if bubble else 1)
        assert axes.collections[0].get_edgecolor()[0][3] == 1
    slow, fast = curves(1.0, 1.0, 1.0, model="resnet20"), curves(1e4, 1e2, 1.0, model="plain20")
    lines = gradient_chart([slow, fast])
    ends = [trace for trace in figure(lines).data if len(trace.x) == 1]
    assert [trace.marker.opacity for trace in ends] == [1, 1]


def test_a_title_says_what_all_networks_change() -> None:
    def title(*models: str) -> str:
        return gradient_chart([curves(1.0, 1.0, 1.0, model=model) for model in models]).title

    usual = "Gradient norm by depth"
    assert title("plain20", "resnet20") == usual
    no_bn = ":norm=none:init=default"
    assert title(f"plain20{no_bn}", f"resnet20{no_bn}") == f"{usual}: no BN, default init"
    assert title(f"plain20{no_bn}", "resnet20:norm=none") == f"{usual}: no BN"
    assert title(f"resnet20{no_bn}") == f"{usual}: ResNet-20, no BN, default init"
    fitted = ":widths=8,16,32:stem_width=8:input=1x28x28"
    assert title(f"plain20{fitted}", f"resnet20{fitted}") == usual


@pytest.mark.parametrize(
    ("below", "above", "seen"),
    [(0.004, 0.004, False), (0.0, 0.004, False), (0.006, 0.006, True), (0.0, 0.006, True)],
)
def test_a_band_is_seen_if_it_is_wider_than_its_line(
    below: float, above: float, seen: bool
) -> None:
    """Of axes from -0.12 to 1.12, a line takes 0.007 in a column."""
    ends, at = limits([0.0, 1.0]), 0.5
    high, low = (at + 1.24 * side for side in (above, -below))
    line = Series("a", (0, 1, 2), (0.0, at, 1.0), low=(0.0, low, 1.0), high=(0.0, high, 1.0))
    assert ends == pytest.approx((-0.12, 1.12))
    assert shows_bands([line]) is seen
    assert not shows_bands([line], hidden=SEEN_ON_WALL)


def test_a_files_note_says_how_to_read_it() -> None:
    runs = [curves(1 / 35, 1 / 6, 1.0), replace(curves(1 / 30, 1 / 6, 1.0), seed=1)]
    chart = gradient_chart(runs)
    assert chart.reading == "Geometric means of 2 seeds; bands: lowest to highest"
    assert gradient_chart(runs[:1]).reading == ""
    more = [*runs, curves(1.0, 1.0, 1.0, model="resnet20")]  # so far with one seed
    said = "Geometric means of 1 to 2 seeds; bands: lowest to highest"
    assert gradient_chart(more).reading == said
    notes = [text.get_text() for text in picture(chart).texts]
    assert f"{chart.reading}." in notes
    assert spread_in_words(chart, [2]) == "Bands: lowest to highest of 2 seeds."
    near = [runs[0], replace(curves(1 / 32, 1 / 6, 1.0), seed=1)]
    assert gradient_chart(near).reading == chart.reading  # wider than its line in a column
    said = "Means of 2 seeds; their range is too narrow to see."
    assert spread_in_words(gradient_chart(near), [2]) == said  # but hardly in a hall
    assert spread_in_words(gradient_chart(near), [2], geometric=True) == f"Geometric m{said[1:]}"
    alike = gradient_chart([runs[0], replace(curves(1 / 34.8, 1 / 6, 1.0), seed=1)])
    assert alike.reading == "Geometric means of 2 seeds; their range is too narrow to see"
    assert spread_in_words(alike, [2]) == said
    with speaking(Language.CHINESE):
        assert spread_in_words(alike, [2]) == "2 个种子的平均值；范围太小，看不出来。"
        said = "2 个种子的几何平均值；范围太小，看不出来。"
        assert spread_in_words(alike, [2], geometric=True) == said
    assert "lowest" not in str(figure(chart).layout.xaxis.title.text)  # a page says it in its text


@pytest.mark.parametrize("width_mm", [85, 170, 254])
def test_a_legend_is_whole_at_the_resolution_of_a_file(width_mm: float) -> None:
    kinds = [f"{kind}, {depth} layers" for kind in ("plain", "residual") for depth in (20, 56)]
    names = [*kinds, "theory: ×1.211 per layer toward the input"]
    lines = tuple(Series(name, (1.0, 2.0), (1.0, 2.0)) for name in names)
    drawn = picture(Chart("", "x", "y", lines, ""), width_mm=width_mm)
    for dpi in (72, 200, 600):
        drawn.set_dpi(dpi)
        drawn.draw_without_rendering()
        (legend,) = drawn.legends
        box = legend.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= drawn.bbox.width


@pytest.mark.parametrize("width_mm", [85.0, 170.0, 254.0])
@pytest.mark.parametrize("words", [4, 16, 60])
def test_a_note_is_below_the_title_of_the_axis(width_mm: float, words: int) -> None:
    points = Series("one", (1.0, 2.0), (1.0, 2.0), Draw.POINTS)
    said = " ".join(["(published)"] * words)
    drawn = picture(Chart("", "x", "y", (points,), "", note=said), width_mm=width_mm)
    drawn.draw_without_rendering()
    (note,) = drawn.texts
    title = drawn.axes[0].xaxis.label.get_window_extent()
    box = note.get_window_extent()
    apart = (title.y0 - box.y1) / drawn.dpi * 72  # pt
    assert 3 <= apart <= 6 * max(1, width_mm / 170)
    assert box.y0 > 0


def test_points_have_error_bars_in_a_file() -> None:
    points = Series("one", (1.0, 2.0), (3.0, 4.0), Draw.POINTS, low=(2.0, 3.5), high=(5.0, 4.5))
    axes: Any = picture(Chart("", "x", "y", (points,), "")).axes[0]
    (bars,) = axes.containers
    ends = [segment.tolist() for segment in bars.lines[2][0].get_segments()]
    assert ends == [[[1.0, 2.0], [1.0, 5.0]], [[2.0, 3.5], [2.0, 4.5]]]


def test_a_level_crosses_bars_from_edge_to_edge() -> None:
    """It is in front of them, so that each can be compared with it, but cuts none in two."""
    level = Series("none removed", ("a", "b"), (1.0, 1.0), colour="text", across=True)
    bars = Series("removed", ("a", "b"), (3.0, 2.0), Draw.BARS, "identity")
    chart = Chart("", "x", "y", (bars, level), "")
    axes: Any = picture(chart, PRINT).axes[0]
    (drawn,) = axes.lines
    assert drawn.get_zorder() > max(bar.get_zorder() for bar in axes.patches)
    assert drawn.get_path_effects() == []
    assert list(drawn.get_xdata()) == [-0.5, 0, 1, 1.5]
    assert axes.get_xlim() == (-0.5, 1.5)
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.8, 0.8])
    shown = figure(chart, LIGHT)
    assert [trace.name for trace in shown.data] == ["removed"]
    (line,) = shown.layout.shapes
    assert (line.xref, line.x0, line.x1, line.y0, line.y1) == ("paper", 0, 1, 1.0, 1.0)
    assert (line.line.color, line.layer, line.showlegend) == (LIGHT.text, "above", True)


@pytest.mark.parametrize("draw", [Draw.BARS, Draw.LINE])
def test_the_highest_value_is_below_the_top(draw: Draw) -> None:
    x, high = (1.0, 2.0, 3.0), (1.3, 1.4, 1.5)
    series = Series("one", x, (1.0, 1.1, 1.2), draw, low=(0.9, 1.0, 1.1), high=high)
    bottom, top = picture(Chart("", "x", "y", (series,), "")).axes[0].get_ylim()
    assert bottom == 0
    assert 1.5 / top == pytest.approx(1 / 1.06)


def test_points_of_words_have_room_at_both_sides() -> None:
    points = Series("one", ("a", "b"), (1.0, 2.0), Draw.POINTS)
    chart = Chart("", "", "y", (points,), "")
    assert picture(chart).axes[0].get_xlim() == (-0.5, 1.5)
    assert figure(chart).layout.xaxis.range == (-0.5, 1.5)


def test_a_mark_in_a_legend_is_beside_its_text() -> None:
    points = [Series(name, (1.0, 2.0), (1.0, 2.0), Draw.POINTS) for name in ("one", "other")]
    drawn = picture(Chart("", "x", "y", tuple(points), ""))
    drawn.draw_without_rendering()
    (legend,) = drawn.legends
    for mark, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        assert mark is not None
        assert isinstance(mark, PathCollection)
        middle = mark.get_offset_transform().transform(mark.get_offsets())[0][0]
        assert text.get_window_extent().x0 - middle < 3.2 / 25.4 * drawn.dpi  # mm


def test_close_lines_need_no_axis_from_zero() -> None:
    line = Series("one", (1.0, 2.0, 3.0), (85.0, 90.0, 92.0))
    usual = Chart("", "x", "y", (line,), "")
    close = replace(usual, close=True)
    low, high = limits((85.0, 92.0))
    assert 80 < low < 85 < 92 < high < 97
    axes: Any = picture(close, PRINT).axes[0]
    assert axes.get_ylim() == pytest.approx((low, high))
    assert picture(usual, PRINT).axes[0].get_ylim()[0] == 0
    assert figure(close, LIGHT).layout.yaxis.range == (low, high)
    assert figure(usual, LIGHT).layout.yaxis.range is None
