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
) -> list[tuple[Chart, str]]:
    """Show a scatter; with a published speed, cite it and show this machine's own below.

    Args:
        draw: makes the chart of axes.
        axes: the axes that the visitor chose.
        rows: the networks.
        key: the chart's key.
        height: the chart's height in pixels.

    Returns:
        The charts that were shown, each with where its speeds are from.
    """
    chart, cited = draw(axes), citations(*axes)
    if on_wall():  # where a sentence says it
        show_chart(chart, key, height)
        return [(chart, cited)]
    if not cited:
        _show_read(chart, key, height, cited)
        return [(chart, cited)]
    own = own_speed()
    own_axes = with_own(axes, rows, own)
    _show_read(chart, key, height, cited)
    if own is None or own_axes is None:
        st.caption(
            f"{cited} To see this machine's own speed too, time these networks on the Timing page "
            "in inference mode."
        )
        return [(chart, cited)]
    st.caption(cited)
    other = draw(own_axes)
    _show_read(other, f"{key}_own", height, own.how)
    st.caption(own.how)
    return [(chart, cited), (other, own.how)]


def _show_read(chart: Chart, key: str, height: int, cited: str) -> None:
    """Show a chart and how to read it, apart from where its speeds are from."""
    show_chart(chart, key, height)
    if said := chart.reading.removesuffix(cited.removesuffix(".")).removesuffix(". "):
        st.caption(f"{said}.")
