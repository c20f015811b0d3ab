"""Reports of a run of norms or directions: terminal text, JSON, and CSV in long form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from analysis.charts.chart import Chart
from analysis.drawing.caption import Cited, Role, architectures
from analysis.gradients.cosines import DIRECTION, AtDepth, Direction
from analysis.gradients.curves import (
    Curve,
    Gradients,
    Precision,
    Quantity,
    State,
    Summary,
    log10_ratio,
)
from analysis.gradients.results import GRADIENTS, asked_of
from analysis.gradients.shattering import shattering, spread, two
from analysis.gradients.theory import BALDUZZI2017, Theory, confirmed
from analysis.gradients.verdict import verdict, word
from analysis.machine.devices import Environment
from analysis.results.form import Result
from analysis.style.grid import Grid
from analysis.style.language import in_english
from analysis.style.numbers import MISSING, seeds_in_words, shape, signed
from analysis.style.rows import csv_text
from analysis.style.stamps import device_words, machine
from analysis.style.terminal import WIDTH, laid_out
from nets import parse
from nets.names import names_of
from nets.options import Shortcut, number_of


def gradients_dict(run: Gradients) -> dict[str, Any]:
    """Return the run as plain values; a number that couldn't be measured is None, with its state.

    `log10_ratio` is log10 of the norm after the stem over the norm after the last block, and
    `slope_per_layer` is the slope per weighted layer toward the input: negative means that the
    gradient gets smaller toward the input. Both are means over the seeds; `log10_ratio_low` and
    `log10_ratio_high` are the ratio's lowest and highest value over the seeds, `r_squared` the
    lowest of their fits. `factor_per_layer` is the ratio's geometric mean factor per weighted
    layer. Theory's slope is None if there is none, or if the curves don't follow it.
    """
    return {
        "settings": _settings(run),
        "curves": [_curve(curve) for curve in run.curves],
        "summary": [_summary(summary) for summary in run.summary],
        "verdict": list(in_english(verdict, run.summary)),
    }


def gradients_result(run: Gradients) -> Result:
    """Return the run as a result, with its settings and its environment."""
    figures = gradients_dict(run)
    asked = asked_of(run.specs, run.settings)
    return Result(GRADIENTS, asked, _stamp(run), figures, ("curves", "summary", "verdict"))


def gradients_json(run: Gradients) -> str:
    """Return the run as strict JSON, one curve, summary or sentence per line."""
    return gradients_result(run).json()


def gradients_csv(run: Gradients) -> str:
    """Return the run as CSV: a row per value of every quantity, exact, with 0, inf and nan kept."""
    head = ("model", "seed", "quantity", "path", "position", "value", "state")
    return csv_text(head, (row for curve in run.curves for row in _values(curve)))


def _values(curve: Curve) -> Iterator[tuple[object, ...]]:
    for quantity in Quantity:
        series = curve.series(quantity)
        rows = zip(series.paths, series.positions, series.values, series.states, strict=True)
        for path, position, value, state in rows:
            name = _state(state, curve.precision)
            yield curve.model, curve.seed, quantity, path, position, value, name


def gradients_text(
    run: Gradients, quantity: Quantity = Quantity.ACTIVATION, width: int = WIDTH
) -> str:
    """Return each model's summary and the verdict, for a terminal.

    For a weight quantity, the summary is the ratio of the first convolution to the last. The
    verdict is always about the norm at block outputs, and then says so.
    """
    images = run.settings.images.value.replace("_", " ")
    lines = [f"gradient norm {quantity.label}, train mode, {images} images", _conditions(run)]
    ends = "first/last convolution"
    if quantity is Quantity.ACTIVATION:
        ends = "stem/last: the norm after the stem over that after the last block"
    lines += [f"log10 {ends}; negative: smaller toward the input"]
    parts = ["\n".join(lines)]
    said = "\n".join(verdict(run.summary))
    if quantity is not Quantity.ACTIVATION:
        for summary in run.summary:
            own = [curve for curve in run.curves if curve.model == summary.model]
            ratio = f"  log10 first/last convolution  {_spread(own, quantity)}"
            parts.append(f"{summary.model}\n{ratio}")
        return laid_out([*parts, f"For {Quantity.ACTIVATION.label}:\n{said}"], width)
    for summary in run.summary:
        both = (summary.low, summary.high)
        band = _band(both) if all(map(math.isfinite, both)) else ""
        each = _number(summary.factor_per_layer)
        mean = f"a factor of {each:.3f}" if each is not None else MISSING
        slope = _number(summary.slope_per_layer)
        step = (
            f"{signed(slope, 4)} per layer, a factor of {10**slope:.3f}"
            if slope is not None
            else MISSING
        )
        parts.append(
            f"{summary.model}\n"
            f"  log10 stem/last  {_ratio(summary)}{band}\n"
            f"  per layer        {mean}, over {summary.layers} weighted layers\n"
            f"  fitted slope     {step}"
        )
    return laid_out([*parts, said], width)


def _spread(curves: Sequence[Curve], quantity: Quantity) -> str:
    """Return the mean log10 ratio of a quantity over the seeds, with its range."""
    ratios = [log10_ratio(curve.series(quantity)) for curve in curves]
    if not all(map(math.isfinite, ratios)):
        return "not measured"
    return f"{signed(fmean(ratios), 2)}{_band(ratios)}"


def _band(ratios: Sequence[float]) -> str:
    """Return the lowest and the highest ratio of the seeds, or "" if they read the same."""
    low, high = signed(min(ratios), 2), signed(max(ratios), 2)
    return f" ({low} to {high} across seeds)" if low != high else ""


def direction_dict(run: Direction) -> dict[str, Any]:
    """Return the run as plain values; a cosine that couldn't be measured is None, with its state.

    In the summary, `cosine` is the mean over the seeds, `cosine_low` and `cosine_high` are the
    lowest and the highest; `kind` is plain or residual.
    """
    return {
        "settings": {**_settings(run), "noise": run.settings.noise},
        "cosines": [
            {
                "model": one.model,
                "depth": parse(one.model).depth,
                "seed": one.seed,
                "cosine": _number(one.value),
                "state": _state(one.state, run.settings.precision),
            }
            for one in run.cosines
        ],
        "summary": [_at_depth(at) for stack in run.stacks for at in stack.depths],
        "verdict": list(in_english(shattering, run.stacks, run.settings.noise)),
    }


def direction_result(run: Direction) -> Result:
    """Return the run as a result, with its settings and its environment."""
    asked = asked_of(run.specs, run.settings)
    figures = direction_dict(run)
    return Result(DIRECTION, asked, _stamp(run), figures, ("cosines", "summary", "verdict"))


def direction_json(run: Direction) -> str:
    """Return the run as strict JSON, one cosine, depth or sentence per line."""
    return direction_result(run).json()


def direction_csv(run: Direction) -> str:
    """Return the run as CSV: a row per model and seed, exact; nan if no cosine was measured."""
    rows = (
        (
            *(one.model, parse(one.model).depth, one.seed, run.settings.noise, one.value),
            _state(one.state, run.settings.precision),
        )
        for one in run.cosines
    )
    return csv_text(("model", "depth", "seed", "noise", "cosine", "state"), rows)


def direction_text(run: Direction, width: int = WIDTH) -> str:
    """Return each model's cosine and the verdict, for a terminal."""
    settings = run.settings
    images = settings.images.value.replace("_", " ")
    found = [at for stack in run.stacks for at in stack.depths]
    head = (
        f"cosine between ∂L/∂x at x and at x + noise, train mode, {images} images\n"
        f"{_conditions(run)}; noise {settings.noise:g} of the images' standard deviation"
    )
    rows = []
    for at in found:
        mean = two(at.mean) if at.is_measured else "not measured"
        differ = at.is_measured and spread(at) != mean
        band = f"({spread(at)} across seeds)" if differ else ""
        rows.append((str(at.spec), f"{at.depth:4} layers", f"{mean:>5}", band))
    said = "\n".join(shattering(run.stacks, settings.noise))
    return laid_out([head, Grid("", ("",) * 4, tuple(rows), left=4), said], width)


def _at_depth(at: AtDepth) -> dict[str, Any]:
    return {
        "model": str(at.spec),
        "depth": at.depth,
        "kind": "plain" if at.spec.shortcut is Shortcut.NONE else "residual",
        "cosine": _number(at.mean),
        "cosine_low": _number(at.low),
        "cosine_high": _number(at.high),
        "seeds": len(at.cosines),
    }


def how_measured(run: Gradients | Direction, theories: Sequence[Theory] = ()) -> str:
    """Say how a run was measured: seeds, batch, images, device and versions.

    Args:
        run: the run.
        theories: the predictions that are drawn beside it.
    """
    shared, where = run.settings, run.environment
    stamp = [f"torch {run.torch_version}", *_machine_and_day(where)]
    sizes = dict.fromkeys(shape(spec.input) for spec in run.specs)
    of = f" of {next(iter(sizes))}" if len(sizes) == 1 else ""
    said = [
        f"Dash-dotted: theory ({_followed_by(one, run)}), drawn from the last block's mean with a "
        f"factor of {one.factor:.3f} per {'layer' if one.layers == 1 else 'block'} toward the "
        "input."
        for one in theories
    ]
    said.append(
        f"Measured at initialisation in train mode with {seeds_in_words(shared.seed_numbers)}, "
        f"batch {shared.batch}, {shared.precision}, {shared.images.replace('_', ' ')} images{of}, "
        f"{device_words(shared.device)}, {', '.join(stamp)}."
    )
    return " ".join(said)


def means_in_words(run: Gradients) -> str:
    """Say what a mean of a run is, in a few words."""
    settings, several = run.settings, len(run.settings.seed_numbers) > 1
    return (
        f"{'Mean over' if several else 'With'} {seeds_in_words(settings.seed_numbers)} at "
        f"initialisation, batch {settings.batch}, {settings.precision} on "
        f"{device_words(settings.device)}"
    )


def measured_at(run: Gradients) -> str:
    """Return the images, the machine and the day of a run."""
    where, images = run.environment, f"{run.settings.images.replace('_', ' ')} images"
    return ", ".join([images, *_machine_and_day(where)])


def _machine_and_day(where: Environment | None) -> list[str]:
    return [machine(where.accelerator or where.cpu), where.date[:10]] if where else []


def _followed_by(predicted: Theory, run: Gradients | Direction) -> str:
    """Return the networks of a run that follow a prediction."""
    if isinstance(run, Direction):
        return ""
    names = zip(names_of(run.specs), map(str, run.specs), strict=True)
    follow = {
        summary.model
        for summary in run.summary
        if (one := confirmed(summary))
        and (one.factor, one.layers) == (predicted.factor, predicted.layers)
    }
    return "; ".join(name for name, model in names if model in follow)


def papers(run: Gradients | Direction, theories: Sequence[Theory] = ()) -> Cited:
    """Return the sources of a run's networks, and of the predictions that are drawn beside it."""
    networks = architectures(map(str, run.specs))
    if isinstance(run, Direction):
        return {**networks, Role.METHOD: [BALDUZZI2017]}
    return {**networks, Role.THEORY: [one for theory in theories for one in theory.sources]}


def theories_in(chart: Chart, run: Gradients | Direction) -> list[Theory]:
    """Return the predictions that a run's chart draws as thin lines, each once."""
    if isinstance(run, Direction) or not any(one.thin for one in chart.series):
        return []
    found = filter(None, map(confirmed, run.summary))
    return list({(one.factor, one.layers): one for one in found}.values())


def _stamp(run: Gradients | Direction) -> dict[str, Any]:
    stamp = {"device": run.settings.device, "threads": run.threads, "torch": run.torch_version}
    return stamp | (asdict(run.environment) if run.environment else {})


def _settings(run: Gradients | Direction) -> dict[str, Any]:
    settings = run.settings
    return {
        "seeds": list(settings.seed_numbers),
        "batch": settings.batch,
        "device": settings.device,
        "dtype": settings.precision.value,
        "images": settings.images.value,
        "threads": run.threads,
        "torch": run.torch_version,
    }


def _conditions(run: Gradients | Direction) -> str:
    settings = run.settings
    return (
        f"{seeds_in_words(settings.seed_numbers)}, batch {settings.batch}, "
        f"{settings.precision}, {device_words(settings.device)}, "
        f"{number_of(run.threads, 'thread')}, torch {run.torch_version}"
    )


def _ratio(summary: Summary) -> str:
    if math.isinf(summary.log10_ratio):
        return f"below {summary.precision}"
    return "not measured" if math.isnan(summary.log10_ratio) else signed(summary.log10_ratio, 2)


def _curve(curve: Curve) -> dict[str, Any]:
    own, weights = curve.activations, curve.weights
    return {
        "model": curve.model,
        "seed": curve.seed,
        "loss": _number(curve.loss),
        "path": own.paths,
        "position": own.positions,
        "grad_norm": [_number(value) for value in own.values],
        "state": [_state(state, curve.precision) for state in own.states],
        "weight_path": weights.paths,
        "weight_position": weights.positions,
        "weight_grad_norm": [_number(value) for value in weights.values],
        "relative_weight_grad_norm": [
            _number(value) for value in curve.series(Quantity.RELATIVE_WEIGHT).values
        ],
        "weight_norm": curve.weight_norms,
        "forward_lost_from": curve.lost_from or None,
        "weight_state": [_state(state, curve.precision) for state in weights.states],
    }


def _summary(summary: Summary) -> dict[str, Any]:
    predicted = confirmed(summary)
    return {
        "model": summary.model,
        "log10_ratio": _number(summary.log10_ratio),
        "log10_ratio_low": _number(summary.low),
        "log10_ratio_high": _number(summary.high),
        "factor_per_layer": _number(summary.factor_per_layer),
        "slope_per_layer": _number(summary.slope_per_layer),
        "r_squared": _number(min(summary.r_squared)),
        "theory_slope_per_layer": predicted.slope_per_layer if predicted else None,
        "layers": summary.layers,
        "blocks": summary.blocks,
        "seeds": summary.seeds,
        "weight_log10_ratio": _number(summary.weight_log10_ratio),
        "word": word(summary),
        "below": summary.below,
        "forward_lost_from": summary.lost_from or None,
        "not_finite": summary.not_finite,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _state(state: State, precision: Precision) -> str:
    return f"below {precision}" if state is State.BELOW else state.value
