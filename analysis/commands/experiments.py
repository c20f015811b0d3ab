"""What is measured on this machine: time, check-device, gradients."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from analysis.commands.interrupts import keeping
from analysis.commands.shared import (
    MODEL,
    Model,
    Refusal,
    check_suffix,
    check_writable,
    format_option,
    or_usage,
    write,
)
from analysis.style.files import CHART_SUFFIXES
from nets import ResNetSpec


@click.command()
@MODEL
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, mps, xpu.")
@click.option("--batch", "batches", default="8", show_default=True, help="Images; or 1,2,4,8.")
@click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32")
@click.option("--tf32", is_flag=True, help="Let CUDA round float32 products to 10 bits.")
@click.option("--channels-last", is_flag=True, help="Tensors in memory as N, H, W, C.")
@click.option("--compile", is_flag=True, help="torch.compile, its time apart.")
@click.option("--inference", is_flag=True, help="Eval mode, forward alone.")
@click.option("--no-optimiser", is_flag=True, help="Training without SGD's step.")
@click.option("--threads", type=int, help="On the CPU.")
@click.option("--seconds", type=float, default=20.0, show_default=True, help="Longest, a batch.")
@format_option("text", "json", "csv")
def time(spec: ResNetSpec, batches: str, style: str, no_optimiser: bool, **options: Any) -> None:
    """Time forward and backward: medians with their spread, stages, images a second, memory.

    Ctrl-C prints what has been measured so far.
    """
    from analysis.timing import report as render
    from analysis.timing.measure import Phase, Progress, Timing, measure
    from analysis.timing.settings import Settings, batches_of, sweep

    settings = or_usage(Settings, **options, optimiser=not no_optimiser)
    timings: dict[Settings, Timing] = {}
    phase = Phase.BUILDING

    def show() -> None:
        found = list(timings.values())
        if style == "csv":
            text = render.timings_csv(found)
        elif len(found) == 1:
            text = {"text": render.timing_text, "json": render.timing_json}[style](found[0])
        else:
            text = {"text": render.timings_text, "json": render.timings_json}[style](found)
        click.echo(text, nl=False)

    def show_some() -> str:
        if not timings:
            return f"while {phase}: nothing was measured yet"
        show()
        return ""

    with keeping(show_some):
        for one in or_usage(sweep, settings, or_usage(batches_of, batches)):

            def report(progress: Progress, one: Settings = one) -> None:
                nonlocal phase
                phase = progress.phase
                if progress.timing:
                    timings[one] = progress.timing

            timings[one] = or_usage(measure, report, spec, one)
    show()


@click.command("check-device")
@click.option("--device", help="By default the accelerator, else the CPU.")
def check_device(device: str | None) -> None:
    """Check what a timing rests on here: clock, memory figures, autocast, stage times."""
    from analysis.machine.devices import device_of
    from analysis.timing.check_device import check_device as check
    from analysis.timing.report import check_line

    if device is not None:
        or_usage(device_of, device)
    failed = 0
    for found in check(device):
        click.echo(check_line(found))
        failed += not found.passed
    if failed:
        raise click.ClickException(f"{failed} of the checks failed")


@click.command()
@click.argument("specs", metavar="MODEL [MODEL]...", nargs=-1, required=True, type=Model())
@click.option("--seeds", type=int, default=3, show_default=True, help="Draws of the weights.")
@click.option("--batch", type=int, default=32, show_default=True, help="Images.")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, mps, xpu.")
@click.option(
    "--images",
    type=click.Choice(["random", "sample", "fashion_mnist"]),
    default="random",
    help="The sample is a part of Fashion-MNIST that is always here; the whole set is read from "
    "the folder in RESNET_LAB_DATA.",
)
@click.option("--download", is_flag=True, help="Fetch Fashion-MNIST first, where it is missing.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The chart: .svg .pdf .png")
@format_option("text", "json", "csv")
def gradients(
    specs: tuple[ResNetSpec, ...],
    seeds: int,
    batch: int,
    dtype: str,
    device: str,
    images: str,
    download: bool,
    output: Path | None,
    style: str,
) -> None:
    """Measure the gradient's norm by depth; one model is compared with its plain twin.

    Ctrl-C prints what has been measured so far.
    """
    if output is not None:
        check_suffix(output, CHART_SUFFIXES)
        check_writable(output)
    from analysis.charts.file import chart_file
    from analysis.gradients import report as render
    from analysis.gradients.charts import gradient_chart
    from analysis.gradients.curves import Curve, Gradients, GradientSettings, Precision
    from analysis.gradients.measure import gathered, measure
    from analysis.gradients.twins import plain_twin, residual_twin
    from analysis.images.fashion_mnist import download_fashion_mnist, fashion_mnist_is_here
    from analysis.images.kinds import InputKind

    if download and InputKind(images) is not InputKind.FASHION_MNIST:
        raise Refusal("--download is for --images fashion_mnist")
    if download and not fashion_mnist_is_here():
        download_fashion_mnist()
    if len(specs) == 1:
        specs = tuple(dict.fromkeys((plain_twin(specs[0]), residual_twin(specs[0]))))
    settings = or_usage(
        GradientSettings,
        seeds=seeds,
        batch=batch,
        device=device,
        precision=Precision(dtype),
        images=InputKind(images),
    )
    found: list[Curve] = []

    def report(curve: Curve) -> None:
        found.append(curve)
        if sys.stderr.isatty():
            of = len(specs) * settings.seeds
            click.echo(f"{len(found)} of {of}: {curve.model}, seed {curve.seed}", err=True)

    def show(run: Gradients) -> None:
        texts = {
            "text": render.gradients_text,
            "json": render.gradients_json,
            "csv": render.gradients_csv,
        }
        click.echo(texts[style](run), nl=False)
        if output is not None:
            write(chart_file(gradient_chart(run.curves), output.suffix.lower()), output)

    def show_some() -> str:
        if found:
            show(gathered(specs, settings, tuple(found)))
        return ""

    with keeping(show_some):
        run = or_usage(measure, report, specs, settings)
    show(run)
