"""Published speeds on an axis: their citation, and this machine's own chart below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from analysis.charts.chart import Chart
from analysis.choice.charts import citations, with_own
from analysis.choice.compare import Axis, Row
from pages.ui.charts import show_chart
from pages.ui.measured import own_speed
from pages.ui.wall import on_wall

Axes = Sequence[Axis | None]


def show_scatter(
    draw: Callable[[Axes], Chart],
    axes: Axes,
    rows: Sequence[Row],
    key: str,
    height: int,
) -> list[tuple[Chart, Axes]]:
    """Show a scatter; with a published speed, cite it and show this machine's own below.

    Args:
        draw: makes the chart of axes.
        axes: the axes that the visitor chose.
        rows: the networks.
        key: the chart's key.
        height: the chart's height in pixels.

    Returns:
        The charts that were shown, each with its axes.
    """
    chart, cited = draw(axes), citations(*axes)
    show_chart(chart, key, height)
    if on_wall():  # there, the sentence says where speeds are from
        return [(chart, axes)]
    own = own_speed() if cited else None
    own_axes = with_own(axes, rows, own) if own else None
    if own is None or own_axes is None:
        _say_reading(chart, _TIME_THEM if cited else "")
        return [(chart, axes)]
    _say_reading(chart)
    other = draw(own_axes)
    show_chart(other, f"{key}_own", height)
    _say_reading(other)
    return [(chart, axes), (other, own_axes)]


_TIME_THEM = (
    "To see this machine's own speed too, time these networks on the Timing page in inference mode."
)


def _say_reading(chart: Chart, more: str = "") -> None:
    """Say how to read a chart and whom it cites."""
    reading = f"{chart.reading}." if chart.reading else ""
    if said := " ".join(filter(None, (reading, more))):
        st.caption(said)
