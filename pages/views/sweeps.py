"""Parts of the Sweeps page: the choice of a sweep and of its axes, the chart and the table."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil, floor, isfinite, log10
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.words import spread_in_words
from analysis.choice.swept import Figure, Kind, Settings, option_text
from analysis.choice.swept_charts import (
    MAX_LINES,
    Axis,
    Drawn,
    View,
    chart_of,
    colours,
    how_spread,
    is_log,
    option_label,
    x_axes,
    y_axes,
)
from analysis.choice.swept_files import Contents, FailedPoint, problems_in_words, progress_in_words
from analysis.choice.swept_here import INCLUDED, VARIABLE, changed_ns, contents_of, names
from analysis.choice.swept_report import (
    briefly_in_words,
    column_label,
    finding_in_words,
    how_in_words,
    how_swept,
    papers,
    points_table,
    said_of,
    settings_table,
    swept_csv,
    swept_json,
)
from analysis.style.fonts import text_width
from pages.ui.charts import chart_picture, show_chart
from pages.ui.downloads import DataFile
from pages.ui.ending import end_page
from pages.ui.exports import export
from pages.ui.fields import segments, select, several, switch
from pages.ui.markup import FITTING_COLUMNS, GOES_ON, height_of, line, table
from pages.ui.option_words import in_a_table
from pages.ui.speech import resume_speaking
from pages.ui.wall import on_wall, said
from pages.ui.words import complain, escaped, sentence, unbroken

_WITHIN = 0.4  # seconds per run for reading files; the next run continues
_READ_EVERY, _LOOK_EVERY = 0.2, 2.0  # seconds
_FOLLOWED = 86_400  # seconds to watch a folder after its last change: a point may take as long
_MOST_FAILED = 50
_MOST_ON_WALL = 6  # most lines on the wall
_MOST_VALUES = 300

_HEAD_PX, _PADDING_PX = 14, 20  # font size and horizontal padding of a table's header
_THREE_COLUMNS_PX = 160  # usual width of three columns of figures


_BESIDE = (
    "Published figures of the same networks: errors and accuracies, or timm's images per second."
)


Places = Sequence[DeltaGenerator]


class Chosen(NamedTuple):
    """A sweep: its name, the time of its folder's last change in ns, and its contents."""

    name: str
    changed: int
    contents: Contents


def choose_sweep(place: DeltaGenerator) -> Chosen:
    """Let the visitor choose a sweep of this server by its name."""
    try:
        offered = names()
    except ValueError as error:
        complain(str(error))
        offered = (INCLUDED,)
    labels = {name: name for name in offered} | {INCLUDED: "degradation (included)"}
    name = select("Sweep", labels, offered[0], key="folder", place=place)
    changed = changed_ns(name)
    try:
        return Chosen(name, changed, contents_of(name, _WITHIN))
    except ValueError as error:
        complain(str(error))
        end_page()


def choose_view(contents: Contents, first: Places, second: DeltaGenerator) -> View | None:
    """Let the visitor choose what to draw; return None if there is nothing.

    Args:
        contents: what the sweep holds.
        first: the places of three fields.
        second: the place below them.
    """
    if not contents.kinds:
        return None
    several_kinds = len(contents.kinds) > 1
    with second:
        only, *rest = st.columns(
            [2.6, 0.9, 0.9, 1.5, *([2.2] if several_kinds else [])], vertical_alignment="bottom"
        )
    kind = contents.kinds[0]
    if several_kinds:
        labels = {kind.value: kind.label for kind in contents.kinds}
        kind = Kind(segments("Experiment", labels, kind, key="swept_kind", place=rest[3]))
    found = contents.settings(kind)
    one, two, three = first
    x = _axis("x axis", x_axes(found), "swept_x", one)
    up = y_axes(found, x)
    if not up:
        second.info("These points have no figures.", icon=":material/info:")
        return None
    y = _axis("y axis", up, "swept_y", two)
    by = {name: option_label(name) for name in colours(found, x)} | {"each": "each line"}
    colour = select("Colour by", by, next(iter(by)), key="swept_colour", place=three)
    kept = _only(found, only)
    log_x = switch("Log x", False, key="swept_log_x", place=rest[0])
    log_y = switch("Log y", is_log(y), key="swept_log_y", place=rest[1])
    beside = switch("Published", False, key="swept_beside", place=rest[2], help=_BESIDE)
    if not kept.every:
        second.info("No points have all of these values.", icon=":material/info:")
        return None
    return View(kept, x, y, colour, log_x, log_y, beside)


def _axis(label: str, axes: Mapping[str, Axis], key: str, place: DeltaGenerator) -> Axis:
    labels = {name: axis.titled for name, axis in axes.items()}
    return axes[select(label, labels, next(iter(axes)), key=key, place=place)]


def _only(found: Settings, place: DeltaGenerator) -> Settings:
    """Let the visitor keep only some values of the options that vary."""
    labels = {
        text: f"{option_label(name)}: {in_a_table(name, option_text(name, value))}"
        for text, (name, value) in list(found.choices.items())[:_MOST_VALUES]
    }
    return found.only(
        several(
            "Show only",
            labels,
            key="swept_only",
            place=place,
            placeholder="all values",
            disabled=not labels,
        )
    )


def show_progress(chosen: Chosen, more: Sequence[str] = ()) -> None:
    """Say how much of a sweep is done; rerun the page when files arrive while it runs.

    The line has its height from the start, so that nothing below it moves.

    Args:
        chosen: the sweep.
        more: what else to say on the line.
    """
    name, changed, contents = chosen
    is_running = not contents.is_over and time.time() - changed / 1e9 < _FOLLOWED
    told = [_stopped(contents.title)] if contents.title else []
    text = line(" ".join([progress_in_words(contents), *told, *map(_stopped, more)]))
    drawn = False

    def look() -> None:
        nonlocal drawn
        resume_speaking()
        if drawn and (contents.waiting or changed_ns(name) != changed):
            st.rerun(scope="app")
        st.html(f'<div role="status">{text}</div>')
        drawn = True

    every = _READ_EVERY if contents.waiting else _LOOK_EVERY
    if name != INCLUDED and (is_running or contents.waiting):
        st.fragment(look, run_every=every)()
    else:
        st.html(text)
    if not contents.kinds and not contents.waiting:
        st.info("No points yet.", icon=":material/info:")


def _stopped(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def show_sweep(chosen: Chosen, view: View) -> Drawn:
    """Show the chart, how much is done, and what it shows in one sentence."""
    drawn = chart_of(view, _MOST_ON_WALL if on_wall() else MAX_LINES)
    if on_wall():
        st.title(unbroken(drawn.chart.title))
    else:
        show_progress(chosen)
    if drawn.chart.series:
        show_chart(drawn.chart, "swept", None)
    else:
        st.info("Nothing to plot: no point has both figures.", icon=":material/info:")
    if on_wall():
        with said("sweep"):
            st.html(line(said_of(view)))
            if drawn.left_out or not (finding_in_words(view) and chosen.contents.is_over):
                show_progress(chosen, drawn.left_out)
            seeds = [len(one.points) for one in view.found.every]
            told = spread_in_words(drawn.chart, seeds, is_log(view.y)), briefly_in_words(view.found)
            st.caption(escaped(" ".join(filter(None, told))))
        return drawn
    if text := said_of(view):
        st.markdown(unbroken(escaped(text)))
    return drawn


def say_how(contents: Contents, view: View, drawn: Drawn) -> None:
    """Say what the marks are, what is left out, what is constant, and where it was measured."""
    left = map(sentence, drawn.left_out)
    for text in filter(None, (how_spread(view), *left, *map(escaped, drawn.cited))):
        st.caption(unbroken(text))
    if view.beside and not drawn.cited:
        st.caption("No such figures are published for exactly these networks.")
    st.caption(unbroken(escaped(how_in_words(view.found))))
    if problems := problems_in_words(contents):
        st.warning(sentence(problems), icon=":material/info:")


def show_table(view: View) -> None:
    """Show a row for each setting, or for each point."""
    found = view.found
    left, right = st.columns([4, 2], vertical_alignment="bottom")
    left.header("Results")
    rows = {"settings": "By setting", "points": "By point"}
    by = segments("Rows", rows, "settings", key="swept_rows", place=right)
    make = settings_table if by == "settings" else points_table
    values = make(found, view.counts)
    frame = pd.DataFrame(list(values.rows), columns=values.columns)
    frame = frame.dropna(axis="columns", how="all")
    for name in found.varying:
        frame[name] = [in_a_table(name, v) if isinstance(v, str) else v for v in frame[name]]
    known = [name for name in values.columns if name in frame]
    first = [name for name in ("setting", "seeds", "seed") if name in known]
    figures = [name for name in known if name in values.figures]
    names = [*first, *figures, *(n for n in known if n not in (*first, *figures))]
    frame, widths = frame[names], {}
    if by == "settings":
        widths = _widths(found.figures)
        frame.columns = pd.MultiIndex.from_tuples(_head(name, found.figures) for name in names)
    else:
        frame.columns = pd.Index([column_label(name, found.figures) for name in names])
    formats: dict[Any, Any] = {  # by column position; the index is the first
        place: st.column_config.NumberColumn(
            width=widths.get(name), format=_format(_of_figure(frame, head))
        )
        for place, (name, head) in enumerate(zip(names, frame.columns, strict=True), 1)
        if name in values.figures
    }
    height = height_of(len(frame))
    st.dataframe(frame, height=height, hide_index=True, column_config=formats, placeholder="")
    if len(frame.columns) > FITTING_COLUMNS:
        st.caption(GOES_ON)
    if by == "settings":
        st.caption("Figures are means over the seeds that were measured, with their ranges.")
    if found.kind is Kind.TRAIN:
        st.caption("Times per step depend on what else ran. To compare speeds, use Timing.")


def _head(name: str, figures: Sequence[Figure]) -> tuple[str, str]:
    """Return the two heads of a column: a figure above its mean and the ends of its range."""
    for figure in figures:
        for suffix, what in (("", "mean"), ("_low", "lowest"), ("_high", "highest")):
            if name == f"{figure.name}{suffix}":
                return column_label(figure.name, figures), what
    return "", column_label(name, figures)


def _of_figure(frame: pd.DataFrame, head: str | tuple[str, str]) -> pd.Series:
    """Return the values of a column and of those under the same figure's head."""
    return pd.Series(frame[head[0] if isinstance(head, tuple) else head].to_numpy().ravel())


def _widths(figures: Sequence[Figure]) -> dict[str, int]:
    """Return the widths in px of columns under a figure's head that is longer than them."""
    widths: dict[str, int] = {}
    for figure in figures:
        wide = text_width(column_label(figure.name, figures), _HEAD_PX) + _PADDING_PX
        if wide > _THREE_COLUMNS_PX:
            names = (f"{figure.name}{suffix}" for suffix in ("", "_low", "_high"))
            widths |= dict.fromkeys(names, ceil(wide / 3))
    return widths


def _format(values: pd.Series) -> str:
    """Return a column's format: the same decimals in every row, unless they would hide digits."""
    sizes = [abs(value) for value in pd.to_numeric(values, errors="coerce").dropna() if value]
    if not sizes or not isfinite(max(sizes)) or min(sizes) < max(sizes) / 1_000:
        return "%.4g"
    if all(float(size).is_integer() for size in sizes):
        return "%d"
    return f"%.{max(3 - floor(log10(max(sizes))), 0)}f"


def show_failed(contents: Contents) -> None:
    """List the points that failed, each with its sentence, and say how to add sweeps."""
    if failed := contents.ended:
        st.header("Failed points")
        rows = [(f"{one.kind}, seed {one.seed}", _why(one)) for one in failed]
        st.html(table("Failed points", ("Point", "Why it failed"), rows[:_MOST_FAILED], 2))
        if len(rows) > _MOST_FAILED:
            st.caption(f"The first {_MOST_FAILED} of {len(rows):,}; the JSON file has all.")
    st.caption(
        f"To offer your own sweeps here, set `{VARIABLE}` to their folder on the server. "
        "`python -m analysis sweep FILE.toml -o FOLDER` runs one."
    )


def _why(one: FailedPoint) -> str:
    return one.sentence if one.model in one.sentence else f"{one.model}: {one.sentence}"


def export_sweep(contents: Contents, view: View, drawn: Drawn) -> None:
    """Draw the export dialog for the chart and the table."""
    found, counts = view.found, view.counts
    pictures = [chart_picture(drawn.chart, "swept", how_swept(view, drawn), papers(found), "sweep")]
    data = [
        DataFile("CSV", "sweep.csv", lambda: swept_csv(settings_table(found, counts))),
        DataFile(
            "CSV by point", "sweep-points.csv", lambda: swept_csv(points_table(found, counts))
        ),
        DataFile("JSON", "sweep.json", partial(swept_json, contents, found, counts)),
    ]
    export("sweep", pictures if drawn.chart.series else (), data)
