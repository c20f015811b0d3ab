"""Charts: the same value on the screen and in files, and what each chart is made of."""

import io
import math
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

import analysis
from analysis.compare import Column, Sweep, compare, curve, pareto
from analysis.curves import Curve, Precision, Quantity, State
from analysis.curves import Series as Values
from analysis.graph import Level, graph
from analysis.render.charts import Chart, Dash, Draw, Mark, Series, chart_file, figure
from analysis.render.comparison_charts import scatter_chart, sweep_chart
from analysis.render.gradient_charts import gradient_chart
from analysis.render.palette import DARK, LIGHT
from analysis.render.svg import svg
from analysis.render.timing_charts import (
    comparison_chart,
    distribution_chart,
    stage_chart,
    time_heat,
)
from analysis.settings import Settings
from analysis.timing import Timing, measure
from nets import parse

TINY = "resnet20:blocks=2,1,1:widths=4,8,8:stem_width=4"

CHART = Chart(
    "Title",
    "along, px",
    "‖∂L/∂x‖ of block outputs",
    (
        Series("line", (1, 2, 4), (1e-3, None, 10.0), low=(1e-4, None, 9), high=(1e-2, None, 11)),
        Series("points", (1, 3), (5.0, 7.0), Draw.POINTS, text=("A & B", "$x_1$"), sizes=(9, 20)),
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
    drawn = chart_file(chart, ".svg", title="Größe")
    assert drawn.startswith(b"<?xml")
    assert chart_file(chart, ".svg", title="Größe") == drawn
    (page,) = PdfReader(io.BytesIO(chart_file(chart, ".pdf", DARK, "A $title$ é"))).pages
    assert float(page.mediabox.width) == pytest.approx(170 / 25.4 * 72, abs=1)
    text = page.extract_text()
    assert "A $title$ é" in text
    assert chart.series[0].name in text
    image = Image.open(io.BytesIO(chart_file(chart, ".png", dpi=100, width_mm=85)))
    assert image.size[0] == pytest.approx(85 / 25.4 * 100, abs=2)
    assert image.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 0)


@pytest.mark.parametrize(
    ("suffix", "dpi", "says"),
    [
        (".gif", 200, r"^a chart is written as \.svg, \.pdf, \.png, not \.gif$"),
        ("", 200, "not nothing$"),
        (".png", 10**6, "^dpi must be a whole number from 20 to 1,200$"),
        (".png", True, "^dpi must be a whole number"),
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
    assert plain.line.color == LIGHT.plain
    assert plain.line.dash == "dash"
    assert drawn.layout.yaxis.type == "log"
    assert drawn.layout.annotations[0].text == "layer2"
    bars = figure(BARS, LIGHT)
    assert list(bars.data[0].error_y.array) == [0.5, 1.0]
    assert bars.data[0].marker.pattern.shape != bars.data[1].marker.pattern.shape


def curves(*values: float, model: str = "plain20", seed: int = 0, smallest: float = 0) -> Curve:
    states = tuple(
        State.NAN if math.isnan(v) else State.BELOW if v <= smallest else State.MEASURED
        for v in values
    )
    paths = ("act1", *(f"layer1.{i}" for i in range(len(values) - 1)))
    series = Values(paths, tuple(range(1, 2 * len(values), 2)), values, states)
    return Curve(model, seed, Precision.FLOAT32, 2.3, series, series, (1.0,) * len(values))


def test_a_gradient_chart_is_the_mean_of_the_seeds_with_their_band() -> None:
    two = [curves(1e-4, 1e-2, 1.0), curves(1e-2, 1e-2, 1.0, seed=1)]
    (line,) = [s for s in gradient_chart(two, Quantity.WEIGHT).series if s.name == "plain20"]
    assert line.y == pytest.approx((1e-3, 1e-2, 1.0))
    assert (line.low[0], line.high[0]) == (1e-4, 1e-2)
    assert line.colour == "plain"
    chart = gradient_chart([curves(1.0, 1.0), curves(2.0, 1.0, model="resnet20")])
    assert [(s.name, s.colour) for s in chart.series if not s.thin] == [
        ("plain20", "plain"),
        ("resnet20", "identity"),
    ]
    assert [mark.text for mark in chart.marks] == ["layer1", "layer2", "layer3"]


def test_what_has_no_place_on_a_log_axis_is_named() -> None:
    chart = gradient_chart([curves(0.0, 1e-3, 1.0)])
    assert chart.series[0].name == "plain20 (below what is held at 1 point)"
    assert chart.series[0].y == (None, 1e-3, 1.0)
    broken = gradient_chart([curves(math.nan, 1e-3, 1.0)])
    assert broken.series[0].name == "plain20 (not finite at 1 point)"


def test_theory_starts_at_the_last_block() -> None:
    net = "plain20:norm=none:init=default"
    chart = gradient_chart([curves(1e-6, 1e-3, 1.0, model=net)])
    measured, theory = chart.series
    assert theory.name == f"theory for {net}: 0.408 a layer"
    assert theory.y[-1] == pytest.approx(measured.y[-1])
    assert theory.y[0] == pytest.approx(6 ** (-4 / 2))


def test_a_scatter_joins_the_pareto_front() -> None:
    rows = compare([parse(name) for name in ("resnet18", "resnet34", "plain34", "resnet50")]).rows
    chart = scatter_chart(rows, Column.PARAMS, Column.MACS, bubble=Column.DEPTH)
    front = pareto(rows, Column.PARAMS, Column.MACS)
    line, best, others = chart.series
    assert line.x == tuple(row.params for row in front)
    assert best.text == tuple(row.model for row in front) == ("resnet18",)
    assert others.text == ("resnet34", "plain34", "resnet50")
    assert max(others.sizes) == 34
    assert "on the Pareto front: resnet18" in chart.alt


def test_a_sweep_is_a_line_for_each_network() -> None:
    found = [curve(parse(name), Sweep.BATCH, (1, 2, 4)) for name in ("resnet18", "resnet34")]
    chart = sweep_chart(found, Column.MACS)
    assert [s.name for s in chart.series] == ["resnet18", "resnet34"]
    assert chart.series[0].y == tuple(n * 1_814_073_344 for n in (1, 2, 4))
    assert chart.series[0].dash is not chart.series[1].dash


@pytest.fixture(scope="module")
def timing() -> Timing:
    settings = Settings(batch=2, threads=1, seconds=0.5)
    return measure(lambda _: None, parse(TINY), settings)


def test_timing_charts_are_the_timing(timing: Timing) -> None:
    stages = stage_chart(timing)
    assert stages.series[0].x == ("stem", "layer1", "layer2", "layer3", "head")
    assert stages.series[1].y == tuple(stage.backward_ms for stage in timing.stages)
    counts: list[Any] = list(distribution_chart(timing).series[0].y)
    assert sum(counts) == timing.iterations
    one = replace(timing, samples=timing.samples[:1])
    assert sum(v or 0 for v in distribution_chart(one).series[0].y) == 1
    both = comparison_chart([timing, timing])
    assert len(set(both.series[0].x)) == 2
    assert both.series[0].y == (timing.forward_ms.p50,) * 2


def test_measured_heat_is_the_stages_time(timing: Timing) -> None:
    heat = time_heat(timing, "forward")
    by_name = {stage.name: stage.forward_ms for stage in timing.stages}
    assert heat.values["layer1"] == by_name["layer1"]
    assert heat.values["layer1.0"] == heat.values["layer1.1"] == by_name["layer1"] / 2
    assert heat.values["stem"] == by_name["stem"]
    drawn = svg(graph(analysis.profile(parse(TINY)), Level.STAGE), heat=heat)
    assert "ms forward; a block: the mean of its stage" in drawn
