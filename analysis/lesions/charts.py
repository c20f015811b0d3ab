"""Charts of lesions and paths."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import cycle

from analysis.charts.chart import Chart, Dash, Draw, Mark, Series, named_at_ends
from analysis.charts.looks import ONE_OF_EACH
from analysis.lesions.drop import DRAWS, Lesions
from analysis.lesions.paths import Length, Paths
from analysis.lesions.report import is_residual, lesions_verdict, paths_verdict
from analysis.style.language import in_english
from analysis.training.verdict import name_of as name_beside
from analysis.training.verdict import spoken_name
from nets import parse
from nets.names import in_full
from nets.options import number_of

RANDOM = "random"
"""The name of random images."""

_SETS = {"sample": "Fashion-MNIST (sample)", "fashion_mnist": "Fashion-MNIST"}


def damage_chart(part: str, studies: Sequence[Lesions], out: Collection[str] = ()) -> Chart | None:
    """Return the chart of one part of the studies, or None if no study has that part.

    Args:
        part: `single`, `several` or `order`, as `analysis.lesions.report.sentences_of`.
        studies: one per network.
        out: the paths of the blocks whose bars have their value.
    """
    if part == "single":
        return single_chart(studies, out) if studies else None
    if part == "several":
        whole = [one for one in studies if one.dropped]
        return dropped_chart(whole) if whole else None
    whole = [one for one in studies if one.permuted]
    return permuted_chart(whole) if whole else None


def single_chart(studies: Sequence[Lesions], out: Collection[str] = ()) -> Chart:
    """Plot the error in percent with each block out alone, as bars over the intact network's error.

    Blocks are numbered `2.1`, as in `layer2.1`.

    Args:
        studies: one per network.
        out: the paths of the blocks whose bars have their value.
    """
    kinds = {is_residual(found.model) for found in studies}
    series: list[Series] = []
    whole: list[Series] = []
    for found, dash in zip(studies, cycle((Dash.SOLID, Dash.DOTTED)), strict=False):
        name, residual = name_of(found, studies), is_residual(found.model)
        colour = "identity" if residual else "plain"
        short = ("residual" if residual else "plain") if len(kinds) > 1 else name
        beside = f"{short}, " if len(studies) > 1 else ""
        blocks = tuple(one.path.removeprefix("layer") for one in found.single)
        series.append(
            Series(
                name,
                blocks,
                tuple(100 * one.error for one in found.single),
                Draw.BARS,
                colour,
                hover=(found.model,),
                text=tuple(
                    f"{100 * one.error:.1f}%" if one.path in out else "" for one in found.single
                )
                if out
                else (),
            )
        )
        whole.append(
            Series(
                f"{beside}no block removed: {100 * found.error:.1f}%",
                blocks,
                (100 * found.error,) * len(blocks),
                colour=colour if beside else "text",
                dash=dash,
                thin=True,
                across=True,
                hover=(found.model,),
            )
        )
    said = " ".join(
        sentence for found in studies for sentence in in_english(lesions_verdict, found)
    )
    return Chart(
        "Test error with one block removed",
        "removed block",
        "test error, %",
        (*series, *whole),
        "Test error in percent with one block removed at a time (bars) and with none (horizontal "
        f"line{'s' if len(studies) > 1 else ''}). {said}",
        reading="Blocks are numbered stage.block: 1.0 is layer1.0",
    )


def dropped_chart(studies: Sequence[Lesions]) -> Chart:
    """Plot the mean error in percent by the number of random blocks out, with its range."""
    series = []
    for found in studies:
        x = (0, *(one.count for one in found.dropped))
        ends = [(found.error,) * 3, *((one.low, one.mean, one.high) for one in found.dropped)]
        low, mean, high = (
            tuple(100 * value for value in column) for column in zip(*ends, strict=True)
        )
        look = ONE_OF_EACH["residual" if is_residual(found.model) else "plain"]
        series.append(
            Series(
                name_of(found, studies),
                x,
                mean,
                low=low,
                high=high,
                hover=(found.model,),
                **look._asdict(),
            )
        )
    said = " ".join(
        sentence for found in studies for sentence in in_english(lesions_verdict, found)[1:2]
    )
    return Chart(
        "Test error with random blocks removed",
        "removed blocks",
        "test error, %",
        named_at_ends(series),
        f"Mean test error in percent by the number of random blocks removed. {said}",
        reading=f"Means of up to {DRAWS} random draws; bands: lowest to highest",
    )


def permuted_chart(studies: Sequence[Lesions]) -> Chart:
    """Plot the error in percent with a stage's blocks reordered, against Kendall's tau."""
    series = [
        Series(
            name_of(found, studies),
            (1.0, *(one.tau for one in found.permuted)),
            (100 * found.error, *(100 * one.error for one in found.permuted)),
            Draw.POINTS,
            "identity" if is_residual(found.model) else "plain",
            hover=(found.model,),
            marker=0,
            hollow=not is_residual(found.model),
        )
        for found in studies
    ]
    said = " ".join(
        sentence for found in studies for sentence in in_english(lesions_verdict, found)[2:]
    )
    return Chart(
        "Test error with a stage's blocks reordered",
        "Kendall's tau of the order",
        "test error, %",
        tuple(series),
        f"Test error in percent by Kendall's tau of the order of a stage's blocks. {said}",
        reading="Kendall's tau: 1 as trained, −1 reversed",
    )


def name_of(found: Lesions, studies: Sequence[Lesions]) -> str:
    """Return a readable name for a study's network that tells it apart from the others."""
    return name_beside(parse(found.model), [parse(one.model) for one in studies])


def how_studied(studies: Sequence[Lesions]) -> str:
    """Return the networks with their edits as a sentence; the charts name the images."""
    specs = [parse(found.model) for found in studies]
    networks = in_full(specs, [name_of(found, studies) for found in studies])
    return f"Trained network{'s' if len(studies) > 1 else ''}: {networks}."


def spoken_name_of(found: Lesions, studies: Sequence[Lesions]) -> str:
    """Return the same name for a sentence in the spoken language."""
    return spoken_name(parse(found.model), [parse(one.model) for one in studies])


def on_images(chart: Chart, count: int, of: str) -> Chart:
    """Return a chart that says what the network was shown; arguments as in `shown_in_words`."""
    said = shown_in_words(count, of)
    return replace(chart, reading=". ".join(filter(None, (said, chart.reading))))


def shown_in_words(count: int, of: str) -> str:
    """Return what the network was shown: `1,000 test images of cats`.

    Args:
        count: the number of images.
        of: the name of their set, as in a result; random ones are `random`.
    """
    if of == RANDOM:
        return number_of(count, "random image")
    named = _SETS.get(of, of)
    return number_of(count, "test image") + (f" of {named}" if named else "")


_ACROSS = "blocks on a path"


def gradient_chart(lengths: Sequence[Length]) -> Chart:
    """Plot the gradient of one path by its length, with the range over draws as a band."""
    columns = zip(*((one.low, one.gradient, one.high) for one in lengths), strict=True)
    low, mean, high = (tuple(value or None for value in column) for column in columns)
    x = tuple(one.length for one in lengths)
    return Chart(
        "Gradient of one path",
        _ACROSS,
        "norm at the input",
        (Series("one path", x, mean, colour="main_path", low=low, high=high),),
        "Mean norm of the loss gradient ∂L/∂x at the input along one path by its length.",
        log_y=True,
        reading="Band of the gradient of one path: lowest to highest sampled path",
    )


def paths_title(found: Paths) -> str:
    """Return the title of the three charts together: the network, and whether it is trained."""
    return f"Paths: {network_of(found)}"


def network_of(found: Paths) -> str:
    """Return the network of paths, and whether it is trained: `residual, 32 layers, trained`."""
    spec, state = parse(found.model), "trained" if found.trained else "at initialisation"
    return f"{name_beside(spec, [spec])}, {state}"


def how_drawn(found: Paths, seed: int) -> str:
    """Return the network with its edits, the number of paths and the means, as sentences.

    Args:
        found: the paths.
        seed: the seed of the draws and, at initialisation, of the weights.
    """
    spec = parse(found.model)
    network = in_full([spec], [name_beside(spec, [spec])])
    what = "Trained network" if found.trained else "Network at initialisation"
    most = number_of(found.draws, "path")
    drawn = f"At most {most} of each length were drawn, with seed {seed}"
    dashed = "Dashed lines: the mean length, in the last chart weighted by the share"
    added = "Magnitudes are added, so cancellation between paths is ignored"
    return f"{what}: {network}. {drawn}. {dashed}. {added}."


def paths_charts(found: Paths, of: str = "") -> tuple[Chart, Chart, Chart]:
    """Plot paths by length in three charts: their share, the gradient of one, and the product.

    As in Veit, Wilber, Belongie 2016, Fig. 6, the first times the second gives the third. The band
    of the second is the range over draws, that of the third `Paths.error`; the mean lengths are
    marked.

    Args:
        found: the paths.
        of: the name of the set of images, for the note in files; empty to leave it out.
    """
    lengths = tuple(one.length for one in found.lengths)
    whole = 2**found.blocks
    said = " ".join(in_english(paths_verdict, found))

    def chart(title: str, y_label: str, series: Series, alt: str, mean: str) -> Chart:
        marks = (Mark(float(mean), f"mean {mean}", is_result=True),)
        return Chart(title, _ACROSS, y_label, (series,), f"{alt} {said}", marks=marks)

    many = tuple(100 * one.paths / whole for one in found.lengths)
    one_path = gradient_chart(found.lengths)
    shares = [(one.share, found.error(one)) for one in found.lengths]
    low, high = (
        tuple(
            None if math.isnan(error) else 100 * max(0.0, share + side * error)
            for share, error in shares
        )
        for side in (-1, 1)
    )
    is_exact = not found.is_sampled
    first = chart(
        "Paths by length",
        "share of all paths, %",
        Series("paths", lengths, many, colour="main_path"),
        "Share of all paths by length.",
        f"{found.mean_path:g}",
    )
    third = chart(
        "Gradient by path length",
        "share of the gradient, %",
        Series(
            "gradient",
            lengths,
            tuple(100 * share for share, _ in shares),
            colour="main_path",
            low=() if is_exact else low,
            high=() if is_exact else high,
        ),
        "Share of the gradient by length.",
        f"{found.mean_gradient:.1f}",
    )
    bound = "Band of the gradient's share: an upper bound of its standard error"
    return (
        on_images(first, found.images, of) if of else first,
        replace(one_path, alt=f"{one_path.alt} {said}"),
        replace(third, reading="" if is_exact else bound),
    )
