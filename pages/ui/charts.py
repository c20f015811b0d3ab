"""Draw charts on a page in the page's colours, and offer them as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.chart import Chart, in_a_caption
from analysis.charts.file import chart_file, check, left_out, most_dpi, row_file
from analysis.charts.names import has_names, in_legend, lines_of_their_own
from analysis.charts.screen import (
    HEIGHT_PX,
    figure,
    key_of_lines,
    legible,
    narrow_names,
    wall_names,
    wide_names,
)
from analysis.charts.words import described
from analysis.drawing.caption import Cited, figure_caption
from analysis.style.look import MIN_CHART_MM, Look
from pages.ui import lecture
from pages.ui.address import has_refused
from pages.ui.exports import Drawn, Picture
from pages.ui.markup import key_of_marks, key_of_samples
from pages.ui.theme import palette
from pages.ui.wall import on_wall
from pages.ui.words import sentence, unbroken

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}
_BARE = {"displayModeBar": False}


def reserve_strip() -> DeltaGenerator:
    """Reserve the height of a strip of buttons, so that its coming moves nothing below it."""
    place = st.empty()
    place.html('<div class="rl-reserved"></div>')
    return place


def show_chart(chart: Chart, key: str, height: int | None = HEIGHT_PX) -> None:
    """Draw a chart and, below it, its note and a key, where names lack room in it.

    A step of a lecture has a sentence instead of the note.

    The figure holds two sets of names; the style sheet shows one of them, depending on the
    container's width. On the wall, and if `height` is None, the chart fills the window down to the
    sentence below it.

    Args:
        chart: the chart.
        key: identifies the chart on the page.
        height: the height in px, or None to fill the window.
    """
    chart = legible(chart, height, on_wall())
    if on_wall():
        if has_refused() and lines_of_their_own(chart):
            chart = in_legend(chart)  # below the warning, the chart is too low for names
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
        _say_notes(chart.signs, "" if lecture.tells() else chart.note)
        return
    drawn = figure(chart, palette(), height)
    tall = "tall_" if height is None else ""
    roomy = f"roomy-{int(10 * chart.room)}_" if chart.room else ""
    with st.container(key=f"{tall}{roomy}names_{key}" if tall or has_names(chart) else None):
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
            keys = key_of_marks(wide, "rl-wide") + key_of_marks(narrow, "rl-narrow")
            if keys := keys + key_of_samples(key_of_lines(chart, palette(), height), "rl-narrow"):
                st.html(keys)
    _say_notes(chart.signs, chart.note)


def _say_notes(*notes: str) -> None:
    if said := " ".join(sentence(note) for note in notes if note):
        st.caption(unbroken(said))


def show_awaited(key: str) -> None:
    """Draw the place of a chart that a job will fill on the wall."""
    with st.container(key=f"wall_fills_{key}"):
        st.html('<div class="rl-wait"></div>')


def chart_picture(
    chart: Chart,
    key: str,
    how: str = "",
    cited: Cited | None = None,
    file: str = "",
    said: str = "",
) -> Picture:
    """Return a chart as a picture for the export dialog.

    Args:
        chart: the chart.
        key: names the setting that holds its title.
        how: how it was measured, for the caption.
        cited: the papers that the caption cites.
        file: the name of its files without a suffix; by default the key.
        said: how the caption begins; by default with what the chart shows.
    """
    begins = in_a_caption([chart], said)
    caption = partial(figure_caption, begins, how, cited)
    make = partial(_chart_file, chart)
    return Picture(
        key,
        chart.title,
        file or key,
        partial(_drawn, make),
        chart.title,
        caption,
        least_mm=MIN_CHART_MM,
    )


def row_picture(
    charts: Sequence[Chart],
    key: str,
    title: str,
    how: str = "",
    cited: Cited | None = None,
) -> Picture:
    """Return several small charts as one picture for the export dialog; see `chart_picture`."""
    caption = partial(figure_caption, in_a_caption(charts), how, cited)
    make = partial(_row_file, tuple(charts))
    return Picture(key, title, key, partial(_drawn, make), title, caption, least_mm=MIN_CHART_MM)


def _drawn(make: Callable[[str, Look, int | None], bytes], look: Look) -> Drawn:
    check(".svg", look)
    lost = left_out(look.title)
    remark = f"a chart's font lacks {' '.join(lost[:20])}: left out of the title" if lost else ""
    return Drawn(lambda suffix, dpi: make(suffix, look, dpi), most_dpi(look), (remark,))


# Cached because an open dialog redraws its preview on every change and downloads the same file.
_chart_file = lru_cache(8)(chart_file)
_row_file = lru_cache(4)(row_file)
