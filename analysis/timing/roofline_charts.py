"""The chart of a roofline."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.charts.chart import Chart, Dash, Draw, Series
from analysis.style.numbers import percent
from analysis.timing.roofline import Point, Roofline
from analysis.timing.roofline_report import busy_note, roofline_conditions
from nets import parse
from nets.names import title

_BEYOND = 3.0  # factor by which the roof extends beyond the outermost point and the ridge


def roofline_chart(found: Roofline, points: Sequence[Point] | None = None) -> Chart:
    """Plot FLOP/s against FLOP per byte, both logarithmic, below the roof.

    Args:
        found: the roofline.
        points: its stages or its kinds of layers; by default its stages. Those without
            multiply-adds have no place in the chart.
    """
    shown = [one for one in (found.points if points is None else points) if one.flops]
    roof = found.roof
    ends = [roof.ridge, *(one.intensity for one in shown)]
    low, high = min(ends) / _BEYOND, max(ends) * _BEYOND
    along = (low, roof.ridge, high)
    ys = tuple(map(roof.at, along))
    series = [Series("roof", along, ys, colour="main_path", thin=True, across=True)]
    if roof.cache_bytes_per_s is not None:
        cached = roof._replace(memory_bytes_per_s=roof.cache_bytes_per_s)
        if low < cached.ridge < high:
            x = (low, cached.ridge)
            y = tuple(map(cached.at, x))
            series.append(
                Series("roof in the cache", x, y, colour="plain", thin=True, dash=Dash.DASHED)
            )
    series.append(
        Series(
            "stages" if points is None or tuple(points) == found.points else "kinds of layers",
            tuple(one.intensity for one in shown),
            tuple(one.flops_per_s for one in shown),
            Draw.POINTS,
            "identity",
            text=tuple(one.name for one in shown),
            hover=tuple(f"{percent(one.share, 1)} of the roof" for one in shown),
        )
    )
    said = ", ".join(f"{one.name} {percent(one.share, 1)}" for one in shown)
    how, heading = roofline_conditions(found), f"Roofline of {title(parse(found.model))}"
    return Chart(
        heading,
        "FLOP per byte moved",
        "FLOP/s",
        tuple(series),
        f"{heading}. Shares of the roof: {said}",
        log_x=True,
        log_y=True,
        reading=f"{how[:1].upper()}{how[1:]}. {busy_note(found)}".strip(),
    )
