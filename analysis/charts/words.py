"""Charts in words, for those who can't see them."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.charts.chart import (
    SEEN_ON_WALL,
    Chart,
    Draw,
    Series,
    in_units,
    shows_bands,
    tick_text,
)
from analysis.style.language import translate
from nets.options import number_of

_TOLD = 8  # most series described in a chart's alternative text
_KINDS = {Draw.LINE: "line", Draw.POINTS: "series of points", Draw.BARS: "series of bars"}


def described(chart: Chart) -> str:
    """Describe a chart: its message, its axes and the course of every series.

    Thin lines, such as theory's next to measured ones, aren't described, and neither are bands and
    the points that carry the names of lines.
    """
    chart = in_units(chart)
    series = [one for one in chart.series if not one.thin and not _names_a_line(one)]
    series = series or list(chart.series)
    kinds = ((name, sum(one.draw is draw for one in series)) for draw, name in _KINDS.items())
    drawn = " and ".join(
        number_of(count, name, "" if name == "line" else name) for name, count in kinds if count
    )
    y, x = _axis(chart.y_label, chart.log_y), _axis(chart.x_label, chart.log_x)
    more = len(series) - _TOLD
    sentences = [
        chart.alt.strip().removesuffix(".") or chart.title,
        f"{drawn or 'No data'}: {y}{f' by {x}' if x else ''}",
        *filter(None, map(_course, series[:_TOLD])),
        f"{more:,} more are drawn" if more > 0 else "",
    ]
    return ". ".join(filter(None, sentences)) + "."


def spread_in_words(chart: Chart, seeds: Iterable[int], geometric: bool = False) -> str:
    """Say what a chart's bands or error bars over seeds are on the wall; "" if it has none.

    If no band is wide enough to be seen there, it says so.

    Args:
        chart: the chart.
        seeds: the number of seeds of each line or point.
        geometric: whether lines are geometric means.
    """
    spread = [one for one in chart.series if one.low]
    if not spread:
        return ""
    counts = sorted(seeds)
    few, most = counts[0], counts[-1]
    over = f"{most}" if few == most else translate("{low} to {high}", low=few, high=most)
    if any(one.has_band for one in spread):
        if not shows_bands(chart.series, chart.log_y, SEEN_ON_WALL):
            if geometric:
                return translate(
                    "Geometric means of {seeds} seeds; their range is too narrow to see.",
                    seeds=over,
                )
            return translate(
                "Means of {seeds} seeds; their range is too narrow to see.", seeds=over
            )
        return translate("Bands: lowest to highest of {seeds} seeds.", seeds=over)
    return translate("Bars: lowest to highest of {seeds} seeds.", seeds=over)


def _names_a_line(series: Series) -> bool:
    return series.draw is Draw.POINTS and series.text == (series.name,)


def _axis(label: str, log: bool) -> str:
    return f"{label} (log scale)" if log and label else label


def _course(series: Series) -> str:
    """Describe a series: its number of values, a line's ends, and its lowest and highest value."""
    points = [(x, y) for x, y in zip(series.x, series.y, strict=True) if y is not None]
    if not points:
        return f"{series.name}: no values"
    said = [number_of(len(points), "value")]
    least, most = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
    ends = (points[0], points[-1]) if series.draw is Draw.LINE else (least, most)
    said.append(" to ".join(map(_value, dict.fromkeys(ends))))
    if series.draw is Draw.LINE:
        said += [
            f"{name} {_value(one)}"
            for name, one in (("least", least), ("most", most))
            if one[1] not in (ends[0][1], ends[1][1])
        ]
    return f"{series.name}: {', '.join(said)}"


def _value(point: tuple[float | str, float]) -> str:
    x, y = point
    return f"{tick_text(y)} at {x if isinstance(x, str) else tick_text(x)}"
