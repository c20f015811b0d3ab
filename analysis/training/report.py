"""Reports of runs: results and back, terminal text, JSON and CSV."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from analysis.gradients.curves import Curve, NormSeries, Precision, State, log10_ratio
from analysis.machine.devices import Environment
from analysis.results.form import Result
from analysis.style.grid import Grid
from analysis.style.language import in_english
from analysis.style.numbers import MISSING, percent, shape
from analysis.style.rows import csv_text, json_rows
from analysis.style.terminal import WIDTH, laid_out
from analysis.training.recipes import RECIPES, Recipe
from analysis.training.runs import KIND, Epoch, Evaluation, Miss, Run, Start, Task, grouped
from analysis.training.verdict import names_of, verdict
from nets import parse
from nets.options import number_of

TABLES = ("epochs", "gradients", "confusion", "worst", "environment")
"""The figures of a run that take one line per item in a file."""

_COLUMNS = (
    "model",
    "recipe",
    "data",
    "seed",
    "step",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
)


def run_values(run: Run) -> dict[str, Any]:
    """Return a run's figures as plain values, with None for values that aren't finite.

    `last_loss` is the mean training loss of the last 25 steps; `test` is None for an incomplete
    run.
    """
    task = run.task
    return {
        "model": run.model,
        "recipe": task.recipe.name,
        "data": task.data_name,
        "seed": task.seed,
        "classes": list(run.classes),
        "total_steps": run.total,
        "steps": list(range(1, run.steps + 1)),
        "train_loss": [_number(value) for value in run.train_loss],
        "train_accuracy": list(run.train_accuracy),
        "epochs": [_plain(epoch) for epoch in run.epochs],
        "gradients": [{"step": step, **_curve(curve)} for step, curve in run.curves],
        "last_loss": _number(run.last_loss),
        "last_accuracy": _number(run.last_accuracy),
        "test_loss": _number(run.test.loss) if run.test else None,
        "test_accuracy": run.test.accuracy if run.test else None,
        "confusion": [list(row) for row in run.test.confusion] if run.test else None,
        "worst": [_plain(miss) for miss in run.test.worst] if run.test else None,
        "seconds": run.seconds,
        "step_ms": _number(run.step_ms),
        "peak_memory_bytes": run.peak_memory_bytes,
        "ended": run.ended or None,
        "device": task.device,
        "threads": task.threads,
        "environment": asdict(run.environment) if run.environment else {},
    }


def run_result(run: Run) -> Result:
    """Return a run as a result."""
    values = run_values(run)
    where = {name: values.pop(name) for name in ("device", "threads")}
    return Result(KIND, run.task.asked(), where | values.pop("environment"), values, TABLES)


def read_run(values: Mapping[str, Any], task: Task | None = None) -> Run:
    """Return the run from a result's plain values, as `Result.json` writes them.

    Args:
        values: `asked`, `stamp` and the figures.
        task: provides recipe and device names; by default the file's are used.

    Raises:
        ValueError: if the values aren't a run's.
    """
    try:
        asked, stamp = values["asked"], dict(values["stamp"])
        name = str(values["recipe"])
        source = RECIPES[name].source if name in RECIPES else ""
        recipe = Recipe(name=name, source=source, **asked["recipe"])
        found = Task(
            spec=parse(asked["model"]),
            recipe=recipe,
            data=str(values["data"]),
            digest=str(asked["data"]),
            seed=asked["seed"],
            device=str(stamp.pop("device")),
            threads=_threads(stamp.pop("threads")),
            start=Start(str(asked["start"])) if "start" in asked else None,
        )
        return Run(
            task=found if task is None or task.hash != found.hash else task,
            classes=tuple(values["classes"]),
            total=int(values["total_steps"]),
            train_loss=tuple(map(_value, values["train_loss"])),
            train_accuracy=tuple(map(float, values["train_accuracy"])),
            epochs=tuple(Epoch(**_finite(epoch, "test_loss")) for epoch in values["epochs"]),
            curves=tuple((row["step"], _read_curve(row)) for row in values["gradients"]),
            test=_read_test(values),
            seconds=float(values["seconds"]),
            peak_memory_bytes=values["peak_memory_bytes"],
            ended=values["ended"] or "",
            environment=Environment(**stamp) if stamp else None,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"this isn't a training run: {error}") from None


def run_of(result: Result) -> Run:
    """Return the run from a result.

    Raises:
        ValueError: if the result isn't a training run.
    """
    if result.kind != KIND:
        raise ValueError(f"this is a result of kind {result.kind}, not a training run")
    return read_run({"asked": result.asked, "stamp": result.stamp, **result.figures})


def runs_dict(runs: Sequence[Run]) -> dict[str, Any]:
    """Return runs and their verdict as plain values."""
    return {
        "runs": [{**run_values(run), "start": _start(run), "hash": run.task.hash} for run in runs],
        "verdict": list(in_english(verdict, runs)),
    }


def runs_json(runs: Sequence[Run]) -> str:
    """Return runs and their verdict as strict JSON, one run per line."""
    return json_rows(runs_dict(runs), ("runs", "verdict"))


def runs_csv(runs: Sequence[Run]) -> str:
    """Return runs as CSV: a row per step, with the test figures at the end of each epoch."""
    return csv_text(_COLUMNS, (row for run in runs for row in _steps(run)))


def _steps(run: Run) -> Iterator[tuple[object, ...]]:
    tests = {epoch.step: (epoch.test_loss, epoch.test_accuracy) for epoch in run.epochs}
    head = (run.model, run.task.recipe.name, run.task.data_name, run.task.seed)
    steps = zip(run.train_loss, run.train_accuracy, strict=True)
    for step, (loss, accuracy) in enumerate(steps, start=1):
        yield (*head, step, loss, accuracy, *tests.get(step, ("", "")))


def runs_text(runs: Sequence[Run], width: int = WIDTH) -> str:
    """Return a line per run and the verdict, for a terminal."""
    head = (
        *("model", "seed", "steps", "last loss"),
        *("train accuracy", "test accuracy", "time", "ms/step"),
    )
    recipe, names = runs[0].task.recipe, _models(runs)
    rows = tuple(
        (
            names[run.model],
            str(run.task.seed),
            f"{run.steps:,}" if run.is_whole else f"{run.steps:,} of {run.total:,}",
            f"{run.last_loss:.3f}",
            percent(run.last_accuracy, 1),
            percent(run.epochs[-1].test_accuracy, 1) if run.epochs else MISSING,
            f"{run.seconds:.1f} s",
            f"{run.step_ms:.1f}",
        )
        for run in runs
    )
    first = runs[0]
    remark = recipe.remark(first.task.spec.input)
    lines = [
        f"recipe {recipe.name}: {recipe.words()}",
        *_changed(recipe),
        *([_narrowed(runs)] if recipe.narrow else []),
        *([remark] if remark else []),
        *([f"start: {first.task.start.words}"] if first.task.start else []),
        f"data {first.task.data_name}, {number_of(len(first.classes), 'class', 'classes')}; loss "
        "and training accuracy are means over at most the last 25 steps",
    ]
    return laid_out(["\n".join(lines), Grid("", head, rows), "\n".join(verdict(runs))], width)


def _models(runs: Sequence[Run]) -> dict[str, str]:
    """Return what a table calls each model: its text, or a name if the recipe has edited it."""
    if not runs[0].task.recipe.narrow:
        return {run.model: run.model for run in runs}
    groups = list(grouped(runs).values())
    return dict(zip((group[0].model for group in groups), names_of(groups), strict=True))


def _narrowed(runs: Sequence[Run]) -> str:
    """Say how a narrow recipe has changed the networks."""
    widest = max((run.task.spec for run in runs), key=lambda spec: len(spec.widths))
    widths = "-".join(map(str, widest.widths))
    return narrowing(widths, shape(widest.input))


def narrowing(widths: str, images: str) -> str:
    """Say how a narrow recipe changes networks."""
    return f"The recipe makes networks narrow: widths {widths}, images {images}."


def _changed(recipe: Recipe) -> list[str]:
    """Return a line with the values that differ from the published recipe's, or none."""
    own, usual = recipe.values(), RECIPES[recipe.name].values()
    differ = [f"{key}={value}" for key, value in own.items() if value not in (usual[key], None)]
    return [f"changed: {', '.join(differ)}"] if differ else []


def stops_in_words(runs: Sequence[Run]) -> str:
    """Say which runs lack steps: `Stopped after 82 of 124 steps.`; "" if none does.

    Networks are named if there are several, and so are seeds.
    """
    groups = list(grouped(runs).values())
    several = len({run.task.seed for run in runs}) > 1
    said = []
    for group, name in zip(groups, names_of(groups), strict=True):
        for run in group:
            if run.is_whole:
                continue
            which = [name] * (len(groups) > 1) + [f"seed {run.task.seed}"] * several
            stop = f"after {run.steps:,} of {number_of(run.total, 'step')}"
            said.append(", ".join([*which, stop]))
    if not said:
        return ""
    return f"Stopped{':' if len(groups) > 1 or several else ''} {'; '.join(said)}."


def summary_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return a row per setting: the lowest, mean and highest of each figure over its seeds.

    Stopped runs count only if none is complete.
    """
    rows = []
    groups = list(grouped(runs).values())
    for every, name in zip(groups, names_of(groups), strict=True):
        group = [run for run in every if run.is_whole] or every
        first = group[0]
        stopped = first.ended or f"stopped after {number_of(first.steps, 'step')}"
        losses = [run.last_loss for run in group]
        tests = [run.epochs[-1] for run in group if run.epochs]
        rows.append(
            {
                "name": name,
                "model": group[0].model,
                "recipe": group[0].task.recipe.title,
                "data": group[0].task.data_name,
                "seeds": len(group),
                "stopped": "" if first.is_whole and not first.ended else stopped,
                "last_loss": sum(losses) / len(losses),
                "last_loss_low": min(losses),
                "last_loss_high": max(losses),
                "last_accuracy": sum(run.last_accuracy for run in group) / len(group),
                "test_accuracy": fmean(one.test_accuracy for one in tests) if tests else None,
                "tested_after": max((one.step for one in tests), default=None),
                "step_ms": sum(run.step_ms for run in group) / len(group),
            }
        )
    return rows


def _start(run: Run) -> str | None:
    return run.task.start.digest if run.task.start else None


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "loss": _number(curve.loss),
        "dtype": curve.precision.value,
        "log10_ratio": _number(log10_ratio(curve.activations)),
        **{
            name: {
                "path": list(series.paths),
                "position": list(series.positions),
                "norm": [_number(value) for value in series.values],
                "state": [state.value for state in series.states],
            }
            for name, series in (("activation", curve.activations), ("weight", curve.weights))
        },
        "weight_norm": list(curve.weight_norms),
        "forward_lost_from": curve.lost_from,
        "model": curve.model,
        "seed": curve.seed,
    }


def _read_curve(row: Mapping[str, Any]) -> Curve:
    return Curve(
        model=row["model"],
        seed=row["seed"],
        precision=Precision(row["dtype"]),
        loss=_value(row["loss"]),
        activations=_read_series(row["activation"]),
        weights=_read_series(row["weight"]),
        weight_norms=tuple(row["weight_norm"]),
        lost_from=row["forward_lost_from"],
    )


def _read_series(values: Mapping[str, Any]) -> NormSeries:
    states = tuple(map(State, values["state"]))
    norms = zip(values["norm"], states, strict=True)
    return NormSeries(
        tuple(values["path"]),
        tuple(values["position"]),
        tuple(math.inf if state is State.INFINITE else _value(value) for value, state in norms),
        states,
    )


def _read_test(values: Mapping[str, Any]) -> Evaluation | None:
    if values["confusion"] is None:
        return None
    return Evaluation(
        loss=_value(values["test_loss"]),
        accuracy=float(values["test_accuracy"]),
        confusion=tuple(tuple(row) for row in values["confusion"]),
        worst=tuple(Miss(**_finite(miss, "probability")) for miss in values["worst"]),
    )


def _threads(number: int | None) -> int | None:
    """Return a file's threads, capped at the number that this machine has."""
    return None if number is None else min(number, os.cpu_count() or 1)


def _plain(value: Epoch | Miss) -> dict[str, Any]:
    """Return a value's fields, with None for numbers that aren't finite."""
    return {
        key: _number(found) if isinstance(found, float) else found
        for key, found in asdict(value).items()
    }


def _finite(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return fields with nan in place of the None that `_plain` wrote."""
    return {**values, name: _value(values[name])}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _value(value: float | None) -> float:
    return math.nan if value is None else float(value)
