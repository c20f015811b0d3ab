"""Where the names of a chart's points stand, so that they cover as little as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, hypot, log10

from analysis.render.charts import (
    POINT_PX,
    Chart,
    Draw,
    Place,
    Series,
    limits,
    numbers_along,
    numbers_up,
)

MOST_NAMES = 15
"""Points of a scatter that are all named; of more, only the front, where there is room."""

SHEETS = ((800.0, 330.0), (520.0, 235.0))
"""Between the axes of a page and of a file of 120 mm: width, height in px of the screen's text."""

_LETTER, _LINE, _GAP = 7.6, 18.0, 3.0  # px of a text, and to its point
_BEYOND = 8.0  # px that a name may stand out at the top and at the right, where nothing else is
_STEP = 8.0  # px from dot to dot of a line


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
