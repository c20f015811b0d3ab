"""A chart as a file, by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any

from analysis.charts.chart import (
    FONT_PX,
    MARKED,
    POINT_PX,
    Chart,
    Dash,
    Draw,
    Series,
    are_whole,
    gap,
    has_points,
    in_lines,
    in_powers,
    limits,
    log_step,
    numbers_along,
    numbers_up,
    series_looks,
    tick_text,
    words_along,
)
from analysis.charts.names import Name, Sheet, has_names, placed
from analysis.style.files import CHART_SUFFIXES, MAX_DPI, MIN_DPI
from analysis.style.fonts import FOLDER, missing_letters
from analysis.style.look import MM_PER_INCH
from analysis.style.palette import LIGHT, Palette
from nets.options import check_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

WIDTH_MM, ASPECT, MIN_HEIGHT_MM = 170.0, 1.9, 66.0
"""A file, its legend left out: the width of a page's text, width over height, least height."""

_LABEL_PT = 8.0
_PT_PER_INCH = 72
_PT_PER_PX = _LABEL_PT / FONT_PX  # a file is the screen with its text at 8 pt
_DASHES: dict[Dash, Any] = {
    Dash.SOLID: "-",
    Dash.DASHED: "--",
    Dash.DOTTED: ":",
    Dash.DASH_DOT: "-.",
    Dash.LONG_DASHED: (0, (7, 2)),
}
_MARKERS = ("o", "s", "^", "D", "v", "P")
_HATCHES = ("", "///", "...", "xx")


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
    return _written(lambda: picture(chart, palette, title, width_mm), suffix, dpi)


def row_file(
    charts: Sequence[Chart],
    suffix: str,
    palette: Palette = LIGHT,
    title: str = "",
    width_mm: float = WIDTH_MM,
    dpi: int = 200,
) -> bytes:
    """Several small charts side by side in one file, each with its title; as `chart_file`."""
    return _written(lambda: row(charts, palette, title, width_mm), suffix, dpi)


def _written(draw: Callable[[], Picture], suffix: str, dpi: int) -> bytes:
    if suffix not in CHART_SUFFIXES:
        raise ValueError(
            f"a chart is written as {', '.join(CHART_SUFFIXES)}, not {suffix or 'nothing'}"
        )
    check_whole("dpi", dpi, MIN_DPI, MAX_DPI)
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "path", "svg.hashsalt": "resnet-lab", "pdf.fonttype": 42}):
        out = io.BytesIO()
        metadata: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(
            suffix, {}
        )
        draw().savefig(out, format=suffix[1:], dpi=dpi, transparent=True, metadata=metadata or None)
    return out.getvalue()


def _settings(palette: Palette) -> dict[Any, Any]:
    """Return matplotlib's settings for a file: our font, the palette's colours."""
    from matplotlib import font_manager

    for face in ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"):
        font_manager.fontManager.addfont(str(FOLDER / face))
    return {
        "font.family": ["Source Sans Pro", "DejaVu Sans"],
        "font.size": 9,
        "text.color": palette.text,
        "axes.labelcolor": palette.text,
        "xtick.color": palette.text,
        "ytick.color": palette.text,
        "axes.edgecolor": palette.plain,
        "mathtext.fontset": "dejavusans",
    }


def row(
    charts: Sequence[Chart],
    palette: Palette = LIGHT,
    title: str = "",
    width_mm: float = WIDTH_MM,
) -> Picture:
    """Several charts side by side for a file, as matplotlib's figure; they have no legend."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    each = width_mm / len(charts)
    size = width_mm / MM_PER_INCH, max(each, MIN_HEIGHT_MM * 0.9) / MM_PER_INCH
    with rc_context(_settings(palette)):
        drawn = Figure(figsize=size, layout="constrained")
        for place, chart in enumerate(charts, start=1):
            axes = drawn.add_subplot(1, len(charts), place)
            for series, colour, number in series_looks(chart, palette):
                _draw(axes, chart, series, colour, number)
            _scale(axes, chart)
            _furnish(axes, chart, palette, each)
            name = in_lines(chart.title, "\n", each / 1.8)
            axes.set_title(name, fontsize=9, fontweight=600, fontfamily="Source Sans Pro")
        if shown := "".join(c for c in title if c not in missing_letters(title)):
            lines = in_lines(shown.replace("$", r"\$"), "\n", width_mm / 2.1)
            drawn.suptitle(lines, fontsize=11, fontweight=600, fontfamily="Source Sans Pro")
    return drawn


def picture(
    chart: Chart, palette: Palette = LIGHT, title: str = "", width_mm: float = WIDTH_MM
) -> Picture:
    """The chart for a file, as matplotlib's figure; it grows in height by its legend and title."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    height = max(width_mm / ASPECT, MIN_HEIGHT_MM) / MM_PER_INCH
    with rc_context(_settings(palette)):
        drawn = Figure(figsize=(width_mm / MM_PER_INCH, height), layout="constrained")
        axes = drawn.add_subplot()
        for series, colour, number in series_looks(chart, palette):
            _draw(axes, chart, series, colour, number)
        _scale(axes, chart)
        _furnish(axes, chart, palette, width_mm)
        shown = "".join(c for c in title if c not in missing_letters(title))
        if shown:
            lines = in_lines(shown.replace("$", r"\$"), "\n", width_mm / 2.1)
            family = "Source Sans Pro"  # what it lacks is left out above
            drawn.suptitle(lines, fontsize=11, fontweight=600, fontfamily=family)
            height += 0.2 * lines.count("\n")
        below = _legend(drawn, axes, width_mm) if len(chart.series) > 1 else 0.0
        drawn.set_figheight(height + below)
        if has_names(chart):
            drawn.draw_without_rendering()
            box, px = axes.get_window_extent(), drawn.dpi / _PT_PER_INCH * _PT_PER_PX
            found = placed(chart, (Sheet(box.width / px, box.height / px),))
            for name in found.names:
                _annotate(axes, chart, name, palette)
            if found.key:
                drawn.legends.clear()
                below = _legend(drawn, axes, width_mm, found.key, len(chart.series) > 1)
                drawn.set_figheight(height + below)
    return drawn


def _annotate(axes: Axes, chart: Chart, name: Name, palette: Palette) -> None:
    """A name at its distance from its mark."""
    series = chart.series[name.series]
    line = {
        "arrowstyle": "-",
        "color": palette.plain,
        "linewidth": 0.6,
        "shrinkA": 0,
        "shrinkB": name.radius * _PT_PER_PX,
        "relpos": (0.5, 0.5),
    }
    axes.annotate(
        name.text.replace("$", r"\$"),
        (series.x[name.point], series.y[name.point]),
        textcoords="offset points",
        xytext=(name.right * _PT_PER_PX, name.up * _PT_PER_PX),
        ha="center",
        va="center",
        fontsize=_LABEL_PT,
        arrowprops=line if name.leader else None,
    ).set_in_layout(False)


def _draw(axes: Axes, chart: Chart, series: Series, colour: str, number: int) -> None:
    categories = words_along(chart)
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
            markevery=ceil(len(x) / MARKED) or None,
            label=_label(series),
        )
        if series.low:
            low, high = (
                [float("nan") if v is None else v for v in ends]
                for ends in (series.low, series.high)
            )
            axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)


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
        if values and (log or has_points(chart)):
            axes.set(**{f"{name}lim": limits(values, log)})
        elif name == "y" and all(value >= 0 for value in values):
            axes.set_ylim(bottom=0)
        if not log:
            locator = MaxNLocator("auto", steps=(1, 2, 2.5, 5, 10), integer=are_whole(values))
            axis.set_major_locator(locator)
        elif values:
            step = log_step(*limits(values, log))
            if step == "D2":
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            elif isinstance(step, str):
                axis.set_major_locator(MultipleLocator(float(step[1:])))
            if isinstance(step, str):
                axis.set_minor_locator(NullLocator())
        if not (log and values and in_powers(*limits(values, log))):
            largest = 0.0 if log else max(map(abs, getattr(axes, f"get_{name}lim")()))
            axis.set_major_formatter(FuncFormatter(lambda v, _, most=largest: tick_text(v, most)))


def _furnish(axes: Axes, chart: Chart, palette: Palette, width_mm: float) -> None:
    """What stands round the values: labels, words at the marks, the grid."""
    across = width_mm - 15  # mm of the axes; a letter takes 1.6
    up = max(width_mm / ASPECT, MIN_HEIGHT_MM) - 18
    axes.set_xlabel(in_lines(chart.x_label, "\n", across / 1.6))
    axes.set_ylabel(in_lines(chart.y_label, "\n", up / 1.5), linespacing=1.35, labelpad=7)
    categories = words_along(chart)
    if categories:
        room = across / len(categories) / 1.6
        narrow = max(len(word) for name in categories for word in name.split(" ")) > room
        axes.set_xticks(
            range(len(categories)),
            categories if narrow else [in_lines(name, "\n", room - 1) for name in categories],
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
            color=palette.quiet,
        )
    axes.grid(color=palette.plain, alpha=0.25, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(
    drawn: Picture,
    axes: Axes,
    width_mm: float,
    key: Sequence[tuple[str, str]] = (),
    with_series: bool = True,
) -> float:
    """Names below the axes in as many columns as fit; the height they take, in inches."""
    from matplotlib.lines import Line2D

    handles, names = axes.get_legend_handles_labels() if with_series else ([], [])
    handles = [*handles, *(Line2D([], [], linestyle="") for _ in key)]
    names = [*names, *(f"{figure}  {text}" for figure, text in key)]
    names = [in_lines(name, "\n", (width_mm - 14) / 1.65) for name in names]
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


def _label(series: Series) -> str:
    """The name in the legend; matplotlib leaves out what begins with a line."""
    return series.name if series.in_legend else "_"


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
            [gap(v, low) for v, low in zip(series.y, series.low, strict=True)],
            [gap(high, v) for v, high in zip(series.y, series.high, strict=True)],
        ]
    axes.bar(
        places,
        y,
        width,
        yerr=errors,
        color=colour,
        label=_label(series),
        hatch=_HATCHES[index % len(_HATCHES)],
        edgecolor="white",
        linewidth=0.3,
        capsize=2,
    )


def _draw_points(
    axes: Axes, series: Series, x: Sequence[float], y: Sequence[float], colour: str, number: int
) -> None:
    sizes = series.sizes or (POINT_PX,) * len(x)
    axes.scatter(
        x,
        y,
        s=[(size * _PT_PER_PX) ** 2 for size in sizes],
        color=colour,
        alpha=0.7 if series.sizes else 1,
        linewidth=0,
        marker=_MARKERS[number % len(_MARKERS)],
        zorder=3 - 0.01 * number,
        label=_label(series),
    )
