"""A trained network taken apart: lesions, paths."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.interrupts import keeping
from analysis.commands.shared import (
    Refusal,
    check_suffix,
    check_writable,
    format_option,
    or_usage,
    write,
)
from analysis.lesions.shipped import SHIPPED
from analysis.style.files import CHART_SUFFIXES

if TYPE_CHECKING:
    from analysis.images.sets import ImageSet
    from analysis.lesions.drop import Lesions
    from analysis.training.checkpoints import Checkpoint

DATA = click.option(
    "--data", help="sample, fashion_mnist or a folder. By default what the network was trained on."
)
OUTPUT = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The chart: .svg .pdf .png"
)


@click.command()
@click.argument("name", metavar="CHECKPOINT|NAME")
@DATA
@click.option("--images", "number", type=int, default=1_000, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, help="Of the draws.")
@OUTPUT
@format_option("text", "json", "csv")
def lesions(
    name: str, data: str | None, number: int, seed: int, output: Path | None, style: str
) -> None:
    """Take blocks out of a trained network, one by one and together, and put them in another order.

    NAME is a network that `list` shows as trained. Ctrl-C prints what has been found so far.
    """
    _check_output(output)
    checkpoint, images = _opened(name, data)
    from analysis.charts.file import chart_file
    from analysis.lesions import report as render
    from analysis.lesions.charts import single_chart
    from analysis.lesions.drop import study
    from analysis.lesions.subjects import digest_of, subject_of

    subject = or_usage(subject_of, checkpoint, images, number)
    latest: list[Lesions] = []

    def show() -> str:
        if not latest:
            return ""
        found = latest[-1]
        if style == "json":
            stamp = _stamp()
            click.echo(
                render.lesions_result(found, images.digest, digest_of(checkpoint), stamp).json(),
                nl=False,
            )
        else:
            texts = {"text": render.lesions_text, "csv": render.lesions_csv}
            click.echo(texts[style](found), nl=False)
        if output is not None:
            write(chart_file(single_chart([found]), output.suffix.lower()), output)
        return ""

    with keeping(show):
        latest.append(or_usage(study, subject, latest.append, seed))
    show()


@click.command()
@click.argument("name", metavar="CHECKPOINT|NAME|MODEL")
@DATA
@click.option("--images", "number", type=int, default=32, show_default=True)
@click.option("--draws", type=int, default=40, show_default=True, help="Paths of each length.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, help="Of draws and weights.")
@OUTPUT
@format_option("text", "json", "csv")
def paths(
    name: str,
    data: str | None,
    number: int,
    draws: int,
    seed: int,
    output: Path | None,
    style: str,
) -> None:
    """Measure the gradient along the paths of every length through a residual network.

    A MODEL is measured at initialisation, on random images unless --data says otherwise.
    """
    _check_output(output)
    from analysis.charts.file import chart_file
    from analysis.lesions import report as render
    from analysis.lesions.charts import paths_chart
    from analysis.lesions.paths import measure
    from analysis.lesions.subjects import untrained

    trained = name in SHIPPED or Path(name).exists()
    if trained:
        checkpoint, images = _opened(name, data)
        from analysis.lesions.subjects import digest_of, shown_tests

        network = or_usage(checkpoint.network)
        shown, labels = or_usage(shown_tests, checkpoint, images, number)
        digests = images.digest, digest_of(checkpoint)
    else:
        network, shown, labels, digest = or_usage(untrained, name, data, number, seed)
        digests = digest, f"seed {seed}"
    found = or_usage(
        measure,
        network,
        shown,
        labels,
        draws=draws,
        seed=seed,
        trained=trained,
    )
    if style == "json":
        click.echo(render.paths_result(found, *digests, seed, _stamp()).json(), nl=False)
    else:
        texts = {"text": render.paths_text, "csv": render.paths_csv}
        click.echo(texts[style](found), nl=False)
    if output is not None:
        write(chart_file(paths_chart(found), output.suffix.lower()), output)


def _check_output(output: Path | None) -> None:
    if output is not None:
        check_suffix(output, CHART_SUFFIXES)
        check_writable(output)


def _opened(name: str, data: str | None) -> tuple[Checkpoint, ImageSet]:
    """Return a checkpoint and the images on which it is judged, or refuse in one sentence."""
    from analysis.lesions.subjects import checkpoint_of, images_of

    try:
        checkpoint = or_usage(checkpoint_of, name)
    except OSError as error:
        known = f", and no trained network ({', '.join(SHIPPED)})" if SHIPPED else ""
        reason = error.strerror or error
        raise Refusal(f"{name!r} is no checkpoint that can be read: {reason}{known}") from None
    return checkpoint, or_usage(images_of, checkpoint, data)


def _stamp() -> dict[str, Any]:
    """Say where this process runs."""
    import torch

    from analysis.machine.devices import environment

    where = asdict(environment(torch.device("cpu")))
    return {"device": "cpu", "threads": torch.get_num_threads(), **where}
