"""Charts: one value, drawn on the screen by `screen` and in files by `file`.

Colours and line styles are those of the palette and of the shortcuts, the same in both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import cycle, pairwise
from math import ceil, floor, log10
from textwrap import wrap

from analysis.style.numbers import scale_of
from analysis.style.palette import Palette

FONT_PX = 15
"""Of all text on the screen; legible from the last row of a lecture hall."""

POINT_PX = 11.0
"""A point's diameter."""

_MARGIN = 0.12  # beyond the outermost values, as a share of what they span


class Draw(StrEnum):
    """How a series is drawn."""

    LINE = "line"
    POINTS = "points"
    BARS = "bars"


class Dash(StrEnum):
    """A line's style, so that colour never speaks alone."""

    SOLID = "solid"
    DASHED = "dash"
    DOTTED = "dot"
    DASH_DOT = "dashdot"
    LONG_DASH_DOT = "longdashdot"
    LONG_DASHED = "longdash"


class Place(StrEnum):
    """Where a text stands beside its point, the best first."""

    ABOVE = "top center"
    RIGHT = "middle right"
    LEFT = "middle left"
    BELOW = "bottom center"
    ABOVE_LEFT = "top left"
    BELOW_RIGHT = "bottom right"
    ABOVE_RIGHT = "top right"
    BELOW_LEFT = "bottom left"

    @property
    def across(self) -> int:
        """-1 to the left of the point, 1 to its right, 0 on neither side."""
        return ("left", "center", "right").index(self.split()[1]) - 1

    @property
    def up(self) -> int:
        """1 above the point, -1 below it, 0 beside it."""
        return ("bottom", "middle", "top").index(self.split()[0]) - 1


@dataclass(frozen=True)
class Series:
    """One named set of values.

    `low` and `high` are a band around a line, or the ends of error bars. `colour` names one of the
    palette's fields, such as `identity`; without it the palette's colours are taken in turn.
    `text` is what stands beside a point, where `names` finds room. `hover` is what a point says to
    the pointer beside its values, such as the model's text: one for each point, or one for all.
    """

    name: str
    x: tuple[float | str, ...]
    y: tuple[float | None, ...]
    draw: Draw = Draw.LINE
    colour: str = ""
    dash: Dash = Dash.SOLID
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    text: tuple[str, ...] = ()
    sizes: tuple[float, ...] = ()
    thin: bool = False
    in_legend: bool = True
    hover: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A thin upright line with a word at its top, such as where a stage begins."""

    x: float
    text: str


@dataclass(frozen=True)
class Chart:
    """All that a chart shows; `alt` says it to those who cannot see it."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    alt: str
    log_x: bool = False
    log_y: bool = False
    marks: tuple[Mark, ...] = ()


LINE_LOOKS = (
    ("identity", Dash.SOLID),
    ("projection", Dash.DASHED),
    ("zero_pad", Dash.DOTTED),
    ("main_path", Dash.LONG_DASHED),
    ("warning", Dash.SOLID),
    ("tint", Dash.DASHED),
)
"""Colour and line style of the lines of a family, in turn; dashes with dots are theory's alone."""

_NAMED = 6
"""Lines that can have their names at their ends."""

_APART = 0.04
"""The least distance between two ends that have names of their own, as a share of the axis."""

_END_PX = 7.0

_TURN = ("identity", "projection", "zero_pad", "plain", "main_path", "warning")
MARKED = 12
"""Of a line's points at most carry its marker."""


def series_looks(chart: Chart, palette: Palette) -> Iterator[tuple[Series, str, int]]:
    """Every series with its colour, and with its number among those drawn alike for its marker."""
    turn = cycle(_TURN)
    seen: Counter[tuple[Draw, bool]] = Counter()
    for series in chart.series:
        kind = series.draw, series.thin
        yield series, getattr(palette, series.colour or next(turn)), seen[kind]
        seen[kind] += 1


def numbers_along(chart: Chart) -> list[float]:
    """All that has a place on the x axis and is no word."""
    return [x for series in chart.series for x in series.x if not isinstance(x, str)]


def numbers_up(chart: Chart) -> list[float]:
    """All that has a place on the y axis, the ends of bands and error bars too."""
    columns = [column for s in chart.series for column in (s.y, s.low, s.high)]
    return [y for column in columns for y in column if y is not None]


def limits(values: Iterable[float], log: bool = False) -> tuple[float, float]:
    """The ends of an axis of points, or of a log axis, round its values.

    It spans a tenth of its largest value, a log axis a third of a decade, or more: what is nearly
    equal looks nearly equal.
    """
    found = [log10(value) for value in values if value > 0] if log else list(values)
    low, high = min(found, default=0.0), max(found, default=1.0)
    least = 1 / 3 if log else 0.1 * max(abs(low), abs(high)) or 1.0
    middle, half = (low + high) / 2, max(high - low, least) * (0.5 + _MARGIN)
    ends = middle - half, middle + half
    return (10 ** ends[0], 10 ** ends[1]) if log else ends


def tick_text(value: float, largest: float = 0.0) -> str:
    """A tick as plotly writes it, with the prefix of its axis' largest: `1200`, `40M`, `0.5G`."""
    most = int(max(abs(value), largest))
    size, prefix = scale_of(most) if value and most >= 10_000 else (1, "")
    return f"{value / size:.4g}{prefix}".replace("-", "−")


def in_lines(text: str, separator: str, letters: float) -> str:
    """A text in lines of at most so many letters; a model's text breaks between its options."""
    found = wrap(re.sub(r":(?=\S)", ":\0 ", text), max(int(letters), 4))
    return separator.join(found).replace("\0 ", "").replace("\0", "")


def are_whole(values: Iterable[float]) -> bool:
    """Whether an axis counts: its ticks are whole then, too."""
    return all(float(value).is_integer() for value in values)


def has_points(chart: Chart) -> bool:
    """Points need not begin at zero; lengths do."""
    return any(series.draw is Draw.POINTS for series in chart.series)


def in_powers(low: float, high: float) -> bool:
    """Whether a log axis says 10⁻⁵ rather than 0.01 and 40M."""
    return low < 1e-3 or high / low > 1e4


TICKS = 12
"""Of a log axis at most."""


def log_step(low: float, high: float, ticks: int = TICKS) -> int | str:
    """From tick to tick of a log axis in plotly's terms, with so many ticks at most.

    Powers of ten; 1, 2, 5; or within a decade equal steps, such as `L2` for 4, 6, 8.
    """
    decades = log10(high / low)
    if decades > 2:
        return ceil(decades / ticks)
    if decades > 0.9:
        return "D2"
    least = (high - low) / 7
    unit = 10.0 ** floor(log10(least))
    return f"L{next(unit * n for n in (1, 2, 2.5, 5, 10) if unit * n >= least):g}"


def listed(names: Iterable[str]) -> str:
    """Names as a list: with semicolons where one of them has a comma."""
    every = list(names)
    return ("; " if any("," in name for name in every) else ", ").join(every)


def gap(more: float | None, less: float | None) -> float:
    """How far apart the ends of an error bar are; 0 where one is not known."""
    return 0.0 if more is None or less is None else more - less


def words_along(chart: Chart) -> list[str]:
    """The words on the x axis, each once."""
    return list(dict.fromkeys(x for s in chart.series for x in s.x if isinstance(x, str)))


def named_at_ends(lines: Sequence[Series], log: bool = False) -> tuple[Series, ...]:
    """Name lines at their ends instead of in a legend, where their ends stand apart.

    The names stand at the left or at the right, where the lines are farther from each other. Lines
    that meet at both keep their legend, as do more than six and a single one.

    Args:
        lines: those of one chart; each begins and ends at its first and last known value.
        log: whether the y axis is logarithmic.
    """
    if not 1 < len(lines) <= _NAMED:
        return tuple(lines)
    known = [[i for i, y in enumerate(line.y) if y is not None] for line in lines]
    if not all(known):
        return tuple(lines)

    def heights(at: Sequence[int]) -> list[float]:
        values = [line.y[i] or 0.0 for line, i in zip(lines, at, strict=True)]
        return sorted(log10(value) if log and value > 0 else value for value in values)

    bottom, top = limits([y for line in lines for y in line.y if y is not None], log)
    whole = log10(top / bottom) if log else top - bottom
    ends = [[own[0] for own in known], [own[-1] for own in known]]
    gaps = [min(b - a for a, b in pairwise(heights(at))) / whole for at in ends]
    if max(gaps) < _APART:
        return tuple(lines)
    chosen = ends[0] if gaps[0] > gaps[1] else ends[1]
    points = [
        Series(
            line.name,
            (line.x[i],),
            (line.y[i],),
            Draw.POINTS,
            line.colour,
            text=(line.name,),
            sizes=(_END_PX,),
            in_legend=False,
            hover=line.hover,
        )
        for line, i in zip(lines, chosen, strict=True)
    ]
    return (*(replace(line, in_legend=False) for line in lines), *points)
