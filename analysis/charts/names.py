"""Placement of the names of a chart's points: each nearest to its own mark, covering nothing.

One placement serves both the screen and files. It works in px of the screen's text on one or more
sheets, which are the areas between the axes at the possible widths of a page. A place must be good
on all sheets, because only the browser knows the width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import copysign, cos, hypot, log10, pi, sin

import numpy as np
from numpy.typing import NDArray

from analysis.charts.chart import (
    FONT_PX,
    POINT_PX,
    Chart,
    Draw,
    Place,
    in_lines,
    limits,
    listed,
    numbers_along,
    numbers_up,
)
from analysis.style.fonts import text_width

MOST_NAMES = 15
"""Most points of a scatter that are all named; of more, only the front is, if there is room."""

LINE_PX = 20.0
"""The height of a name's line."""

BEYOND_PX = 8.0
"""How far a name may extend beyond the top and right edges, where it covers nothing."""

_GAP = 3.0  # px from a mark to a name without a leader line
_LEADERS = (15.0, 27.0, 41.0, 58.0, 80.0, 108.0, 140.0)  # px from a mark to a name with one
_TURNS = 16  # directions of a leader line
_TOGETHER = (3.0, 5.0, 9.0, 15.0, 24.0, 40.0)
"""Distances in px within which marks look like one and share a name; larger if room is short."""

_NAMED = 2  # how many of these distances are tried with names; numbers with a key try all

_MARGIN, _LED = 2.0, 1.0  # px by which a name's own mark is nearest; with a leader line
_APART = 3.0  # px between names
_TOUCHING = 12.0  # px between two line ends whose marks touch
_NEAR = 0.8  # largest radius of an overlapping mark, as a share of the distance to it
_MARK_PX = 3.5  # px from a line to the edge of its marks
_MOST_ROOM = 0.4  # largest share of a chart's width for names right of its lines
_LETTERS = 30  # characters per line of a shared name
_OFF_CENTRE, _ON_LINE, _ON_MARK = 30.0, 200.0, 80.0  # costs of inferior places, in px of distance
_ON_BAND = 40.0  # cost of a place on the edge of a line's band, in px of distance
_AWAY = 60.0  # cost of a place nearer to another line than to its own, in px of distance
_BESIDE_TICKS, _TICKS_PX = 60.0, 14.0
"""Cost of a line's name that reads as a tick's, and how far right of the y axis it may begin."""
_ASTRAY, _LEVEL_PX = 30.0, 24.0
"""Cost of a place level with another mark instead of its own, and how far that mark may be."""
_SHORT_PX, _SLOPE = 30.0, 0.25
"""A leader line that is longer, and less steep, would look like a curve beside curves."""
_SLIDES = (0.3, 0.6, 0.9)  # sideways moves of a name above or below its mark, in half-widths
_TRIES = 3_000  # most steps of the search
_KEPT = 64

Pixels = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Sheet:
    """The area between the axes, in px of the screen's text."""

    width: float
    height: float


@dataclass(frozen=True)
class Name:
    """A name beside its mark, in px; `right` and `up` lead from the mark's centre to the name's."""

    series: int
    point: int
    text: str
    right: float
    up: float
    width: float
    height: float
    radius: float
    place: Place | None

    @property
    def leader(self) -> bool:
        """Whether a leader line connects the name to its mark."""
        return self.place is None


@dataclass(frozen=True)
class Names:
    """The names of a chart; if numbers replace them, `key` gives the meaning of each.

    `covers` is true if a name at a line's end is on a line. Where lines' ends lack room for names,
    there are none.
    """

    names: tuple[Name, ...]
    key: tuple[tuple[str, str], ...] = ()
    covers: bool = False


@dataclass(frozen=True)
class Dot:
    """A point of a chart: its position from 0 to 1 along and up, its radius in px and its text."""

    series: int
    point: int
    along: float
    up: float
    radius: float
    text: str


def dots(
    chart: Chart, number: int, heights: Sequence[float | None] | None = None
) -> tuple[Dot, ...]:
    """Return the points of a series, or of an edge of its band, as positions between the axes."""
    series = chart.series[number]

    def shares(values: Sequence[float], every: Sequence[float], log: bool) -> list[float]:
        low, high = limits(every, log, chart.from_zero)
        if log:
            return [log10(max(v, low) / low) / log10(high / low) for v in values]
        return [(v - low) / (high - low) for v in values]

    along = shares([float(x) for x in series.x], numbers_along(chart), chart.log_x)
    heights = series.y if heights is None else heights
    up = shares([y or 0.0 for y in heights], numbers_up(chart), chart.log_y)
    radii = [size / 2 for size in series.sizes] or [POINT_PX / 2] * len(along)
    texts = series.text or ("",) * len(along)
    return tuple(
        Dot(number, point, *values)
        for point, values in enumerate(zip(along, up, radii, texts, strict=True))
    )


def has_names(chart: Chart) -> bool:
    """Return whether points of the chart have names."""
    return any(s.draw is Draw.POINTS and any(s.text) for s in chart.series)


@lru_cache(_KEPT)
def placed(chart: Chart, sheets: tuple[Sheet, ...], leaders: bool = True) -> Names:
    """Place the names of a chart's points, each where it is good on every sheet.

    A name overlaps no other name, no mark and no edge, and no other mark is nearer to it than its
    own; beside the line that it names, no other line is, either. A name that doesn't fit beside its
    mark is farther away, at the end of a leader line that crosses nothing; if two lines' ends
    touch, the leader line alone tells whose name it is. Beside lines, a long leader line is never
    level. Without leader lines, a name lies on no line of the chart. Marks that look like one share
    a name. If there is no room for names, numbers with a key replace them, but not at the ends of
    lines. Of more than `MOST_NAMES` points, only the first series is named, if there is room.
    """
    numbers = [i for i, s in enumerate(chart.series) if s.draw is Draw.POINTS]
    every = [dot for number in numbers for dot in dots(chart, number)]

    def crowd(
        groups: Sequence[tuple[Dot, ...]], texts: Sequence[str], may_cover_lines: bool = leaders
    ) -> _Crowd:
        return _Crowd(chart, every, groups, texts, sheets, leaders, may_cover_lines, ends)

    ends = lines_of_their_own(chart)
    if ends:  # two lines never share a name
        return _at_ends(crowd, [(dot,) for dot in every if dot.text], leaders)
    together = [tuple(_groups(every, sheets, within)) for within in _TOGETHER]
    if len(every) > MOST_NAMES:
        first = [group for group in together[0] if group[0].series == numbers[0]]
        return Names(tuple(crowd(first, list(map(_text, first))).some()))
    for each in dict.fromkeys(together[:_NAMED]):
        if (found := crowd(each, list(map(_text, each))).all()) is not None:
            return Names(tuple(found))
    for each in dict.fromkeys(together):
        groups = sorted(each, key=lambda group: (group[0].along, group[0].up))
        figures = [str(number) for number in range(1, len(groups) + 1)]
        numbered = crowd(groups, figures)
        if (found := numbered.all()) is not None:
            break
    key = tuple(zip(figures, map(listed, map(_texts, groups)), strict=True))
    return Names(tuple(found or numbered.some()), key)


def lines_of_their_own(chart: Chart) -> bool:
    """Return whether the chart's points are the ends of lines, which they name."""
    lines = {series.name for series in chart.series if series.draw is Draw.LINE}
    return any(series.text == (series.name,) and series.name in lines for series in chart.series)


def in_legend(chart: Chart) -> Chart:
    """Return a chart whose lines are named in its legend instead of at their ends."""
    lines = {series.name for series in chart.series if series.draw is Draw.LINE}
    named = {series.name for series in chart.series if series.text == (series.name,)} & lines
    kept = (
        replace(series, in_legend=series.in_legend or series.name in named)
        for series in chart.series
        if series.draw is Draw.LINE or series.name not in named
    )
    return replace(chart, series=tuple(kept))


def with_room(chart: Chart, sheets: tuple[Sheet, ...]) -> Chart:
    """Return a chart with room for names right of its lines' ends, if they lack it.

    They do if one would cover anything or need a leader line; a band around a line is covered by
    the name at its end. There is room only if every named end is at the right and the names take
    less than half of the width.
    """
    if not lines_of_their_own(chart) or chart.log_x:
        return chart
    found = placed(chart, sheets)
    tight = found.covers or any(name.leader for name in found.names)
    if found.names and not (tight or any(series.low for series in chart.series)):
        return chart
    numbers = [i for i, s in enumerate(chart.series) if s.draw is Draw.POINTS]
    ends = [dot for number in numbers for dot in dots(chart, number) if dot.text]
    last = max(numbers_along(chart))
    wide = max(_width(dot.text) + 2 * dot.radius for dot in ends) + _LEADERS[0]
    share = wide / min(sheet.width for sheet in sheets)
    if share > _MOST_ROOM or any(chart.series[dot.series].x != (last,) for dot in ends):
        return chart
    roomy = replace(chart, room=share / (1 - share))
    better = placed(roomy, sheets)
    return roomy if better.names and not better.covers else chart


def _at_ends(
    crowd: Callable[..., _Crowd], groups: Sequence[tuple[Dot, ...]], leaders: bool
) -> Names:
    """Place the names of lines at their ends, if there is room for all."""
    texts = list(map(_text, groups))
    for may_cover_lines in (False, True) if leaders else (False,):
        if (found := crowd(groups, texts, may_cover_lines).all()) is not None:
            return Names(tuple(found), covers=may_cover_lines)
    return Names(())


def _groups(every: Sequence[Dot], sheets: Sequence[Sheet], within: float) -> list[tuple[Dot, ...]]:
    """Group the named dots that are close to each other on the sheet with the least room."""
    width, height = min(s.width for s in sheets), min(s.height for s in sheets)
    left, groups = list(every), []
    while left:
        group = [left.pop(0)]
        for one in group:  # the list grows during the iteration
            near = [
                dot
                for dot in left
                if hypot((dot.along - one.along) * width, (dot.up - one.up) * height)
                < max(within, abs(dot.radius - one.radius))  # a larger dot may cover a smaller one
            ]
            group += near
            left = [dot for dot in left if dot not in near]
        if named := [dot for dot in group if dot.text]:
            groups.append((*named, *(dot for dot in group if not dot.text)))
    return groups


def _texts(group: Sequence[Dot]) -> list[str]:
    return [dot.text for dot in group if dot.text]


def _text(group: Sequence[Dot]) -> str:
    return in_lines(listed(_texts(group)), "\n", _LETTERS)


class _Crowd:
    """Names to place among marks; all arrays are in px, with y upward.

    Shapes: m marks, s sheets, c candidate places of one name; a point is two numbers.
    """

    def __init__(
        self,
        chart: Chart,
        every: Sequence[Dot],
        groups: Sequence[tuple[Dot, ...]],
        texts: Sequence[str],
        sheets: Sequence[Sheet],
        leaders: bool,
        may_cover_lines: bool,
        ends: bool,
    ) -> None:
        self.may_cover_lines = may_cover_lines
        self.ends = ends
        self.has_room = chart.room > 0
        self.groups, self.texts = groups, texts
        self.sheets = np.array([(sheet.width, sheet.height) for sheet in sheets])
        self.marks = _on(self.sheets, every)
        self.radii = np.array([dot.radius for dot in every])
        self.lines = {
            number: (_on(self.sheets, a), _on(self.sheets, b))
            for number, series in enumerate(chart.series)
            if series.draw is Draw.LINE
            for a, b in [_ends(dots(chart, number))]
        }
        self.edges = [
            tuple(_on(self.sheets, dots_of) for dots_of in _ends(dots(chart, number, edge)))
            for number, series in enumerate(chart.series)
            if series.draw is Draw.LINE
            for edge in (series.low, series.high)
            if edge
        ]
        self.line_names = {number: chart.series[number].name for number in self.lines}
        low, high = limits(numbers_along(chart), chart.log_x, chart.from_zero)
        self.uprights = [
            (mark.x - low) / (high - low) * self.sheets[:, 0]
            for mark in chart.marks
            if leaders and not chart.log_x  # marks' lines aren't drawn on a narrow page
        ]
        self.candidates = [
            self._candidates(every, group, text, leaders)
            for group, text in zip(groups, texts, strict=True)
        ]

    def all(self) -> list[Name] | None:
        """Return a place for every name, or None if none was found."""
        order = sorted(range(len(self.groups)), key=lambda i: len(self.candidates[i].costs))
        free = {i: np.ones(len(self.candidates[i].costs), bool) for i in order}
        self.tries = 0
        chosen = self._search(order, free)
        if chosen is None:
            return None
        for _ in range(2):
            for i in order:
                others = {j: chosen[j] for j in order if j != i}
                chosen[i] = int(np.flatnonzero(self._free(i, others))[0])
        return [self._name(i, chosen[i]) for i in sorted(order)]

    def some(self) -> list[Name]:
        """Return places for the names in turn, skipping those without room."""
        chosen: dict[int, int] = {}
        for i in range(len(self.groups)):
            if (free := np.flatnonzero(self._free(i, chosen))).size:
                chosen[i] = int(free[0])
        return [self._name(i, c) for i, c in chosen.items()]

    def _free(self, i: int, chosen: dict[int, int]) -> Flags:
        free = np.ones(len(self.candidates[i].costs), bool)
        for j, c in chosen.items():
            free &= ~self.candidates[j].conflicts(c, self.candidates[i])
        return free

    def _search(self, order: list[int], free: dict[int, Flags]) -> dict[int, int] | None:
        """Find places that leave room for all names, starting with those that have the fewest."""
        if not order:
            return {}
        i = min(order, key=lambda i: int(free[i].sum()))
        rest = [j for j in order if j != i]
        for c in np.flatnonzero(free[i]):
            self.tries += 1
            if self.tries > _TRIES:
                return None
            left = {
                j: free[j] & ~self.candidates[i].conflicts(int(c), self.candidates[j]) for j in rest
            }
            if all(flags.any() for flags in left.values()):
                found = self._search(rest, left)
                if found is not None:
                    return {i: int(c), **found}
        return None

    def _candidates(
        self, every: Sequence[Dot], group: Sequence[Dot], text: str, leaders: bool
    ) -> _Candidates:
        """Return the candidate places of one name, the best first."""
        own = np.array([dot in group for dot in every])
        anchor = _on(self.sheets, [group[0]])[0]
        radius = group[0].radius
        lines = text.split("\n")
        half = np.array([max(map(_width, lines)) / 2, LINE_PX * len(lines) / 2])
        places = list(_places(half, radius, leaders))
        offsets = np.array([offset for offset, _, _ in places])
        middles = anchor + offsets[:, None]  # [candidates, sheets, 2]
        costs = np.array([cost for _, _, cost in places])
        leads = np.array([place is None for _, place, _ in places])

        inside = (middles - half >= 0) & (middles + half <= self.sheets + BEYOND_PX)
        good = inside.all((1, 2))
        if self.ends:
            costs += _BESIDE_TICKS * (middles[..., 0] - half[0] < _TICKS_PX).any(-1)
        if self.has_room:
            good &= offsets[:, 0] >= half[0]
        away = np.abs(self.marks[:, None] - middles)  # [marks, candidates, sheets, 2]
        radii = self.radii[:, None, None]
        good &= ~((away < (half + 1) + radii[..., None]).all(-1)).any((0, 2))
        distances = np.hypot(*np.moveaxis(np.maximum(away - half, 0), -1, 0)) - radii
        nearest = distances[own].min(0)
        others = ~own
        if others.any():
            margins = np.where(leads, _LED, _MARGIN)[:, None]
            rivals = distances[others]
            if self.ends:  # where two ends touch, a leader line shows which one is named
                touch = np.hypot(*np.moveaxis(self.marks[others] - anchor, -1, 0)) < _TOUCHING
                rivals = np.where(leads[:, None] & touch[:, None], np.inf, rivals)
            good &= (nearest + margins <= rivals.min(0)).all(-1)
            centres = np.hypot(*np.moveaxis(away, -1, 0))
            costs += _OFF_CENTRE * (centres[own].min(0) >= centres[others].min(0)).any(-1)
            level = (away[..., 0] < half[0] + radii + _LEVEL_PX) & (away[..., 1] < half[1])
            costs += _ASTRAY * (level[others].any(0) & ~level[own].any(0)).any(-1)
            # A leader may cross a mark that overlaps its own, but not that mark's centre.
            apart = _NEAR * np.abs(self.marks[others] - anchor).max(-1)  # [marks, sheets]
            radii = np.minimum(self.radii[others][:, None], apart)[:, None, :, None]
            over = _crosses(anchor, middles, self.marks[others][:, None], radii)
            good &= ~(leads & over.any((0, 2)))
        if self.ends:
            near, crossed = self._beside_lines(group[0], anchor, middles, half)
            good &= np.where(leads, ~crossed, near)
            across, high = np.abs(offsets).T
            is_long = across - half[0] - radius > _SHORT_PX
            good &= ~(leads & is_long & (high < _SLOPE * across))
            costs += _AWAY * ~near
        for a, b in self.lines.values():
            passes = _crosses(a[:, None], b[:, None], middles, half)
            costs += _ON_LINE * passes.any(-1).sum(0)
            if not self.may_cover_lines:  # numbers with a key are easier to read
                clear = half + (_MARK_PX if self.ends else 0.0)
                good &= ~_crosses(a[:, None], b[:, None], middles, clear).any((0, 2))
        for a, b in self.edges:
            over = _crosses(a[:, None], b[:, None], middles, half)
            costs += _ON_BAND * over.any((0, 2))
        for x in self.uprights:
            costs += _ON_MARK * (np.abs(middles[..., 0] - x) < half[0]).any(-1)
        order = [c for c in np.argsort(costs, kind="stable") if good[c]]
        return _Candidates(
            anchor,
            half,
            offsets[order],
            middles[order],
            leads[order],
            costs[order],
            [places[c][1] for c in order],
        )

    def _beside_lines(
        self, end: Dot, anchor: Pixels, middles: Pixels, half: Pixels
    ) -> tuple[Flags, Flags]:
        """Return which places are nearest to the named line, and whose leader crosses another."""
        own = np.hypot(*np.moveaxis(np.maximum(np.abs(anchor - middles) - half, 0), -1, 0))
        own -= end.radius
        others, crossed = np.full_like(own, np.inf), np.zeros(len(middles), bool)
        for number, (a, b) in self.lines.items():
            if not len(a):  # a single point is drawn as a mark
                continue
            a, b = a[:, None], b[:, None]
            distance = _distances(a, b, middles, half).min(0)
            if self.line_names[number] == end.text:
                own = np.minimum(own, distance)
            else:
                others = np.minimum(others, distance)
                begins = (np.abs(a - anchor) < 1).all(-1)  # starts where the leader line starts
                crossed = crossed | (_meet(anchor, middles, a, b) & ~begins).any((0, 2))
        near: Flags = (own <= others).all(-1)
        return near, crossed

    def _name(self, i: int, c: int) -> Name:
        found, dot = self.candidates[i], self.groups[i][0]
        right, up = found.offsets[c]
        width, height = 2 * found.half
        sides = float(right), float(up), float(width), float(height)
        return Name(dot.series, dot.point, self.texts[i], *sides, dot.radius, found.places[c])


@dataclass(frozen=True)
class _Candidates:
    """The candidate places of one name: its mark, half its size, and each place."""

    anchor: Pixels
    half: Pixels
    offsets: Pixels
    middles: Pixels
    leads: Flags
    costs: Pixels
    places: list[Place | None]

    def conflicts(self, c: int, other: _Candidates) -> Flags:
        """Return which places of another name are blocked if this one takes its place `c`."""
        middle, leads = self.middles[c], self.leads[c]
        away = np.abs(other.middles - middle)
        bad: Flags = (away < self.half + other.half + (_APART, 1.0)).all(-1).any(-1)
        bad |= other.leads & _crosses(other.anchor, other.middles, middle, self.half).any(-1)
        if leads:
            bad |= _crosses(self.anchor, middle, other.middles, other.half).any(-1)
            meet = _meet(self.anchor, middle, other.anchor, other.middles)
            bad |= other.leads & meet.any(-1)
        return bad


def _places(
    half: Pixels, radius: float, leaders: bool
) -> Iterator[tuple[tuple[float, float], Place | None, float]]:
    """Yield the candidate offsets of a name's centre from its mark's, in px, with their costs."""
    for number, place in enumerate(Place):
        off = radius + _GAP
        yield (
            (place.across * (off + half[0]), place.up * (off + half[1])),
            place,
            0.5 * number,
        )
    if not leaders:
        return
    for place in (Place.ABOVE, Place.BELOW):
        for share in (side * slide for slide in _SLIDES for side in (-1, 1)):
            off = place.up * (radius + _GAP + half[1])
            yield (share * half[0], off), place, 4.0 + abs(share)
    for distance in _LEADERS:
        for turn in range(_TURNS):
            x, y = cos(2 * pi * turn / _TURNS), sin(2 * pi * turn / _TURNS)
            off = radius + distance
            for shift in (0.0, -1.0, 1.0):  # the leader meets a side's middle or either end
                across = copysign(1, x) if abs(x) > abs(y) else shift
                high = shift if abs(x) > abs(y) else copysign(1, y)
                yield (
                    (x * off + across * half[0], y * off + high * half[1]),
                    None,
                    10.0 + distance + 2 * abs(shift),
                )


def _width(text: str) -> float:
    return text_width(text, FONT_PX) + 2.0


def _on(sheets: Pixels, of: Sequence[Dot]) -> Pixels:
    """Return dots in px on the sheets, [dots, sheets, 2]."""
    return np.array([(dot.along, dot.up) for dot in of]).reshape(-1, 1, 2) * sheets


def _ends(line: Sequence[Dot]) -> tuple[list[Dot], list[Dot]]:
    """Return the starts and the ends of a line's segments."""
    pieces = list(pairwise(line))
    return [a for a, _ in pieces], [b for _, b in pieces]


def _crosses(a: Pixels, b: Pixels, middle: Pixels, half: Pixels) -> Flags:
    """Return whether the segment from `a` to `b` crosses a rectangle; the last axis is x and y."""
    way = b - a
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    one, other = (middle - half - a) / way, (middle + half - a) / way
    first = np.minimum(one, other).max(-1)
    last = np.maximum(one, other).min(-1)
    found: Flags = (first <= last) & (last >= 0) & (first <= 1)
    return found


def _distances(a: Pixels, b: Pixels, middle: Pixels, half: Pixels) -> Pixels:
    """Return the distance from the segment from `a` to `b` to a rectangle; see `_crosses`."""
    way = b - a
    long = np.maximum((way**2).sum(-1), 1e-9)
    ends = [np.hypot(*np.moveaxis(np.maximum(np.abs(p - middle) - half, 0), -1, 0)) for p in (a, b)]
    for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        at = middle + half * np.array(corner)
        share = np.clip(((at - a) * way).sum(-1) / long, 0, 1)
        ends.append(np.hypot(*np.moveaxis(at - a - share[..., None] * way, -1, 0)))
    found: Pixels = np.where(_crosses(a, b, middle, half), 0.0, np.minimum.reduce(ends))
    return found


def _meet(a: Pixels, b: Pixels, c: Pixels, d: Pixels) -> Flags:
    """Return whether the segments from `a` to `b` and from `c` to `d` cross or touch."""

    def side(p: Pixels, q: Pixels, r: Pixels) -> Pixels:
        found: Pixels = (q - p)[..., 0] * (r - p)[..., 1] - (q - p)[..., 1] * (r - p)[..., 0]
        return found

    return (side(a, b, c) * side(a, b, d) <= 0) & (side(c, d, a) * side(c, d, b) <= 0)
