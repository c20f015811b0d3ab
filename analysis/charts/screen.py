"""Charts on the screen, drawn by plotly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.charts.chart import (
    BUBBLE,
    FONT_PX,
    MARKED,
    POINT_PX,
    TICKS,
    Chart,
    Dash,
    Draw,
    Place,
    Series,
    are_whole,
    bar_texts,
    decimals_of,
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
    numbers_along,
    numbers_up,
    series_looks,
    shows_bands,
    tick_text,
    ticks_along,
    to_edges,
    told_words,
    words_along,
)
from analysis.charts.names import (
    Name,
    Names,
    Sheet,
    has_names,
    in_legend,
    lines_of_their_own,
    placed,
    with_room,
)
from analysis.style.fonts import FONT_FAMILY
from analysis.style.numbers import power_of_ten
from analysis.style.palette import LIGHT, Palette, mix

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT_PX = 460
"""Default height of a chart."""

WALL_PX = 24
"""Size of all text on a projector's wall."""

_LETTERS = 34  # characters per line below the axes: what fits a phone
_HINT_LETTERS, _UNIT_LETTERS = 26, 7  # the same beside a mark; the longest unit
_WORD_LETTERS = 20  # characters per line of a word along the axis
_TOP_PX, _MARKS_PX = 34, 20  # room above the axes for the y label and the toolbar; for marks
_WALL_TOP_PX, _WALL_MARKS_PX = 16, 36  # the same on the wall, which has no toolbar
_WALL_RIGHT_PX = 16  # without it, plotly drops the last tick's label
_STANDOFF_PX = 12  # distance from an axis's ticks to its title
_WIDE, _NARROW = (600, 760, 1_000, 1_460), (200, 250, 320, 420, 630)
_ROUND_WIDE, _ROUND_NARROW = (130, 160), (170, 250)
_LOW_PX, _HIGH_PX = 320, 560  # height range of a chart that fills its container
_WALL_AREAS = ((1_040, 260), (1_100, 380), (1_700, 600))  # width and height of the axes, in px
_WALL_SCALE = WALL_PX / FONT_PX
_WALL_SHEETS = tuple(
    Sheet(width / _WALL_SCALE, height / _WALL_SCALE) for width, height in _WALL_AREAS
)
_WALL_TICKS = 5
_SAMPLE_PX = 46  # width of a line in the legend
_LONG_SAMPLE_PX = 76  # two gaps between long dashes, of which a mark covers neither
_FEW = 12  # a shorter axis may have a tick at every whole number, or several between two
_EQUAL_DECIMALS = {
    "tickformatstops": [
        {"dtickrange": [0.9 / 10**places, 5.1 / 10**places], "value": f".{places}f"}
        for places in (1, 2, 3, 4)
    ]
}
"""Formats by the step, 1, 2 or 5, of plotly's ticks: after zooming, too, `2.0` is beside `2.5`."""
_BEYOND = 10  # log ticks beyond the range, seen after zooming out
_PATTERNS = ("", "/", ".", "x")
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x")


def wide_names(chart: Chart, height: int | None = HEIGHT_PX) -> Names:
    """Place names for a page of any width; plotly draws them as annotations."""
    return placed(chart, _sheets(height, _WIDE, _ROUND_WIDE))


def wall_names(chart: Chart) -> Names:
    """Place names for a projector's wall, in px of the desk's text."""
    return placed(chart, _WALL_SHEETS)


def legible(chart: Chart, height: int | None = HEIGHT_PX, wall: bool = False) -> Chart:
    """Return the chart with its lines in the legend if there is no room for names at their ends.

    Room is made right of the ends first, which a phone doesn't show: it has `key_of_lines` instead.
    """
    if not lines_of_their_own(chart):
        return chart
    chart = with_room(chart, _WALL_SHEETS if wall else _sheets(height, _WIDE, _ROUND_WIDE))
    found = wall_names(chart) if wall else wide_names(chart, height)
    return chart if found.names and not found.covers else in_legend(chart)


class Sample(NamedTuple):
    """What a key shows of a line: its name, colour and dash, and the symbol on it, if any.

    `inside` is the symbol's own colour.
    """

    name: str
    colour: str
    dash: Dash
    symbol: str
    inside: str


def key_of_lines(
    chart: Chart, palette: Palette = LIGHT, height: int | None = HEIGHT_PX
) -> tuple[Sample, ...]:
    """Return a sample of each line if a phone lacks room for names at the lines' ends."""
    if not lines_of_their_own(chart) or narrow_names(chart, height).names:
        return ()
    named = {series.name for series in chart.series if series.text == (series.name,)}
    return tuple(
        Sample(
            series.name,
            colour,
            series.dash,
            _SYMBOLS[number % len(_SYMBOLS)] if is_marked(chart, series) else "",
            palette.background if series.hollow else colour,
        )
        for series, colour, number in series_looks(chart, palette)
        if series.draw is Draw.LINE and series.name in named
    )


def narrow_names(chart: Chart, height: int | None = HEIGHT_PX) -> Names:
    """Place names for a phone; plotly draws them as the points' text, without leader lines."""
    return placed(chart, _sheets(height, _NARROW, _ROUND_NARROW), leaders=False)


def _sheets(height: int | None, widths: Sequence[int], taken: Sequence[int]) -> tuple[Sheet, ...]:
    """Return sizes of the axes' area: at several widths, with legends of few and of many lines."""
    if height is None:
        heights = [_LOW_PX - taken[-1], _HIGH_PX - taken[0]]
    else:
        heights = [height - px for px in taken]
    return tuple(Sheet(width, px) for width in widths for px in heights)


def figure(
    chart: Chart,
    palette: Palette = LIGHT,
    height: int | None = HEIGHT_PX,
    wall: bool = False,
) -> Figure:
    """Draw the chart for the screen, on a transparent background.

    Names of points are included twice, as annotations for a wide page and as the points' text for a
    narrow one; the page's style sheet shows one of the two.

    Args:
        chart: the chart to draw.
        palette: the page's colours.
        height: in px; None for a chart that fills its container, as it always does on the wall.
        wall: whether all text has `WALL_PX`, for a projector.
    """
    import plotly.graph_objects as go

    chart = legible(in_units(chart), height, wall)
    scale = _WALL_SCALE if wall else 1.0
    font, small = (WALL_PX, WALL_PX) if wall else (FONT_PX, FONT_PX - 1)
    named = has_names(chart)
    narrow = narrow_names(chart, height).names if named and not wall else ()
    texts = {(n.series, n.point): n for n in narrow}
    names = () if not named else (wall_names(chart) if wall else wide_names(chart, height)).names

    traces = []
    for series, colour, _ in series_looks(chart, palette):  # bands first, so that none hides a line
        if series.has_band:
            traces.append(_plotly_band(go, series, mix(colour, palette.background, 0.22)))
    for place, (series, colour, number) in enumerate(series_looks(chart, palette)):
        beside = [texts.get((place, point)) for point in range(len(series.x))]
        marked = is_marked(chart, series)
        if series.is_level:
            continue
        if series.across and not words_along(chart):
            series = to_edges(chart, series)
        solid = _clear(colour) if chart.samples and series.draw is Draw.POINTS else colour
        inside = palette.background if series.hollow else solid
        traces.append(
            _plotly_trace(
                go, chart, series, (colour, inside), number, beside, wall, marked, palette
            )
        )
        if series.draw is Draw.BARS and series.low:
            traces += _outlined_errors(go, series, str(number), palette)
    x_label, y_label = (_label(chart, label, wall) for label in (chart.x_label, chart.y_label))
    fits = min(_LETTERS, int(46 - 42 * chart.room))  # what a phone shows of an axis with room
    letters = 2 * _LETTERS if wall else fits
    grid = mix(palette.text, palette.background, 0.12)
    axis = {
        "gridcolor": grid,
        "linecolor": grid,
        "zeroline": False,
        "automargin": True,
        "exponentformat": "power",
        "minexponent": 6,
        "separatethousands": True,
        "tickfont": {"size": small},
    }
    layout = go.Layout(
        height=None if wall else height,
        margin={"l": 10, "r": _WALL_RIGHT_PX if wall else 10, "t": _top(chart, wall), "b": 10},
        hoverlabel={"font": {"size": font, "family": FONT_FAMILY}, "align": "left"},
        font={"size": font, "color": palette.text, "family": FONT_FAMILY},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        modebar={
            "bgcolor": "rgba(0,0,0,0)",
            "color": palette.quiet,
            "activecolor": palette.text,
        },
        barmode="group",
        bargap=_gap_between_bars(chart),
        hovermode="closest",
        legend={
            "orientation": "h",
            "yref": "container",
            "xref": "container",
            **_at_edge(above=wall and not chart.x_label),
            "font": {"size": font},
            "itemwidth": _sample_px(chart),
            # Clicks are off: hiding a series would leave its names behind.
            **({"itemclick": False, "itemdoubleclick": False} if named else {}),
        },
        showlegend=chart.has_legend,
        # On the wall, height is scarce, so the y axis's label is turned.
        title=None if wall else _above(in_lines(y_label, "<br>", 44), font),
        xaxis={
            "title": {
                "text": in_lines(x_label, "<br>", letters),
                "font": {"size": font},
                "standoff": _STANDOFF_PX * scale if x_label else 0,
            },
            "type": _axis_type(chart, chart.log_x),
            **axis,
            "showgrid": not is_divided(chart),
            **_plotly_scale(chart, numbers_along(chart), chart.log_x, wall),
            **_plotly_words(chart),
            **_plotly_ticks(ticks_along(chart, _WALL_TICKS)),
        },
        yaxis={
            "title": {
                "text": in_lines(y_label, "<br>", 28),
                "font": {"size": font},
                "standoff": _STANDOFF_PX * scale,
            }
            if wall
            else {},
            "type": "log" if chart.log_y else "linear",
            "rangemode": "tozero",
            **axis,
            **_plotly_scale(chart, numbers_up(chart), chart.log_y, wall),
            **({"range": [0, end]} if (end := end_of_texts(chart)) else {}),
            **({"range": limits(numbers_up(chart))} if chart.close and not chart.log_y else {}),
        },
        shapes=[
            {
                "type": "line",
                "x0": mark.x,
                "x1": mark.x,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.quiet, "width": 3 if wall else 2, "dash": "dash"}
                if mark.is_result
                else {"color": grid, "width": 2},
                "layer": "above" if mark.is_result else "below",
            }
            for mark in chart.marks
        ]
        + list(_levels(chart, palette, wall)),
        # Draw marks' labels last, over the background of names.
        annotations=[_annotation(chart, name, palette, scale) for name in names]
        + [
            {
                "x": mark.x,
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "text": mark.text,
                "showarrow": False,
                "font": {
                    "size": small,
                    "color": palette.text if wall else palette.quiet,
                    "shadow": _halo(palette),
                },
            }
            for mark in chart.marks
        ]
        + list(_values_of_bars(chart, palette)),
    )
    return go.Figure(traces, layout)


def _sample_px(chart: Chart) -> int:
    """Return the width of a line in the legend, so that each dash can be told there."""
    is_long = any(one.in_legend and one.dash is Dash.LONG_DASHED for one in chart.series)
    return _LONG_SAMPLE_PX if is_long else _SAMPLE_PX


def _at_edge(above: bool) -> dict[str, object]:
    """Return the place of a legend: above an axis that only has words, or else below the axis."""
    if above:
        return {"y": 1, "yanchor": "top", "x": 1, "xanchor": "right"}
    return {"y": 0, "yanchor": "bottom", "x": 0}


def _above(label: str, size: int) -> dict[str, Any]:
    """Return the y axis's label as a line at the top left."""
    return {
        "text": label,
        "font": {"size": size, "weight": 400},
        "xref": "container",
        "x": 0,
        "xanchor": "left",
        "yref": "container",
        "y": 1,
        "yanchor": "top",
        "pad": {"l": 4, "t": 6},
    }


def _top(chart: Chart, wall: bool) -> int:
    """Return the space above the axes in px."""
    if not wall:
        return _TOP_PX + _MARKS_PX * bool(chart.marks)
    return _WALL_MARKS_PX if chart.marks else _WALL_TOP_PX


def _label(chart: Chart, label: str, wall: bool) -> str:
    """Return an axis's label; on the wall, the title above it states the convention."""
    if not wall:
        return label
    return re.sub(r" \([^()]*\)", lambda said: "" if said[0] in chart.title else said[0], label)


def _annotation(chart: Chart, name: Name, palette: Palette, scale: float) -> dict[str, Any]:
    """Return the annotation of a name, at its distance from its mark at any width of the chart.

    Args:
        chart: the chart.
        name: its place, in px of the desk's text.
        palette: the page's colours.
        scale: the scale of text and marks.
    """
    series = chart.series[name.series]
    x, y = series.x[name.point], series.y[name.point]
    common: dict[str, Any] = {
        "x": log10(float(x)) if chart.log_x else x,
        "y": log10(y or 1.0) if chart.log_y else y,
        "text": name.text.replace("\n", "<br>"),
        "borderpad": 0,
        # No gridline runs through a name; a band does, as its edge is a result.
        "bgcolor": None if shows_bands(chart.series, chart.log_y) else palette.background,
        "font": {"shadow": _halo(palette)},
    }
    if (place := name.place) is not None:
        return {
            **common,
            "showarrow": False,
            # Anchor the near side, so that another font doesn't change the gap.
            "xanchor": ("center", "left", "right")[place.across],
            "yanchor": ("middle", "bottom", "top")[place.up],
            "xshift": scale * (name.right - place.across * name.width / 2),
            "yshift": scale * (name.up - place.up * name.height / 2),
        }
    return {
        **common,
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": palette.plain,
        "standoff": scale * name.radius,
        "ax": scale * name.right,
        "ay": -scale * name.up,
    }


def _levels(chart: Chart, palette: Palette, wall: bool) -> Iterator[dict[str, Any]]:
    """Yield the levels across bars as shapes; a trace ends at the outermost words."""
    for series, colour, _ in series_looks(chart, palette):
        if series.is_level:
            yield {
                "type": "line",
                "name": series.name if wall else in_lines(series.name, "<br>", _LETTERS),
                "showlegend": series.in_legend,
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": series.y[0],
                "y1": series.y[0],
                "line": {"color": colour, "width": 3 if wall else 2, "dash": series.dash.value},
                "layer": "above",
            }


def _values_of_bars(chart: Chart, palette: Palette) -> Iterator[dict[str, Any]]:
    """Yield the annotations of bars that have a text, with their leader lines."""
    for one in bar_texts(chart, _gap_between_bars(chart)):
        yield {
            "x": one.middle,
            "y": one.top,
            "axref": "x",
            "ayref": "y",
            "ax": one.middle,
            "ay": one.up,
            "text": one.text,
            "xanchor": "left" if one.begins else "right",
            "yanchor": "bottom",
            "showarrow": True,
            "arrowhead": 0,
            "arrowwidth": 1,
            "arrowcolor": palette.plain,
            "borderpad": 0,
            "bgcolor": palette.background,
        }


def _halo(palette: Palette) -> str:
    """Return the shadow that keeps a name legible on lines, in the background's colour."""
    corners = ((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1))
    return ", ".join(f"{x}px {y}px 2px {palette.background}" for x, y in corners)


def _plotly_scale(chart: Chart, values: Sequence[float], log: bool, wall: bool) -> dict[str, Any]:
    """Return the range and the ticks of an axis, if they differ from plotly's defaults."""
    if not values:
        return {}
    low, high = limits(values, log, chart.from_zero)
    if not log:
        # Plotly's default ticks are whole only if they are far apart.
        ticks: dict[str, Any] = {}
        if high - low < _FEW:
            ticks = {"dtick": 1} if are_whole(values) else _EQUAL_DECIMALS
        return ticks | ({"range": [low, high]} if has_points(chart) else {})
    step = log_step(low, high, ticks=_WALL_TICKS if wall else TICKS)
    if step == "D2":  # plotly would draw 2 and 5 smaller than 1
        tens = range(floor(log10(low)), ceil(log10(high)))
        ticks = {"tickvals": [n * 10.0**ten for ten in tens for n in (1, 2, 5)]}
    elif isinstance(step, int) and in_powers(low, high):
        # Plotly would draw powers larger than other ticks, and their exponents smaller.
        first, last = floor(log10(low) / step) - _BEYOND, ceil(log10(high) / step) + _BEYOND
        exponents = [n * step for n in range(first, last + 1)]
        values = [10.0**exponent for exponent in exponents]
        ticks = {"tickvals": values, "ticktext": list(map(power_of_ten, exponents))}
    else:
        ticks = {"dtick": step}
        if isinstance(step, str):
            ticks |= _decimals((0.0, float(step[1:])))
    style = "power" if in_powers(low, high) else "none"
    return {"range": [log10(low), log10(high)], "exponentformat": style, **ticks}


def _plotly_ticks(ticks: Sequence[float]) -> dict[str, Any]:
    if not ticks:
        return {}
    own = {"tickmode": "array", "tickvals": ticks, "ticktext": None, "tickformatstops": None}
    return own | _decimals(ticks)


def _decimals(ticks: Sequence[float]) -> dict[str, Any]:
    """Return plotly's format that writes even ticks with equally many decimals."""
    places = decimals_of(ticks)
    return {"tickformat": f".{places}f"} if places else {}


def _plotly_words(chart: Chart) -> dict[str, Any]:
    """Break words along an axis into short lines, which leave more room to the bars if turned."""
    if not (words := words_along(chart)):
        return {}
    told = told_words(chart)
    lines = [in_lines(word, "<br>", _WORD_LETTERS) for word in words]
    lines = [
        f"<b>{line}</b>" if word in told else line for word, line in zip(words, lines, strict=True)
    ]
    room = {"range": [-0.5, len(words) - 0.5]} if has_points(chart) else {}
    return {"tickvals": words, "ticktext": lines, **room}


def _axis_type(chart: Chart, log: bool) -> str:
    if any(isinstance(x, str) for series in chart.series for x in series.x):
        return "category"
    return "log" if log else "linear"


def _gap_between_bars(chart: Chart) -> float:
    """Return the gap that keeps few bars from filling the page; a histogram has none."""
    if _axis_type(chart, log=False) != "category":
        return 0.04
    categories = {x for series in chart.series for x in series.x}
    return max(0.25, 1 - 0.12 * len(categories))


def _plotly_band(go: Any, series: Series, colour: str) -> Any:
    """Draw the band between low and high as one closed outline."""
    ends = [
        (x, low, high)
        for x, low, high in zip(series.x, series.low, series.high, strict=True)
        if low is not None and high is not None
    ]
    return go.Scatter(
        x=[x for x, _, _ in ends] + [x for x, _, _ in reversed(ends)],
        y=[high for _, _, high in ends] + [low for _, low, _ in reversed(ends)],
        mode="lines",
        fill="toself",
        fillcolor=colour,
        line={"width": 0},
        opacity=0.6,
        hoverinfo="skip",
        showlegend=False,
    )


def _hints(chart: Chart, series: Series) -> dict[str, Any]:
    """Return what a series says of a mark: its name, its values with their units, and `hover`."""
    if series.draw is Draw.LINE and not series.hover and has_points(chart):
        return {"hoverinfo": "skip"}  # what it joins are points, which say more
    values = tuple("" if y is None else tick_text(y) for y in series.y)
    found: dict[str, Any] = {"customdata": values}
    name, value = _in_hint(series.name), "%{customdata}"
    if series.draw is Draw.POINTS and any(series.text):
        found["customdata"] = tuple(zip(values, map(_in_hint, series.text), strict=True))
        name, value = "%{customdata[1]}", "%{customdata[0]}"
    lines = [f"<b>{name}</b>"] if name else []
    along = "" if words_along(chart) else ":," if are_whole(numbers_along(chart)) else ":,.4~r"
    lines.append(_valued(chart.x_label, f"%{{x{along}}}"))
    lines.append(_valued(chart.y_label, value))
    if series.hover:
        lines.append("%{hovertext}")
        found["hovertext"] = tuple(map(_in_hint, series.hover))
        if len(series.hover) == 1:
            found["hovertext"] *= len(series.x)
    return found | {"hovertemplate": f"{'<br>'.join(lines)}<extra></extra>"}


def _in_hint(text: str) -> str:
    return in_lines(text, "<br>", _HINT_LETTERS)


def _valued(label: str, value: str) -> str:
    """Return an axis's label with a value and its unit: `MACs: 4.09 G`, `test error: 8.9%`."""
    label = re.sub(r" \([^()]*\)", "", label)
    before, comma, unit = label.rpartition(", ")
    if not comma or " " in unit or len(unit) > _UNIT_LETTERS:
        before, unit = label, ""
    value = f"{value}{unit}" if unit == "%" else f"{value} {unit}".rstrip()
    return f"{_in_hint(before)}: {value}" if before else value


def _plotly_trace(
    go: Any,
    chart: Chart,
    series: Series,
    colours: tuple[str, str],
    number: int,
    beside: Sequence[Name | None],
    wall: bool,
    marked: bool,
    palette: Palette,
) -> Any:
    """Draw a series; the second colour fills its markers."""
    colour, inside = colours
    scale = _WALL_SCALE if wall else 1.0
    common: dict[str, Any] = {
        "name": series.name if wall else in_lines(series.name, "<br>", _LETTERS),
        "x": series.x,
        "y": series.y,
        **({} if series.in_legend else {"showlegend": False}),
    }
    common |= _hints(chart, series)
    if series.draw is Draw.BARS:
        # Its error bars are traces of their own, beside it and hidden with it.
        common |= {"offsetgroup": str(number), "legendgroup": str(number)}
        shape = _PATTERNS[number % len(_PATTERNS)]
        pattern = {"shape": shape, "fillmode": "overlay", "fgopacity": 0.5, "size": 6}
        return go.Bar(
            **common,
            marker={"color": colour, "pattern": pattern},
        )
    if series.draw is Draw.POINTS:
        is_ring = wall and series.hollow and not series.low  # a mark below it shows
        marker = {
            "color": "rgba(0,0,0,0)" if is_ring else inside,
            "line": {"color": colour, "width": 0 if inside == colour else 2 * scale},
            "opacity": 1,  # plotly makes marks of several sizes transparent
            "symbol": _SYMBOLS[number % len(_SYMBOLS)],
            "size": [scale * size for size in series.sizes] or POINT_PX * scale,
        }
        return go.Scatter(
            **common,
            mode="markers+text" if any(beside) else "markers",
            text=[name.text.replace("\n", "<br>") if name else "" for name in beside],
            textfont={"shadow": _halo(palette)},
            textposition=[(name and name.place) or Place.ABOVE for name in beside],
            cliponaxis=False,
            marker=marker,
            zorder=9 - number,
            error_y={**_plotly_errors(series), "color": colour} if series.low else None,
        )
    width = 3.0 if wall else 1.5 if series.thin else 2.5
    is_lone = bool(series.low) and not series.has_band
    return go.Scatter(
        **common,
        mode="lines+markers" if marked else "lines",
        line={"color": colour, "width": width, "dash": series.dash.value},
        marker={
            "symbol": _SYMBOLS[number % len(_SYMBOLS)],
            "size": 10 if wall else 8,
            "color": inside,
            "line": {"color": colour, "width": 0 if inside == colour else 2 * scale},
            "maxdisplayed": MARKED,
        },
        error_y={**_plotly_errors(series), "color": colour} if is_lone else None,
    )


def _outlined_errors(go: Any, series: Series, group: str, palette: Palette) -> list[Any]:
    """Draw the error bars of bars, with an outline that sets them off from a dark bar.

    The bars' entry in the legend, of the same group, hides both.
    """
    return [
        go.Bar(
            x=series.x,
            y=series.y,
            offsetgroup=group,
            legendgroup=group,
            showlegend=False,
            hoverinfo="skip",
            marker={"color": "rgba(0,0,0,0)"},
            error_y=_plotly_errors(series) | {"color": colour, "thickness": thick, "width": width},
        )
        for colour, thick, width in ((palette.background, 6, 6), (palette.text, 2, 4))
    ]


def _clear(colour: str) -> str:
    """Return a colour `#rrggbb` with the opacity of bubbles."""
    return f"{colour}{round(255 * BUBBLE):02x}"


def _plotly_errors(series: Series) -> dict[str, Any]:
    if not series.low:
        return {}
    return {
        "type": "data",
        "symmetric": False,
        "array": [gap(high, y) for high, y in zip(series.high, series.y, strict=True)],
        "arrayminus": [gap(y, low) for y, low in zip(series.y, series.low, strict=True)],
    }
