"""Charts on a page, in the page's colours, and as files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analysis.charts.chart import Chart
from analysis.charts.file import chart_file
from analysis.charts.names import has_names
from analysis.charts.screen import HEIGHT_PX, figure, narrow_names, wall_names, wide_names
from analysis.charts.words import described
from analysis.style.files import CHART_SUFFIXES
from pages.ui.downloads import file_button
from pages.ui.markup import key_of_marks
from pages.ui.theme import palette
from pages.ui.wall import on_wall

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}
_BARE = {"displayModeBar": False}


def show_chart(chart: Chart, key: str, height: int | None = HEIGHT_PX) -> None:
    """Draw a chart; where numbers stand for names, tell below it what they mean.

    The style sheet shows one of both sets of names, by the width of the container. On the wall, and
    without a height, the chart is as high as the window leaves room for it and its sentence.
    """
    if on_wall():
        drawn = figure(chart, palette(), wall=True)
        with st.container(key=f"wall_fills_{key}"):
            st.plotly_chart(
                drawn,
                theme=None,
                key=f"wall_{key}",
                config=_BARE,
                alt=described(chart),
                height="stretch",
            )
            if has_names(chart) and (numbers := key_of_marks(wall_names(chart).key)):
                st.html(numbers)
        return
    drawn = figure(chart, palette(), height)
    tall = "tall_" if height is None else ""
    with st.container(key=f"{tall}names_{key}" if tall or has_names(chart) else None):
        st.plotly_chart(
            drawn,
            theme=None,
            key=f"chart_{key}",
            config=_CONFIG,
            alt=described(chart),
            height="stretch" if height is None else "content",
        )
        if has_names(chart):
            wide, narrow = wide_names(chart, height).key, narrow_names(chart, height).key
            if key_of_numbers := key_of_marks(wide, "rl-wide") + key_of_marks(narrow, "rl-narrow"):
                st.html(key_of_numbers)


def chart_buttons(chart: Chart, name: str) -> None:
    """A button for each format of a chart."""
    for suffix in CHART_SUFFIXES:
        make = partial(chart_file, chart, suffix, title=chart.title)
        file_button(f"Chart as {suffix[1:].upper()}", f"{name}{suffix}", make)
