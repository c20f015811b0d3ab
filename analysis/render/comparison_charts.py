"""Comparisons as charts: a scatter with its Pareto front, and sweeps as families of curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, pairwise
from math import ceil, hypot, log10

from analysis.compare import Axis, Column, Curve, Row, pareto
from analysis.render.charts import (
    LINE_LOOKS,
    POINT_PX,
    Chart,
    Draw,
    Place,
    Series,
    limits,
    numbers_along,
    numbers_up,
)

_SMALLEST, _LARGEST = 8.0, 34.0  # px of a bubble

MOST_NAMES = 15
"""Points of a scatter that are all named; of more, only the front, where there is room."""

SHEETS = ((800.0, 330.0), (520.0, 235.0))
"""Between the axes of a page and of a file of 120 mm: width, height in px of the screen's text."""

_LETTER, _LINE, _GAP = 7.6, 18.0, 3.0  # px of a text, and to its point
_BEYOND = 8.0  # px that a name may stand out at the top and at the right, where nothing else is
_STEP = 8.0  # px from dot to dot of a line


def scatter_chart(
    rows: Sequence[Row],
    x: Axis,
    y: Axis,
    bubble: Axis | None = None,
    log: bool = False,
    name: Callable[[Row], str] = lambda row: row.model,
) -> Chart:
    """Two figures of every network, those that no other beats joined by a line.

    Args:
        rows: the networks; one without a figure is left out.
        x: the figure along.
        y: the figure up.
        bubble: a figure for the size of the points, by area.
        log: whether both axes are logarithmic.
        name: what a network is called.
    """
    front = pareto(rows, x, y)
    others = [row for row in rows if row not in front and _placed(row, x, y)]
    sizes: dict[str, float] = {}
    if bubble is not None:
        found = {row.model: bubble.of(row) or 0.0 for row in rows}
        most = max(found.values(), default=0.0) or 1.0
        sizes = {
            model: max(_SMALLEST, _LARGEST * (value / most) ** 0.5)
            for model, value in found.items()
        }
    series = [
        Series(
            title,
            tuple(x.of(row) or 0.0 for row in group),
            tuple(y.of(row) for row in group),
            Draw.POINTS,
            colour,
            text=tuple(_texts(group, x, y, name)),
            sizes=tuple(sizes[row.model] for row in group if sizes),
        )
        for title, group, colour in (
            ("on the Pareto front", list(front), "identity"),
            ("others", others, "plain"),
        )
        if group
    ]
    if len({(x.of(row), y.of(row)) for row in front}) > 1:
        line = Series("front", series[0].x, series[0].y, colour="identity", thin=True)
        series.insert(0, line)
    best = ", ".join(map(name, front)) or "none"
    batch = rows[0].batch if rows else 1
    return with_places(
        Chart(
            _sentence(f"{y.label} against {x.label}"),
            _label(x, batch),
            _label(y, batch),
            tuple(series),
            f"{_label(y)} against {_label(x)}; on the Pareto front: {best}",
            log_x=log,
            log_y=log,
        )
    )


@dataclass(frozen=True)
class Box:
    """A rectangle on a sheet, in px from its lower left."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def area(self) -> float:
        """In square px."""
        return (self.right - self.left) * (self.top - self.bottom)

    def covers(self, other: Box) -> float:
        """The area that two boxes share."""
        if self.right <= other.left or other.right <= self.left:  # most of them: keep it quick
            return 0.0
        width = min(self.right, other.right) - max(self.left, other.left)
        return width * max(0.0, min(self.top, other.top) - max(self.bottom, other.bottom))


@dataclass(frozen=True)
class Dot:
    """A point of a chart: its place from 0 to 1 along and up, its radius in px and its text."""

    along: float
    up: float
    radius: float
    text: str

    def marker(self, sheet: tuple[float, float]) -> Box:
        """What the point itself covers."""
        x, y, r = self.along * sheet[0], self.up * sheet[1], self.radius
        return Box(x - r, y - r, x + r, y + r)

    def reach(self, sheet: tuple[float, float]) -> Box:
        """What its text may cover, wherever it stands."""
        far = replace(self, radius=self.radius + _GAP + max(_LETTER * len(self.text), _LINE))
        return far.marker(sheet)

    def label(self, place: Place, sheet: tuple[float, float]) -> Box:
        """What its text covers there."""
        width, off = _LETTER * len(self.text), self.radius + _GAP
        left = self.along * sheet[0] + place.across * (off + width / 2) - width / 2
        bottom = self.up * sheet[1] + place.up * (off + _LINE / 2) - _LINE / 2
        return Box(left, bottom, left + width, bottom + _LINE)


def dots(chart: Chart, series: Series) -> tuple[Dot, ...]:
    """Where the points of a series stand between the axes."""

    def shares(values: Sequence[float], every: Sequence[float], log: bool) -> list[float]:
        low, high = limits(every, log)
        if log:
            return [log10(max(v, low) / low) / log10(high / low) for v in values]
        return [(v - low) / (high - low) for v in values]

    along = shares([float(x) for x in series.x], numbers_along(chart), chart.log_x)
    up = shares([y or 0.0 for y in series.y], numbers_up(chart), chart.log_y)
    radii = [size / 2 for size in series.sizes] or [POINT_PX / 2] * len(along)
    return tuple(map(Dot, along, up, radii, series.text or [""] * len(along)))


def with_places(chart: Chart) -> Chart:
    """The chart with a place for each name, where it covers as little as can be.

    Each name in turn takes the first of the places that is free, or else the least bad one, and
    once all have one, each may move; in a crowd one without a free place goes without. What it must
    not cover are other names, points and the edge; then, if it can, the lines. A page counts before
    a file.
    """
    groups = {s: dots(chart, s) for s in chart.series if s.draw is Draw.POINTS}
    every = [dot for group in groups.values() for dot in group]
    crowded = len(every) > MOST_NAMES
    named = [
        dot
        for number, group in enumerate(groups.values())
        for dot in group
        if dot.text and not (crowded and number)
    ]
    lines = [dots(chart, s) for s in chart.series if s.draw is Draw.LINE]
    crowds = [_Crowd.of(sheet, every, lines) for sheet in SHEETS]
    places: dict[Dot, Place] = {}
    for dot in named if crowded else named * 2:
        places.pop(dot, None)
        costs, place = _best(dot, places, crowds)
        if not (crowded and costs[0] > 0):
            places[dot] = place
    return replace(
        chart,
        series=tuple(
            replace(s, places=tuple(map(places.get, groups[s]))) if s in groups else s
            for s in chart.series
        ),
    )


@dataclass(frozen=True)
class _Crowd:
    """What names must keep clear of on one sheet."""

    sheet: tuple[float, float]
    markers: tuple[Box, ...]
    lines: tuple[Box, ...]

    @classmethod
    def of(
        cls, sheet: tuple[float, float], every: Sequence[Dot], lines: Sequence[Sequence[Dot]]
    ) -> _Crowd:
        width, height = sheet
        passed = []
        for a, b in (pair for line in lines for pair in pairwise(line)):
            dx, dy = b.along - a.along, b.up - a.up
            steps = ceil(hypot(dx * width, dy * height) / _STEP) + 1
            for share in (i / steps for i in range(steps + 1)):
                at = Dot(a.along + share * dx, a.up + share * dy, _STEP / 4, "")
                passed.append(at.marker(sheet))
        return cls(sheet, tuple(dot.marker(sheet) for dot in every), tuple(passed))

    def near(self, dot: Dot) -> _Crowd:
        """What a point's name may cover: most of a large crowd is too far away to look at twice."""
        reach = dot.reach(self.sheet)
        return replace(
            self,
            markers=tuple(filter(reach.covers, self.markers)),
            lines=tuple(filter(reach.covers, self.lines)),
        )

    def covered(self, box: Box, names: Sequence[Box]) -> tuple[float, float]:
        """What a name there covers of the names, the points and the edge, and of the lines."""
        width, height = self.sheet
        outside = box.area - box.covers(Box(0.0, 0.0, width + _BEYOND, height + _BEYOND))
        hard = outside + sum(map(box.covers, (*names, *self.markers)))
        return round(hard, 3), round(sum(map(box.covers, self.lines)), 3)


def _best(
    dot: Dot, places: dict[Dot, Place], crowds: Sequence[_Crowd]
) -> tuple[tuple[float, ...], Place]:
    """The place where a name covers least, and what it covers on each sheet."""
    crowds = [crowd.near(dot) for crowd in crowds]
    taken = [[other.label(p, crowd.sheet) for other, p in places.items()] for crowd in crowds]
    found: list[tuple[tuple[float, ...], Place]] = []
    for place in Place:
        costs = tuple(
            area
            for crowd, names in zip(crowds, taken, strict=True)
            for area in crowd.covered(dot.label(place, crowd.sheet), names)
        )
        found.append((costs, place))
        if not any(costs):
            break
    return min(found, key=lambda one: one[0])


def sweep_chart(curves: Sequence[Curve], column: Column, log: bool = False) -> Chart:
    """One figure along a sweep, a line for each network."""
    looks = cycle(LINE_LOOKS)
    series = []
    for curve in curves:
        colour, dash = next(looks)
        series.append(
            Series(
                curve.model,
                tuple(point.value for point in curve.points),
                tuple(column.of(point.row) for point in curve.points),
                colour=colour,
                dash=dash,
            )
        )
    sweep = curves[0].sweep
    along = {
        "depth": "depth, weighted layers",
        "width": "width, times the network's own",
        "input": "side of the image, px",
        "batch": "batch, images",
    }[sweep.value]
    models = ", ".join(curve.model for curve in curves)
    return Chart(
        _sentence(f"{column.label} against {along.partition(',')[0]}"),
        along,
        _label(column),
        tuple(series),
        f"{column.label} by {sweep.value} of {models}",
        log_x=log,
        log_y=log,
    )


def _sentence(words: str) -> str:
    """The words as a title; the rest keeps its capitals."""
    return words[:1].upper() + words[1:]


def _placed(row: Row, x: Axis, y: Axis) -> bool:
    return x.of(row) is not None and y.of(row) is not None


def _texts(rows: Sequence[Row], x: Axis, y: Axis, name: Callable[[Row], str]) -> Iterator[str]:
    """What stands beside each point; networks at one place share the first one's text."""
    places: dict[tuple[float | None, float | None], list[str]] = {}
    for row in rows:
        places.setdefault((x.of(row), y.of(row)), []).append(name(row))
    for row in rows:
        names = places[x.of(row), y.of(row)]
        yield ", ".join(names) if names[0] == name(row) else ""


def not_drawn(rows: Sequence[Row], x: Axis, y: Axis) -> tuple[str, ...]:
    """The networks that a scatter leaves out, as they lack one of the figures."""
    return tuple(row.model for row in rows if not _placed(row, x, y))


_OF_THE_BATCH = (Column.MACS, Column.FVCORE_FLOPS, Column.FLOPS, Column.SAVED_BYTES)


def _label(axis: Axis, batch: int = 1) -> str:
    images = f" for {batch:,} images" if batch > 1 and axis in _OF_THE_BATCH else ""
    return f"{axis.label}{images}, {axis.unit}" if axis.unit else f"{axis.label}{images}"
