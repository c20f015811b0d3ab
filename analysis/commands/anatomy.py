"""Commands that take a trained network apart: lesions, paths, blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from analysis.commands.interrupts import keeping
from analysis.commands.shared import (
    DOWNLOAD,
    ChartFile,
    chart_options,
    checkpoint_named,
    fetch_if_asked,
    format_option,
    is_trained,
    or_usage,
    say,
)

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.images.sets import ImageSet
    from analysis.lesions.drop import Lesions
    from analysis.training.checkpoints import Checkpoint
    from nets.resnet import ResNet

DATA = click.option(
    "--data",
    help="Test images: sample, fashion_mnist or a folder.  [default: those of the training data]",
)


@click.command()
@click.argument("name", metavar="CHECKPOINT|NAME")
@DATA
@DOWNLOAD
@click.option("--images", "number", type=int, default=1_000, show_default=True, help="Test images.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="Seed of the draws.",
)
@chart_options
@format_option("text", "json", "csv")
def lesions(
    name: str,
    data: str | None,
    download: bool,
    number: int,
    seed: int,
    drawn: ChartFile | None,
    style: str,
) -> None:
    """Remove blocks of a trained network, one at a time and several at once, and permute them.

    NAME is a trained network from `list`. Ctrl-C prints the results so far.
    """
    fetch_if_asked("--data", data, download)
    checkpoint, images = _opened(name, data)
    from analysis.lesions import report as render
    from analysis.lesions.charts import how_studied, on_images, single_chart
    from analysis.lesions.drop import study
    from analysis.lesions.papers import cited_by
    from analysis.lesions.studies import stamp
    from analysis.lesions.subjects import subject_of
    from analysis.results.recorded import where_measured

    subject = or_usage(subject_of, checkpoint, images, number)
    latest: list[Lesions] = []

    def show() -> str:
        if not latest:
            return ""
        found = latest[-1]
        say(
            style,
            found,
            text=render.lesions_text,
            csv=render.lesions_csv,
            json=lambda found: render.lesions_result(
                found, images.digest, checkpoint.digest, stamp()
            ).json(),
        )
        if drawn is not None:
            chart = on_images(single_chart([found]), found.images, images.name)
            how = f"{how_studied([found])} {where_measured(stamp())}"
            drawn.write(chart, how, cited_by([found.model]))
        return ""

    with keeping(show):
        latest.append(or_usage(study, subject, latest.append, seed))
    show()


@click.command()
@click.argument("name", metavar="CHECKPOINT|NAME|MODEL")
@DATA
@DOWNLOAD
@click.option("--images", "number", type=int, default=32, show_default=True, help="Images.")
@click.option("--draws", type=int, default=40, show_default=True, help="Paths of each length.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="Seed of draws and weights.",
)
@chart_options
@format_option("text", "json", "csv")
def paths(
    name: str,
    data: str | None,
    download: bool,
    number: int,
    draws: int,
    seed: int,
    drawn: ChartFile | None,
    style: str,
) -> None:
    """Measure the gradient along paths of every length through a residual network.

    A MODEL is measured at initialisation, on random images unless you give --data.
    """
    from analysis.lesions import report as render
    from analysis.lesions.charts import how_drawn, paths_charts, paths_title
    from analysis.lesions.papers import cited_by
    from analysis.lesions.paths import measure
    from analysis.lesions.studies import stamp
    from analysis.results.recorded import where_measured

    fetch_if_asked("--data", data, download)
    network, shown, labels, digests, of = _network(name, data, number, seed)
    trained = is_trained(name)
    found = or_usage(
        measure,
        network,
        shown,
        labels,
        draws=draws,
        seed=seed,
        trained=trained,
    )
    say(
        style,
        found,
        text=render.paths_text,
        csv=render.paths_csv,
        json=lambda found: render.paths_result(found, *digests, seed, stamp()).json(),
    )
    if drawn is not None:
        how = f"{how_drawn(found, seed)} {where_measured(stamp())}"
        charts, cited = paths_charts(found, of), cited_by([found.model])
        drawn.write_row(charts, paths_title(found), how, cited)


@click.command()
@click.argument("name", metavar="CHECKPOINT|NAME|MODEL")
@DATA
@DOWNLOAD
@click.option("--images", "number", type=int, default=32, show_default=True, help="Images.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="Seed of a MODEL's weights.",
)
@click.option(
    "--quantity",
    type=click.Choice(["ratio", "share", "deviation"]),
    default="ratio",
    show_default=True,
    help="Quantity to chart: ratio of branch to shortcut, the branch's share of the variance, or "
    "the standard deviation of responses.",
)
@chart_options
@format_option("text", "json", "csv")
def blocks(
    name: str,
    data: str | None,
    download: bool,
    number: int,
    seed: int,
    quantity: str,
    drawn: ChartFile | None,
    style: str,
) -> None:
    """Measure each block's branch against its shortcut, and the response of each 3x3 layer.

    A MODEL is measured at initialisation, on random images unless you give --data.
    """
    from analysis.lesions import blocks_report as render
    from analysis.lesions.blocks import measure
    from analysis.lesions.blocks_charts import Measure, blocks_chart, how_counted, papers
    from analysis.lesions.charts import on_images
    from analysis.lesions.studies import stamp
    from analysis.results.recorded import where_measured

    fetch_if_asked("--data", data, download)
    network, shown, _, digests, of = _network(name, data, number, seed)
    found = measure(network, shown, trained=is_trained(name))
    chart = None if drawn is None else or_usage(blocks_chart, [found], Measure(quantity))
    say(
        style,
        found,
        text=render.blocks_text,
        csv=lambda found: render.blocks_csv([found]),
        json=lambda found: render.blocks_result(found, *digests, stamp()).json(),
    )
    if drawn is not None and chart is not None:
        how = f"{how_counted([found])} {where_measured(stamp())}"
        drawn.write(on_images(chart, found.images, of), how, papers([found]))


def _opened(name: str, data: str | None) -> tuple[Checkpoint, ImageSet]:
    """Return a checkpoint and its test images, or refuse in one sentence."""
    from analysis.lesions.subjects import images_of

    checkpoint = checkpoint_named(name)
    return checkpoint, or_usage(images_of, checkpoint, data)


def _network(
    name: str, data: str | None, number: int, seed: int
) -> tuple[ResNet, Tensor, Tensor, tuple[str, str], str]:
    """Return a network, images, labels, the digests of images and weights, and the set's name.

    Trained weights come with test images; a model's text gives a network at initialisation.
    """
    from analysis.lesions.charts import RANDOM
    from analysis.lesions.subjects import seed_of, shown_tests, untrained

    if not is_trained(name):
        network, shown, labels, digest = or_usage(untrained, name, data, number, seed)
        return network, shown, labels, (digest, seed_of(seed)), data or RANDOM
    checkpoint, images = _opened(name, data)
    network = or_usage(checkpoint.network)
    shown, labels = or_usage(shown_tests, checkpoint, images, number)
    return network, shown, labels, (images.digest, checkpoint.digest), images.name
