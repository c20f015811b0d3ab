"""A chart in words: its message, its axes, and the course of every series."""

from analysis.charts.chart import Chart, Draw, Series
from analysis.charts.words import described


def test_a_chart_of_lines_says_their_ends_and_extremes() -> None:
    chart = Chart(
        "Loss by step",
        "step",
        "training loss",
        (
            Series("plain", (1, 50, 100), (2.0, 3.5, 1.0)),
            Series("theory", (1, 100), (2.0, 1.0), thin=True),
            Series("residual", (1, 50, 100), (2.0, None, 0.25)),
        ),
        "The residual network ends lower.",
        log_y=True,
    )
    assert described(chart) == (
        "The residual network ends lower. 2 lines: training loss (log scale) by step. "
        "plain: 3 values, 2 at 1 to 1 at 100, most 3.5 at 50. "
        "residual: 2 values, 2 at 1 to 0.25 at 100."
    )


def test_bars_and_points_say_their_least_and_most() -> None:
    bars = Series("forward", ("stem", "layer1", "layer2"), (0.5, 4.0, 2.0), Draw.BARS)
    points = Series("backward", ("stem",), (1.0,), Draw.POINTS)
    lost = Series("gone", ("stem",), (None,), Draw.POINTS)
    chart = Chart("Time", "", "median, ms", (bars, points, lost), "Timings of resnet18")
    assert described(chart) == (
        "Timings of resnet18. 2 series of points and 1 series of bars: median, ms. "
        "forward: 3 values, 0.5 at stem to 4 at layer1. backward: 1 value, 1 at stem. "
        "gone: no values."
    )


def test_of_many_series_the_first_eight_are_told() -> None:
    series = tuple(Series(f"net {number}", (1,), (float(number),)) for number in range(11))
    said = described(Chart("Many", "depth", "loss", series, ""))
    assert said.startswith("Many. 11 lines: loss by depth. net 0: 1 value, 0 at 1. ")
    assert said.endswith("net 7: 1 value, 7 at 1. 3 more are drawn.")


def test_an_empty_chart_says_so() -> None:
    assert described(Chart("Loss", "step", "loss", (), "")) == "Loss. No data: loss by step."
