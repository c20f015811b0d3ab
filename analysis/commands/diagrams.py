"""Diagrams as files: a network, one of its blocks, and residual units beside each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.shared import (
    INPUT,
    MODEL,
    Command,
    FiniteRange,
    Refusal,
    check_suffix,
    or_usage,
    profiled,
    write,
)
from analysis.render.files import DIAGRAM_SUFFIXES
from nets import ResNetSpec
from nets.spec import quote

if TYPE_CHECKING:
    from analysis.costs import Profile
    from analysis.drawing import Graph
    from analysis.heat import Heat


def _look(command: Command) -> Command:
    """The options of every diagram."""
    options = (
        click.option(
            "-o", "--output", type=click.Path(path_type=Path), required=True, help="The file."
        ),
        click.option("--palette", type=click.Choice(["light", "dark", "print"]), default="light"),
        click.option("--title", default="", help="A line above the drawing."),
        click.option("--width-mm", type=FiniteRange(20, 2_000), help="Width on paper."),
        click.option("--dpi", type=int, default=200, show_default=True, help="Of a PNG."),
        click.option("--legend/--no-legend", default=True, help="Name the kinds of shortcut."),
        click.option("--shapes/--no-shapes", default=True, help="Shapes on edges and stages."),
        click.option("--labels/--no-labels", default=True, help="Names on nodes and stages."),
        click.option("--ground", is_flag=True, help="Fill the background, else transparent."),
        click.option("--fragment", is_flag=True, help="A .tex to be included in another."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@MODEL
@INPUT
@_look
@click.option("--level", type=click.Choice(["stage", "block", "layer"]), default="block")
@click.option("--unfold", is_flag=True, help="Draw every block of a run of equal ones.")
@click.option("--block", metavar="PATH", help="One block alone, such as layer2.0.")
@click.option(
    "--heat", type=click.Choice(["macs", "params", "saved_bytes"]), help="Colour nodes by this."
)
@click.option(
    "--aspect",
    help="Width to height to aim at.  [default: 16:9, or what is legible at --width-mm]",
)
def graph(
    spec: ResNetSpec,
    shape: str | None,
    output: Path,
    level: str,
    unfold: bool,
    block: str | None,
    heat: str | None,
    aspect: str | None,
    **look: Any,
) -> None:
    """Draw the network and its shortcuts, or one block, in the format of the file's ending."""
    check_suffix(output, DIAGRAM_SUFFIXES)
    from analysis import graph as graphs
    from analysis.heat import Metric, heat_of
    from analysis.render import viewer

    cost = profiled(spec, shape, 1)
    asked = graphs.Level(level)
    ratio = graphs.DEFAULT_ASPECT if aspect is None else _aspect(aspect)
    width_mm = look["width_mm"] if aspect is None else None
    if block is not None:
        views, first = {"block": or_usage(graphs.block_graph, cost, block)}, "block"
    elif output.suffix.lower() == ".html":
        views, first = viewer.levels(cost), viewer.view_name(asked, unfold)
    else:
        first = viewer.view_name(asked, unfold)
        views = {first: graphs.graph(cost, asked, unfold, ratio, width_mm=width_mm)}
    warm = heat_of(cost, Metric(heat)) if heat else None
    _export(output, cost, views, first, warm, **look)


@click.command()
@click.argument("units", metavar="UNIT [UNIT]", nargs=-1, required=True)
@_look
def units(units: tuple[str, ...], output: Path, **look: Any) -> None:
    """Draw one or two residual units beside each other.

    UNIT is original, bn_after_add, relu_before_add, relu_preact or full_preact, then what differs
    from a basic block with an identity shortcut: full_preact:block=bottleneck:shortcut=projection.
    """
    check_suffix(output, DIAGRAM_SUFFIXES)
    if len(units) > 2:
        raise Refusal(f"one or two units are drawn, not {len(units)}")
    from analysis.units import parse_unit, unit_graph

    found = [or_usage(parse_unit, text) for text in units]
    _export(output, found[0].profile, {"units": unit_graph(found)}, "units", None, **look)


def _export(
    output: Path,
    cost: Profile,
    views: Mapping[str, Graph],
    first: str,
    heat: Heat | None,
    palette: str,
    dpi: int,
    fragment: bool,
    **look: Any,
) -> None:
    from analysis.render import palette as palettes
    from analysis.render.diagram import diagram, small_text, warning
    from analysis.render.look import Look

    chosen = Look(getattr(palettes, palette.upper()), **look)
    suffix = output.suffix.lower()
    if fragment and suffix != ".tex":
        raise Refusal(f"--fragment is for a .tex, not for {output.name!r}")
    content = or_usage(diagram, suffix, cost, views, first, chosen, heat, dpi, fragment)
    write(content, output)
    for said in (warning(suffix, chosen.title), small_text(views[first], chosen)):
        if said:
            click.echo(f"warning: {said}", err=True)


def _aspect(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,3}):([0-9]{1,3})", text)
    if not found or not 0.2 <= int(found[1]) / max(int(found[2]), 0.001) <= 5:
        raise Refusal(
            f"aspect must be width:height such as 16:9, from 1:5 to 5:1, not {quote(text)}"
        )
    return int(found[1]) / int(found[2])
