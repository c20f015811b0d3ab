"""Charts as files, drawn by matplotlib.

Up to the width of a page, text has 7 to 8 pt at any width. A wider file is for a slide: the same
drawing enlarged, so that its text is legible from the last row.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from math import ceil, floor, log10, radians, sin
from typing import TYPE_CHECKING, Any, cast

from analysis.charts.chart import (
    BUBBLE,
    FONT_PX,
    MARKED,
    POINT_PX,
    Chart,
    Dash,
    Draw,
    Series,
    are_whole,
    bar_texts,
    end_of_texts,
    gap,
    has_points,
    in_lines,
    in_powers,
    in_units,
    is_divided,
    is_marked,
    limits,
    log_step,
    notes_of,
    numbers_along,
    numbers_up,
    series_looks,
    stands_alone,
    tick_text,
    ticks_along,
    to_edges,
    told_words,
    words_along,
)
from analysis.charts.names import (
    BEYOND_PX,
    Name,
    Sheet,
    has_names,
    in_legend,
    lines_of_their_own,
    placed,
    with_room,
)
from analysis.style import files
from analysis.style.files import CHART_SUFFIXES, DPI, MAX_DPI, MIN_DPI
from analysis.style.fonts import (
    FOLDER,
    HAN,
    HAN_FAMILY,
    beside,
    covered,
    text_width,
    with_raised_minus,
)
from analysis.style.look import (
    MAX_WIDTH_MM,
    MIN_CHART_MM,
    MM_PER_INCH,
    PAGE_MM,
    PX_PER_INCH,
    SLIDE_ASPECT,
    Look,
    magnification,
)
from analysis.style.numbers import power_of_ten
from analysis.style.palette import LIGHT, Palette, mix
from nets.options import check_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.text import Annotation
    from matplotlib.ticker import Formatter

PAGE_LOOK = Look(width_mm=PAGE_MM)
"""The look of a chart for a page: light colours, no title."""

_ASPECT, _MIN_HEIGHT_MM = 1.9, 60.0  # a chart on paper, without title and legend
_TALLEST = 0.9  # largest ratio of height to width that a PNG's size limit assumes
_ROOM = 0.92  # a legend's share of the width: at 72 dpi, text is up to 7% wider than measured
_GAP = 0.2  # gap between the bars of two words, as a share of the words' distance
_ACROSS = 2.5  # matplotlib's zorder: above bars and lines, below names
_HEADROOM = 1.06  # end of an axis from zero, as a multiple of its largest value
_TICKS = 7  # approximate number of ticks along an axis with room for names
_SMALL_PT = 7.0  # size of a note below a chart
_LINES = 1.4  # matplotlib's `linespacing` for lines 1.2 times the font size apart
_COLUMN_MM = 100.0  # text is 7 pt up to this width
_SHARING = 0.41  # height of a stacked chart that shares its x axis, as a share of its width
_ROW_MM = 120.0  # below this width charts in a row are stacked
_PT_PER_INCH = 72
_DASHES: dict[Dash, Any] = {
    Dash.SOLID: "-",
    Dash.DASHED: "--",
    Dash.DOTTED: ":",
    Dash.DASH_DOT: "-.",
    Dash.LONG_DASH_DOT: (0, (12, 3, 1, 3)),
    Dash.LONG_DASHED: (0, (5, 2.5)),
}
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # 7, so that they repeat with other dashes
_HATCHES = ("", "///", "...", "xx")
_SHORT = 2.2  # words up to this width in em are never turned
_TURNED = 30  # rotation in degrees of words that don't fit side by side along an axis
_FAMILY = "Source Sans Pro"


@dataclass(frozen=True)
class _Sizes:
    """The sizes in a file: its width in mm, and the scale of the drawing."""

    width_mm: float

    @property
    def is_slide(self) -> bool:
        return self.width_mm > PAGE_MM

    @property
    def scale(self) -> float:
        return magnification(self.width_mm)

    @property
    def text(self) -> float:
        """The size of all text except the title, in pt."""
        return self.pt(7.0 if self.width_mm <= _COLUMN_MM else 7.5)

    @property
    def title(self) -> float:
        return self.pt(8.0)

    @property
    def width(self) -> float:
        """Inches."""
        return self.width_mm / MM_PER_INCH

    @property
    def height(self) -> float:
        """Inches, without title and legend."""
        if self.is_slide:
            return 0.62 * self.width / SLIDE_ASPECT
        return max(self.width_mm / _ASPECT, _MIN_HEIGHT_MM) / MM_PER_INCH

    @property
    def line(self) -> float:
        """The width of a line, in pt; in a column, lines are closer to each other."""
        return self.pt(1.0 if self.width_mm <= _COLUMN_MM else 1.4)

    @property
    def marked(self) -> int:
        """Most points of a line among others that have a marker."""
        return MARKED // 2 if self.width_mm <= _COLUMN_MM else MARKED

    @property
    def pt_per_px(self) -> float:
        """The scale from the screen's px to the file's pt, by the size of the text."""
        return self.text / FONT_PX

    def pt(self, value: float) -> float:
        return value * self.scale

    def whole(self, more: float) -> float:
        """Return the height in inches, given that of title and legend; a slide keeps its aspect."""
        return max(self.height + more, self.width / SLIDE_ASPECT if self.is_slide else 0.0)


def check(suffix: str, look: Look, dpi: int | None = None) -> None:
    """Check the format, the width and the resolution of a chart before it is drawn.

    Raises:
        ValueError: if one of them isn't possible.
    """
    if suffix not in CHART_SUFFIXES:
        raise ValueError(
            f"a chart is written as {', '.join(CHART_SUFFIXES)}, not {suffix or 'nothing'}"
        )
    width = PAGE_MM if look.width_mm is None else look.width_mm
    if not MIN_CHART_MM <= width <= MAX_WIDTH_MM:
        raise ValueError(
            f"a chart is {MIN_CHART_MM} to {MAX_WIDTH_MM:,} mm wide, not {width:,g} mm"
        )
    if dpi is None:
        return
    check_whole("dpi", dpi, MIN_DPI, MAX_DPI)
    if suffix == ".png" and dpi > most_dpi(look):
        raise ValueError(
            f"dpi must be at most {most_dpi(look)} for a chart of {width:,g} mm, not {dpi:,}"
        )


def most_dpi(look: Look) -> int:
    """Return the highest resolution of a PNG of this width."""
    px = (look.width_mm or PAGE_MM) * PX_PER_INCH / MM_PER_INCH
    return min(MAX_DPI, files.most_dpi(px, max(_TALLEST * px, 2 * _MIN_HEIGHT_MM)))


def chart_file(chart: Chart, suffix: str, look: Look = PAGE_LOOK, dpi: int | None = None) -> bytes:
    """Return the chart as a file whose fonts are embedded.

    Args:
        chart: what to draw.
        suffix: `.svg`, `.pdf` or `.png`.
        look: palette, title, background and width in mm; by default the width of a page's text.
        dpi: resolution of a PNG, 20 to 1,200; by default 200, or less for a very wide chart.

    Raises:
        ValueError: if the format, the width or the resolution isn't possible.
    """
    return _written(picture, chart, chart.alt, suffix, look, dpi)


def row_file(
    charts: Sequence[Chart], suffix: str, look: Look = PAGE_LOOK, dpi: int | None = None
) -> bytes:
    """Return several small charts side by side in one file, each with its title; as `chart_file`.

    In a narrow file they are stacked, over one x axis if it is the same.
    """
    return _written(row, charts, " ".join(chart.alt for chart in charts), suffix, look, dpi)


def chart_svg(chart: Chart, look: Look = PAGE_LOOK) -> str:
    """Return the chart as an SVG for another document that has the app's font; text stays text.

    It has no style sheet, and its ids are its own, so that it doesn't affect that document.

    Raises:
        ValueError: if the width is not possible.
    """
    return _within(_written(picture, chart, chart.alt, ".svg", look, None, "none"), chart.alt)


def row_svg(charts: Sequence[Chart], look: Look = PAGE_LOOK) -> str:
    """Return several small charts side by side; see `chart_svg`."""
    said = " ".join(chart.alt for chart in charts)
    return _within(_written(row, charts, said, ".svg", look, None, "none"), said)


_HEAD = re.compile(
    r'<svg [^>]*?width="([0-9.]+)pt" height="([0-9.]+)pt" viewBox="([0-9. ]+)"[^>]*>'
)
_ID = re.compile(r'( id="|url\(#|xlink:href="#)')


def _within(file: bytes, said: str) -> str:
    """Return matplotlib's SVG without what would affect the document around it."""
    text = file.decode()
    head = _HEAD.search(text)
    assert head is not None
    body = re.sub(
        r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", "", text[head.end() :], flags=re.S
    )
    own = hashlib.sha256(file).hexdigest()[:8]
    body = _ID.sub(lambda found: f"{found[0]}c{own}-", body)
    title = re.search(r"<title>.*?</title>", body, re.S)
    described = f"{title[0] if title else ''}<desc>{escape(said)}</desc>"
    body = with_raised_minus(body.replace(title[0], "", 1) if title else body)
    wide, high = (float(side) * PX_PER_INCH / _PT_PER_INCH for side in head.groups()[:2])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{wide:.2f}" height="{high:.2f}" viewBox="{head[3]}" role="img" '
        'stroke-linejoin="round" stroke-linecap="butt">'
        f"{described}{body}"
    )


def _written(
    draw: Callable[..., Picture],
    what: Any,
    said: str,
    suffix: str,
    look: Look,
    dpi: int | None,
    text: str = "path",
) -> bytes:
    check(suffix, look, dpi)
    from matplotlib import rc_context

    title, out = look.title, io.BytesIO()
    metadata: dict[str, dict[str, Any]] = {
        ".svg": {"Date": None, "Title": title, "Description": said},
        ".pdf": {"CreationDate": None, "Title": title, "Subject": said},
        ".png": {"Title": title, "Description": said},
    }
    with rc_context({"svg.fonttype": text, "svg.hashsalt": "resnet-lab", "pdf.fonttype": 42}):
        draw(what, look.palette, title, look.width_mm or PAGE_MM).savefig(
            out,
            format=suffix[1:],
            dpi=min(DPI, most_dpi(look)) if dpi is None else dpi,
            transparent=True,
            facecolor=look.palette.background if look.ground else "none",
            metadata=metadata[suffix],
        )
    return out.getvalue()


def _settings(palette: Palette, sizes: _Sizes, texts: str) -> dict[Any, Any]:
    """Return matplotlib's settings for a file: fonts for its texts, palette colours and sizes."""
    from matplotlib import font_manager

    faces = [FOLDER / f"SourceSansPro-{name}.ttf" for name in ("Regular", "Semibold")]
    for face in (*faces, *HAN.values()):
        font_manager.fontManager.addfont(str(face))
    ticks = {
        f"{axis}tick.{which}.{name}": sizes.pt(value)
        for axis in "xy"
        for which, name, value in (
            ("major", "size", 3.0),
            ("major", "width", 0.6),
            ("major", "pad", 2.5),
            ("minor", "size", 1.5),
            ("minor", "width", 0.4),
        )
    }
    return {
        "font.family": _families(texts),
        "font.size": sizes.text,
        **dict.fromkeys(
            ("axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize"), sizes.text
        ),
        "text.color": palette.text,
        "axes.labelcolor": palette.text,
        "xtick.color": palette.text,
        "ytick.color": palette.text,
        "axes.edgecolor": palette.plain,
        "axes.linewidth": sizes.pt(0.6),
        "hatch.linewidth": sizes.pt(0.6),
        "figure.constrained_layout.h_pad": sizes.pt(2.0) / _PT_PER_INCH,
        "figure.constrained_layout.w_pad": sizes.pt(2.0) / _PT_PER_INCH,
        **ticks,
    }


def _families(texts: str) -> list[str]:
    """Return the font families that cover some texts, as far as our fonts do."""
    is_chinese = bool(frozenset(texts) & covered(HAN[400]) - _semibold())
    return [_FAMILY, *([HAN_FAMILY] if is_chinese else []), "DejaVu Sans"]


def row(
    charts: Sequence[Chart],
    palette: Palette = LIGHT,
    title: str = "",
    width_mm: float = PAGE_MM,
) -> Picture:
    """Draw several charts without legends, as one matplotlib figure."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    sizes, stacked = _Sizes(width_mm), width_mm < _ROW_MM
    shares = stacked and len({(chart.x_label, chart.log_x) for chart in charts}) == 1
    rows, columns = (len(charts), 1) if stacked else (1, len(charts))
    each = sizes.width / columns * _PT_PER_INCH / sizes.scale
    high = (_SHARING if shares else 0.55) * each if stacked else max(1.05 * each, 130.0)
    with rc_context(_settings(palette, sizes, f"{title}{charts}")):
        drawn = Figure(
            figsize=(sizes.width, rows * high * sizes.scale / _PT_PER_INCH), layout="constrained"
        )
        if sizes.is_slide:
            drawn.set_figheight(sizes.width / SLIDE_ASPECT)
        for place, chart in enumerate(map(in_units, charts), start=1):
            above = drawn.axes[0] if shares and drawn.axes else None
            axes = drawn.add_subplot(rows, columns, place, sharex=above)
            for series, colour, number in series_looks(chart, palette):
                _draw(axes, chart, series, colour, number, palette, sizes)
            _scale(axes, chart)
            up = high + 18 if shares else high  # only the last chart needs room for a label
            _furnish(axes, chart, palette, sizes, each * sizes.scale, up * sizes.scale)
            if shares and place < rows:
                axes.set_xlabel("")
                axes.tick_params("x", labelbottom=False)
            name = _wrapped(chart.title, 0.9 * each * sizes.scale, sizes.title)
            has_labels = bool(chart.marks) if stacked else any(one.marks for one in charts)
            pad = sizes.pt(6) + has_labels * 1.2 * sizes.text
            axes.set_title(name, fontsize=sizes.title, linespacing=_LINES, pad=pad)
        if stacked:
            drawn.align_ylabels()
        note = _foot(drawn, notes_of(charts), palette, sizes)
        more = _head(drawn, title, sizes) + note
        if not sizes.is_slide:
            drawn.set_figheight(drawn.get_figheight() + more)
        _lift(drawn, note, 0.0, sizes)
    return drawn


def picture(
    chart: Chart, palette: Palette = LIGHT, title: str = "", width_mm: float = PAGE_MM
) -> Picture:
    """Draw the chart as a matplotlib figure.

    On paper, legend and title add to the height; a slide is always 16:9.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    sizes, chart = _Sizes(width_mm), in_units(chart)
    with rc_context(_settings(palette, sizes, f"{title}{chart}")):
        drawn = Figure(figsize=(sizes.width, sizes.height), layout="constrained")
        if has_names(chart):  # names may extend beyond the axes
            beyond = BEYOND_PX * sizes.pt_per_px / _PT_PER_INCH
            _engine(drawn).set(w_pad=beyond, h_pad=beyond)
        axes = drawn.add_subplot()
        for series, colour, number in series_looks(chart, palette):
            _draw(axes, chart, series, colour, number, palette, sizes)
        _scale(axes, chart)
        across, up = (side * _PT_PER_INCH for side in (sizes.width, sizes.height))
        words = _furnish(axes, chart, palette, sizes, across, up)
        above, note = _head(drawn, title, sizes), _foot(drawn, notes_of([chart]), palette, sizes)
        has_legend = chart.has_legend or bool(chart.samples)
        below = _legend(drawn, axes, chart, palette, sizes) if has_legend else 0.0
        drawn.set_figheight(sizes.whole(above + below + note))
        _lift(drawn, note, below, sizes)
        drawn.draw_without_rendering()
        _part(words, sizes)
        if has_names(chart):
            drawn.draw_without_rendering()
            box, px = axes.get_window_extent(), drawn.dpi / _PT_PER_INCH * sizes.pt_per_px
            sheet = Sheet(box.width / px, box.height / px)
            if (roomy := with_room(chart, (sheet,))) != chart:
                return picture(roomy, palette, title, width_mm)
            found = placed(chart, (sheet,))
            if lines_of_their_own(chart) and (found.covers or not found.names):
                return picture(in_legend(chart), palette, title, width_mm)
            for name in found.names:
                _annotate(axes, chart, name, palette, sizes)
            if found.key:
                drawn.legends.clear()
                below = _legend(drawn, axes, chart, palette, sizes, found.key)
                drawn.set_figheight(sizes.whole(above + below + note))
                _lift(drawn, note, below, sizes)
    return drawn


def left_out(title: str) -> str:
    """Return the characters of a title that a chart's fonts lack."""
    return "".join(dict.fromkeys(c for c in title if c not in _letters()))


@cache
def _letters() -> frozenset[str]:
    """Return the characters of the app's fonts and of the one that ships with matplotlib."""
    return _semibold() | covered(HAN[400]) | covered(beside())


def _semibold() -> frozenset[str]:
    return covered(FOLDER / "SourceSansPro-Semibold.ttf")


def _head(drawn: Picture, title: str, sizes: _Sizes) -> float:
    """Draw the title at the top and return its height in inches."""
    shown = " ".join("".join(c for c in title if c in _letters()).split())
    if not shown:
        return 0.0
    lines = _wrapped(shown, 0.94 * sizes.width * _PT_PER_INCH, sizes.title)
    # Matplotlib's own font has no semibold, so a title that needs that font has regular weight.
    is_ours = set(shown) <= _semibold() | covered(HAN[600])
    ours = _families(shown)[:-1]
    face: dict[str, Any] = {"fontweight": 600, "fontfamily": ours} if is_ours else {}
    drawn.suptitle(lines, fontsize=sizes.title, linespacing=_LINES, **face)
    return (lines.count("\n") + 1) * 1.25 * sizes.title / _PT_PER_INCH


def _foot(drawn: Picture, note: str, palette: Palette, sizes: _Sizes) -> float:
    """Draw the note at the bottom, in the smallest text, and return its height in inches."""
    if not note:
        return 0.0
    size = sizes.pt(_SMALL_PT)
    lines = _wrapped(note, 0.96 * sizes.width * _PT_PER_INCH, size)
    below = sizes.pt(2.0) / _PT_PER_INCH / drawn.get_figheight()
    looks: dict[str, Any] = {"fontsize": size, "color": palette.quiet, "linespacing": _LINES}
    text = drawn.text(0.5, below, lines, ha="center", va="bottom", **looks)
    text.set_in_layout(False)
    high = text.get_window_extent().height / drawn.dpi  # depends on the characters
    return high + sizes.pt(5.0) / _PT_PER_INCH


def _lift(drawn: Picture, note: float, below: float, sizes: _Sizes) -> None:
    """Lay out the legend above the note and the axes above both; heights are in inches."""
    if not note:
        return
    start = note / drawn.get_figheight()
    for legend in drawn.legends:  # constrained layout ignores a legend anchored by hand
        legend.set_bbox_to_anchor((0, start, 1, 1 - start), drawn.transFigure)
        start += (below + sizes.text / _PT_PER_INCH) / drawn.get_figheight()
    _engine(drawn).set(rect=(0, start, 1, 1 - start))


def _engine(drawn: Picture) -> ConstrainedLayoutEngine:
    """Return the engine of a figure with a constrained layout."""
    return cast("ConstrainedLayoutEngine", drawn.get_layout_engine())


def _wrapped(text: str, room: float, size: float) -> str:
    """Break a text into lines of at most `room` pt; escape `$`, which starts a formula."""
    width = 1.06 * text_width(text, size)  # semibold is wider
    lines = text if width <= room else in_lines(text, "\n", 0.92 * len(text) * room / width)
    return lines.replace("$", r"\$")


def _annotate(axes: Axes, chart: Chart, name: Name, palette: Palette, sizes: _Sizes) -> None:
    """Draw a name at its distance from its mark."""
    series = chart.series[name.series]
    line = {
        "arrowstyle": "-",
        "color": palette.plain,
        "linewidth": sizes.pt(0.6),
        "shrinkA": 0,
        "shrinkB": name.radius * sizes.pt_per_px,
        "relpos": (0.5, 0.5),
    }
    across, up = (name.place.across, name.place.up) if name.place else (0, 0)
    # Anchor the near side, so that an overestimated width doesn't change the gap.
    right, high = name.right - across * name.width / 2, name.up - up * name.height / 2
    axes.annotate(
        name.text.replace("$", r"\$"),
        (series.x[name.point], series.y[name.point]),
        textcoords="offset points",
        xytext=(right * sizes.pt_per_px, high * sizes.pt_per_px),
        ha=("center", "left", "right")[across],
        va=("center", "bottom", "top")[up],
        fontsize=sizes.text,
        arrowprops=line if name.leader else None,
        bbox=_ground(palette),
    ).set_in_layout(False)


def _draw(
    axes: Axes,
    chart: Chart,
    series: Series,
    colour: str,
    number: int,
    palette: Palette,
    sizes: _Sizes,
) -> None:
    categories = words_along(chart)
    if series.across and not categories:
        series = to_edges(chart, series)
    x = [float(categories.index(v)) if isinstance(v, str) else v for v in series.x]
    y = [float("nan") if v is None else v for v in series.y]
    if series.draw is Draw.BARS:
        count = sum(other.draw is Draw.BARS for other in chart.series)
        _draw_bars(
            axes, series, x, y, (colour, palette.background, palette.text), number, count, sizes
        )
    elif series.draw is Draw.POINTS:
        alpha = BUBBLE if chart.samples else 1.0
        inside = palette.background if series.hollow else (colour, alpha)
        _draw_points(axes, series, x, y, (colour, inside), number, sizes)
    else:
        if series.across and categories:
            x, y = [-0.5, *x, len(categories) - 0.5], [y[0], *y, y[-1]]
        axes.plot(
            x,
            y,
            linestyle=_DASHES[series.dash],
            color=colour,
            linewidth=sizes.pt(0.7) if series.thin else sizes.line,
            marker=_MARKERS[number % len(_MARKERS)] if is_marked(chart, series) else "",
            markersize=sizes.pt(3.5),
            markerfacecolor=palette.background if series.hollow else colour,
            markeredgewidth=sizes.pt(0.9),
            markevery=1 if stands_alone(chart) else ceil(len(x) / sizes.marked) or None,
            label=_label(series),
            clip_on=series.across,  # don't clip marks at the edge
            zorder=_ACROSS if series.is_level else None,
        )
        if series.low and not series.has_band:
            _draw_errors(axes, series, x, y, colour, sizes)
        if series.has_band:
            low, high = (
                [float("nan") if v is None else v for v in ends]
                for ends in (series.low, series.high)
            )
            axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)


def _scale(axes: Axes, chart: Chart) -> None:
    """Set the limits and the ticks of both axes as on the screen."""
    from matplotlib.ticker import (
        FixedLocator,
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
        axis, evenly = getattr(axes, f"{name}axis"), not log
        if log:
            axes.set(**{f"{name}scale": "log"})
        if values and (log or has_points(chart) or (name == "y" and chart.close)):
            axes.set(**{f"{name}lim": limits(values, log, chart.from_zero)})
        elif name == "y" and all(value >= 0 for value in values):
            highest = max(values, default=1) * _HEADROOM
            axes.set_ylim(0, max(highest, end_of_texts(chart)) or 1)
        elif name == "x" and (words := words_along(chart)):
            axes.set_xlim(-0.5, len(words) - 0.5)
        if name == "x" and (ticks := ticks_along(chart, _TICKS)):
            axis.set_major_locator(FixedLocator(ticks))
            axis.set_minor_locator(NullLocator())
        elif not log:
            whole = are_whole(values)
            steps, least = (1, 2, 2.5, 5, 10), 2 if whole else 3
            locator = MaxNLocator("auto", steps=steps, integer=whole, min_n_ticks=least)
            axis.set_major_locator(locator)
        elif values:
            step = log_step(*limits(values, log))
            if step == "D2":
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            elif isinstance(step, str):
                axis.set_major_locator(MultipleLocator(float(step[1:])))
                evenly = True
            if isinstance(step, str):
                axis.set_minor_locator(NullLocator())
        if log and values and in_powers(*limits(values, log)):
            axis.set_major_formatter(FuncFormatter(lambda v, _: _in_powers(v)))
        else:
            axis.set_major_formatter(_formatter(evenly))


def _formatter(evenly: bool) -> Formatter:
    """Return what writes the numbers along an axis; evenly spaced ones have equal decimals."""
    from matplotlib.ticker import Formatter

    class Numbers(Formatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return tick_text(x)

        def format_ticks(self, values: Sequence[float]) -> list[str]:
            return [tick_text(value, values if evenly else ()) for value in values]

    return Numbers()


def _in_powers(value: float) -> str:
    """Return a positive number as a power of ten or a multiple of one: `10⁻³`, `2×10⁻³`."""
    exponent = floor(log10(value) + 1e-9)
    times = f"{value / 10.0**exponent:.3g}"
    return power_of_ten(exponent) if times == "1" else f"{times}×{power_of_ten(exponent)}"


def _furnish(
    axes: Axes, chart: Chart, palette: Palette, sizes: _Sizes, across: float, up: float
) -> list[Annotation]:
    """Draw labels, the grid and the marks' labels, and return the latter.

    Args:
        axes: the axes to draw on.
        chart: the chart.
        palette: the colours.
        sizes: the sizes in the file.
        across: the width of axes and labels in pt.
        up: the height of axes and labels in pt.
    """
    across -= sizes.pt(40)  # room for the y axis's ticks and label
    axes.set_xlabel(_wrapped(chart.x_label, across, sizes.text), labelpad=sizes.pt(3))
    label = _wrapped(chart.y_label, up - sizes.pt(36), sizes.text)
    axes.set_ylabel(label, linespacing=_LINES, labelpad=sizes.pt(5))
    if categories := words_along(chart):
        told = told_words(chart)
        _write_words(axes, categories, 0.9 * across / len(categories), sizes, told)
    for value in bar_texts(chart, _GAP):
        side = 0.0 if value.begins else 1.0
        leader = {
            "arrowstyle": "-",
            "color": palette.plain,
            "linewidth": sizes.pt(0.6),
            "shrinkA": 0,
            "shrinkB": 0,
            "relpos": (side, 0),
        }
        axes.annotate(
            value.text,
            (value.middle, value.top),
            xytext=(value.middle, value.up),
            ha="left" if value.begins else "right",
            va="bottom",
            arrowprops=leader,
            bbox=_ground(palette),
        )
    words = []
    quiet = mix(palette.text, palette.background, 0.8)
    for mark in chart.marks:
        look: dict[str, Any] = {"color": palette.plain, "linewidth": sizes.pt(0.7), "alpha": 0.5}
        if mark.is_result:
            look = {"color": palette.quiet, "linewidth": sizes.line, "linestyle": "--"}
        axes.axvline(mark.x, **look)
        words.append(
            axes.annotate(
                mark.text,
                (mark.x, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, sizes.pt(2)),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=sizes.text,
                color=quiet,
                bbox=_ground(palette),
            )
        )
    axes.grid(color=palette.plain, alpha=0.25, linewidth=sizes.pt(0.5))
    if is_divided(chart):
        axes.xaxis.grid(visible=False)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return words


def _write_words(
    axes: Axes, words: Sequence[str], room: float, sizes: _Sizes, told: Collection[float | str]
) -> None:
    """Write words along the axis, `room` pt each; turn them or leave some out if necessary.

    Short ones, such as the numbers of blocks, are upright at any width. Those whose bars have a
    text are semibold, and never left out.
    """

    def write(texts: Sequence[str], step: int = 1, **looks: Any) -> None:
        kept = [place for place, word in enumerate(words) if word in told]
        first = kept[0] % step if kept else 0
        every = range(first, len(words), step)
        shown = sorted({*kept, *(n for n in every if all(abs(n - k) >= step for k in kept))})
        axes.set_xticks(shown, [texts[place] for place in shown], **looks)
        for place, label in zip(shown, axes.get_xticklabels(), strict=True):
            if place in kept:  # matplotlib's own font has no semibold
                label.set(fontweight=600, fontfamily=_families(words[place])[:-1])

    widest = max(text_width(part, sizes.text) for word in words for part in word.split(" "))
    longest = max(text_width(word, sizes.text) for word in words)
    if longest <= _SHORT * sizes.text:
        write(words, ceil((longest + sizes.text / 4) / room))
        return
    if widest <= room - sizes.text / 2:
        write([_wrapped(word, room - sizes.text / 2, sizes.text) for word in words])
        return
    line = 1.15 * sizes.text
    turn = _TURNED if room - sizes.text / 2 >= line / sin(radians(_TURNED)) else 90
    write(
        words,
        1 if turn == _TURNED else max(1, ceil(line / (room - sizes.text / 2))),
        rotation=turn,
        ha="right",
        va="top" if turn == _TURNED else "center",
        rotation_mode="anchor",
    )


def _part(words: Sequence[Annotation], sizes: _Sizes) -> None:
    """Raise every other word above the axes by a line if two would touch."""
    boxes = [word.get_window_extent() for word in words]
    if any(one.x1 + sizes.pt(2) > other.x0 for one, other in pairwise(boxes)):
        for word in words[1::2]:
            word.xyann = (0, sizes.pt(3) + sizes.text)


def _legend(
    drawn: Picture,
    axes: Axes,
    chart: Chart,
    palette: Palette,
    sizes: _Sizes,
    key: Sequence[tuple[str, str]] = (),
) -> float:
    """Draw the legend below the axes in as many columns as fit; return its height in inches."""
    from matplotlib.lines import Line2D

    handles, names = axes.get_legend_handles_labels() if chart.has_legend else ([], [])
    handles += [_sample(size, palette, sizes) for size, _ in chart.samples]
    handles += [Line2D([], [], linestyle="") for _ in key]
    names += [text for _, text in chart.samples]
    names += [f"{figure}  {text}" for figure, text in key]
    shown = {series.draw for series in chart.series if series.in_legend}
    length, pad = (4.0, 0.8) if Draw.LINE in shown else (2.0, 0.8)
    if shown <= {Draw.POINTS}:
        length, pad = 1.2, 0.5
    largest = max((size for size, _ in chart.samples), default=0.0) / FONT_PX
    if not names:
        return 0.0
    room = sizes.width * _PT_PER_INCH - sizes.pt(34)  # minus the sample of a line
    names = [_wrapped(name, room, sizes.text) for name in names]
    for rows in range(1, len(names) + 1):
        legend = drawn.legend(
            handles,
            names,
            loc="outside lower center",
            ncols=ceil(len(names) / rows),
            frameon=False,
            columnspacing=1.5,
            handlelength=max(length, largest),
            handleheight=max(0.7, largest),
            handletextpad=pad,
            labelspacing=0.35,
            borderpad=0.2,
        )
        box = legend.get_window_extent()
        if box.width <= _ROOM * drawn.bbox.width or rows == len(names):
            break
        legend.remove()
    return float(box.height) / drawn.dpi


def _sample(size: float, palette: Palette, sizes: _Sizes) -> Any:
    """Return an empty circle for the legend, given its size on the screen in px."""
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="",
        marker="o",
        markersize=size * sizes.pt_per_px,
        markerfacecolor="none",
        markeredgecolor=palette.plain,
        markeredgewidth=sizes.pt(0.9),
    )


def _label(series: Series) -> str:
    """Return the name for the legend; matplotlib omits names that begin with an underscore."""
    return series.name if series.in_legend else "_"


def _draw_bars(
    axes: Axes,
    series: Series,
    x: Sequence[float],
    y: Sequence[float],
    colours: tuple[str, str, str],
    index: int,
    count: int,
    sizes: _Sizes,
) -> None:
    """Draw bars, with their pattern in the background colour and error bars in the text colour."""
    step = min((b - a for a, b in pairwise(x)), default=1.0)
    width = (1 - _GAP if count > 1 or isinstance(series.x[0], str) else 0.9) * step / count
    places = [value + (index - (count - 1) / 2) * width for value in x]
    axes.bar(
        places,
        y,
        width,
        yerr=_errors(series),
        color=colours[0],
        label=_label(series),
        hatch=_HATCHES[index % len(_HATCHES)],
        edgecolor=colours[1],
        linewidth=sizes.pt(0.3),
        ecolor=colours[2],
        error_kw={"elinewidth": sizes.pt(0.8), "path_effects": [_outlined(colours[1], sizes)]},
        capsize=sizes.pt(2),
    )


def _errors(series: Series) -> list[list[float]] | None:
    """Return the lengths of error bars below and above the values, or None if there are none."""
    if not series.low:
        return None
    return [
        [gap(v, low) for v, low in zip(series.y, series.low, strict=True)],
        [gap(high, v) for v, high in zip(series.y, series.high, strict=True)],
    ]


def _outlined(colour: str, sizes: _Sizes) -> Any:
    """Return the effect that keeps an error bar legible on a dark bar: an outline."""
    from matplotlib.patheffects import withStroke

    return withStroke(linewidth=sizes.pt(1.5), foreground=colour)


def _ground(palette: Palette) -> dict[str, Any]:
    """Return the box that keeps lines from running through a name."""
    return {"boxstyle": "square,pad=0", "facecolor": palette.background, "edgecolor": "none"}


def _draw_errors(
    axes: Axes,
    series: Series,
    x: Sequence[float],
    y: Sequence[float],
    colour: str,
    sizes: _Sizes,
    zorder: float = 1.9,
) -> None:
    """Draw error bars of points, below their marks."""
    axes.errorbar(
        x,
        y,
        _errors(series),
        linestyle="none",
        ecolor=colour,
        elinewidth=sizes.pt(0.8),
        capsize=sizes.pt(2),
        zorder=zorder,
    )


def _draw_points(
    axes: Axes,
    series: Series,
    x: Sequence[float],
    y: Sequence[float],
    colours: tuple[str, Any],
    number: int,
    sizes: _Sizes,
) -> None:
    """Draw points; the second colour fills them."""
    diameters = series.sizes or (POINT_PX,) * len(x)
    if series.low:
        _draw_errors(axes, series, x, y, colours[0], sizes, 2.9 - 0.01 * number)
    axes.scatter(
        x,
        y,
        s=[(diameter * sizes.pt_per_px) ** 2 for diameter in diameters],
        facecolor=colours[1],
        edgecolor=colours[0],
        linewidth=0 if colours[1] == (colours[0], 1.0) else sizes.pt(0.9),
        marker=_MARKERS[number % len(_MARKERS)],
        zorder=3 - 0.01 * number,
        label=_label(series),
        clip_on=False,  # don't clip marks at the edge
    )
