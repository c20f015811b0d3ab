"""Commands that measure on this machine: time, check-device, gradients."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.interrupts import keeping
from analysis.commands.shared import (
    CHANNELS_LAST,
    DEVICE,
    DOWNLOAD,
    DTYPE,
    MODEL,
    TF32,
    THREADS,
    ChartFile,
    Model,
    Refusal,
    chart_options,
    fetch_if_asked,
    format_option,
    or_usage,
    say,
    terminal_width,
    write,
)
from analysis.style.terminal import wrapped
from nets import ResNetSpec

if TYPE_CHECKING:
    from analysis.charts.chart import Chart
    from analysis.timing.measure import Timing


@click.command()
@MODEL
@DEVICE
@click.option(
    "--batch", "batches", default="8", show_default=True, help="Batch size, or a list: 1,2,4,8."
)
@DTYPE
@TF32
@CHANNELS_LAST
@click.option("--compile", is_flag=True, help="Use torch.compile; its time is reported separately.")
@click.option("--inference", is_flag=True, help="Eval mode, forward only.")
@click.option("--no-optimiser", is_flag=True, help="Leave out SGD's step.")
@click.option("--blocks", is_flag=True, help="Also time every block.")
@click.option(
    "--trace",
    "traced",
    type=click.Path(path_type=Path),
    help="Also write torch.profiler's trace of one iteration to a .json file, for Perfetto.",
)
@THREADS
@click.option(
    "--seconds", type=float, default=20.0, show_default=True, help="Time limit per batch size."
)
@chart_options
@click.option(
    "--chart",
    "chart_of",
    type=click.Choice(["stages", "blocks", "iterations", "batches"]),
    help="Content of the chart of -o.  [default: stages for one batch; batches for several]",
)
@format_option("text", "json", "csv")
def time(
    spec: ResNetSpec,
    batches: str,
    style: str,
    no_optimiser: bool,
    traced: Path | None,
    drawn: ChartFile | None,
    chart_of: str | None,
    **options: Any,
) -> None:
    """Time forward and backward: medians with their spread, stages, images per second, memory.

    Ctrl-C prints the results so far.
    """
    from analysis.timing import report as render
    from analysis.timing.measure import Phase, Progress, measure
    from analysis.timing.settings import Settings, batches_of, sweep
    from analysis.timing.trace import trace

    settings = or_usage(Settings, **options, optimiser=not no_optimiser)
    asked = or_usage(sweep, settings, or_usage(batches_of, batches))
    if chart_of is not None and drawn is None:
        raise Refusal("--chart applies to the chart of -o: add -o FILE")
    if chart_of == "blocks" and not settings.blocks:
        raise Refusal("--chart blocks needs block times: add --blocks")
    if chart_of in ("stages", "blocks", "iterations") and len(asked) > 1:
        raise Refusal(f"--chart {chart_of} takes one batch size, not {len(asked)}")
    if traced is not None and traced.suffix != ".json":
        raise Refusal(f"--trace writes JSON: {traced.name} must end in .json")
    if traced is not None and len(asked) > 1:
        raise Refusal(f"--trace takes one batch size, not {len(asked)}")
    timings: dict[Settings, Timing] = {}
    phase = Phase.BUILDING

    def show() -> None:
        found = list(timings.values())
        if len(found) == 1 and style != "csv":
            say(style, found[0], text=render.timing_text, json=render.timing_json)
        else:
            texts = {"text": render.timings_text, "json": render.timings_json}
            say(style, found, csv=render.timings_csv, **texts)
        if drawn is not None:
            from analysis.drawing.caption import architectures

            chart = _time_chart(found, chart_of, len(asked))
            one = len(found) == 1
            how = render.how_timed(found[0]) if one else render.how_all_timed(found)
            drawn.write(chart, how, architectures([str(spec)]))

    def show_some() -> str:
        if not timings:
            return f"while {phase}: no measurements yet"
        show()
        return ""

    with keeping(show_some):
        for one in asked:

            def report(progress: Progress, one: Settings = one) -> None:
                nonlocal phase
                phase = progress.phase
                if progress.timing:
                    timings[one] = progress.timing

            timings[one] = or_usage(measure, report, spec, one, energy=True)
        if traced is not None:
            write(or_usage(trace, report, spec, asked[0]).text, traced)
    show()


def _time_chart(found: Sequence[Timing], chart_of: str | None, asked: int) -> Chart:
    """Return the chart that the user chose, or for several batches their comparison."""
    from analysis.timing.charts import (
        block_chart,
        comparison_chart,
        distribution_chart,
        stage_chart,
    )

    if chart_of == "batches" or asked > 1:
        return comparison_chart(found)
    one = {"blocks": block_chart, "iterations": distribution_chart}.get(chart_of or "", stage_chart)
    return one(found[0])


@click.command("check-device")
@click.option("--device", help="cpu, cuda, cuda:1, mps, xpu.  [default: accelerator, else CPU]")
def check_device(device: str | None) -> None:
    """Check what timings rely on here: clock, memory statistics, autocast, stage times."""
    from analysis.machine.devices import device_of
    from analysis.timing.check_device import check_device as check
    from analysis.timing.report import check_line

    if device is not None:
        or_usage(device_of, device)
    failed = 0
    for found in check(device):
        line = wrapped(check_line(found), terminal_width() - 6)
        click.echo(line.replace("\n", "\n" + " " * 6))  # align with the text after "pass"
        failed += not found.passed
    if failed:
        raise click.ClickException(f"{failed} of the checks failed")


@click.command()
@click.argument("specs", metavar="MODEL [MODEL]...", nargs=-1, required=True, type=Model())
@click.option(
    "--seeds", type=int, default=3, show_default=True, help="Random initialisations per model."
)
@click.option("--batch", type=int, default=32, show_default=True, help="Images per batch.")
@click.option(
    "--quantity",
    type=click.Choice(["activation", "weight", "relative_weight", "direction"]),
    default="activation",
    show_default=True,
    help="The gradient's norm at block outputs, its norm at the weights, that norm divided by the "
    "weights' own, or the gradient's direction by network depth.",
)
@click.option(
    "--noise",
    type=float,
    help="For --quantity direction: noise as a share of the images' standard deviation.  "
    "[default: 0.01]",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    default="float32",
    show_default=True,
    help="Data type.",
)
@DEVICE
@click.option(
    "--images",
    type=click.Choice(["random", "sample", "fashion_mnist"]),
    default="random",
    show_default=True,
    help="Input images. The sample is a part of Fashion-MNIST that ships with the project; the "
    "whole set is read from the folder in RESNET_LAB_DATA.",
)
@DOWNLOAD
@chart_options
@format_option("text", "json", "csv")
def gradients(
    specs: tuple[ResNetSpec, ...],
    seeds: int,
    batch: int,
    quantity: str,
    noise: float | None,
    dtype: str,
    device: str,
    images: str,
    download: bool,
    drawn: ChartFile | None,
    style: str,
) -> None:
    """Measure the gradient's norm by depth; a single model is compared with its plain twin.

    With --quantity direction, measure the cosine between the gradient at the images and the
    gradient at the same images with a little noise.

    Ctrl-C prints the results so far.
    """
    from analysis.gradients import direction, measure
    from analysis.gradients import report as render
    from analysis.gradients.charts import direction_chart, gradient_chart
    from analysis.gradients.cosines import DIRECTION, DirectionSettings
    from analysis.gradients.curves import GradientSettings, Precision, Quantity
    from analysis.gradients.twins import plain_twin, residual_twin
    from analysis.images.kinds import InputKind

    if noise is not None and quantity != DIRECTION:
        raise Refusal("--noise applies to --quantity direction")
    fetch_if_asked("--images", images, download, whole=False)
    if len(specs) == 1:
        specs = tuple(dict.fromkeys((plain_twin(specs[0]), residual_twin(specs[0]))))
    shared = {
        "seeds": seeds,
        "batch": batch,
        "device": device,
        "precision": Precision(dtype),
        "images": InputKind(images),
    }
    settings: Any
    experiment: Any
    if quantity == DIRECTION:
        experiment = direction
        shared |= {} if noise is None else {"noise": noise}
        settings = or_usage(DirectionSettings, **shared)
        texts: dict[str, Callable[..., str]] = {
            "text": render.direction_text,
            "json": render.direction_json,
            "csv": render.direction_csv,
        }
    else:
        experiment = measure
        settings = or_usage(GradientSettings, **shared)
        texts = {
            "text": partial(render.gradients_text, quantity=Quantity(quantity)),
            "json": render.gradients_json,
            "csv": render.gradients_csv,
        }
    found: list[Any] = []

    def report(one: Any) -> None:
        found.append(one)
        if sys.stderr.isatty():
            of = len(specs) * settings.seeds
            click.echo(f"{len(found)} of {of}: {one.model}, seed {one.seed}", err=True)

    def show(run: Any) -> None:
        say(style, run, **texts)
        if drawn is not None:
            if quantity == DIRECTION:
                chart = direction_chart(run.cosines, settings.noise)
            else:
                chart = gradient_chart(run.curves, Quantity(quantity))
            theories = render.theories_in(chart, run)
            drawn.write(chart, render.how_measured(run, theories), render.papers(run, theories))

    def show_some() -> str:
        if found:
            show(experiment.gathered(specs, settings, tuple(found)))
        return ""

    with keeping(show_some):
        run = or_usage(experiment.measure, report, specs, settings)
    show(run)


@click.command()
@MODEL
@DEVICE
@click.option("--batch", type=int, default=8, show_default=True, help="Images per batch.")
@DTYPE
@TF32
@CHANNELS_LAST
@click.option("--compile", is_flag=True, help="Use torch.compile; kinds of layers are left out.")
@THREADS
@click.option(
    "--seconds", type=float, default=20.0, show_default=True, help="Time limit for the stages."
)
@chart_options
@format_option("text", "json", "csv")
def roofline(spec: ResNetSpec, style: str, drawn: ChartFile | None, **options: Any) -> None:
    """Measure this machine's peak and memory bandwidth, and how close each stage comes to them."""
    from analysis.timing import roofline_report as render
    from analysis.timing.roofline import RoofProgress, Step
    from analysis.timing.roofline import roofline as measure_roofline
    from analysis.timing.settings import Settings

    settings = or_usage(Settings, **options, inference=True)
    step = Step.ROOF

    def report(progress: RoofProgress) -> None:
        nonlocal step
        step = progress.step

    with keeping(lambda: f"while {step}: no roofline yet"):
        found = or_usage(measure_roofline, report, spec, settings)
    say(
        style,
        found,
        text=render.roofline_text,
        json=render.roofline_json,
        csv=render.roofline_csv,
    )
    if drawn is not None:
        from analysis.drawing.caption import architectures
        from analysis.timing.roofline_charts import roofline_chart

        drawn.write(roofline_chart(found), render.how_measured(found), architectures([found.model]))
