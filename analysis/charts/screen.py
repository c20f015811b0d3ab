"""A chart on the screen, by plotly."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

from analysis.charts.chart import (
    FONT_PX,
    MARKED,
    POINT_PX,
    Chart,
    Draw,
    Place,
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
    words_along,
)
from analysis.charts.names import Name, Names, Sheet, has_names, placed
from analysis.style.fonts import FONT_FAMILY
from analysis.style.palette import LIGHT, Palette, mix

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT_PX = 460
"""Of a chart, unless told."""

_LETTERS = 34  # of a line below the axes: on a phone no more fit
_WORD_LETTERS = 20  # of a line of a word along the axis
_TOP_PX = 34  # above the axes, for marks and for plotly's toolbar, which would cover names
_STANDOFF_PX = 12  # from an axis's ticks to its title
_WIDE, _NARROW = (600, 760, 1_000, 1_460), (200, 250, 320, 420, 630)
_ROUND_WIDE, _ROUND_NARROW = (130, 160), (170, 250)
_PATTERNS = ("", "/", ".", "x")
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


def wide_names(chart: Chart, height: int = HEIGHT_PX) -> Names:
    """Where names stand on a page of any width; plotly draws them as annotations."""
    return placed(chart, _sheets(height, _WIDE, _ROUND_WIDE))


def narrow_names(chart: Chart, height: int = HEIGHT_PX) -> Names:
    """Where names stand on a phone; plotly draws them as the points' text, without leader lines."""
    return placed(chart, _sheets(height, _NARROW, _ROUND_NARROW), leaders=False)


def _sheets(height: int, widths: Sequence[int], taken: Sequence[int]) -> tuple[Sheet, ...]:
    """Sizes of the axes' area: at several widths, and with a legend of few or of many lines."""
    return tuple(Sheet(width, height - px) for width in widths for px in taken)


def figure(chart: Chart, palette: Palette = LIGHT, height: int = HEIGHT_PX) -> Figure:
    """The chart for the screen, on a transparent ground.

    Where points bear names, it holds them twice, as annotations for a wide page and as the text of
    points for a narrow one; the page's style sheet shows one of both.
    """
    import plotly.graph_objects as go

    named = has_names(chart)
    texts = {(n.series, n.point): n for n in narrow_names(chart, height).names} if named else {}

    drawn = go.Figure()
    for place, (series, colour, number) in enumerate(series_looks(chart, palette)):
        if series.draw is Draw.LINE and series.low:
            drawn.add_trace(_plotly_band(go, series, mix(colour, palette.background, 0.22)))
        beside = [texts.get((place, point)) for point in range(len(series.x))]
        drawn.add_trace(_plotly_trace(go, series, colour, number, beside))
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
        margin={"l": 10, "r": 10, "t": _TOP_PX, "b": 10},
        font={"size": FONT_PX, "color": palette.text, "family": FONT_FAMILY},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        modebar={
            "bgcolor": "rgba(0,0,0,0)",
            "color": palette.plain,
            "activecolor": palette.text,
        },
        barmode="group",
        bargap=_gap_between_bars(chart),
        hovermode="closest",
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "xref": "container",
            "x": 0,
            "font": {"size": FONT_PX},
            # a name that lost its mark would name what is not there
            **({"itemclick": False, "itemdoubleclick": False} if named else {}),
        },
        showlegend=len(chart.series) > 1,
        xaxis={
            "title": {
                "text": in_lines(chart.x_label, "<br>", _LETTERS),
                "font": {"size": FONT_PX},
                "standoff": _STANDOFF_PX,
            },
            "type": _axis_type(chart, chart.log_x),
            **axis,
            **_plotly_scale(chart, numbers_along(chart), chart.log_x),
            **_plotly_words(words_along(chart)),
        },
        yaxis={
            "title": {
                "text": in_lines(chart.y_label, "<br>", 44),
                "font": {"size": FONT_PX},
                "standoff": _STANDOFF_PX,
            },
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
        ]
        + [_annotation(chart, name, palette) for name in wide_names(chart, height).names if named],
    )
    return drawn


def _annotation(chart: Chart, name: Name, palette: Palette) -> dict[str, Any]:
    """A name at its distance in px from its mark, whatever the width of the chart."""
    series = chart.series[name.series]
    x, y = series.x[name.point], series.y[name.point]
    common: dict[str, Any] = {
        "x": log10(float(x)) if chart.log_x else x,
        "y": log10(y or 1.0) if chart.log_y else y,
        "text": name.text.replace("\n", "<br>"),
        "borderpad": 0,
    }
    if (place := name.place) is not None:
        return {
            **common,
            "showarrow": False,
            # held by its near side, so that another font leaves the gap as it is
            "xanchor": ("center", "left", "right")[place.across],
            "yanchor": ("middle", "bottom", "top")[place.up],
            "xshift": name.right - place.across * name.width / 2,
            "yshift": name.up - place.up * name.height / 2,
        }
    return {
        **common,
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": palette.plain,
        "standoff": name.radius,
        "ax": name.right,
        "ay": -name.up,
    }


def _plotly_scale(chart: Chart, values: Sequence[float], log: bool) -> dict[str, Any]:
    """The range and the ticks of an axis, where they are not plotly's own."""
    if not values:
        return {}
    low, high = limits(values, log)
    if not log:
        # plotly's own ticks are whole only where they are far apart
        ticks: dict[str, Any] = {"dtick": 1} if are_whole(values) and high - low < 12 else {}
        return ticks | ({"range": [low, high]} if has_points(chart) else {})
    step = log_step(low, high)
    if step == "D2":  # plotly would write 2 and 5 smaller than 1
        tens = range(floor(log10(low)), ceil(log10(high)))
        ticks = {"tickvals": [n * 10.0**ten for ten in tens for n in (1, 2, 5)]}
    else:
        ticks = {"dtick": step}
    style = "power" if in_powers(low, high) else "SI"
    return {"range": [log10(low), log10(high)], "exponentformat": style, **ticks}


def _plotly_words(words: Sequence[str]) -> dict[str, Any]:
    """Words along an axis in short lines: where they are turned, more room is left to the bars."""
    lines = [in_lines(word, "<br>", _WORD_LETTERS) for word in words]
    return {"tickvals": words, "ticktext": lines} if words else {}


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
        mode="lines",
        fill="toself",
        fillcolor=colour,
        line={"width": 0},
        opacity=0.6,
        hoverinfo="skip",
        showlegend=False,
    )


def _plotly_trace(
    go: Any, series: Series, colour: str, number: int, beside: Sequence[Name | None]
) -> Any:
    common: dict[str, Any] = {
        "name": in_lines(series.name, "<br>", _LETTERS),
        "x": series.x,
        "y": series.y,
        **({} if series.in_legend else {"showlegend": False}),
    }
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
        return go.Scatter(
            **common,
            mode="markers+text" if any(beside) else "markers",
            text=[name.text.replace("\n", "<br>") if name else "" for name in beside],
            textposition=[(name and name.place) or Place.ABOVE for name in beside],
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
            "maxdisplayed": MARKED,
        },
    )


def _plotly_errors(series: Series) -> dict[str, Any] | None:
    if not series.low:
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": [gap(high, y) for high, y in zip(series.high, series.y, strict=True)],
        "arrayminus": [gap(y, low) for y, low in zip(series.y, series.low, strict=True)],
    }
