"""Charts on a page, in the page's colours, and as files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analysis.charts.chart import Chart
from analysis.charts.file import chart_file
from analysis.charts.names import has_names
from analysis.charts.screen import HEIGHT_PX, figure, narrow_names, wide_names
from analysis.style.files import CHART_SUFFIXES
from pages.ui.downloads import file_button
from pages.ui.markup import key_of_marks
from pages.ui.theme import palette

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}


def show_chart(chart: Chart, key: str, height: int = HEIGHT_PX) -> None:
    """Draw a chart; where numbers stand for names, tell below it what they mean.

    The style sheet shows one of both sets of names, by the width of the container.
    """
    drawn = figure(chart, palette(), height)
    with st.container(key=f"names_{key}" if has_names(chart) else None):
        st.plotly_chart(drawn, theme=None, key=f"chart_{key}", config=_CONFIG, alt=chart.alt)
        if has_names(chart):
            wide, narrow = wide_names(chart, height).key, narrow_names(chart, height).key
            if key_of_numbers := key_of_marks(wide, "rl-wide") + key_of_marks(narrow, "rl-narrow"):
                st.html(key_of_numbers)


def chart_buttons(chart: Chart, name: str) -> None:
    """A button for each format of a chart."""
    for suffix in CHART_SUFFIXES:
        make = partial(chart_file, chart, suffix, title=chart.title)
        file_button(f"Chart as {suffix[1:].upper()}", f"{name}{suffix}", make)
