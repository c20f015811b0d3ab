"""A chart on the screen, by plotly."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

from analysis.render.charts import (
    FONT_PX,
    MARKED,
    POINT_PX,
    Chart,
    Draw,
    Place,
    Series,
    gap,
    has_points,
    in_lines,
    in_powers,
    limits,
    log_step,
    numbers_along,
    numbers_up,
    series_looks,
    texts,
)
from analysis.render.fonts import FONT_FAMILY
from analysis.render.palette import LIGHT, Palette, mix

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_PATTERNS = ("", "/", ".", "x")
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


def figure(chart: Chart, palette: Palette = LIGHT, height: int = 460) -> Figure:
    """The chart for the screen, on a transparent ground."""
    import plotly.graph_objects as go

    drawn = go.Figure()
    for series, colour, number in series_looks(chart, palette):
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
            "title": {"text": in_lines(chart.y_label, "<br>", 44), "font": {"size": FONT_PX}},
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


def _plotly_scale(chart: Chart, values: Sequence[float], log: bool) -> dict[str, Any]:
    """The range and the ticks of an axis, where they are not plotly's own."""
    if not values or not (log or has_points(chart)):
        return {}
    low, high = limits(values, log)
    if not log:
        return {"range": [low, high]}
    step = log_step(low, high)
    if step == "D2":  # plotly would write 2 and 5 smaller than 1
        tens = range(floor(log10(low)), ceil(log10(high)))
        ticks: dict[str, Any] = {"tickvals": [n * 10.0**ten for ten in tens for n in (1, 2, 5)]}
    else:
        ticks = {"dtick": step}
    style = "power" if in_powers(low, high) else "SI"
    return {"range": [log10(low), log10(high)], "exponentformat": style, **ticks}


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
        shown = [text if place else "" for text, place in texts(series)]
        return go.Scatter(
            **common,
            mode="markers+text" if any(shown) else "markers",
            text=shown or None,
            textposition=[place or Place.ABOVE for _, place in texts(series)] or None,
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
