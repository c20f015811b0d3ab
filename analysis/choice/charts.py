"""Comparisons as charts: a scatter with its Pareto front, and sweeps as families of curves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import cycle
from math import pi

from analysis.charts.chart import LINE_LOOKS, Chart, Draw, Series, listed, named_at_ends
from analysis.charts.names import MOST_NAMES
from analysis.choice.choose import Choice, Front
from analysis.choice.compare import (
    Axis,
    Column,
    Comparison,
    Recipe,
    Row,
    Speed,
    Sweep,
    SweepCurve,
    axis_name,
    in_brief,
    pareto,
)
from analysis.choice.ladder import Ladder, ladder
from analysis.costs.step import Dtype
from analysis.style.language import counted, marked, translate
from analysis.style.numbers import short
from nets.catalog import CATALOG, TORCHVISION2016, WIGHTMAN2019, Citation
from nets.names import names_of
from nets.options import number_of, quote
from nets.spec import ResNetSpec
from nets.text import parse

MEASURED = (Column.MEASURED_MS, Column.MEASURED_BYTES)
"""The measured columns."""

SWEPT = (
    Column.MACS,
    Column.PARAMS,
    Column.SAVED_BYTES,
    Column.INFERENCE_BYTES,
    Column.ACTIVATIONS,
    Column.BYTES_MOVED,
)
"""The columns that a sweep can show."""

MUCH = 20
"""The ratio of the largest to the smallest value above which a scale is logarithmic by default."""

APART = 10
"""The ratio of the highest to the lowest end of a sweep's curves above which the chart's axes are
logarithmic by default."""

_MOST_NAMED = 6
_MOST_MATCHES = 3  # names in a message
_LEAST_FRONT = 3  # fewest networks for which a chart draws the front
_FRONT, _OTHERS, _LINE = "on the Pareto front", "other networks", "Pareto front"
_OF_FRONT = "Line: the Pareto front, networks that no other beats on both axes"
_SMALLEST, _LARGEST = 8.0, 34.0  # bubble sizes in px
_SQUARE = (pi / 4) ** 0.5  # side of a square with the area of a circle, over its diameter


def bars_instead(
    scatter: Chart, rows: Sequence[Row], x: Axis, y: Axis, bubble: Axis | None
) -> tuple[Chart, ...]:
    """Return a chart per axis with a bar per network, if the scatter would be mostly empty.

    It is with so few networks that its axes begin at zero.
    """
    if not scatter.from_zero or bubble is not None or not_drawn(rows, x, y, bubble):
        return ()
    names = names_of([row.spec for row in rows])
    batch = rows[0].batch
    return tuple(
        Chart(
            _sentence(_called(axis)),
            "",
            _label(axis, batch),
            (Series("networks", names, tuple(axis.of(row) for row in rows), Draw.BARS, "tint"),),
            f"{axis.label} of {' and '.join(names)}.",
        )
        for axis in (x, y)
    )


def models_of(chart: Chart) -> list[str]:
    """Return the models whose points a scatter shows."""
    return [model for series in chart.series for model in series.hover]


def axes_of(comparison: Comparison) -> dict[str, Axis]:
    """Return the quantities an axis can show, by their name in addresses and commands."""
    columns: dict[str, Axis] = {column.value: column for column in comparison.columns}
    return columns | {axis_name(axis): axis for axis in comparison.cited}


def axes_to_choose(comparison: Comparison) -> dict[str, Axis]:
    """Return the axes that the page offers, including those that are computed on demand."""
    axes: dict[str, Axis] = {
        column.value: column
        for column in Column
        if column not in MEASURED or column in comparison.columns
    }
    return axes | {axis_name(axis): axis for axis in comparison.cited}


def replayed_for(*axes: Axis | None) -> list[Dtype]:
    """Return the dtypes for which the axes need a predicted training step."""
    return [d for axis in axes if isinstance(axis, Column) and (d := axis.replayed_in)]


def usual_y(comparison: Comparison, model: str = "", x: Axis = Column.MACS) -> Axis:
    """Return the default y axis: an accuracy that several networks have, or else a count.

    Args:
        comparison: the networks.
        model: the page's network, which must have the accuracy, too, if it is compared.
        x: the x axis, which isn't drawn against itself.
    """
    own = [row for row in comparison.rows if row.model == model]
    for recipe in comparison.recipes:
        if any(recipe.of(row) is None for row in own):
            continue
        if sum(recipe.of(row) is not None for row in comparison.rows) > 1:
            return recipe
    return Column.MACS if x is Column.PARAMS else Column.PARAMS


def usual_log(rows: Sequence[Row], x: Axis, y: Axis) -> bool:
    """Return whether a scatter's axes are logarithmic by default: if one spans a large range."""
    drawn = [row for row in rows if _placed(row, x, y)]
    return any(
        spans_much([axis.of(row) for row in drawn])
        for axis in (x, y)
        if not isinstance(axis, Recipe)
    )


def spans_much(values: Iterable[float | None], much: float = MUCH) -> bool:
    """Return whether positive values differ so much that most would look alike on a linear scale.

    Args:
        values: the values; those that are None are left out.
        much: the ratio of the largest to the smallest value above which they do.
    """
    known = [value for value in values if value is not None]
    return bool(known) and min(known) > 0 and max(known) > much * min(known)


def axis_of(axes: Mapping[str, Axis], field: str, text: str) -> Axis:
    """Return an axis by its name, or by words that occur in one name only; whole words win.

    Raises:
        ValueError: if no axis or several match.
    """
    if text in axes:
        return axes[text]
    found = [name for name in axes if text.lower() in name.lower()]
    words = [name for name in found if re.search(rf"\b{re.escape(text)}\b", name, re.I)]
    found = words if len(words) == 1 else found
    if len(found) == 1:
        return axes[found[0]]
    if found:
        more = f" or {len(found) - _MOST_MATCHES} more" if len(found) > _MOST_MATCHES else ""
        raise ValueError(
            f"{field}: {quote(text)} could mean {' or '.join(found[:_MOST_MATCHES])}{more}"
        )
    near = get_close_matches(text.lower(), list(axes), n=_MOST_MATCHES)
    way = f"did you mean {' or '.join(near)}?" if near else "use one such as depth, params or macs."
    raise ValueError(
        f"{field}: {quote(text)} is not a figure of these networks: {way} "
        "`compare --format csv` has all as columns"
    )


def scatter_chart(
    rows: Sequence[Row],
    x: Axis,
    y: Axis,
    bubble: Axis | None = None,
    log: bool = False,
    names: Mapping[str, str] | None = None,
    per_image: bool = False,
) -> Chart:
    """Return a scatter of two figures per network, with a line through the Pareto front.

    One or two networks have no front; on linear axes of counts and speeds, they are drawn in
    proportion, from 0.

    Args:
        rows: the networks; those that lack a figure are left out.
        x: the figure on the horizontal axis.
        y: the figure on the vertical axis.
        bubble: a figure for the area of the points; networks that lack it are left out.
        log: whether both axes are logarithmic.
        names: the networks' names by their models; by default those of `names_of`.
        per_image: whether MACs and activations are those of one image, not of the batch.
    """
    rows = [row for row in rows if bubble is None or bubble.of(row) is not None]
    called = names or dict(
        zip((row.model for row in rows), names_of([row.spec for row in rows]), strict=True)
    )

    def name(row: Row) -> str:
        return called[row.model]

    def value(axis: Axis, row: Row) -> float | None:
        found = axis.of(row)
        if found is None or not (per_image and axis in PER_IMAGE):
            return found
        return found / row.batch

    drawn = [row for row in rows if _placed(row, x, y)]
    front = pareto(rows, x, y) if len(drawn) >= _LEAST_FRONT else ()
    others = [row for row in drawn if row not in front]
    sizes: dict[str, float] = {}
    if bubble is not None:
        found = {row.model: bubble.of(row) or 0.0 for row in drawn}
        most = max(found.values(), default=0.0) or 1.0
        sizes = {
            model: max(_SMALLEST, _LARGEST * (value / most) ** 0.5)
            for model, value in found.items()
        }
    series = [
        Series(
            title,
            tuple(value(x, row) or 0.0 for row in group),
            tuple(value(y, row) for row in group),
            Draw.POINTS,
            colour,
            text=tuple(_texts(group, x, y, name)),
            in_legend=bool(others),
            hover=tuple(row.model for row in group),
            sizes=tuple(sizes[row.model] * (_SQUARE if marker else 1) for row in group if sizes),
            marker=marker,
        )
        for title, group, colour, marker in (
            (_FRONT, list(front), "identity", 0),
            (_OTHERS, others, "plain", 1) if front else ("networks", others, "identity", 0),
        )
        if group
    ]
    is_line = len({(x.of(row), y.of(row)) for row in front}) > 1
    if is_line:
        line = Series(
            _LINE,
            series[0].x,
            series[0].y,
            colour="identity",
            thin=True,
            in_legend=not others,  # beside others, the points of the front are in it
        )
        series.insert(0, line)
    best = f". On the Pareto front: {listed(map(name, front))}" if front else ""
    batch = rows[0].batch if rows else 1
    return Chart(
        _sentence(f"{_called(y)} against {_called(x)}"),
        _label(x, batch, per_image),
        _label(y, batch, per_image),
        tuple(series),
        _sentence(f"{_called(y)} against {_called(x)}{best}"),
        log_x=log,
        log_y=log and not isinstance(y, Recipe),  # a percentage has no decades
        note=_note(drawn, x, y, bubble, name),
        reading=". ".join(
            filter(
                None,
                (
                    "All networks shown are on the Pareto front" if front and not others else "",
                    _OF_FRONT if is_line and others else "",
                    _briefly(x, y, bubble).removesuffix("."),
                ),
            )
        ),
        samples=_samples(drawn, bubble, sizes),
        from_zero=not log
        and 0 < len(drawn) < _LEAST_FRONT
        and not any(isinstance(axis, Recipe) for axis in (x, y)),
    )


def citations(*axes: Axis | None) -> str:
    """Return the conditions and sources of the speeds among the axes, in sentences."""
    return " ".join(dict.fromkeys(axis.how for axis in axes if isinstance(axis, Speed)))


def publishers(*axes: Axis | None) -> list[Citation]:
    """Return the sources of the published results and speeds among the axes, each once."""
    papers = {one.source.short: one.source for entry in CATALOG.values() for one in entry.results}
    known = {"torchvision": TORCHVISION2016, "timm": WIGHTMAN2019, **papers}
    named = [axis.publisher for axis in axes if isinstance(axis, Recipe | Speed)]
    return [known[name] for name in dict.fromkeys(named) if name in known]


def _briefly(*axes: Axis | None) -> str:
    """Return the conditions of the speeds among the axes without their sources' files."""
    return " ".join(dict.fromkeys(one.brief or one.how for one in axes if isinstance(one, Speed)))


def with_own(
    axes: Sequence[Axis | None], rows: Sequence[Row], own: Speed | None
) -> tuple[Axis | None, ...] | None:
    """Return the axes with a machine's own speed for published ones.

    Returns:
        The axes, or None if no speed is among them or the machine measured none of the networks.
    """
    if own is None or all(own.of(row) is None for row in rows):
        return None
    found = tuple(own if isinstance(axis, Speed) else axis for axis in axes)
    return found if own in found else None


def front_called(front: Front) -> str:
    """Return a front's name in a menu, which begins with what tells it from the others."""
    x, y = in_brief(front.x), in_brief(front.y)
    return f"{x}: {y}" if isinstance(front.y, Recipe) else f"{y} against {x}"


def fronts_of(choice: Choice) -> dict[str, Front]:
    """Return the Pareto fronts by their names in the address."""
    return {f"{axis_name(front.y)} against {axis_name(front.x)}": front for front in choice.fronts}


def front_chart(choice: Choice, front: Front, alone: bool = False) -> Chart:
    """Return the scatter chart of the networks that fit, with the front.

    MACs and activations are per image, as in the table and the budget. Axes are logarithmic if one
    spans a large range.

    Args:
        choice: what fits.
        front: the figures.
        alone: whether the chart needs names of its own, as no table beside it shares them.
    """
    beside = drawn_of(choice, front) if alone else None
    names = {row.model: choice.name_of(row.spec, beside) for row in choice.fits}
    log = usual_log(choice.fits, front.x, front.y)
    return scatter_chart(choice.fits, front.x, front.y, log=log, names=names, per_image=True)


def drawn_of(choice: Choice, front: Front) -> tuple[ResNetSpec, ...]:
    """Return the networks that fit and have both figures of a front."""
    return tuple(row.spec for row in choice.fits if _placed(row, front.x, front.y))


def front_in_words(chart: Chart) -> str:
    """Say which networks of a scatter are off its Pareto front, and why; "" if it has none."""
    front = [text for series in chart.series if series.name == _FRONT for text in series.text]
    others = [text for series in chart.series if series.name == _OTHERS for text in series.text]
    if not front:
        return ""
    if not others:
        return translate("All are on the Pareto front: none beats another on both axes.")
    return translate(
        "Off the Pareto front: {names}. Another network is at least as good on both axes, and "
        "better on one or both.",
        names=_some([name for name in others if name]),
    )


def pair_in_words(rows: Sequence[Row], x: Axis, y: Axis) -> str:
    """Return the two figures of two networks in a sentence; "" unless exactly two have both."""
    drawn = [row for row in rows if _placed(row, x, y)]
    if len(drawn) != 2:
        return ""
    first, second = drawn
    one, other = names_of([first.spec, second.spec])
    (x_one, x_other), (y_one, y_other) = (
        [short(axis.of(row) or 0.0, axis.unit) for row in drawn] for axis in (x, y)
    )
    return translate(
        "From {one} to {other}: {x} from {x_one} to {x_other}, {y} from {y_one} to {y_other}.",
        one=one,
        other=other,
        x=_called(x),
        x_one=x_one,
        x_other=x_other,
        y=_called(y),
        y_one=y_one,
        y_other=y_other,
    )


def fits_in_words(choice: Choice, front: Front | None) -> str:
    """Say how many networks a front's chart shows, and how many fit in which budgets."""
    if not (choice.fits and choice.misses):
        said = choice.sentence
    else:
        said = translate(
            "{count} of {all} networks for {task} fit in {limits}.",
            count=len(choice.fits),
            all=len(choice.fits) + len(choice.misses),
            task=translate(choice.task.name),
            limits=choice.within,
        )
    if front is None:
        return said
    parts = (drawn_in_words(choice, front), said, _front_of_many(choice, front))
    return " ".join(filter(None, parts))


def front_in_brief(choice: Choice, front: Front) -> str:
    """Say how many of the networks that fit a chart shows, and how many are on its front.

    Where names may lack room in the chart, those on the front are named.
    """
    drawn = drawn_in_words(choice, front) or translate(
        "{count} of {all} networks fit.",
        count=len(choice.fits),
        all=len(choice.fits) + len(choice.misses),
    )
    if len(drawn_of(choice, front)) < _LEAST_FRONT:
        return drawn
    best = _front_of_many(choice, front) or counted(
        len(front.rows),
        "{number} of them is on the Pareto front.",
        "{number} of them are on the Pareto front.",
    )
    return f"{drawn} {best}"


def _front_of_many(choice: Choice, front: Front) -> str:
    """Name the networks on a front in a chart of so many points that names may lack room."""
    drawn = drawn_of(choice, front)
    if len(drawn) <= MOST_NAMES:
        return ""
    names = [choice.name_of(row.spec, drawn) for row in front.rows]
    return translate("On the Pareto front: {names}.", names=_some(names))


def drawn_in_words(choice: Choice, front: Front) -> str:
    """Say how many of the networks that fit have both figures of a front; "" if all have."""
    drawn, every = len(drawn_of(choice, front)), len(choice.fits)
    if drawn == every:
        return ""
    recipes = [axis for axis in (front.x, front.y) if isinstance(axis, Recipe)]
    for one in recipes:
        if drawn == sum(one.of(row) is not None for row in choice.fits):
            values = {"drawn": drawn, "all": every, "recipe": one.weights or one.publisher}
            if drawn == 1:
                return translate(
                    "{drawn} of the {all} networks that fit has a published result ({recipe}).",
                    **values,
                )
            return translate(
                "{drawn} of the {all} networks that fit have a published result ({recipe}).",
                **values,
            )
    if drawn == 1:
        return translate(
            "{drawn} of the {all} networks that fit has both figures.", drawn=drawn, all=every
        )
    return translate(
        "{drawn} of the {all} networks that fit have both figures.", drawn=drawn, all=every
    )


def sweep_chart(curves: Sequence[SweepCurve], column: Column, log: bool = False) -> Chart:
    """Return a chart of one figure along a sweep, with a line for each network that has it."""
    looks = cycle(LINE_LOOKS)
    series = []
    names = names_of([parse(curve.model) for curve in curves])
    for curve, name in zip(curves, names, strict=True):
        colour, dash = next(looks)
        known = [point for point in curve.points if column.of(point.row) is not None]
        if not known:
            continue
        series.append(
            Series(
                name,
                tuple(point.value for point in known),
                tuple(column.of(point.row) for point in known),
                colour=colour,
                dash=dash,
                hover=(curve.model,),
            )
        )
    sweep = curves[0].sweep
    along = {
        "depth": "depth, weighted layers",
        "width": "width, times the network's own",
        "input": "image height, px",
        "batch": "batch, images",
    }[sweep.value]
    return Chart(
        _sentence(f"{column.label} against {along.partition(',')[0]}"),
        along,
        _label(column),
        named_at_ends(series, log),
        f"{column.label} by {sweep.value} of {'; '.join(names)}",
        log_x=log,
        log_y=log,
    )


_OVER = {
    Sweep.DEPTH: marked("scaled from {first} to {last} layers"),
    Sweep.WIDTH: marked("from {first} to {last} times its own width"),
    Sweep.INPUT: marked("from {first} to {last} px"),
    Sweep.BATCH: marked("from batch {first} to batch {last}"),
}
_AT = {
    Sweep.DEPTH: marked("at {first} layers"),
    Sweep.WIDTH: marked("at {first} times its own width"),
    Sweep.INPUT: marked("at {first} px"),
    Sweep.BATCH: marked("at batch {first}"),
}
"""Where a curve begins and ends, and where one of a single point is, in a sentence."""


def sweep_in_words(curves: Sequence[SweepCurve], column: Column) -> str:
    """Say where the curves that end highest and lowest begin and end; "" if none is drawn."""
    ends = []
    for name, curve in zip(names_of([parse(one.model) for one in curves]), curves, strict=True):
        known = [(at.value, column.of(at.row)) for at in curve.points]
        if found := [(x, y) for x, y in known if y is not None]:
            ends.append((found[-1][1], name, found[0], found[-1]))
    said: dict[str, list[str]] = {}
    for _, name, (first, low), (last, high) in dict.fromkeys(
        (max(ends), min(ends)) if ends else ()
    ):
        sweep = curves[0].sweep
        where = (_AT if first == last else _OVER)[sweep]
        start, stop = f"{first:,g}", f"{last:,g}"
        lead = translate(where, first=start, last=stop)
        begin, end = (short(round(value), column.unit) for value in (low, high))
        values = {"name": name, "begin": begin, "end": end}
        courses = said.setdefault(lead, [])
        if first == last:
            courses.append(translate("{name} is at {end}", **values))
        elif courses:
            courses.append(translate("{name} from {begin} to {end}", **values))
        else:
            courses.append(translate("{name} goes from {begin} to {end}", **values))
    both = translate("; ").join(
        translate("{lead}, {courses}", lead=lead, courses=translate(", ").join(courses))
        for lead, courses in said.items()
    )
    figure = _sentence(_called(column))
    return translate("{figure}: {courses}.", figure=figure, courses=both) if both else ""


def shared_lines(curves: Sequence[SweepCurve]) -> tuple[tuple[str, ...], ...]:
    """Return the names of networks that a sweep over depth draws on one line, a group each.

    Networks of one family reach the same depths with the same blocks: they differ in their range.
    """
    if not curves or curves[0].sweep is not Sweep.DEPTH:
        return ()
    specs = [parse(curve.model) for curve in curves]
    groups: dict[Ladder, list[str]] = {}
    for spec, name in zip(specs, names_of(specs), strict=True):
        groups.setdefault(ladder(spec), []).append(name)
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def ends_apart(curves: Sequence[SweepCurve], column: Column) -> bool:
    """Return whether a sweep's axes are logarithmic by default.

    They are if its curves end far apart, or if it is of batches, each twice the one before.
    """
    if any(curve.sweep is Sweep.BATCH for curve in curves):
        return True
    known = [[column.of(point.row) for point in curve.points] for curve in curves]
    drawn = [[value for value in values if value is not None] for values in known]
    return spans_much([values[-1] for values in drawn if values], APART)


def not_swept(curves: Sequence[SweepCurve], column: Column) -> tuple[str, ...]:
    """Return the points that a sweep's chart leaves out because they lack the figure.

    Each item is a network and its values: `resnet18 at 28, 32`.
    """
    gaps = {
        curve.model: [f"{point.value:,g}" for point in curve.points if column.of(point.row) is None]
        for curve in curves
    }
    return tuple(f"{model} at {', '.join(values)}" for model, values in gaps.items() if values)


def _sentence(words: str) -> str:
    """Return the words with their first letter capitalised and the rest unchanged."""
    return words[:1].upper() + words[1:]


def _placed(row: Row, x: Axis, y: Axis) -> bool:
    return x.of(row) is not None and y.of(row) is not None


def _texts(rows: Sequence[Row], x: Axis, y: Axis, name: Callable[[Row], str]) -> Iterator[str]:
    """Yield the label of each point; networks at one place share the first one's label."""
    places: dict[tuple[float | None, float | None], list[str]] = {}
    for row in rows:
        places.setdefault((x.of(row), y.of(row)), []).append(name(row))
    for row in rows:
        names = places[x.of(row), y.of(row)]
        yield listed(names) if names[0] == name(row) else ""


def not_drawn(rows: Sequence[Row], x: Axis, y: Axis, bubble: Axis | None = None) -> str:
    """Say which networks a scatter leaves out, and which figure they lack; "" if none."""
    named = list(zip(rows, names_of([row.spec for row in rows]), strict=True))
    axes = dict.fromkeys(axis for axis in (x, y, bubble) if axis is not None)
    lacking = {axis: [name for row, name in named if axis.of(row) is None] for axis in axes}
    return " ".join(
        translate("Not drawn: no {figure} for {names}.", figure=_whole(axis), names=_some(names))
        for axis, names in lacking.items()
        if names
    )


def _whole(axis: Axis) -> str:
    """Return an axis's name with the recipe or publisher of a published result."""
    if not isinstance(axis, Recipe):
        return axis.label
    return f"{axis.metric} ({axis.weights or axis.publisher})"


def _some(names: Sequence[str]) -> str:
    """Join names into a list; of a long one, count the last names instead."""
    if len(names) <= _MOST_NAMED:
        return listed(names)
    few = listed(names[: _MOST_NAMED - 1])
    return few + translate(" and {count} more", count=len(names) - _MOST_NAMED + 1)


_OF_THE_BATCH = (
    Column.MACS,
    Column.FVCORE_FLOPS,
    Column.FLOPS,
    Column.SAVED_BYTES,
    Column.ACTIVATIONS,
    Column.BYTES_MOVED,
)


PER_IMAGE = (Column.MACS, Column.ACTIVATIONS)
"""The figures of a batch that a table of what fits shows per image."""


def _label(axis: Axis, batch: int = 1, per_image: bool = False) -> str:
    images = f" for {number_of(batch, 'image')}" if batch > 1 and axis in _OF_THE_BATCH else ""
    if per_image and axis in PER_IMAGE:
        images = " per image"
    return f"{_called(axis)}{images}, {axis.unit}" if axis.unit else f"{_called(axis)}{images}"


def _called(axis: Axis) -> str:
    """Return a short name of an axis; the note below the chart has a published figure's source."""
    match axis:
        case Recipe():
            return axis.metric
        case Speed():
            return axis.figure
        case Column():
            return axis.label


def _note(
    rows: Sequence[Row], x: Axis, y: Axis, bubble: Axis | None, name: Callable[[Row], str]
) -> str:
    """Return the recipes and publishers of published figures, and what the points' area shows."""
    recipes = [axis for axis in (x, y) if isinstance(axis, Recipe)]
    metrics = [f"{recipe.metric}: " if len(recipes) > 1 else "" for recipe in recipes]
    said = [
        "; ".join((_sentence(f"{metric}{recipe.note}"), *_remarks(rows, x, y, recipe, name)))
        for metric, recipe in zip(metrics, recipes, strict=True)
    ]
    if bubble:
        least = _told_by_smallest(rows, bubble)
        more = f"; the smallest points: up to {short(least, bubble.unit)}" if least else ""
        said.append(f"Area: {bubble.label}{more}")
    return " ".join(f"{one}." for one in said)


def _samples(
    rows: Sequence[Row], bubble: Axis | None, sizes: Mapping[str, float]
) -> tuple[tuple[float, str], ...]:
    """Return the diameters of the smallest and the largest point, with their figures."""
    if bubble is None or not rows:
        return ()
    points = sorted((sizes[row.model], bubble.of(row) or 0.0) for row in rows)
    said = {size: short(value, bubble.unit) for size, value in (points[0], points[-1])}
    if least := _told_by_smallest(rows, bubble):
        said[points[0][0]] = f"up to {short(least, bubble.unit)}"
    return tuple((size, f"{figure} {bubble.label}") for size, figure in said.items())


def _told_by_smallest(rows: Sequence[Row], bubble: Axis) -> float:
    """Return up to which value points have the smallest size; 0 if all of them are larger."""
    values = [bubble.of(row) or 0.0 for row in rows]
    least = (_SMALLEST / _LARGEST) ** 2 * max(values, default=0.0)
    return least if min(values, default=least) < least else 0.0


def _remarks(
    rows: Sequence[Row], x: Axis, y: Axis, recipe: Recipe, name: Callable[[Row], str]
) -> Iterator[str]:
    for row in rows:
        if _placed(row, x, y) and (remark := recipe.remark(row)):
            yield f"{name(row)}: {remark}"
