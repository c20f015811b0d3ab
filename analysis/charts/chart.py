"""Charts as values, drawn on screen by `screen` and in files by `file`.

Both use the same colours and line styles: those of the palette and of the shortcuts.
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

from analysis.style.numbers import fixed, power_of_ten, scale_of
from analysis.style.palette import Palette

FONT_PX = 15
"""Size of all text on the screen."""

POINT_PX = 11.0
"""A point's diameter."""

BUBBLE = 0.35
"""Opacity of the inside of points of different sizes, which may overlap."""

_TEXT_LINE = 0.11
"""Line height of the texts of bars, as a share of the highest bar."""

_SEEN = 0.01
"""Largest height of a band that its line hides if it is in the middle, as a share of the axis.

A line takes 0.007: 1 pt beside axes of 51 mm in a column, or 1.4 pt beside 80 mm on a page. A pale
band shows from 0.2 pt on either side.
"""

SEEN_ON_WALL = 0.03
"""The same in a hall: a pale band shows from 2 px on either side of its line, beside 240 px."""

_TEXT_WIDTH = 0.16
"""Width of a bar's text in a narrow chart, as a share of the axis."""

_MARGIN = 0.12  # room beyond the outermost values, as a share of their span


class Draw(StrEnum):
    """How a series is drawn."""

    LINE = "line"
    POINTS = "points"
    BARS = "bars"


class Dash(StrEnum):
    """A line's style, so that lines don't differ only in colour."""

    SOLID = "solid"
    DASHED = "dash"
    DOTTED = "dot"
    DASH_DOT = "dashdot"
    LONG_DASH_DOT = "longdashdot"
    LONG_DASHED = "longdash"


class Place(StrEnum):
    """The position of a text relative to its point, in order of preference."""

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
        """-1 to the left of the point, 1 to its right, 0 centred on it."""
        return ("left", "center", "right").index(self.split()[1]) - 1

    @property
    def up(self) -> int:
        """1 above the point, -1 below it, 0 level with it."""
        return ("bottom", "middle", "top").index(self.split()[0]) - 1


@dataclass(frozen=True)
class Series:
    """One named set of values.

    `low` and `high` are a band around a line, or the ends of error bars. `colour` names one of the
    palette's fields, such as `identity`; without it, the palette's colours are used in turn. `text`
    labels the points, if `names` finds room. `hover` is shown in tooltips in addition to the
    values, such as the model's text: one per point, or one for all. `marker` is the index of a
    line's marker, by default its place among the lines; `hollow` leaves the marker unfilled, and a
    `bare` line has none. A line that is drawn `across` goes on straight to both edges of the axes.
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
    marker: int | None = None
    hollow: bool = False
    bare: bool = False
    across: bool = False

    @property
    def has_band(self) -> bool:
        """Whether it is a line with a range; that of a single point is an error bar."""
        return self.draw is Draw.LINE and len(self.x) > 1 and bool(self.low)

    @property
    def is_level(self) -> bool:
        """Whether it is a level across the bars of words, from edge to edge."""
        return self.draw is Draw.LINE and self.across and isinstance(self.x[0], str)


@dataclass(frozen=True)
class Mark:
    """A vertical line with a label at its top, for example where a stage begins.

    It is as faint as the grid, unless it is a result itself, such as a mean.
    """

    x: float
    text: str
    is_result: bool = False


@dataclass(frozen=True)
class Chart:
    """The contents of a chart; `alt` describes them to those who can't see it.

    `signs` is below the chart in small type: what its lines and marks stand for. So is `note`, in
    whose place a lecture has a sentence: the conditions or the source of its values. `reading` is
    added to them in files, which have no page around them: what bands and bars are, and how the
    values were measured. `room` is free space right of the last point, for names, as a share of
    the numbers' range. `samples` are diameters of points in px, with the figures that they stand
    for, in a file's legend. `from_zero` makes both axes begin at 0, so that distances are in
    proportion. `shown` are values that the y axis has, whatever its series: the ends of its range.
    `close` fits the y axis of lines, which otherwise begins at 0, to its values.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    alt: str
    log_x: bool = False
    log_y: bool = False
    marks: tuple[Mark, ...] = ()
    signs: str = ""
    note: str = ""
    room: float = 0.0
    reading: str = ""
    samples: tuple[tuple[float, str], ...] = ()
    from_zero: bool = False
    shown: tuple[float, ...] = ()
    close: bool = False

    @property
    def has_legend(self) -> bool:
        """Whether a legend is needed to tell series apart; a single entry tells nothing."""
        named = sum(series.in_legend for series in self.series)
        return named > 1 or (named == 1 and len(self.series) > 1)

    @property
    def shows(self) -> str:
        """What it shows, without what follows from that: the first sentence of `alt`."""
        return self.alt.partition(". ")[0]


def notes_of(charts: Iterable[Chart]) -> str:
    """Return how to read the charts in one file, and their notes, as sentences."""
    return _as_sentences(text for one in charts for text in (one.reading, one.signs, one.note))


def without_notes(chart: Chart) -> Chart:
    """Return a chart for a file that goes with a caption, which says what the notes say."""
    return replace(chart, signs="", note="", reading="")


def in_a_caption(charts: Sequence[Chart], said: str = "") -> str:
    """Return what charts in one file show and their notes, as sentences.

    Args:
        charts: the charts.
        said: in place of what they show.
    """
    first, *others = [said] if said else [one.shows.rstrip(".") for one in charts]
    if others:
        *middle, last = (f"{one[:1].lower()}{one[1:]}" for one in others)
        first = f"{', '.join([first, *middle])} and {last}"
    stages = "Vertical lines mark where stages begin." if any(map(is_divided, charts)) else ""
    return " ".join(filter(None, (_as_sentences([first]), stages, notes_of(charts))))


def _as_sentences(texts: Iterable[str]) -> str:
    return " ".join(f"{text.rstrip('.')}." for text in dict.fromkeys(texts) if text)


LINE_LOOKS = (
    ("identity", Dash.SOLID),
    ("ochre", Dash.DASHED),
    ("violet", Dash.DOTTED),
    ("main_path", Dash.LONG_DASHED),
    ("brown", Dash.SOLID),
    ("tint", Dash.DASHED),
)
"""Colours and line styles for the lines of a chart, in turn.

No colour is that of another kind of shortcut, of a plain network or of a warning. Dash-dots are
reserved for theory.
"""

_NAMED = 6
"""Most lines that can have their names at their ends."""

_APART = 0.015
"""Smallest distance between two line ends with separate names, as a share of the axis."""

_FREE = 0.02
"""Distance above which names stay at the right, as a share of the axis."""

_LAST = 8
"""Lines have just crossed if they do so in the last one of so many parts."""

_END_PX = 7.0

_TURN = ("identity", "projection", "zero_pad", "plain", "main_path", "tint")
_MOST_OWN, _MOST_COUNTED = 8, 12
"""Most ticks at the numbers of a chart's lines, and if they are consecutive, such as epochs."""

_LONG = 10_000
"""Smallest number that is too long for such a tick."""

_TICKS_APART = 0.02
"""Room of a digit along an axis on a phone, and half of that between ticks, as a share of it."""

MARKED = 12
"""Most points of a line that have a marker."""


def over(live: Chart, known: Chart) -> Chart:
    """Return the chart of a running measurement, drawn over a known result.

    Known lines are thin and dotted, known bars are points. They have no bands, and share one entry
    in the legend. A result with words along its axis is not drawn below numbers, nor numbers below
    words.
    """
    if bool(words_along(live)) != bool(words_along(known)):
        return live
    lines = [one for one in known.series if one.draw is not Draw.POINTS and not one.thin]
    below = [
        replace(
            one,
            name="known result",
            draw=Draw.POINTS if one.draw is Draw.BARS else one.draw,
            dash=Dash.DOTTED,
            low=(),
            high=(),
            text=(),
            thin=one.draw is Draw.LINE,
            in_legend=number == 0,
            hover=(one.name,),
        )
        for number, one in enumerate(lines)
    ]
    series = (*below, *live.series)
    if any(one.draw is Draw.BARS for one in live.series):  # points are drawn over bars
        series = (*live.series, *below)
    return replace(live, series=series, marks=live.marks or known.marks)


def series_looks(chart: Chart, palette: Palette) -> Iterator[tuple[Series, str, int]]:
    """Yield each series with its colour and the index of its marker or pattern."""
    turn = cycle(_TURN)
    seen: Counter[tuple[Draw, bool]] = Counter()
    for series in chart.series:
        kind = series.draw, series.thin
        number = seen[kind] if series.marker is None else series.marker
        yield series, getattr(palette, series.colour or next(turn)), number
        seen[kind] += 1


def is_marked(chart: Chart, series: Series) -> bool:
    """Return whether a line has markers, which tell lines apart; a long one alone has none."""
    is_long = len(series.x) > MARKED
    return not (series.thin or series.bare) and not (stands_alone(chart) and is_long)


def is_divided(chart: Chart) -> bool:
    """Return whether marks that aren't results, such as stages, stand in place of grid lines."""
    return any(not mark.is_result for mark in chart.marks)


def stands_alone(chart: Chart) -> bool:
    """Return whether a chart has one series besides thin lines; markers are its values."""
    return sum(not one.thin for one in chart.series) == 1


def numbers_along(chart: Chart) -> list[float]:
    """Return all numbers on the x axis, 0 if it begins there, and the end of the room for names."""
    found = [x for series in chart.series for x in series.x if not isinstance(x, str)]
    found += [0.0] if chart.from_zero else []
    if chart.room and found:
        end = max(found) + chart.room * (max(found) - min(found))
        found.append(float(ceil(end)) if are_whole(found) else end)
    return found


def ticks_along(chart: Chart, ticks: float) -> tuple[float, ...]:
    """Return the numbers along the x axis that differ from the usual round ones.

    They are those of the lines themselves, such as the depths that were measured, if these are few
    whole numbers with room for each; on a log axis, as many of those as have room. Before room for
    names, they are round numbers that end where the values do. Numbers that count from 0 have a
    tick at their end, too.

    Args:
        chart: the chart.
        ticks: about how many round numbers.
    """
    lines = [one for one in chart.series if one.draw is Draw.LINE and not one.thin]
    own = sorted({float(x) for one in lines for x in one.x if not isinstance(x, str)})
    is_counted = bool(own) and own[-1] - own[0] == len(own) - 1
    is_even = is_counted or (chart.log_x and _are_powers(own))
    most = _MOST_COUNTED if is_even else _MOST_OWN
    is_few = 1 < len(own) <= most and are_whole(own) and own[-1] < _LONG
    apart = _TICKS_APART * (len(f"{own[-1]:g}") + 2) if is_few else 0.0
    if is_few and chart.log_x:
        return _spaced(own, apart) if own[0] > 0 else ()
    if is_few and min(b - a for a, b in pairwise(own)) >= apart * (own[-1] - own[0]):
        return tuple(own)
    found = [x for series in chart.series for x in series.x if not isinstance(x, str)]
    counts = len(own) > 1 and own == list(range(len(own)))
    if not (found and (chart.room or counts)) or chart.log_x or max(found) == min(found):
        return ()
    low, high = min(found), max(found)
    step = _round_step((high - low) / ticks)
    if are_whole(found):
        step = max(ceil(step), 1)
    first = 0 if 0 <= low < step else ceil(low / step)
    rounds = tuple(n * step for n in range(first, floor(high / step + 1e-9) + 1))
    has_room = counts and high - rounds[-1] >= _TICKS_APART * (len(f"{high:g}") + 2) * high
    return (*rounds, high) if has_room else rounds


def _are_powers(own: Sequence[float]) -> bool:
    """Return whether each number is the same multiple of the one before."""
    return 0 not in own and len({after / before for before, after in pairwise(own)}) == 1


def _spaced(own: Sequence[float], apart: float) -> tuple[float, ...]:
    """Return those of the numbers, from the last on, that are far enough apart on a log axis."""
    least = apart * log10(own[-1] / own[0])
    kept = [own[-1]]
    for one in reversed(own):
        if log10(kept[-1] / one) >= least:
            kept.append(one)
    return tuple(reversed(kept))


def numbers_up(chart: Chart) -> list[float]:
    """Return all numbers on the y axis, the ends of bands and bars, and those it always shows."""
    columns = [column for s in chart.series for column in (s.y, s.low, s.high)]
    found = [y for column in columns for y in column if y is not None]
    return [*found, *([0.0] if chart.from_zero else []), *chart.shown]


def shows_bands(series: Iterable[Series], log: bool = False, hidden: float = _SEEN) -> bool:
    """Return whether a band is somewhere wide enough to be seen above or below its line.

    Args:
        series: all series of a chart.
        log: whether its y axis is logarithmic.
        hidden: the largest height that a line in the middle hides, as a share of the axis.
    """

    def at(value: float) -> float:
        return log10(value) if log else value

    every = list(series)
    found = [y for one in every for column in (one.y, one.low, one.high) for y in column]
    bottom, top = map(at, limits([y for y in found if y is not None], log))
    return any(
        max(at(high) - at(y), at(y) - at(low)) > hidden / 2 * (top - bottom)
        for one in every
        if one.has_band
        for y, low, high in zip(one.y, one.low, one.high, strict=True)
        if y is not None and low is not None and high is not None and (low > 0 or not log)
    )


def limits(
    values: Iterable[float], log: bool = False, from_zero: bool = False
) -> tuple[float, float]:
    """Return the limits of an axis of points, or of a log axis, around its values.

    An axis spans at least a tenth of its largest value, a log axis a third of a decade, so that
    nearly equal values look nearly equal. An axis of positive values can begin at 0 itself.
    """
    found = [log10(value) for value in values if value > 0] if log else list(values)
    low, high = min(found, default=0.0), max(found, default=1.0)
    least = 1 / 3 if log else 0.1 * max(abs(low), abs(high)) or 1.0
    middle, half = (low + high) / 2, max(high - low, least) * (0.5 + _MARGIN)
    ends = middle - half, middle + half
    if log:
        return 10 ** ends[0], 10 ** ends[1]
    return (0.0 if from_zero and low >= 0 else ends[0]), ends[1]


_TINY, _MANY = 1e-4, 1e6  # numbers between them are written in full, counts above in millions
_MOST = 1e18  # larger values are not counts


def in_units(chart: Chart) -> Chart:
    """Return a chart with short numbers on its axes: bytes in MB, parameters in M.

    The prefix is part of the axis' label. It is the largest that leaves the largest value at
    least 1. Only bytes, FLOP/s and numbers that are whole have one.
    """
    x, x_label = _unit(chart.x_label, numbers_along(chart), chart.log_x)
    y, y_label = _unit(chart.y_label, numbers_up(chart), chart.log_y)
    if x == y == 1:
        return chart

    def along(value: float | str) -> float | str:
        return value if isinstance(value, str) else value / x

    def up(values: tuple[float | None, ...]) -> tuple[float | None, ...]:
        return tuple(None if value is None else value / y for value in values)

    series = tuple(
        replace(one, x=tuple(map(along, one.x)), y=up(one.y), low=up(one.low), high=up(one.high))
        for one in chart.series
    )
    marks = tuple(replace(mark, x=mark.x / x) for mark in chart.marks)
    return replace(chart, x_label=x_label, y_label=y_label, series=series, marks=marks)


def _unit(label: str, values: Sequence[float], log: bool) -> tuple[int, str]:
    """Return the unit of an axis as a factor, and the axis' label with its prefix."""
    most = max(map(abs, values), default=0.0)
    before, comma, unit = label.rpartition(", ")
    has_unit = unit in ("B", "FLOP/s")
    is_count = most >= _MANY and are_whole(values)
    if not (has_unit or is_count) or most >= _MOST or (log and in_powers(*limits(values, log))):
        return 1, label
    size, prefix = scale_of(int(most))
    if has_unit:
        return size, f"{before}{comma}{prefix}{unit}"
    return size, f"{label}, {prefix}" if label else prefix


def tick_text(value: float, ticks: Sequence[float] = ()) -> str:
    """Format a number along an axis or at a mark: `0.25`, `1,200`, `3×10⁹`, `1.63×10⁻²¹`.

    The numbers along an even axis, its `ticks`, have equally many decimals: `2.0` beside `2.5`.
    """
    if places := decimals_of(ticks):
        return fixed(value, places)
    if not value or _TINY <= abs(value) < _MANY:
        text = f"{value:.4g}" if abs(value) < 1000 else f"{float(f'{value:.4g}'):,.0f}"
        return text.replace("-", "−")
    exponent = floor(log10(abs(value)) + 1e-9)
    return f"{value / 10.0**exponent:.3g}×{power_of_ten(exponent)}".replace("-", "−")


_MOST_PLACES = 6
"""Most decimals of numbers along an axis."""


def decimals_of(ticks: Sequence[float]) -> int:
    """Return how many decimals it takes to write even ticks, and 0 if they need too many."""
    if len(ticks) < 2:
        return 0
    close = (max(ticks) - min(ticks)) / 1e4
    exact = (n for n in range(_MOST_PLACES) if all(abs(round(t, n) - t) < close for t in ticks))
    return next(exact, 0)


def in_lines(text: str, separator: str, letters: float) -> str:
    """Break a text into lines of `letters` characters at most, a model text between options."""
    parts = re.sub(r":(?=\S)", ":\0 ", text)
    found = wrap(parts, max(int(letters), 4), break_on_hyphens=False)
    return separator.join(found).replace("\0 ", "").replace("\0", "")


def are_whole(values: Iterable[float]) -> bool:
    """Return whether all values are whole numbers, so that the ticks should be, too."""
    return all(float(value).is_integer() for value in values)


def has_points(chart: Chart) -> bool:
    """Return whether a chart has points, which unlike lengths need no axis from zero."""
    return any(series.draw is Draw.POINTS for series in chart.series)


def in_powers(low: float, high: float) -> bool:
    """Return whether a log axis writes 10⁻⁵ rather than 0.01 and 40."""
    return low < 1e-3 or high / low > 1e4


TICKS = 12
"""Most ticks of a log axis."""


def log_step(low: float, high: float, ticks: int = TICKS) -> int | str:
    """Return plotly's `dtick` of a log axis with at most `ticks` ticks.

    Ticks are powers of ten; 1, 2, 5; or, within a decade, equal steps, such as `L2` for 4, 6, 8.
    """
    decades = log10(high / low)
    if decades > 2.5:
        return ceil(decades / ticks)
    if decades > 0.9:
        return "D2"
    return f"L{_round_step((high - low) / 7):g}"


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 2.5 and 5 times a power of ten that is at least this."""
    unit = 10.0 ** floor(log10(least))
    return next(unit * n for n in (1, 2, 2.5, 5, 10) if unit * n >= least)


def listed(names: Iterable[str]) -> str:
    """Join names into a list, with semicolons if one of them contains a comma."""
    every = list(names)
    return ("; " if any("," in name for name in every) else ", ").join(every)


def gap(more: float | None, less: float | None) -> float:
    """Return the distance between the ends of an error bar; 0 if one isn't known."""
    return 0.0 if more is None or less is None else more - less


def to_edges(chart: Chart, series: Series) -> Series:
    """Return a line of numbers that goes on straight to both edges of the x axis."""
    edges = limits(numbers_along(chart), chart.log_x, chart.from_zero)

    def scaled(value: float, log: bool) -> float:
        return log10(value) if log else value

    def at(edge: float, ends: Sequence[int]) -> float:
        (x0, x1), (y0, y1) = (
            [scaled(float(values[i] or 0), log) for i in ends]
            for values, log in ((series.x, chart.log_x), (series.y, chart.log_y))
        )
        y = y0 + (scaled(edge, chart.log_x) - x0) * (y1 - y0) / (x1 - x0)
        return 10**y if chart.log_y else y

    first, last = at(edges[0], (0, 1)), at(edges[1], (-1, -2))
    x, y = (edges[0], *series.x, edges[1]), (first, *series.y, last)
    return replace(series, x=x, y=y)


@dataclass(frozen=True)
class BarText:
    """The text of a bar, above all bars so that it covers none, at the end of a leader line.

    `middle` is the bar's place along the words, `top` its end and `up` the text's lower edge. The
    text begins at the leader line, or ends there.
    """

    middle: float
    top: float
    up: float
    text: str
    begins: bool


def bar_texts(chart: Chart, gap: float) -> list[BarText]:
    """Return the texts of bars: those of two bars on both sides of them where there is room.

    Otherwise each has a line of its own, towards the middle of the chart. If a word's texts would
    touch an earlier word's, all run to the left that can. What still has no room is left out.

    Args:
        chart: the chart.
        gap: between the bars of two words, as a share of their distance.
    """
    return max((list(_bar_texts(chart, gap, packed)) for packed in (False, True)), key=len)


def _bar_texts(chart: Chart, gap: float, packed: bool) -> Iterator[BarText]:
    words, taken = words_along(chart), -1.0
    bars = [series for series in chart.series if series.draw is Draw.BARS]
    width = (1 - gap) / max(len(bars), 1)
    reach = _TEXT_WIDTH * len(words)
    highest = max((y or 0.0 for series in bars for y in series.y), default=0.0)
    for place, word in enumerate(words):
        found = [
            (place + (number - (len(bars) - 1) / 2) * width, y or 0.0, text)
            for number, series in enumerate(bars)
            for x, y, text in zip(series.x, series.y, series.text, strict=False)
            if x == word and text
        ]
        is_left = taken <= place - reach and reach - 0.5 <= place
        is_right = taken <= place <= len(words) - 0.5 - reach
        if len(found) == 2 and is_left and is_right and not packed:
            taken = place + reach
            for (middle, top, text), on_right in zip(found, (False, True), strict=True):
                yield BarText(middle, top, 1.02 * highest, text, on_right)
            continue
        begins = not is_left if packed else place < len(words) / 2
        if not found or not (is_right if begins else is_left):
            continue
        taken = place + (reach if begins else 0)
        # In this order, no leader line crosses the text of a bar nearer to the middle.
        for line, (middle, top, text) in enumerate(reversed(found) if begins else found):
            yield BarText(middle, top, highest * (1.02 + _TEXT_LINE * line), text, begins)


def end_of_texts(chart: Chart) -> float:
    """Return the end of the y axis above the texts of bars, below a tick at 120%; 0 without texts.

    The texts of the upper line may extend beyond it.
    """
    return 1.05 * max((one.up for one in bar_texts(chart, gap=0.0)), default=0.0)


def told_words(chart: Chart) -> set[float | str]:
    """Return the words along the axis whose bars have a text."""
    return {
        x
        for one in chart.series
        for x, text in zip(one.x, one.text, strict=False)
        if text and one.draw is Draw.BARS
    }


def words_along(chart: Chart) -> list[str]:
    """Return the words on the x axis, each once."""
    return list(dict.fromkeys(x for s in chart.series for x in s.x if isinstance(x, str)))


def named_at_ends(lines: Sequence[Series], log: bool = False) -> tuple[Series, ...]:
    """Label lines at their ends instead of in a legend, if their ends are far enough apart.

    The names are at the right, or at the left if the lines are further apart there and, at the
    right, either too close or just crossed. Lines that meet on both sides keep their legend, and so
    do more than six lines and a single one.

    Args:
        lines: the lines of one chart; each begins and ends at its first and last known value.
        log: whether the y axis is logarithmic.
    """
    if not 1 < len(lines) <= _NAMED:
        return tuple(lines)
    known = [[i for i, y in enumerate(line.y) if y is not None] for line in lines]
    if not all(known):
        return tuple(lines)

    def heights(at: Sequence[int]) -> list[float]:
        values = [line.y[i] or 0.0 for line, i in zip(lines, at, strict=True)]
        return [log10(value) if log and value > 0 else value for value in values]

    def order(at: Sequence[int]) -> list[int]:
        own = heights(at)
        return sorted(range(len(own)), key=own.__getitem__)

    bottom, top = limits([y for line in lines for y in line.y if y is not None], log)
    whole = log10(top / bottom) if log else top - bottom
    ends = [[own[0] for own in known], [own[-1] for own in known]]
    gaps = [min(b - a for a, b in pairwise(sorted(heights(at)))) / whole for at in ends]
    if max(gaps) < _APART:
        return tuple(lines)
    before = [own[-1 - len(own) // _LAST] for own in known]
    crossed = order(before) != order(ends[1])
    chosen = ends[0] if gaps[0] > gaps[1] and (gaps[1] < _FREE or crossed) else ends[1]
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
            marker=line.marker,
            hollow=line.hollow,
        )
        for line, i in zip(lines, chosen, strict=True)
    ]
    return (*(replace(line, in_legend=False) for line in lines), *points)
