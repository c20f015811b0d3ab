"""Charts on a page, in the page's colours, and as files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analysis.render.chart_files import chart_file
from analysis.render.chart_screen import figure
from analysis.render.charts import Chart
from analysis.render.files import CHART_SUFFIXES
from pages.ui.downloads import file_button
from pages.ui.theme import palette

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}


def show_chart(chart: Chart, key: str, height: int = 460) -> None:
    """Draw a chart."""
    drawn = figure(chart, palette(), height)
    st.plotly_chart(drawn, theme=None, key=f"chart_{key}", config=_CONFIG, alt=chart.alt)


def chart_buttons(chart: Chart, name: str) -> None:
    """A button for each format of a chart."""
    for suffix in CHART_SUFFIXES:
        make = partial(chart_file, chart, suffix, title=chart.title)
        file_button(f"Chart as {suffix[1:].upper()}", f"{name}{suffix}", make)
