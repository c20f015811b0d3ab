"""Reports of what a sweep found: a table by setting or by point, CSV, JSON and text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

from analysis.choice.swept import (
    COSTS,
    Figure,
    Setting,
    Settings,
    Spread,
    Value,
    costs_of,
    option_text,
    words,
)
from analysis.choice.swept_charts import (
    POWERS,
    Axis,
    Drawn,
    Source,
    View,
    lines_of,
    option_label,
)
from analysis.choice.swept_files import Contents, FailedPoint, progress_in_words
from analysis.drawing.caption import Cited, architectures
from analysis.images.kinds import SET_LABELS
from analysis.style.grid import Grid
from analysis.style.language import between, marked, translate
from analysis.style.numbers import MISSING, scientific, short, three
from analysis.style.rows import csv_text, json_rows
from analysis.style.stamps import a_machine
from analysis.style.terminal import WIDTH, laid_out
from analysis.training.verdict import spoken_name
from nets.options import OPTIONS

_MOST_SAID = 3  # most lines named in a sentence
_LEVEL = 0.1  # share of the span of all means within which a line counts as level
_FEWEST_LEVEL = 3  # fewest settings in a level part of a line
_LOADED = 1.5  # times that differ by this factor between seeds show the machine's load
_FINDING = marked(
    "{quantity} from {axis} {start} to {end}, mean of {seeds} seeds that all agree: {lines}."
)
_OF_POWERS = marked(
    "{quantity}, from {axis} {start} to {end}, geometric mean of {seeds} seeds that all agree: "
    "{lines}."
)


@dataclass(frozen=True)
class Table:
    """A table of exact values: column names, and rows of texts, numbers or None.

    `figures` are the columns that hold numbers of a figure, with the figure's unit.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    figures: dict[str, str]


def settings_table(found: Settings, counts: Sequence[str] = ()) -> Table:
    """Return a row for each setting: what differs, its seeds, and each figure's mean and range.

    `counts` are names in `COSTS` of what is told of each network, too.
    """
    figures, heads = found.figures, _heads(found, counts)
    rows = (
        (*heads[one], len(one.points), *_spreads(one, figures), one.model) for one in found.every
    )
    names = [name for figure in figures for name in _spread_names(figure)]
    units = {name: figure.unit for figure in figures for name in _spread_names(figure)}
    return Table((*_names(found, counts), "seeds", *names, "model"), tuple(rows), units)


def points_table(found: Settings, counts: Sequence[str] = ()) -> Table:
    """Return a row for each point: what differs, its seed and its figures.

    `counts` are as in `settings_table`.
    """
    heads = _heads(found, counts)
    names = [figure.name for figure in found.figures]
    rows = (
        (*heads[one], point.seed, *map(point.figures.get, names), one.model, point.ended or None)
        for one in found.every
        for point in one.points
    )
    units = {figure.name: figure.unit for figure in found.figures}
    return Table((*_names(found, counts), "seed", *names, "model", "ended"), tuple(rows), units)


def _spread_names(figure: Figure) -> tuple[str, str, str]:
    return figure.name, f"{figure.name}_low", f"{figure.name}_high"


def _spreads(one: Setting, figures: Sequence[Figure]) -> list[float | None]:
    values: list[float | None] = []
    for figure in figures:
        spread = one.spread(figure.name)
        values += [None] * 3 if spread is None else [spread.mean, spread.low, spread.high]
    return values


def _names(found: Settings, counts: Sequence[str]) -> tuple[str, ...]:
    return ("setting", *_depth(found), *found.varying, *counts)


def _depth(found: Settings) -> tuple[str, ...]:
    return ("depth",) if len({one.spec.depth for one in found.every}) > 1 else ()


def _heads(found: Settings, counts: Sequence[str]) -> dict[Setting, tuple[str | float | None, ...]]:
    """Return the first cells of each setting: its name, its depth if depths differ, its options.

    Counts of its network follow.
    """
    names, with_depth = found.names, bool(_depth(found))
    return {
        one: (
            names[one],
            *([one.spec.depth] if with_depth else []),
            *(_cell(name, one.options.get(name)) for name in found.varying),
            *(costs_of(one.model).get(name) for name in counts),
        )
        for one in found.every
    }


def _cell(name: str, value: Value) -> str | float | None:
    """Return an option's value: numbers as such, all else as a model's text writes it."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return option_text(name, value)


def column_label(name: str, figures: Sequence[Figure]) -> str:
    """Return the label of a table's column."""
    for figure in figures:
        unit = f", {figure.unit}" if figure.unit else ""
        for suffix, said in (("", ""), ("_low", ", lowest"), ("_high", ", highest")):
            if name == figure.name + suffix:
                text = f"{figure.label}{unit}{said}"
                return f"{text[0].upper()}{text[1:]}"
    if name == "depth":
        return "Weighted layers"
    for cost in COSTS:
        if name == cost.name:
            return f"{cost.label[0].upper()}{cost.label[1:]}"
    return option_label(name)


def swept_csv(table: Table) -> str:
    """Return a table as CSV, exact; empty where there is no value."""
    return csv_text([_key(name, table.figures.get(name)) for name in table.columns], table.rows)


def _key(name: str, unit: str | None) -> str:
    """Return the name of a figure in files: `test_error_percent`; others' names have no unit."""
    return f"{name}_percent" if unit == "%" else name


def swept_json(contents: Contents, found: Settings, counts: Sequence[str] = ()) -> str:
    """Return an experiment of a sweep as strict JSON: settings, points and failures.

    `counts` are as in `settings_table`.
    """
    values: dict[str, Any] = {
        "kind": found.kind.value,
        "title": contents.title,
        "asked": contents.asked or None,
        "done": contents.done,
        "constant": list(found.constant),
        "settings": [_setting(found, one, counts) for one in found.every],
        "failed": [one._asdict() for one in contents.ended],
        "left_out": [one._asdict() for one in contents.problems],
    }
    return json_rows(values, ("settings", "failed", "left_out"))


def _setting(found: Settings, one: Setting, counts: Sequence[str]) -> dict[str, Any]:
    keys = {figure.name: _key(figure.name, figure.unit) for figure in found.figures}
    spreads = {key: one.spread(name) for name, key in keys.items()}
    return {
        "setting": found.names[one],
        "model": one.model,
        "depth": one.spec.depth,
        "options": {name: _cell(name, one.options.get(name)) for name in found.varying},
        **{name: costs_of(one.model).get(name) for name in counts},
        "figures": {name: spread and spread._asdict() for name, spread in spreads.items()},
        "points": [
            {"seed": p.seed, "hash": p.name}
            | {keys.get(name, name): value for name, value in p.figures.items()}
            for p in one.points
        ],
    }


def swept_text(
    contents: Contents, found: Settings, by_point: bool = False, width: int = WIDTH
) -> str:
    """Return an experiment of a sweep for a terminal: means with their ranges, or every point."""
    figures = found.figures
    labels = (figure.label for figure in figures)
    head = ("setting", "seed" if by_point else "seeds", *labels)
    rows: list[tuple[str, ...]] = []
    for one in found.every:
        if by_point:
            rows += [
                (
                    found.names[one],
                    str(point.seed),
                    *(_text(point.figures.get(figure.name), figure.unit) for figure in figures),
                )
                for point in one.points
            ]
        else:
            ranges = (
                _range(one.spread(figure.name), partial(figure_text, unit=figure.unit))
                for figure in figures
            )
            rows.append((found.names[one], str(len(one.points)), *ranges))
    lines = [contents.title] if contents.title else []
    lines += [f"{found.kind.label}: {progress_in_words(contents)}"]
    lines += [f"Shared by all: {', '.join(found.constant)}"] if found.constant else []
    return laid_out(["\n".join(lines), Grid("", head, tuple(rows))], width)


def _text(value: float | None, unit: str) -> str:
    return MISSING if value is None else figure_text(value, unit)


def _range(spread: Spread | None, text: Callable[[float], str]) -> str:
    """Return a mean with its range over the seeds: `1.49 (1.40 to 1.65)`."""
    if spread is None:
        return MISSING
    mean = text(spread.mean)
    low, high = map(text, (spread.low, spread.high))
    if low == high:
        return mean
    ends = between(low, high)
    return translate("{mean} ({range})", mean=mean, range=ends)


def failed_text(failed: Sequence[FailedPoint]) -> str:
    """Return a line for each point that failed."""
    return "".join(f"failed: {p.kind} of {p.model}, seed {p.seed}: {p.sentence}\n" for p in failed)


def figure_text(value: float, unit: str) -> str:
    """Return a figure in three significant digits: `1.49`, `12.3%`, `0.512 ms`, `86.1 MB`."""
    if unit or abs(value) >= 1_000:
        return short(value, unit).replace("-", "−")
    return three(value).replace("-", "−")


def _as_drawn(y: Axis, value: float) -> str:
    """Return a figure as the chart shows it: of a logarithm, the number itself."""
    if y.name not in POWERS:
        return figure_text(value, y.unit)
    return figure_text(10.0**value, "") if abs(value) < 3 else scientific(value)


def said_of(view: View) -> str:
    """Say how the lines go or, if that is unclear, which settings are the lowest and highest."""
    return finding_in_words(view) or best_in_words(view)


def best_in_words(view: View) -> str:
    """Return a sentence that names the settings with the lowest and the highest mean.

    The names are spoken if only the networks differ. Times that show how busy the machine was get
    no sentence.
    """
    found, y = view.found, view.y
    if view.x.source is Source.ALONG or _load_in_words(view):
        return ""
    spreads = [(spread, one) for one in found.every if (spread := one.spread(y.name)) is not None]
    if not spreads:
        return ""
    (low, least), (high, most) = (pick(spreads, key=lambda p: p[0].mean) for pick in (min, max))
    specs = [one.spec for one in found.every]
    only_networks = all(name in OPTIONS for name in found.varying)

    def said(one: Setting) -> str:
        return spoken_name(one.spec, specs) if only_networks else found.names[one]

    text = partial(_as_drawn, y)
    if len(spreads) == 1:
        return translate("{least}: {low}.", least=said(least), low=_range(low, text))
    return translate(
        "Lowest: {least}, {low}. Highest: {most}, {high}.",
        least=said(least),
        low=_range(low, text),
        most=said(most),
        high=_range(high, text),
    )


def finding_in_words(view: View) -> str:
    """Say which lines rise, fall or are level; "" unless every seed says so of each line.

    One seed says nothing, and neither do lines with different ends. If times show how busy the
    machine was, say only that.
    """
    if said := _load_in_words(view):
        return said
    y, lines = view.y, lines_of(view)
    courses = [(name, settings, _course(view, settings)) for name, settings in lines]
    said_of = [f"{name} {course}" for name, _, course in courses if course]
    ends = {tuple(f"{view.x.of(one):,g}" for one in (of[0], of[-1])) for _, of in lines}
    counts = {len(_by_seed(settings, y.name)) for _, settings in lines}
    if len(said_of) < len(lines) or len(said_of) > _MOST_SAID or len(ends) != 1 or len(counts) != 1:
        return ""
    ((start, end),), (seeds,) = ends, counts
    quantity = POWERS.get(y.name) or f"{y.short[0].upper()}{y.short[1:]}"
    return translate(
        _OF_POWERS if y.name in POWERS else _FINDING,
        quantity=quantity,
        axis=view.x.short,
        start=start,
        end=end,
        seeds=seeds,
        lines=translate(", ").join(said_of),
    )


def _course(view: View, settings: Sequence[Setting]) -> str:
    """Say how a line goes in every seed; "" if the seeds disagree, or if there is only one."""
    y, by_seed = view.y, _by_seed(settings, view.y.name)
    if len(by_seed) < 2 or len(settings) < 2:
        return ""
    bound = _LEVEL * _height(view)
    places = range(len(settings) - _FEWEST_LEVEL + 1)
    level = next((at for at in places if _is_level([v[at:] for v in by_seed], bound)), None)
    if level == 0:
        every = fmean(value for values in by_seed for value in values)
        return translate("is level at {value}", value=_as_drawn(y, every))
    last = -1 if level is None else level
    rises = {values[last] > values[0] for values in by_seed}
    if len(rises) > 1 or any(values[last] == values[0] for values in by_seed):
        return ""
    ends = (fmean(values[at] for values in by_seed) for at in (0, last))
    first, to = (_as_drawn(y, value) for value in ends)
    way = "rises from {first} to {last}" if rises == {True} else "falls from {first} to {last}"
    course = translate(way, first=first, last=to)
    if level is None:
        return course
    start = f"{view.x.of(settings[level]):,g}"
    return translate("{course} at {start} and is level from there on", course=course, start=start)


def _by_seed(settings: Sequence[Setting], figure: str) -> list[list[float]]:
    """Return a figure along a line for each seed that has it everywhere."""
    found = [
        {point.seed: point.figures[figure] for point in one.points if figure in point.figures}
        for one in settings
    ]
    seeds = [seed for seed in found[0] if all(seed in values for values in found)]
    return [[values[seed] for values in found] for seed in seeds]


def _height(view: View) -> float:
    """Return how far the means of all lines are apart."""
    means = [s.mean for one in view.found.every if (s := one.spread(view.y.name)) is not None]
    return max(means) - min(means)


def _is_level(by_seed: Sequence[Sequence[float]], bound: float) -> bool:
    """Return whether a line is level: within a bound in every seed, and without a common trend."""
    within = all(max(values) - min(values) <= bound for values in by_seed)
    trends = [values[-1] - values[0] for values in by_seed]
    return within and not (min(trends) > 0 or max(trends) < 0)


def _load_in_words(view: View) -> str:
    """Say that times show how busy the machine was, if they differ over the seeds of a network.

    All seeds of a network do the same work.
    """
    if view.y.unit != "ms" or view.y.source is not Source.FIGURE:
        return ""
    spreads = [s for one in view.found.every if (s := one.spread(view.y.name)) is not None]
    factor = max((spread.high / spread.low for spread in spreads if spread.low > 0), default=1.0)
    if factor < _LOADED:
        return ""
    differ = f"{factor:,.1f}"
    return translate(
        "All seeds of a network do the same work, yet their times differ by up to {factor}×: they "
        "depend on the machine's load, too.",
        factor=differ,
    )


def where_in_words(found: Settings) -> str:
    """Return on what and when the points were measured."""
    points = [point for one in found.every for point in one.points]
    chips = dict.fromkeys(point.where[0] for point in points)
    days = sorted({point.where[1] for point in points if point.where[1]})
    ends = dict.fromkeys((*days[:1], *days[-1:]))
    when = f" {'from' if len(ends) > 1 else 'on'} {' to '.join(ends)}" if ends else ""
    more = f" and {len(chips) - 3} more" if len(chips) > 3 else ""
    return f"Measured{when} on {', '.join(map(a_machine, list(chips)[:3]))}{more}."


def briefly_in_words(found: Settings) -> str:
    """Return the images and the steps that all points share, and where they were measured."""
    points = [point for one in found.every for point in one.points]
    sets = {SET_LABELS.get(point.told[1], point.told[1]) for point in points if point.told}
    steps = {dict(point.options).get("steps") for point in points}
    said = [*(sets if len(sets) == 1 else ())]
    if len(steps) == 1 and (count := steps.pop()):
        said.append(words("steps", count))
    shared = f"{', '.join(said)}. " if said else ""
    return f"{shared[:1].upper()}{shared[1:]}{where_in_words(found)}"


def how_swept(view: View, drawn: Drawn) -> str:
    """Return what is constant, and where points come from, for a caption."""
    return " ".join(filter(None, (how_in_words(view.found), *drawn.cited)))


def papers(found: Settings) -> Cited:
    """Return the sources of the networks and of their edits."""
    return architectures(dict.fromkeys(one.model for one in found.every))


def how_in_words(found: Settings) -> str:
    """Return what is constant, and where the points were measured, in sentences."""
    shared = ", ".join(found.constant)
    every = len(found.every)
    whose = f"Shared by all {every:,} settings" if every > 1 else "Settings"
    said = f"{whose}: {shared}. " if shared else ""
    return f"{said}{where_in_words(found)}"
