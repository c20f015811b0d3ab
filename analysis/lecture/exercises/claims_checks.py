"""What recorded curves and timings say about the claims of articles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import log, log10
from operator import truediv
from statistics import fmean
from typing import Any

from torch.nn import Conv2d
from torch.nn.functional import cross_entropy

from analysis.charts.chart import Chart, Dash, Draw, Series, named_at_ends
from analysis.gradients.charts import gradient_chart
from analysis.gradients.curves import Curve, Gradients, GradientSettings, Quantity, summarise
from analysis.gradients.presets import PRESETS, Preset
from analysis.gradients.results import run_hash, run_of
from analysis.images.batch import batch
from analysis.lecture.exercises.values import Exercise, Finding, Line, Plot, written
from analysis.lecture.facts import last_losses, shipped
from analysis.machine.devices import seeded
from analysis.results.form import Result
from analysis.results.recorded import recorded, recordings
from analysis.style.language import listed
from analysis.style.numbers import three
from analysis.timing.results import TIME
from nets import build, parse
from nets.names import title as title_of

_VANISHING, _BN, _XAVIER = (
    next(preset for preset in PRESETS if preset.short == short)
    for short in ("Vanishing", "Exploding", "Xavier")
)
_NETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
_NAMED = "resnet50"
_LOSSES = ("plain56", "resnet56")
_TIMED: dict[str, Any] = {
    "device": "cuda",
    "batch": 64,
    "dtype": "float32",
    "tf32": True,  # as cuDNN allows by default
    "channels_last": False,
    "compile": False,
    "inference": False,
}
"""The settings that the recorded timings share."""


def proof(title: str) -> Chart:
    """Draw plain-56 and ResNet-56 without BN at PyTorch's default initialisation."""
    return _chart(title, _curves(_VANISHING))


def both_ways(title: str) -> Chart:
    """Draw two plain nets, one of which vanishes and one of which explodes."""
    return _chart(title, [*_plain(_XAVIER), *_plain(_BN)])


def bars(title: str, x_label: str, y_label: str) -> Chart:
    """Draw the weights' gradients of plain-56 with Xavier's initialisation as bars."""
    positions, norms = _means(_plain(_XAVIER), Quantity.WEIGHT)
    return Chart(
        title,
        x_label,
        y_label,
        (Series(y_label, positions, tuple(n / max(norms) for n in norms), Draw.BARS, "plain"),),
        f"{title}: {y_label}",
    )


def vanishing_solved(exercise: Exercise) -> Finding:
    """Compare with the paper's settings, and with the training losses of both nets."""
    words = exercise.words
    curves = _curves(_BN)
    (shown,) = summarise(_plain(_VANISHING))
    plain, residual = summarise(curves)
    losses = [fmean(last_losses(network)) for network in _LOSSES]
    return Finding(
        (
            Line(words["shown"], 10**shown.log10_ratio),
            Line(words["plain"], 10**plain.log10_ratio),
            Line(words["residual"], 10**residual.log10_ratio),
            Line(words["loss_plain"], losses[0]),
            Line(words["loss_residual"], losses[1]),
            Line(words["chance"], log(10)),
        ),
        words["says"].format(
            plain=written(10**plain.log10_ratio),
            shown=written(10**shown.log10_ratio),
            loss_plain=three(losses[0]),
            loss_residual=three(losses[1]),
        ),
        Plot(lambda: _chart(words["title"], curves)),
    )


def that_is_explosion(exercise: Exercise) -> Finding:
    """Give the factor of each curve, in all and per layer."""
    words = exercise.words
    (falls,), (grows,) = (summarise(_plain(preset)) for preset in (_XAVIER, _BN))
    return Finding(
        (
            Line(words["falls"], 10**falls.log10_ratio),
            Line(words["falls_layer"], falls.factor_per_layer),
            Line(words["grows"], 10**grows.log10_ratio),
            Line(words["grows_layer"], grows.factor_per_layer),
        ),
        words["says"].format(
            falls=three(falls.factor_per_layer), grows=three(grows.factor_per_layer)
        ),
    )


def weight_bars(exercise: Exercise) -> Finding:
    """Draw both gradients of the same pass on one axis."""
    words, curves = exercise.words, _plain(_XAVIER)
    (summary,) = summarise(curves)
    lines, ranges = [], {}
    for quantity, name, colour, dash in (
        (Quantity.ACTIVATION, words["signal"], "main_path", Dash.SOLID),
        (Quantity.WEIGHT, words["weights"], "ochre", Dash.DASHED),
    ):
        positions, norms = _means(curves, quantity)
        ranges[quantity] = max(norms) / min(norms)
        shares = tuple(norm / norms[-1] for norm in norms)
        lines.append(Series(name, positions, shares, colour=colour, dash=dash))
    chart = Chart(
        words["title"],
        words["x"],
        words["y"],
        named_at_ends(lines, log=True),
        words["alt"],
        log_y=True,
    )
    product = _products()
    return Finding(
        (
            Line(words["activation"], 10**summary.log10_ratio),
            Line(words["weight"], 10**summary.weight_log10_ratio),
            Line(words["weight_range"], ranges[Quantity.WEIGHT]),
            Line(words["product"], product),
        ),
        words["says"].format(
            activation=written(10**summary.log10_ratio),
            weight=three(ranges[Quantity.WEIGHT]),
            product=written(product),
        ),
        Plot(lambda: chart),
    )


def no_synchronise(exercise: Exercise) -> Finding:
    """Compare, in recorded timings, the CPU's time to issue a step with the GPU's time for it."""
    words = exercise.words
    timings = {net: _timing(net) for net in _NETS}
    names = [title_of(parse(net)) for net in _NETS]
    depths = tuple(f"{parse(net).depth}" for net in _NETS)
    hosts = [float(timing.figures["host_ms"]["p50"]) for timing in timings.values()]
    steps = [float(timing.figures["step_ms"]["p50"]) for timing in timings.values()]
    stamp, at = timings[_NAMED].stamp, _NETS.index(_NAMED)
    device, images = str(stamp["accelerator"]), int(_TIMED["batch"])
    chart = Chart(
        words["title"],
        words["x"],
        words["y"],
        (
            Series(words["issued"], depths, tuple(hosts), Draw.BARS, "ochre"),
            Series(words["done"], depths, tuple(steps), Draw.BARS, "plain"),
        ),
        words["alt"].format(device=device),
    )
    return Finding(
        (
            Line(words["host"].format(name=names[at]), hosts[at], "ms"),
            Line(words["step"].format(name=names[at]), steps[at], "ms"),
            Line(words["wrong"].format(name=names[at]), 1e3 * images / hosts[at], words["rate"]),
            Line(words["right"].format(name=names[at]), 1e3 * images / steps[at], words["rate"]),
            Line(words["least"], min(map(truediv, steps, hosts)), words["times"]),
        ),
        words["says"].format(
            device=device,
            date=str(stamp["date"])[:10],
            name=names[at],
            host=three(hosts[at]),
            step=three(steps[at]),
            ratio=three(steps[at] / hosts[at]),
        ),
        Plot(lambda: chart),
    )


def days_of_vanishing_solved() -> Mapping[str, str]:
    """Return the days on which its curves and losses were recorded."""
    losses = [shipped(f"train_{net}_seed{seed}") for net in _LOSSES for seed in range(3)]
    return {
        "curves": _days(map(_recording, (_VANISHING, _BN))),
        "losses": _days(losses),
    }


def days_of_that_is_explosion() -> Mapping[str, str]:
    """Return the days on which its curves were recorded."""
    return {"curves": _days(map(_recording, (_XAVIER, _BN)))}


def days_of_weight_bars() -> Mapping[str, str]:
    """Return the day on which its curves were recorded."""
    return {"curves": _days([_recording(_XAVIER)])}


def days_of_no_synchronise() -> Mapping[str, str]:
    """Return the days on which its timings were recorded."""
    return {"timings": _days(map(_timing, _NETS))}


def _days(results: Iterable[Result]) -> str:
    return listed(sorted({str(one.stamp["date"])[:10] for one in results}))


def _recording(preset: Preset) -> Result:
    """Return the recorded curves of a preset as a result.

    Raises:
        LookupError: if they don't come with the app.
    """
    settings = GradientSettings(precision=preset.precision)
    result = recorded(run_hash(tuple(map(parse, preset.models)), settings))
    if result is None:
        raise LookupError(f"there is no recording of {preset.short}")
    return result


def _curves(preset: Preset) -> list[Curve]:
    """Return the recorded curves of a preset."""
    run = run_of(_recording(preset))
    assert isinstance(run, Gradients)
    return list(run.curves)


def _plain(preset: Preset) -> list[Curve]:
    return [curve for curve in _curves(preset) if curve.model.startswith("plain")]


def _chart(title: str, curves: Sequence[Curve]) -> Chart:
    """Draw curves without theory, under a title."""
    drawn = gradient_chart(curves)
    series = tuple(series for series in drawn.series if not series.thin)
    # The chart's own text would give the answer away, by its sentences and by the conditions.
    names = "; ".join(dict.fromkeys(line.name for line in series))
    alt = f"{title}: {drawn.y_label} by depth: {names}."
    return replace(drawn, title=title, series=series, alt=alt)


def _means(
    curves: Sequence[Curve], quantity: Quantity
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the positions and the geometric means over the seeds."""
    own = [curve.series(quantity) for curve in curves]
    columns = zip(*(series.values for series in own), strict=True)
    return own[0].positions, tuple(10 ** fmean(map(log10, column)) for column in columns)


def _products() -> float:
    """Return the largest over the smallest <W, dL/dW> of plain-20's convolutions, in float64."""
    spec = parse("plain20:norm=none:init=xavier")
    with seeded(0):
        net = build(spec).double()
    x, labels = batch(GradientSettings(batch=4), spec, 0)
    cross_entropy(net(x.double()), labels).backward()
    found = [
        abs(float((layer.weight.detach() * layer.weight.grad).sum()))
        for layer in net.modules()
        if isinstance(layer, Conv2d) and layer.weight.grad is not None
    ]
    return max(found) / min(found)


def _timing(net: str) -> Result:
    """Return the recorded timing of a training step.

    Raises:
        LookupError: if it doesn't come with the app.
    """
    asked = {**_TIMED, "model": net}
    for result in recordings().values():
        if result.kind == TIME and asked.items() <= result.asked.items():
            return result
    raise LookupError(f"there is no recorded timing of {net}")
