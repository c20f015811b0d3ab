"""Charts: one value, drawn by plotly on the screen and by matplotlib in files.

Colours and line styles are those of the palette and of the shortcuts, the same in both.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, pairwise
from math import ceil, log10
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from analysis.render.files import CHART_SUFFIXES, MAX_DPI, MIN_DPI
from analysis.render.fonts import FOLDER, FONT_FAMILY, missing_letters
from analysis.render.palette import LIGHT, Palette, mix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from plotly.graph_objects import Figure

FONT_PX = 15
"""Of all text on the screen; legible from the last row of a lecture hall."""

MM_PER_INCH = 25.4
WIDTH_MM, ASPECT = 170.0, 1.9
"""Of a file: the width of a page's text, and width over height."""


class Draw(StrEnum):
    """How a series is drawn."""

    LINE = "line"
    POINTS = "points"
    BARS = "bars"


class Dash(StrEnum):
    """A line's style, so that colour never speaks alone."""

    SOLID = "solid"
    DASHED = "dash"
    DOTTED = "dot"
    DASH_DOT = "dashdot"


@dataclass(frozen=True)
class Series:
    """One named set of values.

    `low` and `high` are a band around a line, or the ends of error bars. `colour` names one of the
    palette's fields, such as `identity`; without it the palette's colours are taken in turn.
    `text` is what a point says, written beside it where the series is `labelled`.
    """

    name: str
    x: tuple[float | str, ...]
    y: tuple[float | None, ...]
    draw: Draw = Draw.LINE
    colour: str = ""
    dash: Dash = Dash.SOLID
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    text: tuple[str, ...] = ()
    sizes: tuple[float, ...] = ()
    labelled: bool = True
    thin: bool = False


@dataclass(frozen=True)
class Mark:
    """A thin upright line with a word at its top, such as where a stage begins."""

    x: float
    text: str


@dataclass(frozen=True)
class Chart:
    """All that a chart shows; `alt` says it to those who cannot see it."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    alt: str
    log_x: bool = False
    log_y: bool = False
    marks: tuple[Mark, ...] = ()


LINE_LOOKS = (
    ("identity", Dash.SOLID),
    ("projection", Dash.DASHED),
    ("zero_pad", Dash.DOTTED),
    ("main_path", Dash.DASH_DOT),
    ("warning", Dash.SOLID),
    ("tint", Dash.DASHED),
)
"""Colour and line style of the lines of a family, in turn."""

_TURN = ("identity", "projection", "zero_pad", "plain", "main_path", "warning")
_DASHES = {Dash.SOLID: "-", Dash.DASHED: "--", Dash.DOTTED: ":", Dash.DASH_DOT: "-."}
_MARKERS = ("o", "s", "^", "D", "v", "P")
_PATTERNS = ("", "/", ".", "x")
_HATCHES = ("", "///", "...", "xx")
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


def _colours(chart: Chart, palette: Palette) -> list[str]:
    turn = cycle(_TURN)
    return [getattr(palette, series.colour or next(turn)) for series in chart.series]


def figure(chart: Chart, palette: Palette = LIGHT, height: int = 460) -> Figure:
    """The chart for the screen, on a transparent ground."""
    import plotly.graph_objects as go

    drawn = go.Figure()
    for number, (series, colour) in enumerate(
        zip(chart.series, _colours(chart, palette), strict=True)
    ):
        if series.draw is Draw.LINE and series.low:
            drawn.add_trace(_plotly_band(go, series, mix(colour, palette.background, 0.22)))
        drawn.add_trace(_plotly_trace(go, series, colour, number))
    ys = [y for series in chart.series for y in series.y if y]
    xs = [x for series in chart.series for x in series.x if not isinstance(x, str) and x > 0]
    grid = mix(palette.text, palette.background, 0.12)
    axis = {"gridcolor": grid, "linecolor": grid, "zeroline": False, "automargin": True}
    drawn.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 34 if chart.marks else 12, "b": 10},
        font={"size": FONT_PX, "color": palette.text, "family": FONT_FAMILY},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        barmode="group",
        bargap=_gap_between_bars(chart),
        hovermode="closest",
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0, "font": {"size": FONT_PX}},
        showlegend=len(chart.series) > 1,
        xaxis={
            "title": {"text": chart.x_label, "font": {"size": FONT_PX}},
            "type": _axis_type(chart, chart.log_x),
            "exponentformat": "SI",
            "tickfont": {"size": FONT_PX - 1},
            **({"dtick": _decades(xs)} if chart.log_x else {}),
            **axis,
        },
        yaxis={
            "title": {"text": _lines(chart.y_label, "<br>"), "font": {"size": FONT_PX}},
            "type": "log" if chart.log_y else "linear",
            "exponentformat": "power" if chart.log_y else "SI",
            "tickfont": {"size": FONT_PX - 1},
            **({"dtick": _decades(ys)} if chart.log_y else {"rangemode": _range(chart)}),
            **axis,
        },
        shapes=[
            {
                "type": "line",
                "x0": mark.x,
                "x1": mark.x,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"color": grid, "width": 2},
            }
            for mark in chart.marks
        ],
        annotations=[
            {
                "x": mark.x,
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "text": mark.text,
                "showarrow": False,
                "font": {"size": FONT_PX - 1, "color": palette.plain},
            }
            for mark in chart.marks
        ],
    )
    return drawn


def _lines(label: str, separator: str) -> str:
    """An upright axis' label in lines that are no longer than the axis."""
    return separator.join(wrap(label, 44))


def _range(chart: Chart) -> str:
    """Lengths begin at zero; points need not."""
    has_points = any(series.draw is Draw.POINTS for series in chart.series)
    return "normal" if has_points else "tozero"


def _decades(values: Sequence[float]) -> int | str:
    """From tick to tick of a log axis: 1, 2, 5, or powers of ten, a dozen ticks at most."""
    span = log10(max(values) / min(values)) if values else 0.0
    return max(1, ceil(span / 12)) if span > 1.5 else "D2"


def _axis_type(chart: Chart, log: bool) -> str:
    if any(isinstance(x, str) for series in chart.series for x in series.x):
        return "category"
    return "log" if log else "linear"


def _gap_between_bars(chart: Chart) -> float:
    """Few bars are not to be as wide as the page; a histogram has no gaps."""
    if _axis_type(chart, log=False) != "category":
        return 0.04
    categories = {x for series in chart.series for x in series.x}
    return max(0.25, 1 - 0.12 * len(categories))


def _plotly_band(go: Any, series: Series, colour: str) -> Any:
    """Low and high as one closed outline."""
    ends = [
        (x, low, high)
        for x, low, high in zip(series.x, series.low, series.high, strict=True)
        if low is not None and high is not None
    ]
    return go.Scatter(
        x=[x for x, _, _ in ends] + [x for x, _, _ in reversed(ends)],
        y=[high for _, _, high in ends] + [low for _, low, _ in reversed(ends)],
        fill="toself",
        fillcolor=colour,
        line={"width": 0},
        opacity=0.6,
        hoverinfo="skip",
        showlegend=False,
    )


def _plotly_trace(go: Any, series: Series, colour: str, number: int) -> Any:
    common: dict[str, Any] = {"name": series.name, "x": series.x, "y": series.y}
    if series.text:
        common |= {"hovertext": series.text, "hoverinfo": "text+name"}
    if series.draw is Draw.BARS:
        bars = _plotly_errors(series)
        pattern = {"shape": _PATTERNS[number % len(_PATTERNS)], "fgopacity": 0.5, "size": 6}
        return go.Bar(**common, marker={"color": colour, "pattern": pattern}, error_y=bars)
    if series.draw is Draw.POINTS:
        marker = {
            "color": colour,
            "symbol": _SYMBOLS[number % len(_SYMBOLS)],
            "size": list(series.sizes) or 11,
        }
        mode = "markers+text" if series.text and series.labelled else "markers"
        return go.Scatter(
            **common,
            mode=mode,
            text=series.text or None,
            textposition="top center",
            cliponaxis=False,
            marker=marker,
            error_y=_plotly_errors(series),
        )
    width = 1.5 if series.thin else 2.5
    return go.Scatter(
        **common,
        mode="lines",
        line={"color": colour, "width": width, "dash": series.dash.value},
    )


def _plotly_errors(series: Series) -> dict[str, Any] | None:
    if not series.low:
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": [_gap(high, y) for high, y in zip(series.high, series.y, strict=True)],
        "arrayminus": [_gap(y, low) for y, low in zip(series.y, series.low, strict=True)],
    }


def _gap(more: float | None, less: float | None) -> float:
    return 0.0 if more is None or less is None else more - less


def chart_file(
    chart: Chart,
    suffix: str,
    palette: Palette = LIGHT,
    title: str = "",
    width_mm: float = WIDTH_MM,
    dpi: int = 200,
) -> bytes:
    """The chart as a file on a transparent ground, its font embedded, 8 pt and more.

    Args:
        chart: what to draw.
        suffix: `.svg`, `.pdf` or `.png`.
        palette: its colours.
        title: a line above it.
        width_mm: its width on paper.
        dpi: resolution of a PNG, 20 to 1,200.

    Raises:
        ValueError: where the format or the dpi is none of these.
    """
    if suffix not in CHART_SUFFIXES:
        raise ValueError(
            f"a chart is written as {', '.join(CHART_SUFFIXES)}, not {suffix or 'nothing'}"
        )
    if isinstance(dpi, bool) or not isinstance(dpi, int) or not MIN_DPI <= dpi <= MAX_DPI:
        raise ValueError(f"dpi must be a whole number from {MIN_DPI} to {MAX_DPI:,}")
    from matplotlib import font_manager, rc_context
    from matplotlib.figure import Figure as Picture

    for face in ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"):
        font_manager.fontManager.addfont(str(FOLDER / face))
    width = width_mm / MM_PER_INCH
    settings: dict[Any, Any] = {
        "font.family": ["Source Sans Pro", "DejaVu Sans"],
        "font.size": 9,
        "svg.fonttype": "path",
        "svg.hashsalt": "resnet-lab",
        "pdf.fonttype": 42,
        "text.color": palette.text,
        "axes.labelcolor": palette.text,
        "xtick.color": palette.text,
        "ytick.color": palette.text,
        "axes.edgecolor": palette.plain,
        "mathtext.fontset": "dejavusans",
    }
    with rc_context(settings):
        picture = Picture(figsize=(width, width / ASPECT), layout="constrained")
        axes = picture.add_subplot()
        _draw(axes, chart, palette)
        shown = "".join(c for c in title if c not in missing_letters(title))
        if shown:
            picture.suptitle(shown.replace("$", r"\$"), fontsize=11, fontweight=600)
        out = io.BytesIO()
        metadata: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(
            suffix, {}
        )
        picture.savefig(
            out, format=suffix[1:], dpi=dpi, transparent=True, metadata=metadata or None
        )
    return out.getvalue()


def _draw(axes: Axes, chart: Chart, palette: Palette) -> None:
    from matplotlib.ticker import MaxNLocator

    bars = [series for series in chart.series if series.draw is Draw.BARS]
    categories = list(dict.fromkeys(x for s in chart.series for x in s.x if isinstance(x, str)))
    for number, (series, colour) in enumerate(
        zip(chart.series, _colours(chart, palette), strict=True)
    ):
        x = [float(categories.index(v)) if isinstance(v, str) else v for v in series.x]
        y = [float("nan") if v is None else v for v in series.y]
        if series.draw is Draw.BARS:
            _draw_bars(axes, series, x, y, colour, bars.index(series), len(bars))
        elif series.draw is Draw.POINTS:
            _draw_points(axes, series, x, y, colour, _MARKERS[number % len(_MARKERS)])
        else:
            style: Any = _DASHES[series.dash]
            width = 0.9 if series.thin else 1.6
            axes.plot(x, y, style, color=colour, linewidth=width, label=series.name)
            if series.low:
                low, high = (
                    [float("nan") if v is None else v for v in ends]
                    for ends in (series.low, series.high)
                )
                axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel(chart.x_label)
    axes.set_ylabel(_lines(chart.y_label, "\n"))
    if chart.log_x:
        axes.set_xscale("log")
    if chart.log_y:
        axes.set_yscale("log")
    if not chart.log_x:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if categories:
        axes.set_xticks(range(len(categories)), categories)
    for mark in chart.marks:
        axes.axvline(mark.x, color=palette.plain, linewidth=0.8, alpha=0.5)
        axes.annotate(
            mark.text,
            (mark.x, 1.01),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=8,
            color=palette.plain,
        )
    axes.grid(color=palette.plain, alpha=0.25, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(chart.series) > 1:
        axes.legend(frameon=False, fontsize=9, labelcolor=palette.text)


def _draw_bars(
    axes: Axes,
    series: Series,
    x: Sequence[float],
    y: Sequence[float],
    colour: str,
    index: int,
    count: int,
) -> None:
    step = min((b - a for a, b in pairwise(x)), default=1.0)
    width = (0.8 if count > 1 else 0.9) * step / count
    places = [value + (index - (count - 1) / 2) * width for value in x]
    errors = None
    if series.low:
        errors = [
            [_gap(v, low) for v, low in zip(series.y, series.low, strict=True)],
            [_gap(high, v) for v, high in zip(series.y, series.high, strict=True)],
        ]
    axes.bar(
        places,
        y,
        width,
        yerr=errors,
        color=colour,
        label=series.name,
        hatch=_HATCHES[index % len(_HATCHES)],
        edgecolor="white",
        linewidth=0.3,
    )


def _draw_points(
    axes: Axes, series: Series, x: Sequence[float], y: Sequence[float], colour: str, marker: str
) -> None:
    sizes = [size**2 * 0.6 for size in series.sizes] or 40
    axes.scatter(x, y, s=sizes, color=colour, marker=marker, label=series.name)
    for text, place_x, place_y in zip(series.text if series.labelled else (), x, y, strict=False):
        axes.annotate(
            text.replace("$", r"\$"),
            (place_x, place_y),
            textcoords="offset points",
            xytext=(0, 6),
            ha="center",
            fontsize=8,
        )
