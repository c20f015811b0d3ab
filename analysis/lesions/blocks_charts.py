"""Charts of what each block does, with several networks on the same axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import accumulate

from analysis.charts.chart import Chart, Mark, Series
from analysis.charts.looks import LineLook, looks_of
from analysis.drawing.caption import Cited, Role, architectures
from analysis.lesions.blocks import Blocks, Branch
from analysis.lesions.blocks_report import blocks_verdict, by_norm
from analysis.lesions.papers import DE2020
from analysis.style.language import in_english
from analysis.training.verdict import name_of
from nets import parse, plan
from nets.catalog import HE2015
from nets.names import in_full

_DECADES = 100.0  # smallest ratio of largest to smallest value for a log axis


class Measure(StrEnum):
    """The measure of the blocks that is drawn."""

    RATIO = "ratio"
    SHARE = "share"
    DEVIATION = "deviation"


def blocks_chart(studies: Sequence[Blocks], measure: Measure) -> Chart:
    """Plot one of the three measures.

    Raises:
        ValueError: if it is a measure of branches and no network is residual.
    """
    return {
        Measure.RATIO: ratio_chart,
        Measure.SHARE: share_chart,
        Measure.DEVIATION: deviation_chart,
    }[measure](studies)


def ratio_chart(studies: Sequence[Blocks]) -> Chart:
    """Plot ||F(x)|| / ||s|| by block, with a band over the images; plain networks have none.

    Raises:
        ValueError: if no network is residual.
    """
    return _by_block(
        studies,
        "Branch against shortcut",
        "norm of branch / shortcut",
        lambda one: one.ratio,
        banded=True,
    )


def share_chart(studies: Sequence[Blocks]) -> Chart:
    """Plot the branch's share of the sum's variance by block, in percent; as `ratio_chart`."""
    return _by_block(
        studies,
        "Branch's share of the variance",
        "variance of branch / sum, %",
        lambda one: None if one.share is None else 100 * one.share,
    )


def deviation_chart(studies: Sequence[Blocks]) -> Chart:
    """Plot the standard deviation of every 3x3 layer's response (He et al. 2015, Fig. 7)."""
    lines = []
    for found, name, look in _looks(studies):
        sizes = [one.deviation for one in found.responses]
        lines.append(
            Series(
                name,
                tuple(one.layer for one in found.responses),
                tuple(sizes),
                hover=tuple(one.path for one in found.responses),
                **look._asdict(),
            )
        )
    marks = _marks(studies, parse(studies[0].model).convs_per_block, 1)
    chart = _chart(
        studies,
        "Response of 3×3 layers",
        "weighted layers from the input",
        "standard deviation",
        lines,
        marks,
    )
    why = next(filter(None, (in_english(by_norm, found) for found in studies)), "")
    return replace(chart, reading=why.removesuffix(".")) if why else chart


def _by_block(
    studies: Sequence[Blocks],
    title: str,
    label: str,
    value: Callable[[Branch], float | None],
    banded: bool = False,
) -> Chart:
    residual = [found for found in studies if found.branches]
    if not residual:
        raise ValueError(
            f"{studies[0].model} is a plain network: its blocks have no shortcut to compare with"
        )
    is_one = len({parse(found.model).blocks for found in residual}) == 1
    lines = []
    for found, name, look in _looks(studies):
        if not found.branches:
            continue
        sizes = [value(one) for one in found.branches]
        lines.append(
            Series(
                name,
                tuple(one.path.removeprefix("layer") for one in found.branches)
                if is_one
                else tuple(range(1, len(sizes) + 1)),
                tuple(sizes),
                low=tuple(one.low for one in found.branches) if banded else (),
                high=tuple(one.high for one in found.branches) if banded else (),
                hover=tuple(one.path for one in found.branches),
                **look._asdict(),
            )
        )
    x_label, before = ("block", -1) if is_one else ("block, counted from the input", 0)
    return _chart(residual, title, x_label, label, lines, _marks(residual, 1, before))


def _chart(
    studies: Sequence[Blocks],
    title: str,
    x_label: str,
    y_label: str,
    lines: Sequence[Series],
    marks: tuple[Mark, ...],
) -> Chart:
    values = [y for line in lines for y in (*line.y, *line.low) if y is not None]
    said = " ".join(sentence for found in studies for sentence in in_english(blocks_verdict, found))
    name = f": {names_of(studies)[0]}" if len(studies) == 1 else ""
    states = {found.trained for found in studies}
    state = "Trained weights" if states == {True} else "Weights at initialisation"
    state = state if len(states) == 1 else ""  # otherwise the names tell
    bands = "Bands: lowest to highest of the images" if any(line.low for line in lines) else ""
    return Chart(
        f"{title}{name}",
        x_label,
        y_label,
        tuple(lines),
        f"{title}: {y_label} by {x_label}. {said}",
        reading=". ".join(filter(None, (state, bands))),
        log_y=bool(values) and min(values) > 0 and max(values) / min(values) > _DECADES,
        marks=marks,
    )


def how_counted(studies: Sequence[Blocks]) -> str:
    """Return the networks with their edits as a sentence; the charts name the images."""
    networks = in_full([parse(found.model) for found in studies], names_of(studies))
    return f"Network{'s' if len(studies) > 1 else ''}: {networks}."


def papers(studies: Sequence[Blocks]) -> Cited:
    """Return the sources of the networks and of the measurements that the charts repeat."""
    method = [HE2015, *([DE2020] if any(found.branches for found in studies) else [])]
    return {**architectures(found.model for found in studies), Role.METHOD: method}


def names_of(studies: Sequence[Blocks]) -> tuple[str, ...]:
    """Return the networks' names, marked as trained or not if they differ in that."""
    specs = [parse(found.model) for found in studies]
    both = len({found.trained for found in studies}) > 1
    told = {True: ", trained", False: ", at initialisation"} if both else {True: "", False: ""}
    return tuple(
        f"{name_of(spec, specs)}{told[found.trained]}"
        for found, spec in zip(studies, specs, strict=True)
    )


def _looks(studies: Sequence[Blocks]) -> Iterator[tuple[Blocks, str, LineLook]]:
    """Yield each network with its name and its line's colour and style."""
    looks = looks_of([parse(found.model) for found in studies])
    yield from zip(studies, names_of(studies), looks, strict=True)


def _marks(studies: Sequence[Blocks], layers: int, before: int) -> tuple[Mark, ...]:
    """Mark where stages begin, with `layers` layers per block; none if the networks differ."""
    specs = [parse(found.model) for found in studies]
    if len({(spec.blocks, spec.convs_per_block) for spec in specs}) > 1:
        return ()
    starts = accumulate(specs[0].blocks[:-1], initial=0)
    names = plan.stage_names(specs[0])
    return tuple(
        Mark(1 + before + layers * start, name) for start, name in zip(starts, names, strict=True)
    )
