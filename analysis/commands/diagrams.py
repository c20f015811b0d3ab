"""Commands that draw files: a network or one of its blocks, residual units, and a silhouette."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.shared import (
    INPUT,
    MODEL,
    Command,
    Model,
    Refusal,
    any_of,
    check_caption,
    check_suffix,
    look_of,
    look_options,
    or_usage,
    profiled,
    write,
)
from analysis.style.files import CHART_SUFFIXES, DIAGRAM_SUFFIXES
from nets import ResNetSpec
from nets.options import quote

if TYPE_CHECKING:
    from analysis.costs.profiles import Profile
    from analysis.drawing.heat import Heat
    from analysis.drawing.parts import Graph


class Aspect(click.ParamType[float]):
    """A width over a height, written as `16:9`."""

    name = "width:height"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the ratio, or fail in one sentence."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]{1,3}):([0-9]{1,3})", value)
        if not found or not 0.2 <= int(found[1]) / max(int(found[2]), 0.001) <= 5:
            raise Refusal(
                f"aspect must be width:height such as 16:9, from 1:5 to 5:1, not {quote(value)}"
            )
        return int(found[1]) / int(found[2])


_ASPECT = click.option(
    "--aspect",
    type=Aspect(),
    help="Width:height of the picture, such as 16:9 for a slide.  [default: as the drawing needs]",
)


def _look(command: Command) -> Command:
    """Add the options of every diagram."""
    options = (
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            required=True,
            help=f"Output file: {any_of(DIAGRAM_SUFFIXES)}.",
        ),
        look_options,
        _ASPECT,
        click.option("--legend/--no-legend", default=True, help="Explain lines and symbols."),
        click.option(
            "--shapes/--no-shapes", default=True, help="Show tensor shapes on edges and stages."
        ),
        click.option(
            "--no-labels",
            "labels",
            is_flag=True,
            flag_value=False,
            default=True,
            help="Hide the names on nodes and stages, but not counts and the input.",
        ),
        click.option(
            "--fragment", is_flag=True, help="Write a .tex for \\input in another document."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("specs", metavar="MODEL [MODEL [MODEL]]", nargs=-1, required=True, type=Model())
@INPUT
@_look
@click.option(
    "--beside",
    type=click.Choice(["vgg19"]),
    help="Draw VGG-19 beside one or two networks, from its published layers.",
)
@click.option(
    "--labels",
    "says",
    type=click.Choice(["path", "operations", "both"]),
    help="Box labels: layer2.1, or 3×3, 128, or both.  [default: path; operations with --width-mm, "
    "for layers and for several networks]",
)
@click.option(
    "--layout",
    "arranged",
    type=click.Choice(["rows", "column"]),
    help="Left to right in rows, or top to bottom.  [default: rows; column for several networks; "
    "rows for two on a page if lower; the other one if only that is legible on paper]",
)
@click.option(
    "--level",
    type=click.Choice(["stage", "block", "layer"]),
    help="Content of a node.  [default: block]",
)
@click.option("--unfold", is_flag=True, help="Draw every block instead of folding equal ones.")
@click.option("--block", metavar="PATH", help="Draw one block alone, such as layer2.0.")
@click.option(
    "--heat",
    type=click.Choice(["macs", "params", "saved_bytes", "activations", "bytes_moved"]),
    help="Colour nodes by a count.",
)
@click.option(
    "--heat-per",
    type=click.Choice(["box", "block"]),
    help="For folded boxes, count the whole box or one block.  [default: box]",
)
def graph(
    specs: tuple[ResNetSpec, ...],
    shape: str | None,
    output: Path,
    beside: str | None,
    says: str | None,
    arranged: str | None,
    level: str | None,
    unfold: bool,
    block: str | None,
    heat: str | None,
    heat_per: str | None,
    **look: Any,
) -> None:
    """Draw a network and its shortcuts, or one block; the file extension sets the format.

    Two or three networks are drawn side by side on one scale, as in He et al. 2015, Fig. 3:
    graph plain34 resnet34 --beside vgg19 -o fig3.pdf
    """
    check_suffix(output, DIAGRAM_SUFFIXES)
    from analysis.drawing import graph as graphs
    from analysis.drawing import viewer
    from analysis.drawing.beside import Beside
    from analysis.drawing.caption import block_caption, graph_caption
    from analysis.drawing.heat import Metric, Per, heat_of
    from analysis.drawing.marks import numbered
    from analysis.drawing.parts import TEXT, Labels, Layout

    several = len(specs) > 1 or beside is not None
    if block is not None and (level or unfold or says or several):
        raise Refusal(
            "--block draws one block of one network: leave out --level, --unfold, --labels, "
            "--beside and other models"
        )
    if heat_per and not heat:
        raise Refusal("--heat-per applies to --heat: add --heat")
    way = Layout(arranged) if arranged else None
    layout = way or (Layout.COLUMN if several else Layout.ROWS)
    ratio = look["aspect"] or graphs.DEFAULT_ASPECT
    costs = tuple(profiled(spec, shape, 1) for spec in specs)
    cost = costs[0]
    asked = graphs.Level(level or "block")
    on_paper = look["width_mm"] is not None and output.suffix.lower() not in (".html", ".dot")
    labels = Labels(says or "operations") if says or on_paper else None
    name = "block" if block else viewer.view_name(asked, unfold)
    row: Beside | None = or_usage(Beside, costs, vgg19=beside is not None) if several else None

    def laid_out(width_mm: float | None, smallest: float) -> Graph:
        figures = heat is not None
        if block is not None:
            drawn: Graph = or_usage(
                graphs.block_graph, cost, block, width_mm, way, figures, smallest
            )
            return drawn
        if row is not None:
            return row.graph(
                asked, unfold, width_mm, labels, way, figures, ratio, smallest=smallest
            )
        return graphs.graph(
            cost,
            asked,
            unfold,
            ratio,
            width_mm=width_mm,
            labels=labels,
            arranged=layout,
            figures=figures,
            smallest=smallest,
        )

    def views() -> Mapping[str, Graph]:
        """Return the graphs of an HTML document."""
        if block is None and row is None:
            return viewer.levels(cost, labels, layout)
        drawn = draw(None)
        if row is not None and way is Layout.ROWS and look["aspect"] is None:
            rows = partial(row.graph, asked, unfold, None, labels, way, heat is not None)
            return {name: viewer.in_window(rows, scrolls=asked is graphs.Level.LAYER)}
        if way is not None:
            return {name: drawn}
        if block is not None and not viewer.is_legible(drawn):
            return {name: upright()}
        return {name: viewer.also_upright(drawn, upright)}

    def upright() -> Graph:
        if row is not None:
            return row.upright(asked, unfold, labels, heat is not None, viewer.PHONE_PX)
        assert block is not None
        column = graphs.block_graph(cost, block, None, Layout.COLUMN, heat is not None)
        return replace(column, small=TEXT)

    warm = None
    if heat:
        found = or_usage(row.heat if row else partial(heat_of, cost), Metric(heat))
        warm = replace(found, per=Per(heat_per or "box"))
    draw = partial(numbered, laid_out, warm)
    told = partial(graph_caption, costs, beside is not None, warm, asked, unfold)
    if block is not None:
        told = partial(block_caption, cost, block, warm)
    _export(output, row.by_name() if row else cost, draw, name, warm, views, told, **look)


@click.command()
@click.argument("units", metavar="UNIT [UNIT]", nargs=-1, required=True)
@_look
def units(units: tuple[str, ...], output: Path, **look: Any) -> None:
    """Draw one residual unit, or two side by side.

    UNIT is original, bn_after_add, relu_before_add, relu_preact or full_preact, followed by any
    changes to the default, a basic block with an identity shortcut:
    full_preact:block=bottleneck:shortcut=projection.
    """
    check_suffix(output, DIAGRAM_SUFFIXES)
    if len(units) > 2:
        raise Refusal(f"give one or two units, not {len(units)}")
    from analysis.drawing.caption import units_caption
    from analysis.drawing.units import unit_graph, units_upright
    from analysis.drawing.viewer import UNITS, also_upright
    from analysis.structure.units import parse_unit

    found = [or_usage(parse_unit, text) for text in units]
    draw = partial(unit_graph, found)

    def views() -> Mapping[str, Graph]:
        return {UNITS: also_upright(draw(None), partial(units_upright, found))}

    told = partial(units_caption, found)
    _export(output, found[0].profile, draw, UNITS, None, views, told, **look)


@click.command()
@MODEL
@INPUT
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help=f"Output file: {any_of(CHART_SUFFIXES)}.",
)
@look_options
@_ASPECT
def shape(
    spec: ResNetSpec,
    shape: str | None,
    output: Path,
    palette: str | None,
    dpi: int | None,
    caption: Path | None,
    **look: Any,
) -> None:
    """Draw height, width and channels through the network; the extension sets the format."""
    check_suffix(output, CHART_SUFFIXES)
    chosen = look_of(output, palette, dpi, **look)
    check_caption(caption, output)
    from analysis.drawing.caption import shape_caption
    from analysis.drawing.silhouette import SCALES, silhouette
    from analysis.style.dress import picture_file

    cost = profiled(spec, shape, 1)
    drawn = silhouette(cost, chosen.palette, chosen.width_mm)
    write(or_usage(picture_file, drawn, output.suffix.lower(), chosen, dpi), output)
    if caption is None:
        click.echo(SCALES)
    else:  # the caption explains the scales
        write(shape_caption(cost), caption)


def _export(
    output: Path,
    cost: Profile | Mapping[str, Profile],
    draw: Callable[[float | None], Graph],
    name: str,
    heat: Heat | None,
    views: Callable[[], Mapping[str, Graph]],
    told: Callable[[], str],
    palette: str | None,
    dpi: int | None,
    fragment: bool,
    caption: Path | None,
    **look: Any,
) -> None:
    from analysis.drawing.diagram import diagram, small_text, warning

    suffix = output.suffix.lower()
    if fragment and suffix != ".tex":
        raise Refusal(f"--fragment applies to .tex files, not to {output.name!r}")
    chosen = look_of(output, palette, dpi, **look)
    check_caption(caption, output)
    on_paper = suffix in (".svg", ".pdf", ".png", ".tex")
    is_document = suffix == ".html"
    drawn = views() if is_document else {name: draw(chosen.width_mm if on_paper else None)}
    content = or_usage(diagram, suffix, cost, drawn, name, chosen, heat, dpi, fragment)
    write(content, output)
    if caption is not None:
        write(told(), caption)
    small = small_text(draw, chosen) if on_paper else ""
    for said in (warning(suffix, chosen.title), small):
        if said:
            click.echo(f"warning: {said}", err=True)
