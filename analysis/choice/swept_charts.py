"""Charts of what a sweep found: any figure along any axis, with its range over the seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import cycle
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from analysis.charts.chart import LINE_LOOKS, Chart, Dash, Draw, Series, named_at_ends
from analysis.choice.swept import (
    COSTS,
    Figure,
    Kind,
    Setting,
    Settings,
    Value,
    costs_of,
    is_numeric,
    told,
    words,
)
from analysis.costs import throughput
from analysis.costs.published import published
from analysis.gradients.charts import gradient_chart
from analysis.gradients.curves import Curve
from analysis.gradients.results import run_of as gradients_of
from analysis.lesions.report import lesions_of
from analysis.results.form import Result, read_result
from analysis.style.language import in_english, listed
from analysis.training.charts import Shown, training_chart
from analysis.training.report import run_of
from nets.names import in_full, names_of
from nets.options import OPTIONS, Shortcut, number_of
from nets.origin import base_title
from nets.spec import ResNetSpec

MAX_LINES = 12
"""Most lines in a chart: more would be hard to tell apart."""

_MOST_TOLD = 6  # networks that a caption names
_MOST_LISTED = 4  # values of an option, or published networks, that a caption lists

MAX_NAMED = 24
"""Most settings along an axis of names."""

_DASHES = (Dash.SOLID, Dash.DASHED, Dash.DOTTED, Dash.LONG_DASHED)

_SIZES = frozenset(
    ("blocks", "widths", "stem_width", "strides", "input", "block", "expansion", "groups")
) | {"group_width"}
"""The options that a network's counts follow."""


class Source(StrEnum):
    """What an axis shows."""

    OPTION = "option"
    COST = "cost"
    FIGURE = "figure"
    NAME = "name"
    ALONG = "along"


@dataclass(frozen=True)
class Axis:
    """A quantity along an axis.

    Attributes:
        name: its name in addresses and commands.
        label: its label.
        unit: its unit, or "".
        source: where its values come from.
        takes: the options that it shows, which don't tell lines apart.
    """

    name: str
    label: str
    unit: str = ""
    source: Source = Source.FIGURE
    takes: frozenset[str] = frozenset()

    @property
    def titled(self) -> str:
        """The label with its unit."""
        return f"{self.label}, {self.unit}" if self.unit else self.label

    @property
    def short(self) -> str:
        """The label up to its comma."""
        return self.label.partition(",")[0]

    def of(self, setting: Setting) -> float | None:
        """Return the value of a setting: an option, a count, or a figure's mean over the seeds."""
        match self.source:
            case Source.OPTION:
                return (
                    _NUMBERS[self.name](setting.spec)
                    if self.name in _NUMBERS
                    else (_number(setting.options.get(self.name)))
                )
            case Source.COST:
                return costs_of(setting.model).get(self.name)
            case _:
                spread = setting.spread(self.name)
                return None if spread is None else spread.mean


def _number(value: Value) -> float | None:
    return value if isinstance(value, int | float) else None


_NUMBERS: Mapping[str, Callable[[ResNetSpec], int]] = {
    "depth": lambda spec: spec.depth,
    "width": lambda spec: spec.widths[0],
    "side": lambda spec: spec.input[1],
}
"""Numbers that stand for options that are lists."""

_LISTS = (
    Axis("depth", "depth, weighted layers", "", Source.OPTION, frozenset({"blocks"})),
    Axis(
        "width", "width of the first stage", "", Source.OPTION, frozenset({"widths", "stem_width"})
    ),
    Axis("side", "image height", "px", Source.OPTION, frozenset({"input"})),
)
NAMES = Axis("setting", "setting", "", Source.NAME)
"""The axis of the settings' names."""


class Along(NamedTuple):
    """The curve of a point: its axis and the figures along it."""

    axis: Axis
    figures: tuple[Figure, ...]


ALONG: Mapping[Kind, Along] = {
    Kind.TRAIN: Along(
        Axis("step", "step", "", Source.ALONG),
        (
            Figure("train_loss", "training loss"),
            Figure("train_accuracy", "training accuracy"),
            Figure("test_accuracy_by_step", "test accuracy"),
        ),
    ),
    Kind.GRADIENTS: Along(
        Axis("layer", "depth, weighted layers from the input", "", Source.ALONG),
        (Figure("grad_norm", "‖∂L/∂x‖ of block outputs"),),
    ),
    Kind.LESIONS: Along(
        Axis("blocks_out", "random blocks out", "", Source.ALONG),
        (Figure("dropped_error", "test error", "%"),),
    ),
}
"""The curves of the experiments that have one."""


def x_axes(found: Settings) -> dict[str, Axis]:
    """Return what the horizontal axis can show, by name; the first is the usual one.

    Those are the numeric options that vary, what a curve is measured along, counts of networks that
    differ, the figures, and the settings' names.
    """
    axes: list[Axis] = []
    for axis in _LISTS:
        if len({axis.of(one) for one in found.every}) > 1:
            axes.append(axis)
    for name, values in found.varying.items():
        if is_numeric(name, values):
            axes.append(Axis(name, _option_label(name), "", Source.OPTION, frozenset({name})))
    usual = axes or [NAMES]
    if found.kind in ALONG:
        axes.append(ALONG[found.kind].axis)
    if len({one.model for one in found.every}) > 1:
        axes += [Axis(c.name, c.label, c.unit, Source.COST, _SIZES) for c in COSTS]
    axes += [_of_figure(figure) for figure in found.figures]
    every = [usual[0], *(axis for axis in (NAMES, *axes) if axis.name != usual[0].name)]
    return {axis.name: axis for axis in every}


def y_axes(found: Settings, x: Axis) -> dict[str, Axis]:
    """Return what the vertical axis can show along a horizontal one; the first is the usual."""
    figures = ALONG[found.kind].figures if x.source is Source.ALONG else found.figures
    return {figure.name: _of_figure(figure) for figure in figures}


POWERS = {"log10_ratio": "‖∂L/∂x‖, stem over last block"}
"""Figures that are logarithms, with the label of the numbers themselves, which charts show."""

_MOST_DECADES = 300.0  # a larger power of ten has no place among floats


def _drawn(y: Axis, value: float) -> float | None:
    """Return a figure as a chart draws it."""
    if y.name not in POWERS:
        return value
    return None if abs(value) > _MOST_DECADES else 10.0**value


def colours(found: Settings, x: Axis) -> tuple[str, ...]:
    """Return the options that can colour the lines; the first is the usual one."""
    names = [name for name in found.varying if name not in x.takes]
    first = [name for name in ("shortcut", "unit", "norm", "init") if name in names]
    return tuple(dict.fromkeys([*first, *names]))


def is_log(y: Axis) -> bool:
    """Return whether a vertical axis is logarithmic by default, as that of norms and ratios."""
    return y.name == "grad_norm" or y.name in POWERS


def option_label(name: str) -> str:
    """Return an option's label for a field or a column."""
    text = OPTIONS[name].label if name in OPTIONS else name.replace("_", " ")
    return f"{text[0].upper()}{text[1:]}"


def _option_label(name: str) -> str:
    return option_label(name).lower() if name not in OPTIONS else option_label(name)


def _of_figure(figure: Figure) -> Axis:
    return Axis(figure.name, figure.label, figure.unit)


@dataclass(frozen=True)
class View:
    """What is drawn.

    Attributes:
        found: the settings.
        x: the horizontal axis.
        y: the vertical axis.
        colour: the option that colours the lines; if it doesn't vary, each has a colour of its own.
        log_x: whether the horizontal axis is logarithmic.
        log_y: whether the vertical one is.
        beside: whether published figures of the same networks are drawn, too.
    """

    found: Settings
    x: Axis
    y: Axis
    colour: str = ""
    log_x: bool = False
    log_y: bool = False
    beside: bool = False

    @property
    def counts(self) -> tuple[str, ...]:
        """The axes along which counts of the networks are drawn."""
        return tuple(axis.name for axis in (self.x, self.y) if axis.source is Source.COST)


Key = tuple[tuple[str, Value], ...]
"""The options that tell a line from others, with their values."""


class Drawn(NamedTuple):
    """A chart, with sentences on what it leaves out and what it cites."""

    chart: Chart
    left_out: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()


def chart_of(view: View, most: int = MAX_LINES) -> Drawn:
    """Draw a sweep: a line, or points, for each combination of the other options.

    A mark is the mean over the seeds, with their range as a band or as error bars.

    Args:
        view: what to draw.
        most: the most lines.
    """
    if view.colour not in view.found.varying:
        view = replace(view, colour="")
    drawable = [one for one in view.found.every if _has_both(view, one)]
    left = []
    if view.x.source is Source.NAME and len(drawable) > MAX_NAMED:
        left.append(f"{MAX_NAMED} of {len(drawable):,} settings are drawn")
        drawable = drawable[:MAX_NAMED]
    groups = _groups(view, drawable)
    if len(groups) > most:
        left.append(f"{most} of {len(groups):,} lines are drawn: choose values under Show only")
        groups = dict(list(groups.items())[:most])
    looks = _looks(list(groups), view.colour)
    series, without = [], len(view.found.every) - len(drawable)
    for (name, group), (colour, dash) in zip(groups.values(), looks, strict=True):
        one = _series(view, name, group, colour, dash)
        if one is None:
            without += 1
        else:
            # The words along the axis already name the points.
            series.append(replace(one, in_legend=view.x.source is not Source.NAME))
    if view.x.source is not Source.NAME and without:
        left.append(f"not drawn, because a figure is missing: {number_of(without, 'setting')}")
    own = series
    cited: tuple[str, ...] = ()
    if view.beside:
        others, cited = _beside(view)
        series = [*series, *others]
    are_lines = all(one.draw is Draw.LINE for one in series)
    label = POWERS.get(view.y.name)
    shown = f"{label}," if label else view.y.short
    title = f"{_upper(shown)} by {view.x.short}"
    chart = Chart(
        title,
        "" if view.x.source is Source.NAME else view.x.titled,
        label or view.y.titled,
        named_at_ends(series, view.log_y) if are_lines else tuple(series),
        f"{_upper(label or _in_brackets(view.y.label))} by {view.x.short}{_of_what(view)}. "
        f"{how_spread(view)}".strip(),
        log_x=view.log_x and view.x.source is not Source.NAME,
        log_y=view.log_y,
        reading=how_spread(view),
    )
    return Drawn(chart if own else replace(chart, series=()), tuple(left), cited)


def _in_brackets(label: str) -> str:
    """Return a label with what follows its comma in brackets: `training loss (last 25 steps)`."""
    what, comma, which = label.partition(", ")
    return f"{what} ({which})" if comma else what


def _of_what(view: View) -> str:
    """Name the networks for a caption or, if they are many, those they stem from and what varies.

    Many: `of 12 settings, from the catalog's Plain-20 and ResNet-20: blocks 1-1-1 and 3-3-3; BN and
    no BN`.
    """
    found = view.found
    specs = list(dict.fromkeys(one.spec for one in found.every))
    if len(specs) <= _MOST_TOLD:
        return f": {in_full(specs, names_of(specs))}"
    bases = dict.fromkeys(spec.base for spec in specs)
    of = _in_brief([base_title(base, bases) for base in bases], "networks")
    varied = "; ".join(_values(name, values) for name, values in found.varying.items())
    return f" of {number_of(len(found.every), 'setting')}, from the catalog's {of}: {varied}"


def _values(name: str, values: Sequence[Value]) -> str:
    """Return the values of an option: `blocks 1-1-1 to 9-9-9 (5 values)`, `BN and no BN`."""
    each = [words(name, value) for value in values]
    first, space, _ = each[0].partition(" ")
    start = f"{first}{space}"
    if not space or not all(one.startswith(start) for one in each):
        return in_english(listed, each)
    return start + _in_brief([one.removeprefix(start) for one in each], "values")


def _in_brief(names: Sequence[str], what: str) -> str:
    """Return names as a list, or the first, the last and the number of many."""
    if len(names) <= _MOST_LISTED:
        return in_english(listed, names)
    return f"{names[0]} to {names[-1]} ({len(names):,} {what})"


def how_spread(view: View) -> str:
    """Say what marks, bands and error bars are."""
    seeds = {len(one.points) for one in view.found.every}
    if seeds <= {1}:
        return ""
    most = max(seeds)
    what = "bands" if view.x.source is Source.ALONG or _has_lines(view) else "bars"
    if what == "bands" and any(len(settings) == 1 for _, settings in lines_of(view)):
        what = "bands and bars"
    over = number_of(most, "seed") if len(seeds) == 1 else f"up to {number_of(most, 'seed')}"
    mean = "Geometric means" if is_log(view.y) else "Means"
    return f"{mean} of {over}; {what}: lowest to highest."


def _has_lines(view: View) -> bool:
    """Return whether settings have several places along an axis of options or counts."""
    if view.x.source not in (Source.OPTION, Source.COST):
        return False
    return len({view.x.of(one) for one in view.found.every if _has_both(view, one)}) > 1


def _has_both(view: View, one: Setting) -> bool:
    """Return whether a setting has a value on both axes; a curve is read when it is drawn."""
    if view.x.source is Source.ALONG:
        return True
    has_x = view.x.source is Source.NAME or view.x.of(one) is not None
    return has_x and one.spread(view.y.name) is not None


def _groups(view: View, every: Sequence[Setting]) -> dict[Key, tuple[str, list[Setting]]]:
    """Return the settings of each line with its name, by the options that tell it from others."""
    found, x = view.found, view.x
    if x.source in (Source.NAME, Source.FIGURE):
        keys = [view.colour] if view.colour else []
    elif x.source is Source.ALONG:
        keys = list(found.varying)
    else:
        keys = [name for name in found.varying if name not in x.takes]
    kinds = found.varying.get("shortcut", ())
    groups: dict[Key, tuple[str, list[Setting]]] = {}
    for one in every:
        key = tuple((name, one.options.get(name)) for name in keys)
        name = found.names[one] if x.source is Source.ALONG else _line_name(key, kinds)
        groups.setdefault(key, (name or view.y.label, []))[1].append(one)
    return groups


def lines_of(view: View) -> list[tuple[str, list[Setting]]]:
    """Return the name of each line along a numeric option, and its settings in order.

    Settings without a value on both axes are left out.
    """
    if view.x.source is not Source.OPTION:
        return []
    drawable = [one for one in view.found.every if _has_both(view, one)]
    return [
        (name, sorted(group, key=lambda one: float(_place(view, one))))
        for name, group in _groups(view, drawable).values()
    ]


def _line_name(key: Key, kinds: Sequence[Value]) -> str:
    """Return a line's name, with `plain` or `residual` for plain networks and one residual kind."""
    said = told(pair for pair in key if pair[0] != "shortcut")
    if "shortcut" not in dict(key):
        return said
    shortcut = dict(key)["shortcut"]
    kind = words("shortcut", shortcut)
    if shortcut is Shortcut.NONE:
        kind = "plain"
    elif Shortcut.NONE in kinds and len(kinds) == 2:
        kind = "residual"
    return ", ".join(filter(None, (kind, said)))


def _looks(keys: Sequence[Key], colour: str) -> Iterator[tuple[str, Dash]]:
    """Yield each line's colour, by the option that was chosen, and its style, by the others.

    Plain networks are grey. If all lines have the same value, each has a colour of its own.
    """
    if len({dict(key).get(colour) for key in keys}) < 2:
        colour = ""
    turns = cycle(LINE_LOOKS)
    colours: dict[Value, tuple[str, Dash]] = {}
    dashes: dict[Key, int] = {}
    for key in keys:
        if not colour:
            yield next(turns)
            continue
        value = dict(key).get(colour)
        if value not in colours:
            is_plain = value is Shortcut.NONE
            colours[value] = ("plain", Dash.SOLID) if is_plain else next(turns)
        rest = tuple(pair for pair in key if pair[0] != colour)
        number = dashes.setdefault(rest, len(dashes))
        look, usual = colours[value]
        yield look, _DASHES[number % len(_DASHES)] if len(key) > 1 else usual


def _series(
    view: View, name: str, group: Sequence[Setting], colour: str, dash: Dash
) -> Series | None:
    """Return the series of a group; None for a setting without a curve."""
    if view.x.source is Source.ALONG:
        (setting,) = group
        line = _curve(setting, view.y.name)
        if line is None:
            return None
        line = replace(line, marker=None, hollow=colour == "plain")
        return replace(line, name=name, colour=colour, dash=dash)
    names = view.found.names
    marks = [
        (_place(view, one), spread, one)
        for one in group
        if (spread := one.spread(view.y.name)) is not None
    ]
    is_line = _has_lines(view)
    if is_line:
        marks.sort(key=lambda mark: float(mark[0]))
    banded = any(spread.seeds > 1 for _, spread, _ in marks)
    return Series(
        name,
        tuple(at for at, _, _ in marks),
        tuple(_drawn(view.y, spread.mean) for _, spread, _ in marks),
        Draw.LINE if is_line else Draw.POINTS,
        colour,
        dash,
        low=tuple(_drawn(view.y, spread.low) for _, spread, _ in marks) if banded else (),
        high=tuple(_drawn(view.y, spread.high) for _, spread, _ in marks) if banded else (),
        hover=tuple(f"{names[one]}, {number_of(spread.seeds, 'seed')}" for _, spread, one in marks),
        hollow=colour == "plain",  # as on Gradients and Training
    )


def _place(view: View, one: Setting) -> float | str:
    """Return the position of a setting that has a value on the horizontal axis."""
    return view.found.names[one] if view.x.source is Source.NAME else view.x.of(one) or 0.0


def _curve(setting: Setting, figure: str) -> Series | None:
    """Return the curve of a setting over its seeds, or None if no file has one."""
    files = []
    for point in setting.points:
        with suppress(OSError):
            path = Path(point.path)
            files.append((path, path.stat().st_mtime_ns))
    return _curve_of(setting.points[0].kind, figure, tuple(files))


@lru_cache(256)
def _curve_of(kind: Kind, figure: str, files: tuple[tuple[Path, int], ...]) -> Series | None:
    """Return a curve over several files, each with the time of its last change in ns.

    The files, which can be large, aren't kept.
    """
    results = []
    for path, _ in files:
        with suppress(OSError, ValueError):
            results.append(read_result(path))
    if not results:
        return None
    try:
        match kind:
            case Kind.TRAIN:
                shown = {"train_loss": Shown.TRAIN_LOSS, "train_accuracy": Shown.TRAIN_ACCURACY}
                chart = training_chart(
                    [run_of(result) for result in results],
                    shown.get(figure, Shown.TEST_ACCURACY),
                    by_step=True,
                )
                return chart.series[0] if chart.series else None
            case Kind.GRADIENTS:
                curves: list[Curve] = []
                for result in results:
                    curves += gradients_of(result).curves  # type: ignore[union-attr]
                return gradient_chart(curves).series[0]
            case _:
                return _dropped(results)
    except ValueError:
        return None


def _dropped(results: Sequence[Result]) -> Series | None:
    """Return the error in percent by the number of random blocks out, the mean of the draws."""
    studies = [lesions_of(result) for result in results]
    if not studies[0].dropped:
        return None
    columns: dict[int, list[float]] = {0: [100 * study.error for study in studies]}
    for study in studies:
        for one in study.dropped:
            columns.setdefault(one.count, []).append(100 * one.mean)
    banded = len(studies) > 1
    return Series(
        "",
        tuple(columns),
        tuple(map(fmean, columns.values())),
        low=tuple(map(min, columns.values())) if banded else (),
        high=tuple(map(max, columns.values())) if banded else (),
        hover=(studies[0].model,),
    )


def _beside(view: View) -> tuple[list[Series], tuple[str, ...]]:
    """Return published figures of the same networks as points, and what they cite.

    Errors are drawn beside errors, accuracies beside accuracies, and speeds beside speeds.
    """
    if view.x.source not in (Source.OPTION, Source.COST, Source.NAME):
        return [], ()
    found: dict[str, list[tuple[float | str, float, str]]] = {}
    cited: dict[str, None] = {}
    for one in {one.spec: one for one in view.found.every[:MAX_NAMED]}.values():
        at = _place(view, one)
        for name, value, source in _published(one.spec, view.y.name):
            found.setdefault(name, []).append((at, value, one.model))
            cited[source] = None
    looks = cycle(("main_path", "warning", "tint"))
    series = [
        Series(
            name,
            tuple(at for at, _, _ in marks),
            tuple(value for _, value, _ in marks),
            Draw.POINTS,
            colour,
            hover=tuple(model for _, _, model in marks),
        )
        for (name, marks), colour in zip(found.items(), looks, strict=False)
    ]
    return series, tuple(cited)


def _published(spec: ResNetSpec, figure: str) -> Iterator[tuple[str, float, str]]:
    """Yield a name, a value and its source for each published figure of the same quantity."""
    if figure == "images_per_s":
        for speed in throughput.speeds(spec):
            name = f"{speed.machine.label} (published by {throughput.PUBLISHER})"
            yield name, speed.images_per_s, speed.machine.citation
    elif figure in ("test_error", "test_accuracy"):
        for one in published(spec):
            if one.higher_is_better is (figure == "test_accuracy"):
                recipe = f", {one.recipe}" if one.recipe else ""
                said = f"Published, not measured here: {one.metric}{recipe} ({one.source})."
                yield f"{one.metric} (published by {one.publisher})", one.percent, said


def _upper(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}" if text else text
