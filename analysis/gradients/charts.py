"""Charts of the gradient experiments: norms along a network, directions by network depth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from math import log10
from statistics import fmean

from analysis.charts.chart import Chart, Dash, Draw, Mark, Series, named_at_ends, shows_bands
from analysis.charts.looks import LineLook, looks_of
from analysis.drawing.heat import Heat
from analysis.gradients.cosines import Cosine, Direction, stacks
from analysis.gradients.curves import (
    Curve,
    Gradients,
    NormSeries,
    Precision,
    Quantity,
    State,
    summarise,
)
from analysis.gradients.presets import preset_of
from analysis.gradients.shattering import names_of, shattering, spread
from analysis.gradients.theory import confirmed
from analysis.gradients.verdict import verdict
from analysis.style.language import in_english
from nets import ResNetSpec, parse, plan
from nets.names import in_full, shared_edits
from nets.names import names_of as names_beside
from nets.options import number_of
from nets.plan import place_of

_THEORY_DASHES = (Dash.DASH_DOT, Dash.LONG_DASH_DOT)


def gradient_chart(curves: Sequence[Curve], quantity: Quantity = Quantity.ACTIVATION) -> Chart:
    """Plot each model's geometric mean over the seeds, with a band from the lowest to the highest.

    A value below the precision is drawn as a point at its smallest number. A value that isn't
    finite can't be drawn: the line ends there, and the legend says so. Thin lines show theory's
    prediction for curves that follow it, drawn from the last block's mean.
    """
    models = list(dict.fromkeys(curve.model for curve in curves))
    theory, specs = cycle(_THEORY_DASHES), [parse(model) for model in models]
    lines: list[Series] = []
    others: list[Series] = []
    factors: list[str] = []
    for model, name, look in zip(models, names_beside(specs), looks_of(specs), strict=True):
        own = [curve.series(quantity) for curve in curves if curve.model == model]
        line = _line(model, name, own, look)
        lines.append(line)
        others += _floor(model, name, own, curves[0].precision, look.colour)
        (summary,) = summarise([curve for curve in curves if curve.model == model])
        predicted = confirmed(summary)
        if quantity is Quantity.ACTIVATION and predicted is not None and line.y[-1]:
            end, start = line.x[-1], line.y[-1]
            per = "layer" if predicted.layers == 1 else "block"
            factor = f"×{predicted.factor:.3f} per {per} toward the input"
            factors.append(factor)
            ys = [
                log10(start) + predicted.slope_per_layer * (float(end) - float(x)) for x in line.x
            ]
            others.append(
                Series(
                    f"theory, {name}: {factor}",
                    line.x,
                    tuple(10**y if y > -300 else None for y in ys),
                    colour=look.colour,
                    dash=next(theory),
                    thin=True,
                    hover=(model,),
                )
            )
    said = (
        " ".join(in_english(verdict, summarise(curves))) if quantity is Quantity.ACTIVATION else ""
    )
    return Chart(
        _titled(quantity.heading, specs),
        "weighted layers from the input",
        quantity.label,
        (*named_at_ends(lines, log=True), *_once(others, factors)),
        f"{quantity.label} by depth: {in_full(specs, names_beside(specs))}. {said}".strip(),
        log_y=True,
        marks=_shared_marks(models),
        reading=of_seeds(
            Counter(curve.model for curve in curves).values(),
            seen=shows_bands([*lines, *others], True),
            mean="Geometric means",
        ),
    )


def _titled(title: str, specs: Sequence[ResNetSpec]) -> str:
    """Return a title with the only network, or with what all change, unless their names say it."""
    names = names_beside(specs)
    if len(names) == 1:
        return f"{title}: {names[0]}"
    shared = [edit for edit in shared_edits(specs) if not all(edit in name for name in names)]
    return f"{title}: {', '.join(shared)}" if shared else title


def _once(others: Sequence[Series], factors: Sequence[str]) -> Iterator[Series]:
    """Yield thin lines with one entry in the legend for theory that predicts one factor for all."""
    is_one = len(factors) > 1 and len(set(factors)) == 1
    first = next((one for one in others if one.thin), None)
    for one in others:
        if is_one and one.thin and first is not None:
            name = f"theory: {factors[0]}"
            yield replace(one, name=name, dash=first.dash, in_legend=one is first)
        else:
            yield one


def of_seeds(
    seeds: Iterable[int], what: str = "bands", seen: bool = True, mean: str = "Means"
) -> str:
    """Say what lines and bands, or points and bars, are; "" without bands.

    Args:
        seeds: the number of seeds of each line or point.
        what: `bands` or `bars`.
        seen: whether a band is wide enough to be seen.
        mean: `Means` or `Geometric means`.
    """
    counts = sorted(seeds)
    if not counts or counts[-1] < 2:
        return ""
    few, most = counts[0], counts[-1]
    over = f"{most} seeds" if few == most else f"{few} to {most} seeds"
    ends = f"{what}: lowest to highest" if seen else "their range is too narrow to see"
    return f"{mean} of {over}; {ends}"


def _line(model: str, name: str, own: Sequence[NormSeries], look: LineLook) -> Series:
    columns = list(zip(*(series.values for series in own), strict=True))
    found = [set(states) for states in zip(*(series.states for series in own), strict=True)]
    good = [states == {State.MEASURED} for states in found]
    broken = sum(bool({State.NAN, State.INFINITE} & states) for states in found)
    if broken:
        name = f"{name} (not finite at {number_of(broken, 'point')})"

    def pick(value: float, is_good: bool) -> float | None:
        return value if is_good else None

    means = [10 ** fmean(map(log10, c)) if g else 0.0 for c, g in zip(columns, good, strict=True)]
    banded = len(own) > 1
    return Series(
        name,
        own[0].positions,
        tuple(map(pick, means, good)),
        low=tuple(map(pick, map(min, columns), good)) if banded else (),
        high=tuple(map(pick, map(max, columns), good)) if banded else (),
        hover=(model,),
        **look._asdict(),
    )


def _floor(
    model: str, name: str, own: Sequence[NormSeries], precision: Precision, colour: str
) -> Iterator[Series]:
    """Mark points where some seed is below the precision, at its smallest number."""
    states = zip(*(series.states for series in own), strict=True)
    lost = [x for x, s in zip(own[0].positions, states, strict=True) if State.BELOW in s]
    if lost:
        yield Series(
            f"{name}: below {precision}",
            tuple(lost),
            (precision.smallest,) * len(lost),
            Draw.POINTS,
            colour,
            sizes=(5.0,) * len(lost),
            hover=(model,),
        )


def _shared_marks(models: Sequence[str]) -> tuple[Mark, ...]:
    """Mark where the stages begin, if they begin at the same layers in all models."""
    found = {_stage_marks(model) for model in models}
    return found.pop() if len(found) == 1 else ()


def _stage_marks(model: str) -> tuple[Mark, ...]:
    """Mark where the stages of a model begin."""
    spec = parse(model)
    at, marks = spec.convs_in_stem, []
    for stage in plan.stages(spec):
        marks.append(Mark(at, stage.name))
        at += stage.count * spec.convs_per_block
    return tuple(marks)


def direction_chart(cosines: Sequence[Cosine], noise: float) -> Chart:
    """Plot the mean cosine over the seeds by depth: a line for each stack, with a band over seeds.

    Networks of one depth are points with error bars, side by side. A depth at which the cosine
    couldn't be measured has no point, and the legend says so.

    Args:
        cosines: the cosines measured so far.
        noise: standard deviation of the noise, as a share of the images' own.
    """
    found = stacks(cosines)
    looks, lines = looks_of([stack.spec for stack in found]), []
    depths = {at.depth for stack in found for at in stack.depths}
    for stack, whole, look in zip(found, names_of(found), looks, strict=True):
        name = whole.removeprefix("the ").removesuffix(" stack")
        lost = sum(not at.is_measured for at in stack.depths)
        banded = any(len(at.cosines) > 1 for at in stack.depths)

        def pick(value: float) -> float | None:
            return None if math.isnan(value) else value

        lines.append(
            Series(
                f"{name} (not measured at {number_of(lost, 'depth')})" if lost else name,
                tuple(at.depth for at in stack.depths) if len(depths) > 1 else (name,),
                tuple(pick(at.mean) for at in stack.depths),
                Draw.LINE if len(depths) > 1 else Draw.POINTS,
                in_legend=len(depths) > 1,
                low=tuple(pick(at.low) for at in stack.depths) if banded else (),
                high=tuple(pick(at.high) for at in stack.depths) if banded else (),
                hover=tuple(f"{at.spec}: {spread(at)}" for at in stack.depths),
                **look._asdict(),
            )
        )
    said = " ".join(in_english(shattering, found, noise))
    specs = [at.spec for stack in found for at in stack.depths]
    networks = in_full(specs, names_beside(specs))
    seeds = [len(at.cosines) for stack in found for at in stack.depths]
    if len(depths) == 1:
        (depth,) = depths
        along, x_label, how = f"at {depth:,} layers", "", of_seeds(seeds, "bars")
    else:
        along, x_label = "by network depth", "weighted layers of the network"
        how = of_seeds(seeds, seen=shows_bands(lines))
    return Chart(
        _titled(f"Gradient direction {along}", specs),
        x_label,
        "cosine of the gradients",
        named_at_ends(lines) if len(depths) > 1 else tuple(lines),
        f"Cosine between the gradients of images and of the same images with noise, {along}: "
        f"{networks}. {said}".strip(),
        note="∂L/∂x is taken at the images and at the images plus noise of "
        f"{100 * noise:g}% of their standard deviation.",
        reading=how,
        shown=(0.0, 1.0),
    )


def named_chart(chart: Chart, run: Gradients | Direction, said: Sequence[str]) -> Chart:
    """Return a run's chart, titled with the preset's name if the run is a preset's own.

    With other settings the numbers may contradict the preset's name.

    Args:
        chart: the chart of the run.
        run: the run.
        said: the sentences about the quantity that is drawn; empty if no preset is about it.
    """
    models, is_direction = tuple(map(str, run.specs)), isinstance(run, Direction)
    preset = preset_of(models, run.settings.precision, is_direction)
    usual = type(run.settings)(precision=run.settings.precision)
    if preset is None or run.settings != usual or not said:
        return chart
    return replace(chart, title=preset.name)


def gradient_heat(curves: Sequence[Curve], how: str = "", where: str = "") -> Heat:
    """Return how many decades each block's gradient is below or above the last one's.

    Values are means over the seeds. The sign of the whole ratio decides between below and above;
    values on the other side count as 0. A block whose norm couldn't be measured has no value.
    Blocks of a folded run differ, so colour an unfolded graph.

    Args:
        curves: the curves of one model.
        how: how they were measured.
        where: on which machine, and when.
    """
    (summary,) = summarise(curves)
    below = summary.log10_ratio < 0
    sign = -1 if below else 1
    values = {}
    points = zip(*(curve.activations.values for curve in curves), strict=True)
    states = zip(*(curve.activations.states for curve in curves), strict=True)
    ends = [curve.activations.values[-1] for curve in curves]
    for path, norms, found in zip(curves[0].activations.paths, points, states, strict=True):
        if set(found) == {State.MEASURED} and min(ends) > 0:
            decades = fmean(math.log10(n / end) for n, end in zip(norms, ends, strict=True))
            values[place_of(path).around.path] = max(sign * decades, 0.0)
    label = f"decades {'below' if below else 'above'} the last block's gradient"
    return Heat(label, "", values, varies=True, meaning=how, measured=where)
