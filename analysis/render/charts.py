"""Charts: one value, drawn by plotly on the screen and by matplotlib in files.

Colours and line styles are those of the palette and of the shortcuts, the same in both.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, pairwise
from math import ceil, floor, log10
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from analysis.render.files import CHART_SUFFIXES, MAX_DPI, MIN_DPI
from analysis.render.fonts import FOLDER, FONT_FAMILY, missing_letters
from analysis.render.numbers import scale_of
from analysis.render.palette import LIGHT, Palette, mix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture
    from plotly.graph_objects import Figure

FONT_PX = 15
"""Of all text on the screen; legible from the last row of a lecture hall."""

MM_PER_INCH = 25.4
WIDTH_MM, ASPECT, MIN_HEIGHT_MM = 170.0, 1.9, 66.0
"""Of a file, its legend left out: the width of a page's text, width over height, least height."""

POINT_PX = 11.0
_LABEL_PT = 8.0
_PT_PER_PX = _LABEL_PT / FONT_PX  # a file is the screen with its text at 8 pt
_MARGIN = 0.06  # beyond the outermost values, as a share of what they span


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
    LONG_DASHED = "longdash"


class Place(StrEnum):
    """Where a text stands beside its point, the best first."""

    ABOVE = "top center"
    RIGHT = "middle right"
    LEFT = "middle left"
    BELOW = "bottom center"
    ABOVE_LEFT = "top left"
    BELOW_RIGHT = "bottom right"
    ABOVE_RIGHT = "top right"
    BELOW_LEFT = "bottom left"

    @property
    def across(self) -> int:
        """-1 to the left of the point, 1 to its right, 0 on neither side."""
        return ("left", "center", "right").index(self.split()[1]) - 1

    @property
    def up(self) -> int:
        """1 above the point, -1 below it, 0 beside it."""
        return ("bottom", "middle", "top").index(self.split()[0]) - 1


@dataclass(frozen=True)
class Series:
    """One named set of values.

    `low` and `high` are a band around a line, or the ends of error bars. `colour` names one of the
    palette's fields, such as `identity`; without it the palette's colours are taken in turn.
    `text` is what a point says to the pointer, and beside it where `places` has a place for it.
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
    places: tuple[Place | None, ...] = ()
    sizes: tuple[float, ...] = ()
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
    ("main_path", Dash.LONG_DASHED),
    ("warning", Dash.SOLID),
    ("tint", Dash.DASHED),
)
"""Colour and line style of the lines of a family, in turn; dash and dot is theory's alone."""

_TURN = ("identity", "projection", "zero_pad", "plain", "main_path", "warning")
_DASHES: dict[Dash, Any] = {
    Dash.SOLID: "-",
    Dash.DASHED: "--",
    Dash.DOTTED: ":",
    Dash.DASH_DOT: "-.",
    Dash.LONG_DASHED: (0, (7, 2)),
}
_MARKED = 12  # of a line's points at most carry its marker
_MARKERS = ("o", "s", "^", "D", "v", "P")
_PATTERNS = ("", "/", ".", "x")
_HATCHES = ("", "///", "...", "xx")
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


def _looks(chart: Chart, palette: Palette) -> Iterator[tuple[Series, str, int]]:
    """Every series with its colour, and with its number among those drawn alike for its marker."""
    turn = cycle(_TURN)
    seen: Counter[tuple[Draw, bool]] = Counter()
    for series in chart.series:
        kind = series.draw, series.thin
        yield series, getattr(palette, series.colour or next(turn)), seen[kind]
        seen[kind] += 1


def numbers_along(chart: Chart) -> list[float]:
    """All that has a place on the x axis and is no word."""
    return [x for series in chart.series for x in series.x if not isinstance(x, str)]


def numbers_up(chart: Chart) -> list[float]:
    """All that has a place on the y axis, the ends of bands and error bars too."""
    columns = [column for s in chart.series for column in (s.y, s.low, s.high)]
    return [y for column in columns for y in column if y is not None]


def limits(values: Iterable[float], log: bool = False) -> tuple[float, float]:
    """The ends of an axis of points, or of a log axis, round its values.

    It spans a tenth of its largest value, a log axis a third of a decade, or more: what is nearly
    equal looks nearly equal.
    """
    found = [log10(value) for value in values if value > 0] if log else list(values)
    low, high = min(found, default=0.0), max(found, default=1.0)
    least = 1 / 3 if log else 0.1 * max(abs(low), abs(high)) or 1.0
    middle, half = (low + high) / 2, max(high - low, least) * (0.5 + _MARGIN)
    ends = middle - half, middle + half
    return (10 ** ends[0], 10 ** ends[1]) if log else ends


def tick_text(value: float, largest: float = 0.0) -> str:
    """A tick as plotly writes it, with the prefix of its axis' largest: `1200`, `40M`, `0.5G`."""
    most = int(max(abs(value), largest))
    size, prefix = scale_of(most) if value and most >= 10_000 else (1, "")
    return f"{value / size:.4g}{prefix}".replace("-", "−")


def figure(chart: Chart, palette: Palette = LIGHT, height: int = 460) -> Figure:
    """The chart for the screen, on a transparent ground."""
    import plotly.graph_objects as go

    drawn = go.Figure()
    for series, colour, number in _looks(chart, palette):
        if series.draw is Draw.LINE and series.low:
            drawn.add_trace(_plotly_band(go, series, mix(colour, palette.background, 0.22)))
        drawn.add_trace(_plotly_trace(go, series, colour, number))
    grid = mix(palette.text, palette.background, 0.12)
    axis = {
        "gridcolor": grid,
        "linecolor": grid,
        "zeroline": False,
        "automargin": True,
        "exponentformat": "SI",
        "tickfont": {"size": FONT_PX - 1},
    }
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
            **axis,
            **_plotly_scale(chart, numbers_along(chart), chart.log_x),
        },
        yaxis={
            "title": {"text": _lines(chart.y_label, "<br>", 44), "font": {"size": FONT_PX}},
            "type": "log" if chart.log_y else "linear",
            "rangemode": "tozero",
            **axis,
            **_plotly_scale(chart, numbers_up(chart), chart.log_y),
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
                "layer": "below",
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


def _lines(text: str, separator: str, letters: float) -> str:
    """A text in lines of at most so many letters."""
    return separator.join(wrap(text, max(int(letters), 4)))


def _has_points(chart: Chart) -> bool:
    """Points need not begin at zero; lengths do."""
    return any(series.draw is Draw.POINTS for series in chart.series)


def _plotly_scale(chart: Chart, values: Sequence[float], log: bool) -> dict[str, Any]:
    """The range and the ticks of an axis, where they are not plotly's own."""
    if not values or not (log or _has_points(chart)):
        return {}
    low, high = limits(values, log)
    if not log:
        return {"range": [low, high]}
    step = _log_step(low, high)
    if step == "D2":  # plotly would write 2 and 5 smaller than 1
        tens = range(floor(log10(low)), ceil(log10(high)))
        ticks: dict[str, Any] = {"tickvals": [n * 10.0**ten for ten in tens for n in (1, 2, 5)]}
    else:
        ticks = {"dtick": step}
    style = "power" if _in_powers(low, high) else "SI"
    return {"range": [log10(low), log10(high)], "exponentformat": style, **ticks}


def _in_powers(low: float, high: float) -> bool:
    """Whether a log axis says 10⁻⁵ rather than 0.01 and 40M."""
    return low < 1e-3 or high / low > 1e4


def _log_step(low: float, high: float) -> int | str:
    """From tick to tick of a log axis in plotly's terms, a dozen ticks at most.

    Powers of ten; 1, 2, 5; or within a decade equal steps, such as `L2` for 4, 6, 8.
    """
    decades = log10(high / low)
    if decades > 2:
        return ceil(decades / 12)
    if decades > 0.9:
        return "D2"
    least = (high - low) / 7
    unit = 10.0 ** floor(log10(least))
    return f"L{next(unit * n for n in (1, 2, 2.5, 5, 10) if unit * n >= least):g}"


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
            "size": list(series.sizes) or POINT_PX,
        }
        shown = [text if place else "" for text, place in _texts(series)]
        return go.Scatter(
            **common,
            mode="markers+text" if any(shown) else "markers",
            text=shown or None,
            textposition=[place or Place.ABOVE for _, place in _texts(series)] or None,
            cliponaxis=False,
            marker=marker,
            zorder=9 - number,
            error_y=_plotly_errors(series),
        )
    width = 1.5 if series.thin else 2.5
    return go.Scatter(
        **common,
        mode="lines" if series.thin else "lines+markers",
        line={"color": colour, "width": width, "dash": series.dash.value},
        marker={
            "symbol": _SYMBOLS[number % len(_SYMBOLS)],
            "size": 8,
            "maxdisplayed": _MARKED,
        },
    )


def _texts(series: Series) -> Iterator[tuple[str, Place | None]]:
    """What the points say, and where it stands."""
    return zip(series.text, series.places or (None,) * len(series.text), strict=True)


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
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "path", "svg.hashsalt": "resnet-lab", "pdf.fonttype": 42}):
        out = io.BytesIO()
        metadata: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(
            suffix, {}
        )
        picture(chart, palette, title, width_mm).savefig(
            out, format=suffix[1:], dpi=dpi, transparent=True, metadata=metadata or None
        )
    return out.getvalue()


def picture(
    chart: Chart, palette: Palette = LIGHT, title: str = "", width_mm: float = WIDTH_MM
) -> Picture:
    """The chart for a file, as matplotlib's figure; it grows in height by its legend and title."""
    from matplotlib import font_manager, rc_context
    from matplotlib.figure import Figure

    for face in ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"):
        font_manager.fontManager.addfont(str(FOLDER / face))
    settings: dict[Any, Any] = {
        "font.family": ["Source Sans Pro", "DejaVu Sans"],
        "font.size": 9,
        "text.color": palette.text,
        "axes.labelcolor": palette.text,
        "xtick.color": palette.text,
        "ytick.color": palette.text,
        "axes.edgecolor": palette.plain,
        "mathtext.fontset": "dejavusans",
    }
    height = max(width_mm / ASPECT, MIN_HEIGHT_MM) / MM_PER_INCH
    with rc_context(settings):
        drawn = Figure(figsize=(width_mm / MM_PER_INCH, height), layout="constrained")
        axes = drawn.add_subplot()
        for series, colour, number in _looks(chart, palette):
            _draw(axes, chart, series, colour, number)
        _scale(axes, chart)
        _furnish(axes, chart, palette, width_mm)
        if len(chart.series) > 1:
            height += _legend(drawn, axes, width_mm)
        shown = "".join(c for c in title if c not in missing_letters(title))
        if shown:
            lines = _lines(shown.replace("$", r"\$"), "\n", width_mm / 2.1)
            drawn.suptitle(lines, fontsize=11, fontweight=600)
            height += 0.2 * lines.count("\n")
        drawn.set_figheight(height)
        _settle(drawn, axes)
    return drawn


def _settle(drawn: Picture, axes: Axes) -> None:
    """Lay out until the names beside points fit; one that covers another or a tick's text goes."""
    if not axes.texts:
        return
    for _ in range(2):  # the axes give way to names only once these have their place
        drawn.draw_without_rendering()
    slack = -0.015 * drawn.dpi  # of a letter's height: no more than room for accents
    shown = [tick.get_window_extent() for tick in axes.get_yticklabels()]
    for text in axes.texts:
        box = text.get_window_extent().padded(slack)
        text.set_visible(not any(box.overlaps(other) for other in shown))
        shown += [box] * text.get_visible()


def _draw(axes: Axes, chart: Chart, series: Series, colour: str, number: int) -> None:
    categories = _categories(chart)
    x = [float(categories.index(v)) if isinstance(v, str) else v for v in series.x]
    y = [float("nan") if v is None else v for v in series.y]
    if series.draw is Draw.BARS:
        count = sum(other.draw is Draw.BARS for other in chart.series)
        _draw_bars(axes, series, x, y, colour, number, count)
    elif series.draw is Draw.POINTS:
        _draw_points(axes, series, x, y, colour, number)
    else:
        axes.plot(
            x,
            y,
            linestyle=_DASHES[series.dash],
            color=colour,
            linewidth=0.9 if series.thin else 1.6,
            marker="" if series.thin else _MARKERS[number % len(_MARKERS)],
            markersize=4,
            markevery=ceil(len(x) / _MARKED) or None,
            label=series.name,
        )
        if series.low:
            low, high = (
                [float("nan") if v is None else v for v in ends]
                for ends in (series.low, series.high)
            )
            axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)


def _categories(chart: Chart) -> list[str]:
    return list(dict.fromkeys(x for s in chart.series for x in s.x if isinstance(x, str)))


def _scale(axes: Axes, chart: Chart) -> None:
    """The limits and the ticks of both axes, those of the screen."""
    from matplotlib.ticker import (
        FuncFormatter,
        LogLocator,
        MaxNLocator,
        MultipleLocator,
        NullLocator,
    )

    for name, values, log in (
        ("x", numbers_along(chart), chart.log_x),
        ("y", numbers_up(chart), chart.log_y),
    ):
        axis = getattr(axes, f"{name}axis")
        if log:
            axes.set(**{f"{name}scale": "log"})
        if values and (log or _has_points(chart)):
            axes.set(**{f"{name}lim": limits(values, log)})
        elif name == "y" and all(value >= 0 for value in values):
            axes.set_ylim(bottom=0)
        if not log:
            whole = all(value == int(value) for value in values)
            axis.set_major_locator(MaxNLocator("auto", steps=(1, 2, 2.5, 5, 10), integer=whole))
        elif values:
            step = _log_step(*limits(values, log))
            if step == "D2":
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            elif isinstance(step, str):
                axis.set_major_locator(MultipleLocator(float(step[1:])))
            if isinstance(step, str):
                axis.set_minor_locator(NullLocator())
        if not (log and values and _in_powers(*limits(values, log))):
            largest = 0.0 if log else max(map(abs, getattr(axes, f"get_{name}lim")()))
            axis.set_major_formatter(FuncFormatter(lambda v, _, most=largest: tick_text(v, most)))


def _furnish(axes: Axes, chart: Chart, palette: Palette, width_mm: float) -> None:
    """What stands round the values: labels, words at the marks, the grid."""
    across = width_mm - 15  # mm of the axes; a letter takes 1.6
    up = max(width_mm / ASPECT, MIN_HEIGHT_MM) - 18
    axes.set_xlabel(_lines(chart.x_label, "\n", across / 1.6))
    axes.set_ylabel(_lines(chart.y_label, "\n", up / 1.5), linespacing=1.35, labelpad=7)
    categories = _categories(chart)
    if categories:
        room = across / len(categories) / 1.6
        narrow = max(len(word) for name in categories for word in name.split(" ")) > room
        axes.set_xticks(
            range(len(categories)),
            categories if narrow else [_lines(name, "\n", room - 1) for name in categories],
            rotation=30 if narrow else 0,
            ha="right" if narrow else "center",
            rotation_mode="anchor",
        )
    for mark in chart.marks:
        axes.axvline(mark.x, color=palette.plain, linewidth=0.8, alpha=0.5)
        axes.annotate(
            mark.text,
            (mark.x, 1.01),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=_LABEL_PT,
            color=palette.plain,
        )
    axes.grid(color=palette.plain, alpha=0.25, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(drawn: Picture, axes: Axes, width_mm: float) -> float:
    """Names below the axes in as many columns as fit; the height they take, in inches."""
    handles, names = axes.get_legend_handles_labels()
    names = [_lines(name, "\n", (width_mm - 14) / 1.65) for name in names]
    for rows in range(1, len(names) + 1):
        legend = drawn.legend(
            handles,
            names,
            loc="outside lower center",
            ncols=ceil(len(names) / rows),
            frameon=False,
            fontsize=9,
            columnspacing=1.5,
            handlelength=2.8,
        )
        box = legend.get_window_extent()
        if box.width <= drawn.bbox.width or rows == len(names):
            break
        legend.remove()
    return float(box.height) / drawn.dpi


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
        capsize=2,
    )


def _draw_points(
    axes: Axes, series: Series, x: Sequence[float], y: Sequence[float], colour: str, number: int
) -> None:
    sizes = [size * _PT_PER_PX for size in series.sizes or (POINT_PX,) * len(x)]
    areas = [size**2 for size in sizes]
    axes.scatter(
        x,
        y,
        s=areas,
        color=colour,
        alpha=0.7 if series.sizes else 1,
        linewidth=0,
        marker=_MARKERS[number % len(_MARKERS)],
        zorder=3 - 0.01 * number,
        label=series.name,
    )
    for (text, place), *point, size in zip(_texts(series), x, y, sizes, strict=False):
        if place is not None:
            axes.annotate(
                text.replace("$", r"\$"),
                (point[0], point[1]),
                textcoords="offset points",
                xytext=(place.across * (size / 2 + 2), place.up * (size / 2 + 2)),
                ha=("center", "left", "right")[place.across],
                va=("center", "bottom", "top")[place.up],
                fontsize=_LABEL_PT,
            )
