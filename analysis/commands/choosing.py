"""Commands for picking a network: compare, choose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.shared import (
    BATCH,
    DTYPE,
    INPUT,
    ChartFile,
    Model,
    Refusal,
    chart_options,
    format_option,
    or_usage,
    say,
)
from nets import ResNetSpec
from nets.text import parse_shape, with_input

if TYPE_CHECKING:
    from analysis.choice.choose import Choice


@click.command()
@click.argument("specs", metavar="MODEL [MODEL]...", nargs=-1, required=True, type=Model())
@INPUT
@BATCH
@format_option("text", "json", "csv", "latex", "markdown")
@click.option("--memory/--no-memory", default=True, help="Predict the memory of a training step.")
@chart_options
@click.option(
    "--x",
    help="x axis: a count such as params, a word of a published result such as tv, or a "
    "published speed such as rtx4090; --format csv has all as columns.  [default: macs]",
)
@click.option("--y", help="y axis, as --x.  [default: the most common accuracy, or params]")
@click.option("--size", help="Size of the points, as --x.  [default: all equal]")
@click.option(
    "--log/--linear",
    default=None,
    help="Logarithmic or linear axes.  [default: logarithmic if an axis spans a factor of over 20]",
)
def compare(
    specs: tuple[ResNetSpec, ...],
    shape: str | None,
    batch: int,
    style: str,
    memory: bool,
    drawn: ChartFile | None,
    x: str | None,
    y: str | None,
    size: str | None,
    log: bool | None,
) -> None:
    """Compare the counts and published results of networks, side by side.

    The chart of -o is a scatter with its Pareto front.
    """
    from analysis.choice import report as render
    from analysis.choice.charts import (
        axes_of,
        axis_of,
        citations,
        models_of,
        not_drawn,
        publishers,
        scatter_chart,
        usual_log,
        usual_y,
    )
    from analysis.choice.compare import compare as count
    from analysis.drawing.caption import Role, architectures

    given = {"--x": x, "--y": y, "--size": size, "--linear" if log is False else "--log": log}
    if drawn is None and (wrong := [name for name, value in given.items() if value is not None]):
        raise Refusal(f"{wrong[0]} applies to the chart of -o: add -o FILE")

    if shape is not None:
        specs = tuple(or_usage(with_input, spec, shape) for spec in specs)
    found = or_usage(count, specs, batch, replay=memory)
    chart, cited = None, ""
    if drawn is not None:
        known = axes_of(found)
        along = or_usage(axis_of, known, "x", x or "macs")
        up = or_usage(axis_of, known, "y", y) if y else usual_y(found)
        bubble = or_usage(axis_of, known, "size", size) if size else None
        is_log = usual_log(found.rows, along, up) if log is None else log
        chart = scatter_chart(found.rows, along, up, bubble, is_log)
        if left_out := not_drawn(found.rows, along, up, bubble):
            click.echo(f"warning: {left_out}", err=True)
        cited = citations(along, up, bubble)
        if cited:
            click.echo(cited, err=True)
    say(
        style,
        found,
        text=render.comparison_text,
        json=render.comparison_json,
        csv=render.comparison_csv,
        latex=render.comparison_latex,
        markdown=render.comparison_markdown,
    )
    if drawn is not None and chart is not None:
        how = render.how_counted(models_of(chart), batch, along, up, bubble)
        results = {Role.RESULTS: publishers(along, up, bubble)}
        drawn.write(chart, how, architectures(models_of(chart)) | results)


@click.command()
@click.option(
    "--input", "shape", metavar="CxHxW", default="3x224x224", show_default=True, help="Image shape."
)
@click.option("--classes", type=int, help="Number of classes.  [default: the task's own]")
@click.option("--max-macs", type=float, help="Multiply-adds per image, such as 4e9.")
@click.option("--max-params", type=float, help="Parameters, such as 25e6.")
@click.option("--max-training-mb", type=float, help="Peak of a training step, in 10^6 bytes.")
@click.option("--max-inference-mb", type=float, help="Peak of a forward pass, in 10^6 bytes.")
@click.option("--max-ms", type=float, help="Time of a training iteration, measured on --device.")
@click.option("--device", help="Device for --max-ms.  [default: cpu]")
@BATCH
@DTYPE
@click.option(
    "--optimiser",
    type=click.Choice(["sgd", "adam"]),
    default="sgd",
    show_default=True,
    help="Optimiser of a training step.",
)
@format_option("text", "json")
def choose(
    shape: str,
    classes: int | None,
    max_training_mb: float | None,
    max_inference_mb: float | None,
    device: str | None,
    batch: int,
    dtype: str,
    optimiser: str,
    style: str,
    **limits: float | None,
) -> None:
    """Find the networks that fit a task and budgets, and the deepest of each family.

    With --max-ms, each candidate that fits the other budgets is first timed on this machine for a
    few seconds, with SGD.
    """
    from analysis.choice import report as render
    from analysis.choice.choose import Budgets, task_of
    from analysis.choice.choose import choose as find
    from analysis.costs.step import Dtype, Optimiser
    from analysis.machine.devices import device_of

    task = or_usage(task_of, or_usage(parse_shape, shape), classes)
    budgets = or_usage(
        Budgets,
        **limits,
        max_training_bytes=_bytes("max_training_mb", max_training_mb),
        max_inference_bytes=_bytes("max_inference_mb", max_inference_mb),
    )
    common: dict[str, Any] = {"dtype": Dtype(dtype), "optimiser": Optimiser(optimiser)}
    or_usage(device_of, device or "cpu")
    if budgets.max_ms is None and device is not None:
        raise Refusal("--device applies to --max-ms: without it nothing is timed")
    if budgets.max_ms is not None and common["optimiser"] is not Optimiser.SGD:
        raise Refusal(f"--max-ms times sgd, not {optimiser}: leave out --max-ms or --optimiser")
    found = or_usage(find, task, replace(budgets, max_ms=None), batch, **common)
    if budgets.max_ms is not None and found.fits:
        times = _timed(found, device or "cpu")
        found = or_usage(find, task, budgets, batch, measured_ms=times, **common)
    say(style, found, text=render.choice_text, json=render.choice_json)


def _bytes(name: str, megabytes: float | None) -> float | None:
    from analysis.choice.choose import checked_limit

    return None if megabytes is None else or_usage(checked_limit, name, megabytes, 10**6, "MB")


def _timed(found: Choice, device: str) -> dict[str, float]:
    """Time every network that fits the other budgets; return its median training iteration."""
    from analysis.style.numbers import short
    from analysis.timing.measure import measure
    from analysis.timing.settings import Settings

    settings = or_usage(
        Settings, device=device, batch=found.batch, dtype=found.dtype, seconds=5.0, precision=0.03
    )
    times = {}
    for row in found.fits:
        try:
            timing = measure(lambda _: None, row.spec, settings)
        except ValueError as error:
            click.echo(f"warning: {row.model}: {error}", err=True)
            continue
        assert timing.step_ms is not None
        times[row.model] = timing.step_ms.p50
        click.echo(f"{row.model}: {short(timing.step_ms.p50, 'ms')} on {device}", err=True)
    if not times:
        raise Refusal("max_ms: no network within the other budgets could be timed here")
    return times
