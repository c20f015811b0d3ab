"""A gradient run as text for the terminal, JSON, or CSV in long form."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from dataclasses import asdict
from typing import Any

from analysis.gradients.curves import Curve, Gradients, Quantity, State, Summary
from analysis.gradients.theory import confirmed
from analysis.gradients.verdict import verdict, word
from analysis.results.form import Result
from nets.options import number_of

_DIRECTION = "negative: smaller toward the input"


def gradients_dict(run: Gradients) -> dict[str, Any]:
    """The run as plain values; a number that could not be measured is None, and its state says why.

    `log10_ratio` is the norm after the stem over the norm after the last block, and its slope is
    the one a weighted layer toward the input: negative means vanishing toward the input. Both are
    means over the seeds; `log10_ratio_low` and `log10_ratio_high` are the ratio's lowest and
    highest value over them, `r_squared` the lowest of their fits'. `factor_per_layer` is the
    ratio's geometric mean factor a weighted layer. Theory's slope is None where there is none, or
    where the curves don't follow it.
    """
    settings = run.settings
    return {
        "settings": {
            "seeds": list(settings.seed_numbers),
            "batch": settings.batch,
            "device": settings.device,
            "dtype": settings.precision.value,
            "images": settings.images.value,
            "threads": run.threads,
            "torch": run.torch_version,
        },
        "curves": [_curve(curve) for curve in run.curves],
        "summary": [_summary(summary) for summary in run.summary],
        "verdict": list(verdict(run.summary)),
    }


def gradients_result(run: Gradients) -> Result:
    """Return the run as a result: what was asked, and where it was measured."""
    settings = run.settings
    asked = {
        "models": [str(spec) for spec in run.specs],
        "seeds": list(settings.seed_numbers),
        "batch": settings.batch,
        "dtype": settings.precision.value,
        "images": settings.images.value,
    }
    if settings.picture:
        asked["picture"] = hashlib.sha256(settings.picture).hexdigest()
    stamp = {"device": settings.device, "threads": run.threads, "torch": run.torch_version}
    stamp |= asdict(run.environment) if run.environment else {}
    figures = gradients_dict(run)
    return Result("gradients", asked, stamp, figures, ("curves", "summary", "verdict"))


def gradients_json(run: Gradients) -> str:
    """The run as strict JSON, one curve, summary or sentence a line."""
    return gradients_result(run).json()


def gradients_csv(run: Gradients) -> str:
    """A row for every value of every quantity, exact; 0, inf and nan as they were measured."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("model", "seed", "quantity", "path", "position", "value", "state"))
    for curve in run.curves:
        for quantity in Quantity:
            series = curve.series(quantity)
            rows = zip(series.paths, series.positions, series.values, series.states, strict=True)
            for path, position, value, state in rows:
                name = _state(state, curve)
                writer.writerow((curve.model, curve.seed, quantity, path, position, value, name))
    return out.getvalue()


def gradients_text(run: Gradients) -> str:
    """The summary of each model and what the curves say, for a terminal."""
    settings = run.settings
    images = settings.images.value.replace("_", " ")
    lines = [
        f"gradient norm ‖∂L/∂x‖ at block outputs, train mode, {images} images",
        f"{number_of(settings.seeds, 'seed')} from {settings.first_seed}, batch {settings.batch}, "
        f"{settings.precision}, {settings.device}, {number_of(run.threads, 'thread')}, "
        f"torch {run.torch_version}",
    ]
    for summary in run.summary:
        ends = (summary.low, summary.high)
        band = ""
        if summary.seeds > 1 and all(map(math.isfinite, ends)):
            band = f" ({ends[0]:+.2f} to {ends[1]:+.2f} over the seeds)"
        each = _number(summary.factor_per_layer)
        mean = f", {each:.3f} per layer" if each is not None else ""
        slope = _number(summary.slope_per_layer)
        step = f"{slope:+.4f}, a factor of {10**slope:.3f}" if slope is not None else "-"
        lines += [
            "",
            summary.model,
            f"  log10 stem/last  {_ratio(summary)}{band}  over {summary.layers} weighted "
            f"layers{mean}",
            f"  fitted slope     {step}  (log10 per layer, toward the input; {_DIRECTION})",
        ]
    return "\n".join([*lines, "", *verdict(run.summary)]) + "\n"


def _ratio(summary: Summary) -> str:
    if math.isinf(summary.log10_ratio):
        return f"below {summary.precision}"
    return "not measured" if math.isnan(summary.log10_ratio) else f"{summary.log10_ratio:+.2f}"


def _curve(curve: Curve) -> dict[str, Any]:
    own, weights = curve.activations, curve.weights
    return {
        "model": curve.model,
        "seed": curve.seed,
        "loss": _number(curve.loss),
        "path": own.paths,
        "position": own.positions,
        "grad_norm": [_number(value) for value in own.values],
        "state": [_state(state, curve) for state in own.states],
        "weight_path": weights.paths,
        "weight_position": weights.positions,
        "weight_grad_norm": [_number(value) for value in weights.values],
        "relative_weight_grad_norm": [
            _number(value) for value in curve.series(Quantity.RELATIVE_WEIGHT).values
        ],
        "weight_state": [_state(state, curve) for state in weights.states],
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


def _state(state: State, curve: Curve) -> str:
    return f"below {curve.precision}" if state is State.BELOW else state.value
